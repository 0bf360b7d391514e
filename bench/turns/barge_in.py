"""`python -m bench.turns.barge_in OUT.json SPEECH`: people speak over MIA, who tells a long story.

The ears are hers (Silero, Smart Turn, Whisper); mind and voice are scripted, in tones that can be
read off the tape (`bench.turns.tones`). Interruptions are recordings of people, backchannels are
Kokoro's voice, and coughs are shaped noise. Times are read off the tape.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import itertools
import json
import random
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from bench.turns import tones
from bench.turns.lines import read
from bench.turns.room import Room, room
from bench.turns.scoring import SILENT_FOR, Loudness
from mia import main as program
from mia.audio.levels import audible
from mia.backends import Context
from mia.config import load as load_config
from mia.conversation import Mouth
from mia.conversation.ports import HEARING_RATE, Samples
from mia.home import Home
from mia.models import ModelStore
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus
from mia.voice.tts import kokoro

#: The model of languages is never asked: the scripted one takes its place.
CONFIG = """\
language: en
models:
  llm: {backend: openai, openai: {base_url: "http://127.0.0.1:9/v1", model: none}}
  tts: {backend: espeak}
"""
BACKCHANNELS = (("Yeah.", "en"), ("Ajá.", "es"), ("Okay.", "en"), ("Right.", "en"))
LOUDNESS = 0.05
"""RMS of what the user says: -26 dBFS."""
COUGH_SECONDS = 0.25
LONGEST_INTERRUPTION = 2.5
EARLIEST, LATEST = 1.0, 3.0
"""Seconds into the story at which somebody speaks."""
AFTERWARDS = 2.5
"""Seconds MIA is watched after a backchannel."""
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """What somebody says over MIA. language: ISO 639-1."""

    name: str
    samples: Samples
    language: str

    @property
    def voice(self) -> tuple[float, float]:
        """Where the voice begins and ends in it, seconds: above its own background, for some
        recordings hiss before anybody speaks."""
        whole = (0.0, len(self.samples) / HEARING_RATE)
        stretches = audible(self.samples, HEARING_RATE) or [whole]  # a cough has no background
        return stretches[0][0], stretches[-1][1]


def levelled(samples: Samples) -> Samples:
    loud = samples[np.abs(samples) > np.abs(samples).max() / 20]
    changed: Samples = samples * np.float32(LOUDNESS / np.sqrt((loud**2).mean()))
    return changed


def cough(seed: int) -> Samples:
    """A burst of noise that starts hard and dies away, with most of it between 300 and 3000 Hz."""
    count = int(COUGH_SECONDS * HEARING_RATE)
    noise = np.random.default_rng(seed).normal(0, 1, count)
    spectrum = np.fft.rfft(noise)
    frequency = np.fft.rfftfreq(count, 1 / HEARING_RATE)
    spectrum *= np.exp(-(np.log2(np.maximum(frequency, 1) / 900) ** 2) / 4)
    at = np.arange(count) / count
    shape = np.minimum(at / 0.04, 1) * np.exp(-3 * at)
    return levelled((np.fft.irfft(spectrum, count) * shape).astype(np.float32))


def hum() -> Samples:
    """A "mm-hm" with closed lips, which voices made of letters cannot say: two hums at 120 and
    150 Hz with a breath between them."""
    parts = []
    for seconds, begin, end in ((0.17, 125, 115), (0.24, 130, 160)):
        count = int(seconds * HEARING_RATE)
        phase = np.cumsum(np.linspace(begin, end, count)) / HEARING_RATE
        # A nose lets the lowest harmonics through and swallows most of the rest.
        sound = sum(np.sin(2 * np.pi * k * phase) / k**1.5 for k in range(1, 9))
        parts += [sound * np.hanning(count) ** 0.3, np.zeros(int(0.06 * HEARING_RATE))]
    breath = np.random.default_rng(5).normal(0, 0.02, len(parts[1]))
    return levelled(np.concatenate([parts[0], breath, parts[2]]).astype(np.float32))


def interruptions(speech: Path) -> list[Overlap]:
    """The beginnings of what people said, in all languages there are."""
    found = []
    for truth in sorted(speech.glob("*/truth.json")):
        for line in read(truth.parent):
            samples = line.samples[: int(LONGEST_INTERRUPTION * HEARING_RATE)]
            language = truth.parent.name
            name = f"{language}/{line.file}"
            found.append(Overlap(name, levelled((samples / 32768).astype(np.float32)), language))
    return found


async def backchannels() -> list[Overlap]:
    """What listeners say, in an embedded voice, a hum, and coughs."""
    context = Context(ModelStore(Home.find()), ("en", "es"), Path(tempfile.gettempdir()))
    voice = await kokoro.load(kokoro.KokoroOptions(), context)
    found = [Overlap("mm-hm", hum(), "en"), Overlap("mm-hm", hum(), "es")]
    for number, (text, language) in enumerate(BACKCHANNELS):
        sounds = [sound async for sound in voice.stream(text, language=language)]
        samples = np.concatenate([sound.samples for sound in sounds])
        heard = soxr.resample(samples, sounds[0].rate, HEARING_RATE).astype(np.float32)
        found.append(Overlap(text, levelled(heard), language))
        if number % 2:
            found.append(Overlap("cough", cough(number), language))
    await voice.aclose()
    return found


async def story(here: Room, said: Overlap, dice: random.Random) -> tuple[str, float]:
    """MIA tells her story, and somebody says this; the reply's id and where on the tape it was
    said. Raises TimeoutError where she says nothing."""
    here.scene()
    here.conversation.set_language(said.language)
    here.conversation.type(tones.QUESTION)
    if not await here.until(lambda: bool(here.of(facts.PlaybackStarted)), PATIENCE):
        raise TimeoutError("MIA did not begin her story")
    started = here.of(facts.PlaybackStarted)[0]
    assert isinstance(started, facts.PlaybackStarted)
    await asyncio.sleep(dice.uniform(EARLIEST, LATEST))
    return started.reply, here.say(said.samples)


async def quiet(here: Room) -> None:
    """MIA is silenced, and the scene over."""
    here.conversation.clear_audio()
    here.conversation.stop()
    await here.until(lambda: here.conversation.phase == "idle", PATIENCE)


async def interrupted(here: Room, said: Overlap, dice: random.Random) -> Any:
    """Somebody means it: seconds from the onset until she is lower, and silent."""
    reply, at = await story(here, said, dice)
    ended = await here.until(lambda: any(_ends(e, reply) for e in here.told), PATIENCE)
    # What is remembered, before anybody answers; and the silence that follows, on the tape.
    text = next((item.text for item in here.conversation.history if item.id == reply), "")
    await asyncio.sleep(2 * SILENT_FOR)
    _, right, rate = here.channels()
    await asyncio.sleep(len(said.samples) / HEARING_RATE)
    understood = here.understood()
    await quiet(here)
    if not ended:
        nothing = {"ducked": None, "silent": None, "wrong": None}
        return {"what": said.name, **nothing, "understood": understood}
    onset, loudness = at + said.voice[0], Loudness.of(right, rate)
    ducked, silent = loudness.ducked(onset), loudness.silent(onset)
    heard = tones.words_heard(tones.seconds_heard(right, rate))
    return {
        "what": said.name,
        "ducked": None if ducked is None else ducked - onset,
        "silent": None if silent is None else silent - onset,
        "wrong": tones.wrong(tones.words_of(text), heard),
        "heard": len(heard),
        "understood": understood,
    }


def _ends(event: facts.Event, reply: str | None) -> bool:
    return isinstance(event, facts.ReplyEnded) and event.reply == reply


async def let_go_on(here: Room, said: Overlap, dice: random.Random) -> Any:
    """It was nothing: seconds from its end until she is at full level for good."""
    reply, at = await story(here, said, dice)
    await asyncio.sleep(len(said.samples) / HEARING_RATE + AFTERWARDS)
    went_on = not any(_ends(event, reply) for event in here.told)
    _, right, rate = here.channels()
    watched = here.seconds - SILENT_FOR
    understood = here.understood()
    await quiet(here)
    if not went_on:
        return {"what": said.name, "gap": None, "same_word": False, "understood": understood}
    onset, end = (at + seconds for seconds in said.voice)
    loudness = Loudness.of(right, rate)
    lower = sum(b - a for a, b in loudness.low(onset, watched))
    seconds = tones.seconds_heard(right, rate)
    told = len(tones.words_heard(seconds))
    whole = [s > 0.97 * tones.WORD_SECONDS for s in seconds[: max(0, told - 1)]]
    twice = sum(s > 1.03 * tones.WORD_SECONDS for s in seconds)
    return {
        "what": said.name,
        "gap": loudness.gap(onset, end, watched),
        "same_word": all(whole) and twice <= 1,
        "lower": lower,
        "seconds": end - onset,
        "understood": understood,
    }


async def repeated(
    here: Room,
    scene: Callable[[Room, Overlap, random.Random], Awaitable[Any]],
    sounds: list[Overlap],
    times: int,
    dice: random.Random,
) -> list[Any]:
    """A scene with each sound in turn, so many times in all; each is noted in the log."""
    rows = []
    for said in itertools.islice(itertools.cycle(sounds), times):
        rows.append(await scene(here, said, dice))
        print(f"{asyncio.get_running_loop().time():.1f}", rows[-1], flush=True)
    return rows


async def measure(speech: Path, times: int, dice: random.Random) -> dict[str, Any]:
    said, nothings = interruptions(speech), await backchannels()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(CONFIG, "utf-8")
        config = load_config(path, env={}).config
        async with program.assembled(config, path.parent, Home.find(), EventBus()) as parts:
            mouth = Mouth(
                tones.Storyteller(), tones.Tones(), parts.mouth.wording, parts.mouth.resampler
            )
            async with room(replace(parts, mouth=mouth)) as here:
                stops = await repeated(here, interrupted, said, times, dice)
                goes = await repeated(here, let_go_on, nothings, times, dice)
    return {"interruptions": stops, "backchannels": goes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("speech", type=Path, help="folder of folders with a truth.json")
    parser.add_argument("--times", type=int, default=21)
    options = parser.parse_args()
    # Whoever hangs is to say where, in the log, instead of waiting for ever.
    faulthandler.dump_traceback_later(180 + 40 * options.times, exit=True)
    found = asyncio.run(measure(options.speech, options.times, random.Random(3)))
    options.out.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
