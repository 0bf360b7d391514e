"""What happened in each turn, as a report: what was said, what was answered, how long it took."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from mia.telemetry import events as bus


@dataclass(slots=True)
class TurnReport:
    """One turn. Times in ms; `v2v_ms` is None until a sample of the reply was heard.

    reply_text: all that was written; heard_text: what was really heard of it.
    status: how the reply ended; `answering` until then, `listening` before it began.
    """

    turn_id: str
    conversation: str
    user_text: str = ""
    language: str = ""
    typed: bool = False
    reply_id: str = ""
    reply_text: str = ""
    heard_text: str = ""
    heard_ms: int = 0
    status: str = "listening"
    v2v_ms: float | None = None
    stages: dict[str, float] = field(default_factory=dict)
    committed_at: float = 0.0
    """The loop's time at which the turn was MIA's, in seconds."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; the loop's own time means nothing outside and is left out."""
        plain = asdict(self)
        del plain["committed_at"]
        return plain


class TurnReports:
    """The newest turns, oldest first, gathered from the bus.

    conversation: only of this one; None for all. limit: how many are kept.
    done: called with each turn whose reply is over.
    """

    def __init__(
        self,
        events: bus.EventBus,
        conversation: str | None = None,
        *,
        limit: int = 200,
        done: Callable[[TurnReport], None] | None = None,
    ) -> None:
        self._conversation = conversation
        self._limit = limit
        self._done = done
        self._turns: OrderedDict[tuple[str, str], TurnReport] = OrderedDict()
        self.close = events.listen(self._tell)

    def newest(self, count: int | None = None) -> list[TurnReport]:
        """The newest `count` turns (all that are kept), oldest first."""
        turns = list(self._turns.values())
        return turns if count is None else turns[-count:] if count else []

    def find(self, turn: str) -> TurnReport | None:
        """A turn by its id, if it is still kept."""
        found = (one for (_, id_), one in reversed(self._turns.items()) if id_ == turn)
        return next(found, None)

    def forget(self) -> None:
        """Drop the words of every turn and its reply; how long they took stays."""
        for report in self._turns.values():
            report.user_text = report.reply_text = report.heard_text = ""

    def _of(self, event: bus.Event, turn: str) -> TurnReport:
        key = (event.conversation, turn)
        if key not in self._turns:
            self._turns[key] = TurnReport(turn, event.conversation)
            while len(self._turns) > self._limit:
                self._turns.popitem(last=False)
        return self._turns[key]

    def _answered(self, event: bus.ReplyText | bus.ReplyEnded) -> TurnReport:
        """The turn a reply belongs to: when it is interrupted a newer turn has begun already."""
        for report in reversed(self._turns.values()):
            if report.reply_id == event.reply and report.conversation == event.conversation:
                return report
        report = self._of(event, event.turn)
        report.reply_id = event.reply
        return report

    def _tell(self, event: bus.Event) -> None:
        if self._conversation not in (None, event.conversation):
            return
        match event:
            case bus.Heard(final=True):
                report = self._of(event, event.turn)
                report.user_text = event.text
                report.language = event.language
                report.typed = event.typed
                report.committed_at = event.at
            case bus.TurnDropped():
                self._turns.pop((event.conversation, event.turn), None)
            case bus.ReplyStarted():
                report = self._of(event, event.turn)
                report.reply_id = event.reply
                report.reply_text = report.heard_text = ""
                report.status = "answering"
            case bus.ReplyText():
                report = self._answered(event)
                report.reply_text = f"{report.reply_text} {event.text}".strip()
            case bus.TurnTimed():
                report = self._of(event, event.turn)
                report.stages.update(
                    {name: round(ms, 1) for name, ms in event.stages.items() if name != "v2v"}
                )
                if "v2v" in event.stages:
                    report.v2v_ms = round(event.stages["v2v"], 1)
            case bus.ReplyEnded():
                report = self._answered(event)
                if event.text:
                    report.reply_text = event.text
                report.heard_text, report.heard_ms = event.heard, event.heard_ms
                report.status = event.status
                if self._done is not None:
                    self._done(report)
            case _:
                pass
