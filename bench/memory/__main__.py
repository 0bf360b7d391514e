"""`python -m bench.memory`: everything that is measured of the memory, in one report.

    python -m bench.memory [--locomo PATH] [--json OUT] [--embedder NAME] [--file]
                           [--only PART ...] [--largest 1000000 | --sizes 100000 ...]

The times alone, in half a minute: `--only speed --sizes 100000`.

With `--locomo PATH --json OUT` the recall of MIA on that file alone is written to OUT, with the
weights as they are: nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import machine
from bench.memory import locomo, plot, spanish, speed
from bench.memory.room import Remembering, embedder
from mia.heap import give_large_blocks_back
from mia.mind.memory.ports import Embedder

#: What MIA takes where the configuration names none, and the better tiers.
DEFAULT = "use"
TIERS = (DEFAULT, "e5", "use+e5", "gemma")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PARTS = ("locomo", "spanish", "speed", "start", "kills", "forgetting")


def main() -> None:
    options = _options()
    if options.json is not None:
        _for_one_file(options.locomo, options.json, options.embedder)
        return
    parts: dict[str, Callable[[], str]] = {
        "locomo": lambda: _locomo(options.locomo),
        "spanish": _spanish,
        "speed": lambda: _speed(
            options.embedder, options.sizes or [s for s in SIZES if s <= options.largest]
        ),
        "start": _start,
        "kills": lambda: _another("kills"),
        "forgetting": lambda: _another("forgetting"),
    }
    body = "\n\n".join(parts[name]() for name in options.only)
    name = "memory" if set(options.only) == set(PARTS) else "memory-" + "-".join(options.only)
    machine.file(name, "Memory", "python -m bench.memory " + _shown(), body)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.memory")
    parser.add_argument("--locomo", type=Path, help="a LoCoMo file (CC BY-NC: not part of MIA)")
    parser.add_argument(
        "--json", type=Path, help="write MIA's recall on that file, and nothing else"
    )
    parser.add_argument(
        "--embedder", default=DEFAULT, help="for --json and speed (default: %(default)s)"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="most memories timed")
    parser.add_argument("--sizes", type=int, nargs="+", help="how many memories are timed")
    parser.add_argument("--file", action="store_true", help="keep the report in bench/results")
    options = parser.parse_args()
    if options.json is not None and options.locomo is None:
        parser.error("--json wants --locomo")
    return options


def _shown() -> str:
    """The command without paths of this machine."""
    words = sys.argv[1:]
    return " ".join(
        "PATH" if words[at - 1 : at] == ["--locomo"] else w for at, w in enumerate(words)
    )


def _for_one_file(path: Path, out: Path, name: str) -> None:
    recall = locomo.measured(locomo.read(path), Remembering(embedder(name)), locomo.by_mia)
    found = locomo.verdict(recall)
    out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(json.dumps(found, indent=2))


# ── parts ────────────────────────────────────────────────────────────────────────────────────


def _locomo(path: Path | None) -> str:
    title = "## LoCoMo: evidence found, recall@5 / recall@10 in percent\n"
    if path is None:
        return title + "\nNot run: name a file with `--locomo`."
    talks = locomo.read(path)
    tuned = [talk for talk in talks if talk.name in locomo.TUNED_ON]
    others = [talk for talk in talks if talk.name not in locomo.TUNED_ON]
    engines: list[tuple[str, Embedder | None, locomo.Ranks]] = [
        ("BM25 alone", None, locomo.by_words)
    ]
    for name in TIERS:
        engines.append((f"`{name}` alone", Remembering(embedder(name)), locomo.by_meaning))
    engines.append(("MIA, words only", None, locomo.by_mia))
    for name in TIERS:
        engines.append((f"**MIA, `{name}`**", Remembering(embedder(name)), locomo.by_mia))
    names = list(locomo.CATEGORIES.values())
    lines = [f"| | {' | '.join(names)} | all |", "|---" * (len(names) + 2) + "|"]
    out = [title]
    for what, some in (("not tuned on", others), ("tuned on", tuned)):
        if not some:
            continue
        many = sum(len(talk.asked) for talk in some)
        rows = list(lines)
        for label, engine, ranks in engines:
            recall = locomo.measured(some, engine, ranks)
            cells = [f"{recall.at(5, c):.1f}/{recall.at(10, c):.1f}" for c in locomo.CATEGORIES]
            rows.append(
                f"| {label} | {' | '.join(cells)} | {recall.at(5):.1f}/{recall.at(10):.1f} |"
            )
        out.append(f"\n{what.capitalize()}: {len(some)} conversations, {many} questions.\n")
        out += rows
    out.append(
        "\nNo LLM, no reranker, ten lines at most, no neighbours added to what is found. The data"
        " is CC BY-NC 4.0 and no part of MIA."
    )
    return "\n".join(out)


def _spanish() -> str:
    rows = ["| recall@1 / @5 | es→es | es→en | en→es | en→en | all |", "|---|---|---|---|---|---|"]
    gates: list[str] = []
    engines: list[tuple[str, Embedder | None, spanish.Ranks]] = [
        ("BM25 alone", None, locomo.by_words)
    ]
    for name in TIERS:
        made = Remembering(embedder(name))
        engines.append((f"`{name}` alone", made, locomo.by_meaning))
        engines.append((f"**MIA, `{name}`**", made, locomo.by_mia))
        if name != "e5":
            shares = spanish.recalled(made)
            gates.append(f"`{name}`: " + ", ".join(f"{k} {v:.2f}" for k, v in shares.items()))
    for label, engine, ranks in engines:
        hits = spanish.measured(engine, ranks)
        cells = [f"{hits.at(1, way):.2f}/{hits.at(5, way):.2f}" for way in spanish.DIRECTIONS]
        rows.append(f"| {label} | {' | '.join(cells)} | {hits.at(1):.3f}/{hits.at(5):.3f} |")
    return "\n".join(
        [
            "## Spanish and English: 320 questions to 240 memories (question→memory)\n",
            *rows,
            "\nWhat the gate lets through (four at most): " + "; ".join(gates) + ".",
        ]
    )


def _speed(name: str, sizes: Sequence[int]) -> str:
    give_large_blocks_back()  # as MIA does: else each look at a thousand rows asks for new pages
    engine = embedder(name)
    rows = [
        "| memories | p50 | p95 | processor, p50 | p95 | p50 beside two busy loops | p95 |",
        "|---" * 7 + "|",
    ]
    quiet: list[tuple[int, float]] = []
    tail: list[tuple[int, float]] = []
    opened: list[str] = []
    samples = 0
    for memories in sizes:
        with speed.filled(memories, engine) as folder:
            calm = speed.asked(folder, memories, engine, busy=False, rounds=200)
            busy = speed.asked(folder, memories, engine, busy=True, rounds=200)
            seconds = speed.opening(folder, engine)
        samples = calm.samples
        cells = (calm.median, calm.p95, calm.work, calm.work_p95, busy.median, busy.p95)
        rows.append(f"| {memories:,} | " + " | ".join(f"{one:.1f}" for one in cells) + " |")
        quiet.append((memories, calm.median))
        tail.append((memories, calm.p95))
        opened.append(f"{memories:,}: {seconds['journal']:.2f} + {seconds['index']:.2f} s")
    told = [
        f"## A question in the live process, ms (`{name}`, its embedding included)\n",
        *rows,
        f"\n{samples} different questions for each number, one after the other. Processor: what the"
        " process used of it, all threads together.\n",
        "Opening journal + index: " + "; ".join(opened) + ".",
    ]
    if len(sizes) > 1:
        picture = machine.RESULTS / "memory.svg"
        plot.drawn(picture, "A question, by how much is remembered", {"median": quiet, "p95": tail})
        told.insert(-1, "![ms by memories](memory.svg)\n")
    return "\n".join(told)


def _start() -> str:
    seconds = speed.imports()
    base = seconds.pop("Python itself")
    lines = [f"- {name}: {took - base:.2f}" for name, took in seconds.items()]
    return "\n".join(
        [
            "## Start-up, seconds beside Python itself (median of 5)\n",
            *lines,
            "\nAll of it happens on threads of its own while the page is already there; until it is"
            " done memories are found by words alone, so the first turn waits for nothing.",
        ]
    )


def _another(part: str) -> str:
    """A part that is a program of its own."""
    command = [sys.executable, "-m", f"bench.memory.{part}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = (
        done.stdout.strip() if done.returncode == 0 else f"Failed:\n\n    {done.stderr[-800:]}"
    )
    return printed if printed.startswith("#") else f"## {part.capitalize()}\n\n{printed}"


if __name__ == "__main__":
    main()
