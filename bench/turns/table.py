"""The report: what was measured, next to what is to be reached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jiwer

from bench.turns.scoring import percentile
from bench.turns.systems import Measured

NOTHING = "—"


def plain(text: str) -> str:
    """A text as word errors are counted on it: no case, no punctuation."""
    return re.sub(r"[^\w ]+", "", text.lower().replace("-", " ")).strip()


def word_errors(measured: Measured) -> float:
    """Share of words that were heard wrong."""
    said, heard = [plain(text) for text in measured.said], [plain(text) for text in measured.heard]
    return float(jiwer.wer(said, heard))


def ms(seconds: float | None) -> str:
    return NOTHING if seconds is None or seconds != seconds else f"{seconds * 1000:.0f}"


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.0f} %"


def number(value: float | None) -> str:
    return NOTHING if value is None or value != value else f"{value:.0f}"


def ratio(mine: float, other: float) -> str:
    return NOTHING if mine != mine or other != other else f"{mine / other:.2f}"


def spread(values: Sequence[float]) -> str:
    """p50 / p95 (worst) in ms, of seconds."""
    if not values:
        return NOTHING
    return f"{ms(percentile(values, 50))} / {ms(percentile(values, 95))} ({ms(max(values))})"


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *map(list, body)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def understood(mine: Sequence[dict[str, Any]]) -> str:
    """What was understood in these scenes, each text once."""
    return " / ".join(dict.fromkeys(row["understood"] or NOTHING for row in mine))


@dataclass(slots=True)
class Report:
    """Whatever was measured; parts that were not are left out."""

    pair: dict[str, Measured] | None = None
    memory: Measured | None = None
    barge_in: dict[str, Any] | None = None
    overhead: dict[str, Any] | None = None
    echo: dict[str, Any] | None = None
    _targets: list[tuple[str, str, str]] = field(default_factory=list)

    def text(self) -> str:
        details: list[str] = []
        if self.pair is not None:
            details += self._of_pair(self.pair)
        if self.overhead is not None:
            details += self._of_overhead(self.overhead)
        if self.barge_in is not None:
            details += self._of_barge_in(self.barge_in)
        if self.echo is not None:
            details += self._of_echo(self.echo)
        if self.memory is not None:
            details += self._of_memory(self.memory)
        targets = rows(("", "to reach", "measured"), self._targets)
        return "\n\n".join([targets, *details])

    def _reach(self, what: str, target: str, measured: str) -> None:
        self._targets.append((what, target, measured))

    # ── voice to voice ───────────────────────────────────────────────────────────────────────

    def _of_pair(self, pair: dict[str, Measured]) -> list[str]:
        body = []
        latencies: dict[str, list[float]] = {}
        for name, measured in pair.items():
            found = [a.latency for a in measured.answers if a.latency is not None]
            latencies[name] = found
            body.append(
                (
                    name,
                    str(len(measured.answers)),
                    ms(percentile(found, 50)),
                    ms(percentile(found, 95)),
                    ms(min(found, default=None)),
                    ms(max(found, default=None)),
                    str(sum(a.missed for a in measured.answers)),
                    str(sum(a.false_start for a in measured.answers)),
                    f"{word_errors(measured) * 100:.1f} %",
                )
            )
        mia = pair["MIA"]
        peer = pair.get("Pipecat")
        if peer is not None:
            p50, p95 = (
                ratio(*(percentile(latencies[name], share) for name in ("MIA", "Pipecat")))
                for share in (50, 95)
            )
            self._reach("V2V p50 / p95, of Pipecat's", "≤ 0.30 / ≤ 0.40", f"{p50} / {p95}")
        missed, early = ([getattr(a, k) for a in mia.answers] for k in ("missed", "false_start"))
        limit = f"≤ {sum(a.false_start for a in peer.answers)}" if peer is not None else "0"
        self._reach("false starts (Pipecat's at most)", limit, str(sum(early)))
        self._reach("missed replies", "0", str(sum(missed)))
        self._reach("model time thrown away", "≤ 35 %", percent(mia.told.wasted))
        head = "system turns p50 p95 best worst missed early".replace("early", "false-starts")
        parts = [
            "## Voice to voice, ms\n\n"
            + rows([*head.split(), "word errors"], body)
            + "\n\nFrom the last sample of the user's speech to the first audible one of the "
            "answer, read off the tape. The language model sees the newest question only."
        ]
        parts.append(self._stages(pair))
        parts.append(self._utterances(pair))
        committed, dropped = (number(mia.told.guesses.get(k)) for k in ("committed", "dropped"))
        parts.append(
            f"MIA's guesses that came true: {percent(mia.told.hit_rate)} ({committed} committed, "
            f"{dropped} dropped). Model seconds: {self._work(mia)}. "
            f"Underruns: {number(mia.told.underruns)}."
        )
        parts += [f"- error of {name}: {e}" for name, m in pair.items() for e in m.errors]
        return parts

    @staticmethod
    def _work(measured: Measured) -> str:
        told = measured.told.work
        parts = sorted({part for part, _ in told})
        return (
            ", ".join(
                f"{part} {told.get((part, 'used'), 0):.1f} used and "
                f"{told.get((part, 'wasted'), 0):.1f} wasted"
                for part in parts
            )
            or NOTHING
        )

    @staticmethod
    def _stages(pair: dict[str, Measured]) -> str:
        body = []
        for name, measured in pair.items():
            stages = dict.fromkeys(stage for turn in measured.told.stages for stage in turn)
            for stage in stages:
                found = [turn[stage] for turn in measured.told.stages if stage in turn]
                middle, high = percentile(found, 50), percentile(found, 95)
                body.append((name, stage, number(middle), number(high), str(len(found))))
        note = (
            "As each system tells of itself, in ms; MIA's overlap each other and the user's "
            "silence, Pipecat's add up."
        )
        return (
            "### Stages\n\n"
            + rows(("system", "stage", "p50", "p95", "turns"), body)
            + f"\n\n{note}"
        )

    @staticmethod
    def _utterances(pair: dict[str, Measured]) -> str:
        files = list(dict.fromkeys(a.file for a in next(iter(pair.values())).answers))
        body = []
        for name in files:
            cells = [name]
            for measured in pair.values():
                mine = [a for a in measured.answers if a.file == name]
                latencies = ", ".join(ms(a.latency) for a in mine)
                heard = [
                    h for a, h in zip(measured.answers, measured.heard, strict=True) if a in mine
                ]
                cells += [latencies, " / ".join(dict.fromkeys(heard))]
            body.append(cells)
        head = ["recording", *(c for name in pair for c in (f"{name} ms", f"{name} heard"))]
        return "### Each recording\n\n" + rows(head, body)

    # ── the rest ─────────────────────────────────────────────────────────────────────────────

    def _of_memory(self, measured: Measured) -> list[str]:
        read = measured.told.later_evaluated
        p95 = number(percentile(read, 95)) if read else NOTHING
        self._reach("prompt tokens evaluated, p95, from the second turn on", "≤ 40", p95)
        found = [a.latency for a in measured.answers if a.latency is not None]
        return [
            "## With the whole conversation in view\n\n"
            f"MIA with the language model in her own process, {len(measured.answers)} turns in one "
            f"conversation: V2V p50 / p95 (worst) {spread(found)} ms, "
            f"missed {sum(a.missed for a in measured.answers)}. Prompt tokens read for each reply, "
            f"before and after the endpoint: {read or NOTHING}. "
            f"Guesses that came true: {percent(measured.told.hit_rate)}, model time thrown away: "
            f"{percent(measured.told.wasted)}, underruns: {number(measured.told.underruns)}."
        ]

    def _of_overhead(self, found: dict[str, Any]) -> list[str]:
        own = percentile(found["from_frame"], 95)
        self._reach("orchestration overhead with instant fakes, p95, ms", "≤ 15", ms(own))
        return [
            "## Orchestration\n\n"
            f"Ears, mind and voice that answer at once, {found['turns']} turns "
            f"({found['unanswered']} without an answer): what is left of V2V without the hold, "
            f"p50 / p95 (worst), is {spread(found['from_frame'])} ms from the end of the frame "
            f"in which the voice ended, {spread(found['from_tape'])} ms from the last sample on "
            "the tape (the voice detector's frames are 32 ms long)."
        ]

    def _of_barge_in(self, found: dict[str, Any]) -> list[str]:
        stops, goes = found["interruptions"], found["backchannels"]
        ducked, silent = (
            [row[k] for row in stops if row[k] is not None] for k in ("ducked", "silent")
        )
        p95 = f"{ms(percentile(ducked, 95))} / {ms(percentile(silent, 95))}"
        missed = sum(row["silent"] is None or row["wrong"] is None for row in stops)
        gaps = [row["gap"] for row in goes if row["gap"] is not None]
        lost = sum(row["gap"] is None for row in goes)
        wrong = [row["wrong"] for row in stops if row["wrong"] is not None]
        self._reach("barge-in: onset to ducked / silent, p95, ms", "≤ 130 / ≤ 300", p95)
        self._reach("… interruptions that did not stop her", "0", f"{missed} of {len(stops)}")
        self._reach(
            "backchannel or cough: gap after it, p95 (worst), ms",
            "≤ 250",
            f"{ms(percentile(gaps, 95))} ({ms(max(gaps, default=None))})",
        )
        self._reach("… that stopped her for good", "0", f"{lost} of {len(goes)}")
        self._reach(
            "history against what was played, words wrong", "0", f"{sum(wrong)} in {len(wrong)}"
        )
        return [self._each_interruption(stops), self._each_backchannel(goes)]

    def _of_echo(self, found: dict[str, Any]) -> list[str]:
        body = []
        for name, mine in (("canceller", found["with"]), ("none, to compare", found["without"])):
            counts = [sum(bool(row[k]) for row in mine) for k in ("lower", "held", "stopped")]
            body.append((name, str(len(mine)), *map(str, counts)))
        stopped = sum(row["stopped"] for row in found["with"])
        over = sum(row["stopped"] for row in found["over"])
        self._reach(
            "her own voice in the microphone: replies it stopped",
            "0 in 50",
            f"{stopped} in {len(found['with'])}",
        )
        head = ("canceller", "replies", "lower for a moment", "held for a moment", "stopped")
        return [
            f"## Her own voice\n\n{rows(head, body)}\n\n"
            "Replies in Spanish and English by Kokoro, heard back 10 to 60 ms late at -6 to -20 dB "
            "with three reflections and noise at -60 dBFS. People who spoke over her and her echo "
            f"stopped her {over} times in {len(found['over'])}."
        ]

    @staticmethod
    def _each_interruption(stops: Sequence[dict[str, Any]]) -> str:
        body = []
        for name in dict.fromkeys(row["what"] for row in stops):
            mine = [row for row in stops if row["what"] == name]
            cells = [", ".join(ms(row[k]) for row in mine) for k in ("ducked", "silent")]
            words = ", ".join(str(row["wrong"]) for row in mine)
            body.append((name, *cells, words.replace("None", NOTHING), understood(mine)))
        head = ("interruption", "ducked", "silent", "words wrong", "understood")
        note = (
            "ms from the first audible sample of the user, above their recording's own background, "
            "to a level 12 dB below the one before for good, and to 100 ms below -60 dBFS."
        )
        return f"## Interruptions\n\n{rows(head, body)}\n\n{note}"

    @staticmethod
    def _each_backchannel(goes: Sequence[dict[str, Any]]) -> str:
        body = []
        for name in dict.fromkeys(row["what"] for row in goes):
            mine = [row for row in goes if row["what"] == name]
            cells = [", ".join(ms(row.get(k)) for row in mine) for k in ("seconds", "lower", "gap")]
            same = sum(row["same_word"] for row in mine)
            body.append((name, *cells, f"{same} of {len(mine)}", understood(mine)))
        head = ("said over her", "long", "not at full level", "gap", "same word", "understood")
        note = (
            "ms. Gap: from its end until she is at full level for good, 0 when she never was "
            f"lower; {NOTHING} when it stopped her. Same word: none skipped, none but the cut "
            "one said twice."
        )
        return f"## Backchannels and coughs\n\n{rows(head, body)}\n\n{note}"
