"""`python -m bench.words [FOLDER] [--file]`: how many words Whisper mishears, by window and search.

FOLDER holds `en/truth.json`, `es/truth.json` and the WAV files they name: people, recorded
(default: the team's recordings beside the checkout). Beside them embedded voices say the sentences
of `bench/sentences.json`, each with faint noise. People and voices are reported apart. Intervals
are bootstrapped over utterances, 95 %, of the difference to faster-whisper's own defaults.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import soundfile

from bench.machine import file
from bench.wording import plain
from mia.audio.resample import StreamResampler
from mia.backends import Context, backends
from mia.conversation.ports import HEARING_RATE, Samples
from mia.hearing.stt.faster_whisper import Whisper, WhisperOptions, folder_of
from mia.home import Home
from mia.models import ModelStore

SPEECH = Path(__file__).parent.parent.parent / "shared" / "speech"
SENTENCES = Path(__file__).parent / "sentences.json"
VOICES = {
    "es": ("ef_dora", "em_alex", "em_santa"),
    "en": ("af_heart", "af_bella", "am_michael"),
}
NOISE = 2e-3
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Utterance:
    kind: str
    language: str
    samples: Samples
    text: str


def people(folder: Path) -> list[Utterance]:
    found = []
    for language in ("en", "es"):
        for line in json.loads((folder / language / "truth.json").read_text("utf-8")):
            samples, rate = soundfile.read(folder / language / line["file"], dtype="float32")
            assert rate == HEARING_RATE, line["file"]
            found.append(Utterance("people", language, samples, line["transcript"]))
    return found


async def voices(context: Context) -> list[Utterance]:
    """The sentences, in turn by each voice of their language and by espeak-ng."""
    lines = json.loads(SENTENCES.read_text("utf-8"))
    random = np.random.default_rng(3)
    found = []
    for language in ("en", "es"):
        speakers = []
        kokoro = backends("tts")["kokoro"]
        for voice in VOICES[language]:
            options = kokoro.options.model_validate({"voices": {language: voice}})
            speakers.append(await kokoro.load(options, context))
        espeak = backends("tts")["espeak"]
        speakers.append(await espeak.load(espeak.options(), context))
        for number, text in enumerate(lines[language]):
            tts = speakers[number % len(speakers)]
            parts: list[Samples] = []
            resampler: StreamResampler | None = None
            async for piece in tts.stream(text, language=language):
                resampler = resampler or StreamResampler(piece.rate, HEARING_RATE)
                parts.append(resampler.feed(piece.samples))
            assert resampler is not None, text
            parts.append(resampler.feed(np.zeros(0, np.float32), last=True))
            quiet = np.zeros(HEARING_RATE // 10, np.float32)
            samples = np.concatenate([quiet, *parts, quiet])
            noise = random.normal(0, NOISE, len(samples)).astype(np.float32)
            found.append(Utterance("voices", language, samples + noise, text))
        for tts in speakers:
            await tts.aclose()
    return found


Hear = Callable[[Utterance], str]


def ways(folder: Path) -> dict[str, Hear]:
    """The baseline first."""
    plain_whisper = Whisper(folder, WhisperOptions())
    model = plain_whisper._model

    def defaults(u: Utterance) -> str:
        segments, _ = model.transcribe(u.samples, language=u.language, beam_size=5)
        return " ".join(segment.text.strip() for segment in segments)

    def window(seconds: float, beam: int, sure: float) -> Hear:
        options = WhisperOptions.model_construct(
            **{
                **WhisperOptions().model_dump(),
                "window_s": seconds,
                "beam_size": beam,
                "sure_logprob": sure,
            }
        )

        def hear(u: Utterance) -> str:
            plain_whisper._options = options
            return asyncio.run(_once(plain_whisper, u))

        return hear

    found: dict[str, Hear] = {"faster-whisper's defaults (30 s, beam 5)": defaults}
    for seconds in (30, 15, 10, 8, 5):
        found[f"{seconds} s, beam 5"] = window(seconds, 5, 0)
    found["10 s, greedy"] = window(10, 1, 0)
    for seconds, sure in ((10, -0.2), (10, -0.3), (10, -0.4), (8, -0.3)):
        found[f"{seconds} s, greedy; below {sure} beam 5, then 15 s"] = window(seconds, 5, sure)
    return found


async def _once(whisper: Whisper, u: Utterance) -> str:
    return (await whisper.transcribe(u.samples, language=u.language)).text


def errors(truth: Sequence[str], heard: Sequence[str]) -> tuple[list[int], list[int]]:
    """Wrong words and words of each utterance."""
    wrong, words = [], []
    for said, got in zip(truth, heard, strict=True):
        out = jiwer.process_words(plain(said), plain(got))
        wrong.append(out.substitutions + out.deletions + out.insertions)
        words.append(out.hits + out.substitutions + out.deletions)
    return wrong, words


def interval(wrong: list[int], base: list[int], words: list[int]) -> tuple[float, float]:
    """95 % of the difference in word error rate, in points, resampling utterances."""
    random = np.random.default_rng(0)
    difference, count = np.array(wrong) - np.array(base), np.array(words)
    picks = random.integers(0, len(words), (RESAMPLES, len(words)))
    rates = difference[picks].sum(axis=1) / count[picks].sum(axis=1) * 100
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    home = Home.find()
    store = ModelStore(home)
    context = Context(models=store, languages=("es", "en"), cache=home.cache / "bench")
    utterances = people(Path(folders[0]) if folders else SPEECH)
    utterances += asyncio.run(voices(context))
    folder = folder_of(WhisperOptions(), context)
    groups = [(kind, language) for kind in ("people", "voices") for language in ("en", "es")]
    head = " | ".join(f"{kind} {language}" for kind, language in groups)
    rows = [f"| | {head} | median ms a call |", "|---|" + "---|" * (len(groups) + 1)]
    base: dict[tuple[str, str], list[int]] = {}
    for name, hear in ways(folder).items():
        took, heard = [], []
        for u in utterances:
            begun = time.perf_counter()
            heard.append(hear(u))
            took.append((time.perf_counter() - begun) * 1000)
        cells = []
        for group in groups:
            at = [n for n, u in enumerate(utterances) if (u.kind, u.language) == group]
            wrong, words = errors([utterances[n].text for n in at], [heard[n] for n in at])
            base.setdefault(group, wrong)
            low, high = interval(wrong, base[group], words)
            cells.append(f"{sum(wrong) / sum(words) * 100:.1f} ({low:+.1f} … {high:+.1f})")
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {statistics.median(took):.0f} |")
        print(rows[-1], flush=True)
    counts = ", ".join(
        f"{kind} {language}: {sum((u.kind, u.language) == (kind, language) for u in utterances)}"
        for kind, language in groups
    )
    legend = (
        f"Word error rate in %, in brackets the 95 % interval of its difference to the first row "
        f"in points. Utterances: {counts}. The recordings' origins and licences are in their "
        f"`truth.json`. Milliseconds depend on the machine's load; the error rates do not."
    )
    file(
        "words",
        "Words misheard, by Whisper's window and search",
        "python -m bench.words --file",
        "\n".join([*rows, "", legend]),
    )


if __name__ == "__main__":
    main()
