"""Where the time of each turn went, laid out in order: the waterfall of the panel.

Everything is read from the bus. Zero is the last voiced sample (of a typed turn: the moment it was
sent); a stretch may begin before it, where ears or mind worked while the user still spoke.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mia.telemetry import events as bus

Stage = Literal["hold", "stt", "memory", "llm_first", "llm_clause", "tts", "sound"]
#: In the order they usually begin.
STAGES: tuple[Stage, ...] = ("hold", "stt", "memory", "llm_first", "llm_clause", "tts", "sound")

KEPT = 500


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stage of one turn, in ms from its zero."""

    stage: Stage
    begin: float
    end: float

    @property
    def ms(self) -> float:
        return self.end - self.begin


@dataclass(slots=True)
class TurnTiming:
    """One turn. v2v: ms to the first audible sample, None until then. at: the loop's seconds at
    which it sounded. hits, misses: guesses about it that came true, or did not. underruns: how
    often its sound stuttered. evaluated: prompt tokens that had to be read."""

    turn: str
    conversation: str
    typed: bool = False
    v2v: float | None = None
    at: float = 0.0
    hits: int = 0
    misses: int = 0
    underruns: int = 0
    evaluated: int | None = None
    text: str = ""
    stretches: tuple[Stretch, ...] = ()
    _began: float = field(default=0.0, repr=False)
    _understood: dict[int, float] = field(default_factory=dict, repr=False)

    def of(self, stage: Stage) -> float | None:
        """Milliseconds of a stage, None where the turn had none."""
        found = [stretch.ms for stretch in self.stretches if stretch.stage == stage]
        return sum(found) if found else None


class Timings:
    """The newest turns that were answered aloud or are about to be, oldest first."""

    def __init__(self, events: bus.EventBus, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._turns: OrderedDict[tuple[str, str], TurnTiming] = OrderedDict()
        self.hits = self.misses = 0
        self.close: Callable[[], None] = events.listen(self._tell)

    def newest(self, count: int | None = None) -> list[TurnTiming]:
        """The newest `count` turns that sounded (all that are kept), oldest first."""
        found = [turn for turn in self._turns.values() if turn.v2v is not None]
        return found if count is None else found[-count:]

    def forget(self) -> None:
        """Drop the words of every turn; how long it took stays."""
        for turn in self._turns.values():
            turn.text = ""

    def _of(self, event: bus.Event, turn: str) -> TurnTiming:
        key = (event.conversation, turn)
        if key not in self._turns:
            self._turns[key] = TurnTiming(turn, event.conversation)
            while len(self._turns) > self._kept:
                self._turns.popitem(last=False)
        return self._turns[key]

    def _tell(self, event: bus.Event) -> None:
        match event:
            case bus.Heard(final=False):
                self._of(event, event.turn)._understood[event.revision] = event.at
            case bus.Heard():
                turn = self._of(event, event.turn)
                turn.typed, turn.text = event.typed, event.text
                # Not prepared ahead: the reply began with the commitment.
                turn._began = turn._began or event.at
            case bus.Speculated():
                self._of(event, event.turn)._began = event.at
            case bus.SpeculationEnded():
                turn = self._of(event, event.turn)
                if event.committed:
                    turn.hits, self.hits = turn.hits + 1, self.hits + 1
                else:
                    turn._began = 0.0
                    turn.misses, self.misses = turn.misses + 1, self.misses + 1
            case bus.TurnTimed():
                turn = self._of(event, event.turn)
                if "v2v" in event.stages:
                    turn.v2v, turn.at = event.stages["v2v"], event.at
                    turn.stretches = _laid_out(turn, event)
                turn._understood.clear()
            case bus.TurnDropped():
                self._turns.pop((event.conversation, event.turn), None)
            case bus.ReplyEnded():
                if (found := self._turns.get((event.conversation, event.turn))) is not None:
                    found.underruns, found.evaluated = event.underruns, event.evaluated
            case _:
                pass


def _laid_out(turn: TurnTiming, event: bus.TurnTimed) -> tuple[Stretch, ...]:
    """The stages one after the other; what is not known is left out."""
    stages, v2v = event.stages, event.stages["v2v"]
    zero = event.at - v2v / 1000
    gate = min(stages.get("gate", 0.0), v2v)
    began = (turn._began - zero) * 1000 if turn._began else gate
    found: list[Stretch] = []
    if not turn.typed and gate > 0:
        found.append(Stretch("hold", 0.0, gate))
    if not turn.typed and "stt" in stages:
        earlier = [at for at in turn._understood.values() if at <= zero + (began + 50) / 1000]
        end = (max(earlier) - zero) * 1000 if earlier else began
        found.append(Stretch("stt", end - stages["stt"], end))
    at = began
    names: tuple[tuple[Stage, str], ...] = (
        ("memory", "memory"),
        ("llm_first", "first_piece"),
        ("llm_clause", "first_clause"),
        ("tts", "first_sound"),
    )
    for stage, name in names:
        if name in stages:
            found.append(Stretch(stage, at, at + stages[name]))
            at += stages[name]
    ready = max(at, gate)
    if v2v > ready:
        found.append(Stretch("sound", ready, v2v))
    return tuple(Stretch(s.stage, round(s.begin, 1), round(s.end, 1)) for s in found)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` (0 … 1) of all do not exceed (nearest rank);
    None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one stage, or of the whole way from voice to voice: how many turns, p50 and p95 in ms."""

    turns: int
    p50: float | None
    p95: float | None


def summed(values: Sequence[float]) -> Summary:
    return Summary(len(values), percentile(values, 0.5), percentile(values, 0.95))


def critical(turn: TurnTiming) -> dict[Stage, float]:
    """How many ms of the wait each stage alone is to blame for.

    A stretch of time counts for the last stage that is under way in it, since the earlier ones
    would not have ended the wait: while the mind writes during the hold, the hold is what counts
    only until its end. Time before zero counts for nobody.
    """
    blame: dict[Stage, float] = {}
    if turn.v2v is None:
        return blame
    edges = sorted({0.0, turn.v2v, *(e for s in turn.stretches for e in (s.begin, s.end))})
    edges = [edge for edge in edges if 0 <= edge <= turn.v2v]
    hold = next((s.end for s in turn.stretches if s.stage == "hold"), 0.0)
    work = max(
        (s.end for s in turn.stretches if s.stage in ("llm_first", "llm_clause", "tts")),
        default=0.0,
    )
    for begin, end in itertools.pairwise(edges):
        running = [s for s in turn.stretches if s.begin <= begin and s.end >= end]
        if not running:
            continue
        # What would have had to be shorter: the work if it outlasts the hold, else the hold.
        last = [s for s in running if (s.stage == "hold") == (work <= hold)] or running
        stage = max(last, key=lambda s: STAGES.index(s.stage)).stage
        blame[stage] = blame.get(stage, 0.0) + end - begin
    return blame
