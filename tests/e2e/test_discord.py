"""A Discord call on real models: two people at once, understood apart, and answered aloud."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile
from pydantic import SecretStr

from mia import calling
from mia import main as program
from mia.audio.resample import StreamResampler
from mia.config import composition
from mia.conversation.ports import HEARING_RATE, Samples
from mia.home import Home
from mia.telemetry.events import Event, EventBus, Heard, Notice, Overheard, ReplyEnded
from tests.conftest import Utterance
from tests.support.discord import Discord, LibdaveSession, Person
from tests.support.discord.opus import RATE

pytestmark = [pytest.mark.models, pytest.mark.timeout(280)]

#: As in `test_talk`: read speech, and short casual replies with names in them.
MOST_WORD_ERRORS = 0.15
MOST_OWN_ERRORS = 0.25


@dataclass
class Afterwards:
    """What is known when the call is over."""

    said: dict[str, str]
    """Words by name; everybody at the same time."""
    lines: list[tuple[str, str, str]]
    """What was understood of it: id, name, words."""
    ids: dict[str, str]
    first: list[tuple[str, str, str]]
    """What was understood of who spoke alone before."""
    reply: str = ""
    heard: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    """The answer as it was heard in the call; 16 kHz."""
    heard_text: str = ""
    undecipherable: int = 0
    problems: list[Notice] = field(default_factory=list)


def plain(text: str) -> str:
    return re.sub(r"[^\w ]+", " ", text.lower().replace("-", " ")).strip()


def sound(utterance: Utterance) -> Samples:
    """A recording at 48 kHz, as loud as others."""
    samples, rate = soundfile.read(utterance.path, dtype="float32")
    resampled = StreamResampler(rate, RATE).feed(samples, last=True)
    level = float(np.sqrt(np.mean(resampled**2)))
    louder: Samples = (resampled * (0.05 / max(level, 1e-6))).astype(np.float32)
    return louder


@pytest.fixture(scope="module")
def call(utterances: Sequence[Utterance], tmp_path_factory: pytest.TempPathFactory) -> Afterwards:
    """Ana speaks alone and is answered; then Ben comes, and both speak at once."""
    english = [u for u in utterances if u.language == "en"]
    return asyncio.run(_call(english, tmp_path_factory.mktemp("discord")))


async def _call(english: Sequence[Utterance], folder: Path) -> Afterwards:
    alone, ana_says, ben_says = english[0], english[1], english[2]
    async with Discord() as discord:
        config = composition.installed()()
        config.language = "en"
        config.input.filler = False
        config.discord.token = SecretStr(discord.token)
        config.discord.join = discord.guild.voice.id
        config.discord.dual_audio = False
        ana = await discord.join("Ana")
        ids = {"Ana": f"discord:{ana.id}"}
        bus, told = EventBus(), list[Event]()

        def note(event: Event) -> None:
            told.append(event)
            discord.bell.ring()

        bus.listen(note)
        # Installed models are where they are; everything else is this test's.
        async with program.assembled(config, folder, Home.find(), bus) as parts:
            host = calling.host_of(config, parts, bus, Home(folder))
            life = asyncio.create_task(calling.discord(host, config, connector=discord.connector))
            try:
                await discord.bot_joined()
                await ana.say(sound(alone))
                await discord.until(lambda: _of(told, ReplyEnded), 60)
                await _until_quiet(discord, ana)
                first = _lines(told)
                reply = _of(told, ReplyEnded)[0]
                heard = StreamResampler(RATE, HEARING_RATE).feed(ana.sound(), last=True)
                ben = await discord.join("Ben", encryption=LibdaveSession)
                ids["Ben"] = f"discord:{ben.id}"
                before = len(told)
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(sound(ana_says)))
                    talk.create_task(ben.say(sound(ben_says)))
                await discord.until(
                    lambda: {name for _, name, _ in _lines(told[before:])} == {"Ana", "Ben"}, 60
                )
            finally:
                life.cancel()
                await asyncio.wait([life])
            transcript = await parts.stt.transcribe(heard, language="en")
        return Afterwards(
            said={"Ana": ana_says.transcript, "Ben": ben_says.transcript},
            lines=_lines(told[before:]),
            ids=ids,
            first=first,
            reply=reply.heard,
            heard=heard,
            heard_text=transcript.text,
            undecipherable=ana.undecipherable,
            problems=[e for e in told if isinstance(e, Notice) and e.code.startswith("discord.")],
        )


def _of(told: Sequence[Event], kind: type[Any]) -> list[Any]:
    return [event for event in told if isinstance(event, kind)]


def _lines(told: Sequence[Event]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for event in told:
        if isinstance(event, Overheard) or (isinstance(event, Heard) and event.final):
            found += event.lines
    return found


async def _until_quiet(discord: Discord, person: Person) -> None:
    """Until nothing more of MIA arrives: five frames of silence end what she says."""
    await discord.until(
        lambda: len(person.heard) > 5 and all(h.frame == b"\xf8\xff\xfe" for h in person.heard[-5:])
    )


def test_two_people_at_once_are_understood_apart_and_by_name(call: Afterwards) -> None:
    for name, words in call.said.items():
        understood = " ".join(text for _, who, text in call.lines if who == name)
        errors = jiwer.wer(plain(words), plain(understood))
        assert errors <= MOST_WORD_ERRORS, (name, understood)
    assert {(number, name) for number, name, _ in call.lines} == {
        (number, name) for name, number in call.ids.items()
    }


def test_who_is_alone_with_her_is_answered_and_hears_the_words_she_meant(
    call: Afterwards,
) -> None:
    assert call.first
    assert call.reply
    assert jiwer.wer(plain(call.reply), plain(call.heard_text)) <= MOST_OWN_ERRORS
    assert call.undecipherable == 0


def test_nothing_was_reported_as_wrong(call: Afterwards) -> None:
    assert not call.problems
