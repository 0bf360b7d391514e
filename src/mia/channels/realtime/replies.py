"""One reply at a time, told in the protocol's order from `response.created` to `response.done`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.pcm import encode
from mia.channels.realtime.settings import Modality
from mia.channels.realtime.talk import CountUsage
from mia.conversation.ports import PLAYING_RATE, Samples

Emit = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class _Reply:
    id: str
    previous: str | None
    modality: Modality
    metadata: dict[str, str] | None
    text: list[str] = field(default_factory=list)

    @property
    def response(self) -> str:
        return f"resp_{self.id}"

    @property
    def kind(self) -> str:
        return "output_audio" if self.modality == "audio" else "output_text"

    def place(self) -> dict[str, Any]:
        return {
            "response_id": self.response,
            "item_id": self.id,
            "output_index": 0,
            "content_index": 0,
        }

    def part(self, text: str) -> dict[str, Any]:
        if self.modality == "audio":
            return {"type": "audio", "transcript": text}
        return {"type": "text", "text": text}


class Replies:
    """Tells one client of the replies of one conversation.

    A reply this client has not heard of (it came in the middle) is opened at its first event; a
    late event of one that is over is ignored.
    """

    def __init__(
        self,
        emit: Emit,
        *,
        page: bool,
        conversation: str,
        persona: Callable[[], str],
        usage: CountUsage,
    ) -> None:
        self._emit = emit
        self._page = page
        self._conversation = conversation
        self._persona = persona
        self._usage = usage
        self._open: _Reply | None = None
        self._over: deque[str] = deque(maxlen=32)
        self._lengths: dict[str, int] = {}
        self.last_response: str | None = None

    @property
    def current(self) -> str | None:
        """The id of the reply that is being told."""
        return self._open.id if self._open else None

    @property
    def current_response(self) -> str | None:
        return self._open.response if self._open else None

    def sent_ms(self, reply: str) -> int | None:
        """How much of a reply's sound this client was sent; None for an unknown reply."""
        samples = self._lengths.get(reply)
        return None if samples is None else samples * 1000 // PLAYING_RATE

    def begin(
        self,
        reply: str,
        previous: str | None,
        modality: Modality,
        metadata: dict[str, str] | None = None,
    ) -> bool:
        """Announce a reply, unless it is known; whether it is open now."""
        if self._open is not None and self._open.id == reply:
            return True
        if reply in self._over:
            return False
        if self._open is not None:
            self.end(self._open.id, "", "cancelled", reason="turn_detected")
        new = self._open = _Reply(reply, previous, modality, metadata)
        self.last_response = new.response
        self._lengths[reply] = 0
        while len(self._lengths) > 64:
            del self._lengths[next(iter(self._lengths))]
        self._emit({"type": "response.created", "response": self._response(new)})
        item = {**shapes.item(reply, "assistant", "", status="in_progress"), "content": []}
        self._emit(
            {
                "type": "response.output_item.added",
                "response_id": new.response,
                "output_index": 0,
                "item": item,
            }
        )
        self._emit({"type": "conversation.item.added", "previous_item_id": previous, "item": item})
        self._emit({"type": "response.content_part.added", **new.place(), "part": new.part("")})
        return True

    def add_text(self, text: str) -> None:
        """One more clause of the open reply."""
        reply = self._open
        if reply is None or not text:
            return
        if reply.text and not reply.text[-1][-1:].isspace() and not text[:1].isspace():
            text = f" {text}"
        reply.text.append(text)
        spoken = reply.modality == "audio"
        name = "output_audio_transcript" if spoken else "output_text"
        self._emit({"type": f"response.{name}.delta", **reply.place(), "delta": text})

    def add_sound(self, offset: int, samples: Samples) -> None:
        """A block of the open reply's sound, 24 kHz, at its place in it. After a pause MIA goes
        back to the start of a word, so places can come again; our pages are told of them."""
        reply = self._open
        if reply is None or reply.modality != "audio":
            return
        self._lengths[reply.id] = max(self._lengths[reply.id], offset + len(samples))
        place = {**reply.place(), "offset": offset} if self._page else reply.place()
        delta = encode(samples)
        self._emit({"type": "response.output_audio.delta", **place, "delta": delta})

    def end(
        self,
        id_: str,
        text: str,
        status: str,
        *,
        reason: str | None = None,
        code: str | None = None,
    ) -> None:
        """The open reply is over; `text` is its transcript (what was heard of it).

        status: completed, cancelled (with a reason) or failed (with a code).
        """
        reply = self._open
        if reply is None or reply.id != id_:
            return
        self._open = None
        self._over.append(id_)
        place, part = reply.place(), reply.part(text)
        if reply.modality == "audio":
            self._emit({"type": "response.output_audio.done", **place})
            self._emit(
                {"type": "response.output_audio_transcript.done", **place, "transcript": text}
            )
        else:
            self._emit({"type": "response.output_text.done", **place, "text": text})
        self._emit({"type": "response.content_part.done", **place, "part": part})
        item = shapes.item(
            id_,
            "assistant",
            text,
            status="completed" if status == "completed" else "incomplete",
            kind=reply.kind,
        )
        done = {"previous_item_id": reply.previous, "item": item}
        self._emit({"type": "conversation.item.done", **done})
        self._emit(
            {
                "type": "response.output_item.done",
                "response_id": reply.response,
                "output_index": 0,
                "item": item,
            }
        )
        details: dict[str, Any] | None = None
        if status == "cancelled":
            details = {"type": "cancelled", "reason": reason}
        elif status == "failed":
            details = {"type": "failed", "error": {"type": "server_error", "code": code}}
        told = self._response(reply, status=status, details=details, output=[item])
        told["usage"] = shapes.usage(self._usage())
        self._emit({"type": "response.done", "response": told})

    def _response(self, reply: _Reply, **more: Any) -> dict[str, Any]:
        return shapes.response(
            reply.response,
            conversation=self._conversation,
            persona=self._persona(),
            modality=reply.modality,
            metadata=reply.metadata,
            **more,
        )
