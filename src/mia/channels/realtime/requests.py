"""What each client event does: one method for each, on one conversation."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from mia.channels.realtime import client_events as asked
from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.pcm import Decimator, decode
from mia.channels.realtime.settings import Settings, modality
from mia.channels.realtime.stage import Stage, StageSession
from mia.channels.realtime.talk import SessionRole, Talk, TalkItem
from mia.channels.realtime.translator import Translator
from mia.conversation.ports import HEARING_RATE, Role, Samples
from mia.errors import MiaError

#: The protocol's own lower bound for a commit.
_SHORTEST_COMMIT = HEARING_RATE // 10
#: Sound a client may add without ever committing it, in seconds.
_LONGEST_UTTERANCE = 600
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


class Client(StageSession, Protocol):
    """The session, as seen from its requests."""

    settings: Settings
    role: SessionRole

    def emit(self, event: dict[str, Any]) -> None: ...
    def describe(self) -> dict[str, Any]: ...


class Names:
    """Ids a client gave to items whose names in the conversation are others. Bounded."""

    def __init__(self, limit: int = 512) -> None:
        self._theirs: OrderedDict[str, str] = OrderedDict()
        self._ours: dict[str, str] = {}
        self._limit = limit

    def give(self, ours: str, theirs: str) -> None:
        self._theirs[ours] = theirs
        self._ours[theirs] = ours
        if len(self._theirs) > self._limit:
            _, gone = self._theirs.popitem(last=False)
            self._ours.pop(gone, None)

    def rename(self, before: str, now: str) -> None:
        """An item has another name in the conversation; the client goes on with what it knows."""
        self.give(now, self._theirs.pop(before, before))

    def ours(self, theirs: str) -> str:
        return self._ours.get(theirs, theirs)

    def outward(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with the client's own ids in it."""
        if not self._theirs:
            return event
        told = dict(event)
        for key in ("item_id", "previous_item_id", "turn_id"):
            if told.get(key) in self._theirs:
                told[key] = self._theirs[told[key]]
        if "item" in told and told["item"]["id"] in self._theirs:
            told["item"] = {**told["item"], "id": self._theirs[told["item"]["id"]]}
        return told


