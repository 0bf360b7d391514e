"""`python -m bench.words [--recordings FOLDER]... [--file]`: words Whisper mishears, by window,
search and policy, and how long it takes.

People: the team's recordings beside the checkout, and those of each FOLDER (a `truth.json` with
file, language, transcript, origin and licence; `python -m bench.recordings FOLDER` makes one of
Debian's packages). Embedded voices: the sentences of `bench/sentences.json` with faint noise. The
two are reported apart. Intervals are bootstrapped over utterances, 95 %, of the difference to
faster-whisper's own defaults on the same utterances.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from bench.machine import file
from bench.utterances import Utterance, embedded, people
from bench.wording import misheard
from mia.backends import Context
from mia.hearing import smart_turn
from mia.hearing.stt.faster_whisper import Whisper, WhisperOptions, folder_of
from mia.home import Home
from mia.models import ModelStore

SPEECH = Path(__file__).parent.parent.parent / "shared" / "speech"
GROUPS = [(kind, language) for kind in ("people", "voices") for language in ("en", "es")]
RESAMPLES = 2000
#: Utterances for the question of threads, spread over all.
TIMED = 24

Hear = Callable[[Utterance], str]


def ways(folder: Path) -> dict[str, Hear]:
    """How to transcribe; the baseline first, MIA's default last."""
    whisper = Whisper(folder, WhisperOptions())
    model = whisper._model

    def defaults(u: Utterance) -> str:
        segments, _ = model.transcribe(u.samples, language=u.language)
        return " ".join(segment.text.strip() for segment in segments)

    def with_options(**changed: float) -> Hear:
        # Not validated: windows that MIA refuses are measured, too, to show why.
        options = WhisperOptions.model_construct(**{**WhisperOptions().model_dump(), **changed})

        def hear(u: Utterance) -> str:
            whisper._options = options
            return asyncio.run(whisper.transcribe(u.samples, language=u.language)).text

        return hear

    found: dict[str, Hear] = {"faster-whisper's defaults (30 s, beam 5)": defaults}
    for seconds in (30, 15, 10, 8, 5):
        found[f"{seconds} s, beam 5"] = with_options(window_s=seconds, sure_logprob=0)
    found["10 s, greedy"] = with_options(beam_size=1)
    found["MIA's default"] = with_options()
    return found


def interval(
    wrong: Sequence[int], base: Sequence[int], words: Sequence[int]
) -> tuple[float, float]:
    """95 % of the difference in word error rate, in points, resampling utterances."""
    random = np.random.default_rng(0)
    difference, count = np.array(wrong) - np.array(base), np.array(words)
    picks = random.integers(0, len(words), (RESAMPLES, len(words)))
    rates = difference[picks].sum(axis=1) / count[picks].sum(axis=1) * 100
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def heard_and_took(
    found: dict[str, Hear], utterances: Sequence[Utterance]
) -> tuple[dict[str, list[str]], dict[str, list[float]]]:
    """The text and the milliseconds of each way and utterance.

    All ways one after the other on each utterance, so that what else the machine does meets all.
    """
    heard: dict[str, list[str]] = {name: [] for name in found}
    took: dict[str, list[float]] = {name: [] for name in found}
    for number, u in enumerate(utterances):
        for name, hear in found.items():
            begun = time.perf_counter()
            heard[name].append(hear(u))
            took[name].append((time.perf_counter() - begun) * 1000)
        print(f"\r{number + 1} of {len(utterances)}", end="", flush=True)
    print()
    return heard, took


