"""What a client may send: one model for every event, and the parser that never crashes."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.talk import SessionRole
from mia.conversation.ports import InputMode

Id = Annotated[str, Field(min_length=1, max_length=512)]
Text = Annotated[str, Field(max_length=32_768)]
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]


class _Shape(BaseModel):
    """Named fields must have the right type; others are ignored, clients send many."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class AudioFormat(_Shape):
    type: str
    rate: int | None = None


class TurnDetection(_Shape):
    type: str
    create_response: bool | None = None
    interrupt_response: bool | None = None


class Transcription(_Shape):
    model: str | None = None
    language: str | None = None


class AudioInput(_Shape):
    format: AudioFormat | None = None
    turn_detection: TurnDetection | None = None
    transcription: Transcription | None = None


class AudioOutput(_Shape):
    format: AudioFormat | None = None
    voice: str | dict[str, Any] | None = None
    speed: Annotated[float, Field(ge=0.25, le=1.5)] | None = None


class Audio(_Shape):
    input: AudioInput | None = None
    output: AudioOutput | None = None


class SessionPatch(_Shape):
    """The GA shape, and beside it the fields of the beta one."""

    type: str | None = None
    output_modalities: list[str] | None = None
    instructions: Text | None = None
    audio: Audio | None = None
    modalities: list[str] | None = None
    voice: str | dict[str, Any] | None = None
    speed: Annotated[float, Field(ge=0.25, le=1.5)] | None = None
    input_audio_format: str | None = None
    output_audio_format: str | None = None
    turn_detection: TurnDetection | None = None
    input_audio_transcription: Transcription | None = None


class Content(_Shape):
    type: str
    text: Text | None = None
    audio: str | None = None
    transcript: Text | None = None


class NewItem(_Shape):
    type: str
    id: Id | None = None
    role: str | None = None
    content: Annotated[list[Content], Field(max_length=64)] | None = None


class ResponseRequest(_Shape):
    instructions: Text | None = None
    conversation: str | None = None
    input: list[dict[str, Any]] | None = None
    output_modalities: list[str] | None = None
    modalities: list[str] | None = None
    metadata: dict[str, str] | None = None


class ClientEvent(_Shape):
    """Base of every client event; `event_id` comes back in an error about it."""

    name: ClassVar[str]
    event_id: str | None = None


class SessionUpdate(ClientEvent):
    name = "session.update"
    session: SessionPatch


class AudioAppend(ClientEvent):
    name = "input_audio_buffer.append"
    audio: str


class AudioCommit(ClientEvent):
    name = "input_audio_buffer.commit"


class AudioClear(ClientEvent):
    name = "input_audio_buffer.clear"


class ItemCreate(ClientEvent):
    name = "conversation.item.create"
    previous_item_id: str | None = None
    item: NewItem


class ItemRetrieve(ClientEvent):
    name = "conversation.item.retrieve"
    item_id: Id


class ItemTruncate(ClientEvent):
    name = "conversation.item.truncate"
    item_id: Id
    content_index: Annotated[int, Field(ge=0)] = 0
    audio_end_ms: Milliseconds


class ItemDelete(ClientEvent):
    name = "conversation.item.delete"
    item_id: Id


class ResponseCreate(ClientEvent):
    name = "response.create"
    response: ResponseRequest | None = None


class ResponseCancel(ClientEvent):
    name = "response.cancel"
    response_id: Id | None = None


class OutputClear(ClientEvent):
    name = "output_audio_buffer.clear"


class Playhead(ClientEvent):
    name = "mia.playhead"
    item_id: Id
    audio_ms: Milliseconds


class MiaSessionUpdate(ClientEvent):
    name = "mia.session.update"
    language: Literal["es", "en", "auto"] | None = None
    muted: bool | None = None
    paused: bool | None = None
    mode: InputMode | None = None
    role: SessionRole | None = None


class MiaTalk(ClientEvent):
    """The push-to-talk key went down or up."""

    name = "mia.talk"
    pressed: bool


class MiaStop(ClientEvent):
    name = "mia.stop"


class MiaAgain(ClientEvent):
    """Say the newest reply once more."""

    name = "mia.again"


EVENTS: dict[str, type[ClientEvent]] = {
    event.name: event
    for event in (
        SessionUpdate,
        AudioAppend,
        AudioCommit,
        AudioClear,
        ItemCreate,
        ItemRetrieve,
        ItemTruncate,
        ItemDelete,
        ResponseCreate,
        ResponseCancel,
        OutputClear,
        Playhead,
        MiaSessionUpdate,
        MiaAgain,
        MiaTalk,
        MiaStop,
    )
}


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def load(message: str | bytes) -> dict[str, Any]:
    """The JSON object of a message. Raises RealtimeError `invalid_json` or `invalid_event`."""
    if isinstance(message, bytes):
        raise RealtimeError("invalid_event", detail="binary frame")
    try:
        data = json.loads(message, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RealtimeError("invalid_json") from error
    if not isinstance(data, dict):
        raise RealtimeError("invalid_event", detail="not an object")
    return data


def event_id(data: dict[str, Any]) -> str | None:
    """The client's own id of an event, for the error about it; None if there is no proper one."""
    found = data.get("event_id")
    return found if isinstance(found, str) and len(found) <= 512 else None


def parse(data: dict[str, Any]) -> ClientEvent:
    """The event in a message. Raises RealtimeError with the field at fault."""
    kind = data.get("type")
    if kind is None:
        raise RealtimeError("missing_required_parameter", param="type")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise RealtimeError("unknown_event", param="type", type=str(kind)[:100])
    try:
        return EVENTS[kind].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        param = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise RealtimeError("missing_required_parameter", param=param) from error
        raise RealtimeError("invalid_value", param=param, detail=first["msg"]) from error
