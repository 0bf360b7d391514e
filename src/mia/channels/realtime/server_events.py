"""The server events' shapes, made in one place. Ids of events are added when they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.settings import Modality
from mia.channels.realtime.talk import InCompany, TalkItem
from mia.conversation.ports import PLAYING_RATE, Usage
from mia.errors import MiaError
from mia.strings import catalogue, languages, translate
from mia.telemetry import events as bus

JSON = dict[str, Any]
#: Lines a page is given of a history when it comes.
HISTORY = 200
_STATUSES = {"completed", "incomplete", "in_progress"}


def error(problem: MiaError, event_id: str | None, *, with_text: bool) -> JSON:
    """The protocol's `error`; with_text adds what a page shows, in every language."""
    ours = problem if isinstance(problem, RealtimeError) else None
    told: JSON = {
        "type": ours.kind if ours else "server_error",
        "code": ours.name if ours else problem.code,
        "message": problem.text("en"),
        "param": ours.param if ours else None,
        "event_id": event_id,
    }
    if with_text:
        told["text"] = {language: problem.text(language) for language in languages()}
    return {"type": "error", "error": told}


def said(text: str, lines: Sequence[tuple[str, str, str]]) -> tuple[str, JSON | None]:
    """What one of several people said, and who it was; the words of more than one begin with
    their names (`text`), and are nobody's alone. lines: id, name and words of each."""
    people = {speaker: name for speaker, name, _ in lines}
    if not people:
        return text, None
    if len(people) > 1:
        return text, {"id": "", "name": ", ".join(people.values())}
    ((speaker, name),) = people.items()
    return " ".join(words for _, _, words in lines), {"id": speaker, "name": name}


def item(
    id_: str,
    role: str,
    text: str | None,
    *,
    status: str = "completed",
    kind: str | None = None,
    speaker: JSON | None = None,
) -> JSON:
    """A message. kind: content type; `input_text` or `output_text` where it is not given. speaker:
    who of several people said it, for our pages."""
    kind = kind or ("output_text" if role == "assistant" else "input_text")
    field = "transcript" if kind.endswith("_audio") else "text"
    return {
        "id": id_,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": [{"type": kind, field: text}],
        **({"speaker": speaker} if speaker else {}),
    }


def status(of: str) -> str:
    """An item's status in the protocol's words."""
    return of if of in _STATUSES else "incomplete"


def history_row(one: TalkItem) -> JSON:
    """An item as `mia.history` and the HTTP API show it."""
    lines = one.lines if isinstance(one, InCompany) else ()
    text, speaker = said(one.text, [(who.speaker.id, who.speaker.name, who.text) for who in lines])
    row: JSON = {"id": one.id, "role": one.role, "text": text, "status": status(one.status)}
    return row | ({"speaker": speaker} if speaker else {})


def history(items: Sequence[TalkItem]) -> JSON:
    """The newest lines of a history."""
    rows = [history_row(item) for item in items[-HISTORY:]]
    return {"type": "mia.history", "version": 1, "items": rows}


def usage(counted: Usage | None) -> JSON:
    """Tokens of a response as the brain counted them; 0 where it does not count."""
    read = (counted.evaluated + counted.cached) if counted else 0
    written = counted.written if counted else 0
    return {
        "total_tokens": read + written,
        "input_tokens": read,
        "output_tokens": written,
        "input_token_details": {
            "text_tokens": read,
            "audio_tokens": 0,
            "cached_tokens": counted.cached if counted else 0,
        },
        "output_token_details": {"text_tokens": written, "audio_tokens": 0},
    }


def response(
    id_: str,
    *,
    conversation: str,
    persona: str,
    modality: Modality,
    status: str = "in_progress",
    details: JSON | None = None,
    output: list[JSON] | None = None,
    usage: JSON | None = None,
    metadata: dict[str, str] | None = None,
) -> JSON:
    return {
        "id": id_,
        "object": "realtime.response",
        "status": status,
        "status_details": details,
        "output": output or [],
        "conversation_id": conversation,
        "output_modalities": [modality],
        "max_output_tokens": "inf",
        "audio": {
            "output": {"format": {"type": "audio/pcm", "rate": PLAYING_RATE}, "voice": persona}
        },
        "usage": usage,
        "metadata": metadata,
    }


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def segment(event: bus.SegmentPlaced) -> JSON:
    return {
        "type": "mia.segment",
        "version": 1,
        "item_id": event.reply,
        "sequence": event.sequence,
        "text": event.text,
        "begin_ms": milliseconds(event.begin),
        "end_ms": milliseconds(event.finish),
        "words": [
            [start, end, milliseconds(begin), milliseconds(finish)]
            for start, end, begin, finish in event.words
        ],
        "phonemes": [
            [symbol, milliseconds(begin), milliseconds(finish)]
            for symbol, begin, finish in event.phonemes
        ],
        "cues": [[name, milliseconds(at)] for name, at in event.cues],
    }


def turn(event: bus.TurnTimed) -> JSON:
    stages = {name: round(ms, 1) for name, ms in event.stages.items() if name != "v2v"}
    v2v = event.stages.get("v2v")
    return {
        "type": "mia.turn",
        "version": 1,
        "turn_id": event.turn,
        "stages": stages,
        "v2v_ms": None if v2v is None else round(v2v, 1),
    }


def memories(event: bus.MemoriesUsed) -> JSON:
    return {
        "type": "mia.memories",
        "version": 1,
        "turn_id": event.turn,
        "item_id": event.reply,
        "memories": [
            {"id": memory, "score": score, "text": text} for memory, score, text in event.memories
        ],
    }


def notice_row(event: bus.Notice) -> JSON:
    """A notice with its text in every language; numbers and texts stay, all else as text."""
    key = f"notice.{event.code}"
    if key not in catalogue("en"):
        key = f"error.{event.code}"
    plain = {
        name: value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in event.parameters.items()
    }
    return {
        "level": event.level,
        "code": event.code,
        "parameters": plain,
        "text": {language: translate(key, language, **plain) for language in languages()},
    }