def table(
    utterances: Sequence[Utterance], heard: dict[str, list[str]], took: dict[str, list[float]]
) -> Iterable[str]:
    head = " | ".join(f"{kind} {language}" for kind, language in GROUPS)
    yield f"| | {head} | ms, median | ms, 90 % |"
    yield "|---|" + "---|" * (len(GROUPS) + 2)
    base: dict[tuple[str, str], list[int]] = {}
    present = {(u.kind, u.language) for u in utterances}
    for name, texts in heard.items():
        cells = []
        for group in GROUPS:
            if group not in present:  # a checkout without recordings
                cells.append("–")
                continue
            pairs = [
                misheard(u.text, text, u.language)
                for u, text in zip(utterances, texts, strict=True)
                if (u.kind, u.language) == group
            ]
            wrong, words = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            rate = f"{sum(wrong) / sum(words) * 100:.1f}"
            if group in base:
                low, high = interval(wrong, base[group], words)
                rate += f" ({low:+.1f} … {high:+.1f})"
            base.setdefault(group, wrong)
            cells.append(rate)
        ms = np.percentile(took[name], [50, 90])
        yield f"| {name} | {' | '.join(cells)} | {ms[0]:.0f} | {ms[1]:.0f} |"


async def threads(folder: Path, utterances: Sequence[Utterance], context: Context) -> list[str]:
    """Whisper on one thread or two, alone and with the turn detector beginning beside it."""
    rows = [
        "| threads | alone | beside the turn detector | the turn detector |",
        "|---|---|---|---|",
    ]
    detector = await smart_turn.load(context)

    async def judged(u: Utterance) -> float:
        begun = time.perf_counter()
        await detector.completeness(u.samples)
        return time.perf_counter() - begun

    for count in (1, 2):
        whisper = Whisper(folder, WhisperOptions(threads=count))
        alone, beside, judging = [], [], []
        for u in utterances[:: max(1, len(utterances) // TIMED)]:
            begun = time.perf_counter()
            await whisper.transcribe(u.samples, language=u.language)
            alone.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            judge = asyncio.create_task(judged(u))
            await whisper.transcribe(u.samples, language=u.language)
            beside.append(time.perf_counter() - begun)
            judging.append(await judge)
        medians = [statistics.median(times) * 1000 for times in (alone, beside, judging)]
        rows.append(f"| {count} | {' | '.join(f'{ms:.0f} ms' for ms in medians)} |")
        await whisper.aclose()
    await detector.aclose()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.words", description=__doc__)
    parser.add_argument("--recordings", action="append", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--file", action="store_true")
    parser.add_argument(
        "--windows", nargs="*", help="of the ways between the first and the last, those with these"
    )
    given = parser.parse_known_args()[0]
    home = Home.find()
    context = Context(models=ModelStore(home), languages=("es", "en"), cache=home.cache / "bench")
    utterances = [u for folder in (SPEECH, *given.recordings) for u in people(folder)]
    utterances += asyncio.run(embedded(context))
    folder = folder_of(WhisperOptions(), context)
    chosen = ways(folder)
    if given.windows is not None:
        first, *between, last = chosen
        between = [name for name in between if name.split(",")[0] in given.windows]
        chosen = {name: chosen[name] for name in (first, *between, last)}
    heard, took = heard_and_took(chosen, utterances)
    lines = [*table(utterances, heard, took), ""]
    lines += [*asyncio.run(threads(folder, utterances, context)), ""]
    options = WhisperOptions()
    lines.append(
        "Word error rate in %, in brackets the 95 % interval of its difference to the first row "
        "in points, over the same utterances. Numbers count as words, accents not at all. "
        f"MIA's default: {options.window_s:.0f} s, greedy first, beam {options.beam_size} below "
        f"{options.sure_logprob} (decision 8). Milliseconds of a call depend on the machine's "
        "load; the error rates do not."
    )
    kinds = Counter((u.kind, u.language) for u in utterances)
    counts = ", ".join(f"{kind} {language} {kinds[kind, language]}" for kind, language in GROUPS)
    lines += ["", f"Utterances: {counts}. Recordings of people and voices, by origin:", ""]
    origins = Counter((u.language, u.origin) for u in utterances)
    lines += [f"- {language}, {origin}: {n}" for (language, origin), n in sorted(origins.items())]
    file(
        "words",
        "Words misheard, by Whisper's window and search",
        "python -m bench.words --recordings FOLDER --file",
        "\n".join(lines),
    )


if __name__ == "__main__":
    main()
