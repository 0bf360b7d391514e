"""The report of `bench.discord`, next to what is to be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.discord.call import Call
from bench.discord.scoring import Attributed, attributed, delays, percentile
from mia.telemetry.events import Heard, Overheard

LANGUAGE = "en"
Row = tuple[str, str, str, str]


def told(call: Call) -> list[tuple[float, str]]:
    """When a line of whom was understood."""
    found = []
    for at, event in call.told:
        if isinstance(event, Overheard) or (isinstance(event, Heard) and event.final):
            found += [(at, name) for _, name, _ in event.lines]
    return found


@dataclass
class Report:
    turns: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, list[float]] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = field(default_factory=dict)
    after_loss: dict[str, Any] = field(default_factory=dict)
    crowd: dict[str, Any] = field(default_factory=dict)
    pace: list[tuple[float, float]] = field(default_factory=list)

    def text(self) -> str:
        rows = [
            *self._company_rows(),
            *self._turn_rows(),
            *self._frame_rows(),
            *self._pace_rows(),
            *self._crowd_rows(),
            *self._key_rows(),
        ]
        lines = ["| | to reach | measured | samples |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*lines, *self._turns_in_full(), *self._notes()])

    # ── rows ─────────────────────────────────────────────────────────────────────────────────

    def _company_rows(self) -> Iterator[Row]:
        for name, found in (("", self.company), (", bad wire", self.loss)):
            if not found:
                continue
            score: Attributed = attributed(found["truth"], found["lines"], LANGUAGE)
            said = f"{len(found['truth'])} utterances, {score.words} words"
            reach = "≥ 98 %" if not name else "–"
            yield f"Words at the right person{name}", reach, f"{100 * score.share:.1f} %", said
            wrong = 100 * score.misheard / max(1, score.words)
            yield f"Words misheard{name}", "–", f"{wrong:.1f} %", said

    def _turn_rows(self) -> Iterator[Row]:
        if not self.turns:
            return
        here = [1000 * v for v in self.turns["microphone"] if v is not None]
        there = [1000 * v for v in self.turns["call"] if v is not None]
        above = percentile(there, 50) - percentile(here, 50)
        count = f"{len(here)} and {len(there)} turns"
        yield "V2V p50 above the microphone's", "≤ 80 ms", f"{above:.0f} ms", count
        for name, values in (("microphone", here), ("call", there)):
            shown = f"{percentile(values, 50):.0f} / {percentile(values, 95):.0f} ms"
            yield f"V2V p50 / p95, {name}", "–", shown, f"{len(values)} turns"
        missed = sum(v is None for v in self.turns["call"])
        yield "Turns without an answer, call", "0", str(missed), f"{len(self.turns['call'])} turns"

    def _frame_rows(self) -> Iterator[Row]:
        if self.before:
            sent, got = self.before["sent"], self.before["decoded"]
            yield "Frames lost on a good wire", "0", str(sent - got), f"{sent} frames sent to her"
        if self.after_loss:
            lost = self.after_loss["lost"] - self.before["lost"]
            sent = self.after_loss["sent"] - self.before["sent"]
            got = self.after_loss["decoded"] - self.before["decoded"]
            yield (
                "Frames lost beyond those the bad wire took",
                "–",
                str(sent - lost - got),
                f"{sent} sent, {lost} taken by the wire",
            )

    def _pace_rows(self) -> Iterator[Row]:
        if self.pace:
            steps = [step for step, _ in self.pace]
            places = [place for _, place in self.pace]
            count = f"{len(steps)} frames of hers"
            p95 = f"{percentile(steps, 95):.1f} ms"
            yield "Frame pacing: off 20 ms, p95", "≤ 5 ms", p95, count
            late = f"{percentile(places, 95):.1f} / {max(places):.1f} ms"
            yield "Frame pacing: behind the best place, p95 / worst", "–", late, count

    def _crowd_rows(self) -> Iterator[Row]:
        if not self.crowd:
            return
        before, after = self.crowd["sums"]
        sent = after["sent"] - before["sent"]
        missing = sent - (after["decoded"] - before["decoded"])
        minutes = f"{self.crowd['spoken'] / 60:.1f} minutes, {len(self.crowd['said'])} utterances"
        talk = sent * 0.02 / self.crowd["spoken"]
        why = {
            "never reached the socket": sent - (after["received"] - before["received"]),
            "too late for their place": after["late"] - before["late"],
            **(Counter(after["dropped"]) - Counter(before["dropped"])),
        }
        where = "".join(f"; {many} {reason}" for reason, many in why.items() if many)
        frames = f"{sent} frames, {talk:.1f} at once{where}"
        yield "Ten people: frames lost", "0", str(missing), frames
        full = after["dropped"].get("queue_full", 0) - before["dropped"].get("queue_full", 0)
        yield "Ten people: datagrams the loop was too late for", "0", str(full), minutes
        since, spoken = self.crowd["since"], self.crowd["spoken"]
        told_since = [(at, name) for at, name in self.crowd["told"] if at >= since]
        found = delays(self.crowd["said"], told_since)
        first = [late for at, late in found if at < since + spoken / 3]
        last = [late for at, late in found if at > since + 2 * spoken / 3]
        shown = f"{percentile(first, 50):.1f} → {percentile(last, 50):.1f} s"
        yield (
            "Ten people: end of speech to its line, first → last third, p50",
            "not growing",
            shown,
            f"{len(found)} lines",
        )
        late = self.crowd["late"]
        lag = f"{percentile(late, 95):.0f} / {max(late):.0f} ms"
        yield "Ten people: the loop is late, p95 / worst", "–", lag, f"{len(late)} looks"
        cost = self.crowd["cost"]
        cpu = f"{100 * cost.cpu / cost.seconds:.0f} % of one core"
        yield "Ten people: processor, MIA", "–", cpu, f"{cost.seconds:.0f} s"
        other = f"{100 * cost.other / cost.seconds:.0f} % of one core"
        yield "Ten people: processor, the pretend Discord", "–", other, f"{cost.seconds:.0f} s"
        yield "Memory, MIA with all models", "–", f"{cost.memory:.0f} MiB", "at the end"

    def _key_rows(self) -> Iterator[Row]:
        names = {"waiting": "everybody waits for op 22", "eager": "people switch at once"}
        for name, values in self.keys.items():
            shown = f"{percentile(values, 50):.0f} / {max(values):.0f} ms"
            yield (
                f"Heard again after a change of keys, p50 / worst ({names[name]})",
                "≤ 200 ms",
                shown,
                f"{len(values)} changes",
            )

    # ── details ──────────────────────────────────────────────────────────────────────────────

    def _turns_in_full(self) -> Iterator[str]:
        if not self.turns:
            return
        yield "\n## Each turn\n\n| recording | microphone ms | call ms |\n|---|---|---|"
        rows = zip(self.turns["files"], self.turns["microphone"], self.turns["call"], strict=True)
        for name, here, there in rows:
            yield f"| {name} | {_ms(here)} | {_ms(there)} |"

    def _notes(self) -> Iterator[str]:
        yield (
            "\nThe unmodified discord.py over TLS, websockets and UDP to a Discord of ours in a "
            "process of its own, end-to-end encrypted (DAVE v1; one of the people is Discord's "
            "own libdave, the others davey). V2V: from the last sample of a recording to the "
            "first audible one of the answer, in the sound card's tap here, in the packets that "
            "reached the person there; no jitter buffer of a listener is in it. Words at the "
            "right person: of the words understood that somebody said, those in the line of who "
            "said them. Heard again: the longest pause between two frames of somebody who talks "
            "on while another comes or goes; 20 ms is none. Everything, people and server too, "
            "shares two cores."
        )
        for name, found in (("In company", self.company), ("On the bad wire", self.loss)):
            if found:
                yield f"\n## {name}, she understood\n"
                yield from (f"- {who}: {text}" for who, text in found["lines"])


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{1000 * value:.0f}"
