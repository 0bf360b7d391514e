"""From the facts of one conversation to the events of the protocol, for one client.

Called by the bus at each fact and by the loudspeaker at each block, in the order in which they
happen, so what goes out is in that order too. Nothing here waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.replies import Emit, Replies
from mia.channels.realtime.settings import Settings
from mia.channels.realtime.talk import CountUsage, Talk
from mia.conversation.ports import Samples
from mia.telemetry import events as bus

_KNOWN = 512


@dataclass(slots=True)
class _Turn:
    """A spoken turn on its way. announced: `speech_started` was sent."""

    start_ms: int
    end_ms: int
    announced: bool = False


class Translator:
    """page: whether the client is one of our pages and knows `mia.*`."""

    def __init__(
        self,
        talk: Talk,
        emit: Emit,
        *,
        page: bool,
        settings: Callable[[], Settings],
        usage: CountUsage,
        renamed: Callable[[str, str], None] = lambda _before, _now: None,
    ) -> None:
        """renamed: told the names an item had and has in the conversation."""
        self._emit = emit
        self._renamed = renamed
        self._page = page
        self._settings = settings
        self._talk = talk
        self.replies = Replies(
            emit, page=page, conversation=talk.id, persona=lambda: talk.persona, usage=usage
        )
        self._turns: dict[str, _Turn] = {}
        self._guessed: set[str] = set()
        self._items: dict[str, None] = {}
        self._last_item: str | None = None
        self._trouble = ""
        self._cut: bus.ReplyEnded | None = None
        """A reply that was interrupted, until what interrupted it has been told."""
        self.committing = False
        """The client has committed an utterance whose turn is not sure yet …"""
        self.asked: Callable[[], None] | None = None
        """… and has already asked for an answer to it: called should it come to nothing."""
        self.clearing = False
        """The client is clearing its utterance and will be told so."""
        self.metadata: dict[str, str] | None = None
        """What the client wants to find again in its next response."""
        for item in talk.history:
            self._remember(item.id)

    # ── what the conversation tells ──────────────────────────────────────────────────────────

    def tell(self, event: bus.Event) -> None:
        """Translate one fact of this conversation (or of the whole process)."""
        if self._cut is not None and not isinstance(event, bus.Interrupted):
            if isinstance(event, bus.SpeechStarted):
                self._listen(event)
                self._end_cut()
                return
            self._end_cut()
        match event:
            case bus.SpeechStarted():
                self._listen(event)
            case bus.SpeechStopped() if event.turn in self._turns:
                self._turns[event.turn].end_ms = event.audio_ms
            case bus.Heard(final=False):
                self._guess(event)
            case bus.Heard(typed=True) if event.instead in self._items:
                self._rename(event.instead, event.turn)
            case bus.Heard(typed=True):
                self.add_item(event.turn, "user", *self._said(event))
            case bus.Overheard() if self._page:
                self.add_item(event.turn, "user", *self._said(event))
            case bus.Heard():
                self._understood(event.turn, *self._said(event))
            case bus.TurnDropped():
                self._dropped(event.turn)
            case bus.ReplyStarted():
                self.committing, self.asked = False, None
                self._begin(event.reply, event.turn)
            case bus.ReplyText():
                if self._begin(event.reply, event.turn):
                    self.replies.add_text(event.text)
            case bus.SegmentPlaced():
                if self._begin(event.reply, event.turn) and self._page:
                    self._emit(shapes.segment(event))
            case bus.ReplyEnded(status="interrupted"):
                # What interrupts comes first on the wire, as clients are used to.
                self._cut = event
            case bus.ReplyEnded():
                self._ended(event)
            case bus.MemoriesUsed() if self._page:
                self._emit(shapes.memories(event))
            case bus.Forgotten():
                for item_id in event.items:
                    self.item_deleted(item_id)
            case bus.HistoryReplaced():
                self._replaced()
            case bus.TurnTimed() if self._page:
                self._emit(shapes.turn(event))
            case bus.Moved() if self._page:
                place = {"host": event.host, "port": event.port, "before": event.before}
                self._emit({"type": "mia.moved", "version": 1, **place})
            case bus.Notice():
                if event.level == "error":
                    self._trouble = event.code
                if self._page:
                    row = shapes.notice_row(event)
                    self._emit({"type": "mia.notice", "version": 1, **row})
            case _:
                pass

    def _said(self, event: bus.Heard | bus.Overheard) -> tuple[str, shapes.JSON | None]:
        """The words, and where several people speak, whose they are: our pages show it apart."""
        return shapes.said(event.text, event.lines) if self._page else (event.text, None)

    def add_item(self, id_: str, role: str, text: str, speaker: shapes.JSON | None = None) -> None:
        """A written message is in the history; told once."""
        if id_ in self._items:
            return
        previous = self._last_item
        self._remember(id_)
        body = {"previous_item_id": previous, "item": shapes.item(id_, role, text, speaker=speaker)}
        self._emit({"type": "conversation.item.added", **body})
        self._emit({"type": "conversation.item.done", **body})

    def _rename(self, before: str, now: str) -> None:
        """A message was answered, and is a turn now; the client knows it by its first name."""
        self._items = {now if item == before else item: None for item in self._items}
        if self._last_item == before:
            self._last_item = now
        self._renamed(before, now)

    def _replaced(self) -> None:
        """The history is another one: a page is told all of it, other clients what is gone."""
        for item_id in tuple(self._items):
            if not self._page:
                self._emit({"type": "conversation.item.deleted", "item_id": item_id})
            self._items.pop(item_id)
        self._last_item = None
        for item in self._talk.history:
            self._remember(item.id)
        if self._page:
            self._emit(shapes.history(self._talk.history))

    def nothing_heard(self, turn: str) -> None:
        """The client committed sound in which nobody spoke."""
        problem = RealtimeError("no_speech")
        previous = self._add_spoken(turn)
        self._emit(
            {
                "type": "conversation.item.input_audio_transcription.failed",
                "item_id": turn,
                "content_index": 0,
                "error": {
                    "type": "transcription_error",
                    "code": problem.name,
                    "message": problem.text("en"),
                },
            }
        )
        self._spoken_done(turn, "", previous)
        self._came_to_nothing()

    def _came_to_nothing(self) -> None:
        """What was committed is no turn: answered is what was said before."""
        self.committing = False
        if self.asked is not None:
            asyncio.get_running_loop().call_soon(self.asked)
            self.asked = None

    def item_deleted(self, id_: str) -> None:
        """An item is no longer in the history."""
        self._emit({"type": "conversation.item.deleted", "item_id": id_})
        self._items.pop(id_, None)
        if self._last_item == id_:
            self._last_item = next(reversed(self._items), None)

    @property
    def items(self) -> Sequence[str]:
        """Ids of the newest items, oldest first."""
        return tuple(self._items)

    # ── what the loudspeaker tells ───────────────────────────────────────────────────────────

    def sound(self, reply: str, offset: int, samples: Samples) -> None:
        if self._begin(reply, None):
            self.replies.add_sound(offset, samples)

    def hushed(self) -> None:
        if self._page:
            self.output_cleared()

    def output_cleared(self) -> None:
        """All sound that was not heard yet is gone."""
        if (response := self.replies.last_response) is not None:
            self._emit({"type": "output_audio_buffer.cleared", "response_id": response})

    def ducked(self, gain: float, seconds: float) -> None:
        ramp = shapes.milliseconds(seconds)
        self._emit({"type": "mia.duck", "version": 1, "gain": round(gain, 3), "ramp_ms": ramp})

    # ── a spoken turn ────────────────────────────────────────────────────────────────────────

    def _listen(self, event: bus.SpeechStarted) -> None:
        self._turns[event.turn] = _Turn(event.audio_ms, event.audio_ms)
        if self.replies.current is None or self._cut is not None:
            self._announce(event.turn)

    def _announce(self, turn: str) -> None:
        known = self._turns[turn]
        if known.announced:
            return
        known.announced = True
        self._emit(
            {
                "type": "input_audio_buffer.speech_started",
                "audio_start_ms": known.start_ms,
                "item_id": turn,
            }
        )

    def _announce_all(self) -> None:
        for turn in self._turns:
            self._announce(turn)

    def _stopped(self, turn: str) -> _Turn | None:
        known = self._turns.pop(turn, None)
        if known is not None and known.announced:
            self._emit(
                {
                    "type": "input_audio_buffer.speech_stopped",
                    "audio_end_ms": max(known.end_ms, known.start_ms),
                    "item_id": turn,
                }
            )
        return known

    def _guess(self, event: bus.Heard) -> None:
        if not self._page or event.turn not in self._turns:
            return  # words over MIA's are nobody's turn until they stop her
        self._guessed.add(event.turn)
        self._partial(event.turn, event.revision, *self._said(event))

    def _partial(
        self, turn: str, revision: int, text: str, speaker: shapes.JSON | None = None
    ) -> None:
        self._emit(
            {
                "type": "mia.partial",
                "version": 1,
                "turn_id": turn,
                "revision": revision,
                "text": text,
                **({"speaker": speaker} if speaker else {}),
            }
        )

    def _understood(self, turn: str, text: str, speaker: shapes.JSON | None) -> None:
        self.committing = False
        self._guessed.discard(turn)
        if turn in self._turns:
            self._announce(turn)
        known = self._stopped(turn)
        seconds = (known.end_ms - known.start_ms) / 1000 if known else 0.0
        previous = self._add_spoken(turn)
        if self._settings().transcribed:
            where = {"item_id": turn, "content_index": 0}
            name = "conversation.item.input_audio_transcription"
            self._emit({"type": f"{name}.delta", **where, "delta": text})
            self._emit(
                {
                    "type": f"{name}.completed",
                    **where,
                    "transcript": text,
                    "usage": {"type": "duration", "seconds": max(0.0, seconds)},
                    **({"speaker": speaker} if speaker else {}),
                }
            )
        self._spoken_done(turn, text, previous, speaker)

    def _dropped(self, turn: str) -> None:
        if turn in self._guessed:
            self._guessed.discard(turn)
            self._partial(turn, 0, "")
        known = self._stopped(turn)
        if turn in self._items:
            self.item_deleted(turn)
            self._came_to_nothing()
        elif self.committing:
            self.nothing_heard(turn)
        elif known is not None and known.announced and not self.clearing:
            self._emit({"type": "input_audio_buffer.cleared"})

    def _add_spoken(self, turn: str) -> str | None:
        """Announce a spoken item unless it is known (a turn that went on has the same one);
        returns the item before it."""
        if turn in self._items:
            before = list(self._items)
            at = before.index(turn)
            return before[at - 1] if at else None
        previous = self._last_item
        self._remember(turn)
        place = {"previous_item_id": previous}
        self._emit({"type": "input_audio_buffer.committed", "item_id": turn, **place})
        item = shapes.item(turn, "user", None, kind="input_audio")
        self._emit({"type": "conversation.item.added", **place, "item": item})
        return previous

    def _spoken_done(
        self, turn: str, text: str, previous: str | None, speaker: shapes.JSON | None = None
    ) -> None:
        item = shapes.item(turn, "user", text, kind="input_audio", speaker=speaker)
        self._emit({"type": "conversation.item.done", "previous_item_id": previous, "item": item})

    # ── a reply ──────────────────────────────────────────────────────────────────────────────

    def _begin(self, reply: str, turn: str | None) -> bool:
        if self.replies.current == reply:
            return True
        previous = turn if turn in self._items else self._last_item
        if previous == reply:
            previous = None
        open_now = self.replies.begin(reply, previous, self._settings().modality, self.metadata)
        if open_now:
            self.metadata = None
            self._remember(reply)
        return open_now

    def _end_cut(self) -> None:
        event, self._cut = self._cut, None
        if event is not None:
            self._ended(event)

    def _ended(self, event: bus.ReplyEnded) -> None:
        if event.status == "failed":
            self._begin(event.reply, event.turn)
        open_now = self.replies.current == event.reply
        cut = event.status in ("interrupted", "cancelled")
        if open_now and cut and self._page:
            self._emit(
                {
                    "type": "conversation.item.truncated",
                    "item_id": event.reply,
                    "content_index": 0,
                    "audio_end_ms": event.heard_ms,
                }
            )
        reasons = {"interrupted": "turn_detected", "cancelled": "client_cancelled"}
        self.replies.end(
            event.reply,
            event.text if event.status == "completed" else event.heard,
            "cancelled" if cut else event.status,
            reason=reasons.get(event.status),
            code=self._trouble or "reply_failed",
        )
        self._trouble = ""
        self._announce_all()

    def _remember(self, id_: str) -> None:
        self._items[id_] = None
        self._last_item = id_
        while len(self._items) > _KNOWN:
            del self._items[next(iter(self._items))]
