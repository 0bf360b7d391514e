"""What MIA says of herself, for the figures that are on no tape: stages, work, tokens, underruns.

Whatever a version of MIA does not tell is None, and shown as such.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.turns.serving import get

_METRIC = re.compile(r"^(\w+?)(?:\{(.*)\})? ([-+\d.eE]+)$", re.M)


@dataclass(slots=True)
class Told:
    """Of one run, or of several put together.

    stages: ms by name, one mapping a turn. work: model seconds by (part, used or wasted).
    guesses: replies begun early that were committed, and dropped. evaluated: prompt tokens the
    mind read for each reply, in order, one list a conversation.
    """

    stages: list[dict[str, float]] = field(default_factory=list)
    work: dict[tuple[str, str], float] = field(default_factory=dict)
    guesses: dict[str, float] = field(default_factory=dict)
    underruns: float | None = None
    evaluated: list[list[int]] = field(default_factory=list)

    def add(self, other: Told) -> None:
        self.stages += other.stages
        self.evaluated += other.evaluated
        for key, seconds in other.work.items():
            self.work[key] = self.work.get(key, 0.0) + seconds
        for outcome, count in other.guesses.items():
            self.guesses[outcome] = self.guesses.get(outcome, 0.0) + count
        if other.underruns is not None:
            self.underruns = (self.underruns or 0.0) + other.underruns

    @property
    def hit_rate(self) -> float | None:
        """Share of the replies begun early that were wanted."""
        begun = sum(self.guesses.values())
        return self.guesses.get("committed", 0.0) / begun if begun else None

    @property
    def wasted(self) -> float | None:
        """Share of the models' time that nobody had anything of."""
        spent = sum(self.work.values())
        lost = sum(seconds for (_, outcome), seconds in self.work.items() if outcome == "wasted")
        return lost / spent if spent else None

    @property
    def later_evaluated(self) -> list[int]:
        """Prompt tokens evaluated for each reply but the first of its conversation."""
        return [tokens for talk in self.evaluated for tokens in talk[1:]]


def ask(address: str) -> Told:
    """Everything a running MIA tells at this address."""
    told = from_metrics((get(f"{address}/metrics") or b"").decode())
    events = get(f"{address}/api/v1/events?kinds=TurnTimed&kinds=ReplyEnded")
    if events is not None:
        rows = json.loads(events)["events"]
        told.stages = stages_of(rows)
        told.evaluated = evaluated_of(rows)
    elif (state := get(f"{address}/api/v1/state")) is not None:
        told.stages = [turn["stages"] for turn in json.loads(state)["turns"] if turn["stages"]]
    return told


def from_metrics(text: str) -> Told:
    """Counters out of Prometheus' text form."""
    told = Told()
    for name, labels, value in _METRIC.findall(text):
        label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        match name:
            case "mia_model_seconds_total":
                told.work[label["part"], label["outcome"]] = float(value)
            case "mia_speculations_total":
                told.guesses[label["outcome"]] = float(value)
            case "mia_underruns_total":
                told.underruns = float(value)
    return told


def stages_of(events: Iterable[dict[str, Any]]) -> list[dict[str, float]]:
    """The stages of each turn; V2V is not hers to tell."""
    return [
        {stage: ms for stage, ms in event["stages"].items() if stage != "v2v"}
        for event in events
        if event["kind"] == "TurnTimed"
    ]


def evaluated_of(events: Iterable[dict[str, Any]]) -> list[list[int]]:
    """Prompt tokens evaluated for each reply that was heard, by conversation."""
    talks: dict[str, list[int]] = {}
    for event in events:
        counted = event.get("evaluated") if event["kind"] == "ReplyEnded" else None
        if counted is not None and event.get("status") != "cancelled":
            talks.setdefault(str(event.get("conversation", "")), []).append(int(counted))
    return list(talks.values())