class Requests:
    """stage: the stage this session is on; None for a client with a conversation of its own."""

    def __init__(
        self, client: Client, talk: Talk, stage: Stage | None, translator: Translator, names: Names
    ) -> None:
        self._client = client
        self._talk = talk
        self._stage = stage
        self._translator = translator
        self._names = names
        self._decimator = Decimator()
        self._pending = 0
        self._refused = False
        self._do: dict[str, Callable[[Any], Awaitable[None]]] = {
            "session.update": self._session_update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._create,
            "conversation.item.retrieve": self._retrieve,
            "conversation.item.truncate": self._truncate,
            "conversation.item.delete": self._delete,
            "response.create": self._respond,
            "response.cancel": self._cancel,
            "output_audio_buffer.clear": self._clear_output,
            "mia.playhead": self._playhead,
            "mia.session.update": self._mia_update,
            "mia.talk": self._mia_talk,
            "mia.stop": self._mia_stop,
            "mia.again": self._mia_again,
        }

    async def do(self, event: asked.ClientEvent) -> None:
        """Carry out one client event. Raises RealtimeError; then nothing has changed."""
        await self._do[event.name](event)

    # ── session ──────────────────────────────────────────────────────────────────────────────

    async def _session_update(self, event: asked.SessionUpdate) -> None:
        before = self._client.settings
        now = self._client.settings = before.changed(event.session)
        if now.instructions != before.instructions:
            self._talk.instruct(now.instructions or None)
        if now.turn_detection != before.turn_detection:
            self._talk.set_endpointing(now.turn_detection is not None)
        if now.language != before.language:
            self._set_language(now.language)
        self._client.emit({"type": "session.updated", "session": self._client.describe()})

    async def _mia_update(self, event: asked.MiaSessionUpdate) -> None:
        if event.language is not None:
            self._set_language(event.language)
        if event.muted is not None:
            if self._stage is None:
                self._talk.mute(event.muted)
            else:
                self._stage.mute(event.muted)
        if event.mode is not None:
            self._talk.set_mode(event.mode)
        if event.paused is not None:
            self._talk.pause(event.paused)
        if event.role is not None and self._stage is not None and event.role != self._client.role:
            if event.role == "speaker":
                self._stage.take(self._client)
            else:
                self._stage.yield_(self._client)
            self._client.tell_state()

    def _set_language(self, language: str) -> None:
        if self._stage is None:
            self._talk.set_language(language)
        else:
            self._stage.set_language(language)

    # ── sound in ─────────────────────────────────────────────────────────────────────────────

    def _may_speak(self) -> bool:
        """An observer's sound is refused once and then dropped: a page that has just been
        overtaken is still sending."""
        if self._client.role == "speaker":
            self._refused = False
            return True
        if not self._refused:
            self._refused = True
            raise RealtimeError("not_speaker")
        return False

    async def _append(self, event: asked.AudioAppend) -> None:
        if not self._may_speak():
            return
        await self._hear(decode(event.audio))

    async def _hear(self, samples: Samples) -> None:
        heard = self._decimator.process(samples)
        manual = self._client.settings.turn_detection is None
        if manual and self._pending + len(heard) > _LONGEST_UTTERANCE * HEARING_RATE:
            raise RealtimeError("input_audio_buffer_full", seconds=_LONGEST_UTTERANCE)
        self._pending += len(heard)
        self._talk.hear(heard[:HEARING_RATE])
        for at in range(HEARING_RATE, len(heard), HEARING_RATE):
            # A recording sent in one piece is heard second by second, others get their turn.
            await asyncio.sleep(0)
            self._talk.hear(heard[at : at + HEARING_RATE])

    async def _commit(self, event: asked.AudioCommit) -> None:
        if not self._may_speak():
            return
        if self._pending < _SHORTEST_COMMIT:
            raise RealtimeError(
                "input_audio_buffer_commit_empty", ms=self._pending * 1000 // HEARING_RATE
            )
        self._pending = 0
        self._end_utterance()

    def _end_utterance(self) -> None:
        self._translator.committing = True
        self._talk.commit_audio()
        if self._translator.committing and self._talk.phase in ("idle", "committed", "speaking"):
            self._translator.nothing_heard(f"{self._talk.id}-silence-{len(self._translator.items)}")

    async def _clear(self, event: asked.AudioClear) -> None:
        if not self._may_speak():
            return
        self._pending = 0
        self._decimator.reset()
        self._translator.committing, self._translator.asked = False, None
        self._translator.clearing = True
        try:
            self._talk.clear_audio()
        finally:
            self._translator.clearing = False
        self._client.emit({"type": "input_audio_buffer.cleared"})

    # ── items ────────────────────────────────────────────────────────────────────────────────

    async def _create(self, event: asked.ItemCreate) -> None:
        item = event.item
        if item.type != "message":
            raise RealtimeError("unsupported_value", param="item.type", value=item.type[:100])
        if item.role not in _ROLES:
            raise RealtimeError("unsupported_value", param="item.role", value=str(item.role)[:100])
        before = event.previous_item_id
        if before is not None and self._names.ours(before) not in self._translator.items[-1:]:
            known = before == "root" or self._names.ours(before) in self._translator.items
            if known and self._translator.items:
                raise RealtimeError("unsupported_value", param="previous_item_id", value=before)
            if not known:
                raise RealtimeError("item_not_found", param="previous_item_id", id=before[:100])
        if item.id is not None and self._names.ours(item.id) in self._translator.items:
            raise RealtimeError("invalid_value", param="item.id", detail="exists already")
        text, sound = _content(item)
        if sound is not None:
            if item.role != "user":
                raise RealtimeError("unsupported_value", param="item.content", value="input_audio")
            if not self._may_speak():
                return
            self._translator.committing = True
            self._decimator.reset()
            await self._hear(sound)
            self._pending = _SHORTEST_COMMIT
            await self._commit(asked.AudioCommit())
            return
        if not text.strip():
            raise RealtimeError("invalid_value", param="item.content", detail="no text")
        role = _ROLES[item.role]
        to = self._stage or self._talk
        id_ = to.add_message(role, text)
        if item.id is not None and item.id != id_:
            self._names.give(id_, item.id)
        self._translator.add_item(id_, role, text)

    def _find(self, id_: str) -> TalkItem:
        ours = self._names.ours(id_)
        for item in reversed(self._talk.history):
            if item.id == ours:
                return item
        raise RealtimeError("item_not_found", param="item_id", id=id_[:100])

    async def _retrieve(self, event: asked.ItemRetrieve) -> None:
        found = self._find(event.item_id)
        told = shapes.item(found.id, found.role, found.text, status=shapes.status(found.status))
        self._client.emit({"type": "conversation.item.retrieved", "item": told})

    async def _delete(self, event: asked.ItemDelete) -> None:
        found = self._find(event.item_id)
        if self._stage is not None:
            self._stage.remove_message(found.id)
        else:
            self._talk.remove_message(found.id)
            self._client.tell_deleted(found.id)

    async def _truncate(self, event: asked.ItemTruncate) -> None:
        ours = self._names.ours(event.item_id)
        sent = self._translator.replies.sent_ms(ours)
        if sent is None:
            found = self._find(event.item_id)
            detail = "only an assistant's sound of this session can be cut"
            raise RealtimeError("invalid_value", param="item_id", detail=detail, id=found.id)
        if event.content_index != 0:
            raise RealtimeError("invalid_value", param="content_index", detail="must be 0")
        if event.audio_end_ms > sent:
            detail = f"the sound is {sent} ms long"
            raise RealtimeError("invalid_value", param="audio_end_ms", detail=detail)
        if self._client.role == "speaker":
            self._talk.heard_up_to(ours, event.audio_end_ms / 1000)
        self._client.emit(
            {
                "type": "conversation.item.truncated",
                "item_id": ours,
                "content_index": 0,
                "audio_end_ms": round(event.audio_end_ms),
            }
        )

    # ── responses ────────────────────────────────────────────────────────────────────────────

    def _answering(self) -> bool:
        replying = self._talk.phase in ("committed", "speaking", "ducked")
        return replying or self._translator.replies.current is not None

    async def _respond(self, event: asked.ResponseCreate) -> None:
        wish = event.response or asked.ResponseRequest()
        if wish.conversation not in (None, "auto"):
            raise RealtimeError(
                "unsupported_value", param="response.conversation", value=wish.conversation
            )
        if wish.input:
            raise RealtimeError("unsupported_value", param="response.input", value="items")
        for name in ("output_modalities", "modalities"):
            if (wanted := getattr(wish, name)) is not None:
                where = f"response.{name}"
                if modality(wanted, where) != self._client.settings.modality:
                    raise RealtimeError("unsupported_value", param=where, value=str(wanted))
        if self._translator.committing and self._talk.phase == "listening":
            # The voice went on after the commit: what it has said by now is answered with it.
            self._end_utterance()
        if self._translator.committing:
            self._translator.metadata = wish.metadata
            self._translator.asked = lambda: self._respond_late(wish.instructions)
            return
        if self._answering():
            if self._stage is None:
                raise RealtimeError("conversation_already_has_active_response")
            self._talk.stop()
        self._translator.metadata = wish.metadata
        self._talk.respond(wish.instructions)

    def _respond_late(self, instructions: str | None) -> None:
        if not self._answering():
            with contextlib.suppress(MiaError):  # silenced meanwhile, which everybody was told
                self._talk.respond(instructions)

    async def _cancel(self, event: asked.ResponseCancel) -> None:
        current = self._translator.replies.current_response
        if not self._answering() or event.response_id not in (None, current):
            raise RealtimeError("response_cancel_not_active")
        self._talk.stop()

    async def _clear_output(self, event: asked.OutputClear) -> None:
        if self._answering():
            self._talk.stop()
        if self._stage is None:
            self._translator.output_cleared()

    async def _mia_talk(self, event: asked.MiaTalk) -> None:
        if self._may_speak():
            (self._talk.press if event.pressed else self._talk.release)()

    async def _mia_stop(self, event: asked.MiaStop) -> None:
        self._talk.stop()

    async def _mia_again(self, event: asked.MiaAgain) -> None:
        if self._stage is not None:
            self._stage.again()
        else:
            self._talk.again()

    async def _playhead(self, event: asked.Playhead) -> None:
        if self._client.role == "speaker":
            self._talk.heard_up_to(self._names.ours(event.item_id), event.audio_ms / 1000)


def _content(item: asked.NewItem) -> tuple[str, Samples | None]:
    """The text of a message, or its sound. Raises RealtimeError."""
    texts: list[str] = []
    for at, part in enumerate(item.content or ()):
        where = f"item.content.{at}"
        match part.type:
            case "input_text" | "text" | "output_text":
                if part.text is None:
                    raise RealtimeError("missing_required_parameter", param=f"{where}.text")
                texts.append(part.text)
            case "input_audio":
                if part.audio is None:
                    raise RealtimeError("missing_required_parameter", param=f"{where}.audio")
                if len(item.content or ()) > 1:
                    raise RealtimeError("unsupported_value", param=where, value="mixed content")
                return "", decode(part.audio, f"{where}.audio")
            case "output_audio" | "audio":
                texts.append(part.transcript or "")
            case _:
                raise RealtimeError("unsupported_value", param=f"{where}.type", value=part.type)
    return "\n".join(texts), None
