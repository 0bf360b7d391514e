"""The HTTP API's bodies, as its OpenAPI page describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mia.conversation.ports import InputMode


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(_Body):
    version: Literal[1] = 1


class Problem(_Body):
    """Why something cannot be done, in every language."""

    code: str
    message: str
    parameters: dict[str, Any]
    text: dict[str, str]


class ProblemAnswer(_Body):
    error: Problem


class HealthAnswer(_Answer):
    status: Literal["ok", "loading", "failed"]
    waiting: list[str] = Field(description="Parts that are still loading.")
    missing: list[Problem] = Field(description="What keeps MIA from talking.")


class NoticeRow(_Body):
    level: Literal["info", "warning", "error"]
    code: str
    parameters: dict[str, Any]
    text: dict[str, str]


class StageState(_Body):
    phase: str
    muted: bool
    paused: bool
    panic: bool = Field(description="Silenced everywhere, until she is released.")
    mode: InputMode
    language: str
    persona: str
    recording: Literal["none", "hers", "both"] = Field(
        "none", description="Whose sound is kept of the conversation."
    )
    face: dict[str, Any] = Field(
        default_factory=dict, description="What her persona is shown as, as `/api/v1/avatar/face`."
    )
    call: str = Field(default="", description="The call she is in; empty: she is here.")
    busy: bool
    notices: list[NoticeRow]


class TurnRow(_Body):
    turn_id: str
    conversation: str
    user_text: str
    language: str
    typed: bool
    reply_id: str
    reply_text: str
    heard_text: str
    heard_ms: int
    status: str
    v2v_ms: float | None = Field(
        description="Milliseconds from the user's last voiced sample to MIA's first audible one."
    )
    stages: dict[str, float] = Field(description="Milliseconds of each stage.")


class StateAnswer(_Answer):
    state: StageState | None = Field(description="None until MIA can talk.")
    turns: list[TurnRow] = Field(description="The newest 20, oldest first.")
    panic: bool = Field(description="Silenced everywhere, until she is released.")
    sessions: int
    config: dict[str, Any]
    health: HealthAnswer


class OutputRow(_Body):
    name: str
    status: Literal["off", "searching", "waiting", "connected", "failed"]
    problem: Problem | None = Field(description="What to do about it, where there is something.")
    details: dict[str, Any] = Field(description="The model, its hotkeys, and the like.")


class LookRequest(_Body):
    expression: str = Field(min_length=1, max_length=64, description="joy, sad, wink, …")
    seconds: float = Field(3.0, gt=0, le=30)


class LanguagesAnswer(_Answer):
    languages: list[str]
    current: str


class StringsAnswer(_Answer):
    language: str
    strings: dict[str, str]


class HistoryRow(_Body):
    id: str
    role: str
    text: str
    status: Literal["completed", "incomplete", "in_progress"]
    speaker: dict[str, str] | None = Field(
        default=None,
        description="Where several people speak: id and name; id empty: more than one.",
    )


class HistoryAnswer(_Answer):
    items: list[HistoryRow]


class SayRequest(_Body):
    text: Annotated[str, Field(min_length=1, max_length=8000, pattern=r"\S")]


class SayAnswer(_Answer):
    turn_id: str


class MuteRequest(_Body):
    muted: bool | None = Field(default=None, description="Left out: the other way round.")


class MuteAnswer(_Answer):
    muted: bool


class PanicRequest(_Body):
    on: bool = Field(default=True, description="False releases her.")


class PanicAnswer(_Answer):
    panic: bool


class PauseRequest(_Body):
    paused: bool | None = Field(default=None, description="Left out: the other way round.")


class PauseAnswer(_Answer):
    paused: bool


class InputRequest(_Body):
    """What is left out stays as it is."""

    mode: InputMode | None = Field(default=None, description="How MIA is spoken to.")
    muted: bool | None = Field(default=None, description="Deaf to the microphone.")
    paused: bool | None = Field(
        default=None, description="She holds her breath, and goes on from the same word."
    )
    pressed: bool | None = Field(default=None, description="The push-to-talk key goes down or up.")
    stop: bool = Field(default=False, description="Be quiet at once.")


class InputAnswer(_Answer):
    mode: InputMode
    muted: bool
    paused: bool


class VoiceRequest(_Body):
    """What is left out stays as it is."""

    backend: str | None = Field(default=None, max_length=100, description="`auto`, or a backend.")
    voice: str | None = Field(
        default=None, max_length=200, description="`id` of a voice; null: the backend's own."
    )
    speed: float | None = Field(default=None, ge=0.5, le=2, description="1 is normal.")
    semitones: float | None = Field(default=None, ge=-12, le=12, description="0 is normal.")


class VoiceAnswer(_Answer):
    backend: str
    voice: str | None
    speed: float
    semitones: float


class VoiceRow(_Body):
    id: str
    name: str
    language: str = Field(description="ISO 639-1; empty: any, or not told.")
    gender: Literal["female", "male", ""]
    backend: str
    licence: str


class VoicesAnswer(_Answer):
    voices: list[VoiceRow]


class EventRow(BaseModel):
    """One fact, with fields of its own beside these."""

    model_config = ConfigDict(extra="allow")

    seq: int
    kind: str
    at: float
    conversation: str


class EventsAnswer(_Answer):
    events: list[EventRow]
    newest: int = Field(description="`seq` of the newest fact there is; of what was left out too.")


class ModelAnswer(BaseModel):
    bytes: int
    version: str = Field(description="Changes with the file.")


class AvatarAnswer(_Answer):
    outputs: list[OutputRow] = Field(description="Other programs she is shown in.")
    model: ModelAnswer | None = Field(description="Your own model; null: there is none.")
    fixed: bool = Field(description="The configuration names it; an upload does not replace it.")


class FaceAnswer(_Answer):
    persona: str = Field(description="Whose face it is; empty: nobody's of the personas page.")
    wears: Literal["puppet", "vrm"] | None = Field(
        description="null: she has no face of her own, and is shown as page and overlay choose."
    )
    colours: dict[str, str] = Field(description="Of the puppet's parts, as #rrggbb.")
    expressions: dict[str, str] = Field(description="Her model's expression for one of MIA's.")
    model: str | None = Field(description="Address of her own model.")


class SourceAnswer(_Answer):
    name: str
    source: str
    release: str
    licence: str
