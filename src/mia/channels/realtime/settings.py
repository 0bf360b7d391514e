"""What a session is set to, how a client changes it, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from mia.channels.realtime.client_events import AudioFormat, SessionPatch, Transcription
from mia.channels.realtime.client_events import TurnDetection as TurnDetectionPatch
from mia.channels.realtime.errors import RealtimeError
from mia.conversation.ports import PLAYING_RATE

Modality = Literal["audio", "text"]
LANGUAGES = ("es", "en", "auto")
_PCM = {"type": "audio/pcm", "rate": PLAYING_RATE}


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one session. turn_detection None: the client commits its own utterances."""

    modality: Modality = "audio"
    instructions: str = ""
    turn_detection: str | None = "semantic_vad"
    transcribed: bool = True
    language: str = "auto"

    def changed(self, patch: SessionPatch) -> Settings:
        """These settings with what the client asks for; all of it or an error.

        Raises RealtimeError `unsupported_value` with the field at fault.
        """
        if patch.type not in (None, "realtime"):
            raise _unsupported("session.type", patch.type)
        new = self
        if "instructions" in patch.model_fields_set:
            new = replace(new, instructions=patch.instructions or "")
        for name, asked in (
            ("output_modalities", patch.output_modalities),
            ("modalities", patch.modalities),
        ):
            if asked is not None:
                new = replace(new, modality=modality(asked, f"session.{name}"))
        for name, format_ in (
            ("input_audio_format", patch.input_audio_format),
            ("output_audio_format", patch.output_audio_format),
        ):
            if format_ not in (None, "pcm16"):
                raise _unsupported(f"session.{name}", format_)
        if "turn_detection" in patch.model_fields_set:
            new = new._detecting(patch.turn_detection, "session.turn_detection")
        if "input_audio_transcription" in patch.model_fields_set:
            where = "session.input_audio_transcription"
            new = new._transcribing(patch.input_audio_transcription, where)
        if patch.audio is not None and (heard := patch.audio.input) is not None:
            _check_format(heard.format, "session.audio.input.format")
            if "turn_detection" in heard.model_fields_set:
                where = "session.audio.input.turn_detection"
                new = new._detecting(heard.turn_detection, where)
            if "transcription" in heard.model_fields_set:
                new = new._transcribing(heard.transcription, "session.audio.input.transcription")
        if patch.audio is not None and patch.audio.output is not None:
            _check_format(patch.audio.output.format, "session.audio.output.format")
        return new

    def _detecting(self, asked: TurnDetectionPatch | None, where: str) -> Settings:
        if asked is None or asked.type == "none":
            return replace(self, turn_detection=None)
        if asked.type not in ("server_vad", "semantic_vad"):
            raise _unsupported(f"{where}.type", asked.type)
        for name in ("create_response", "interrupt_response"):
            if getattr(asked, name) is False:
                raise _unsupported(f"{where}.{name}", False)
        return replace(self, turn_detection=asked.type)

    def _transcribing(self, asked: Transcription | None, where: str) -> Settings:
        if asked is None:
            return replace(self, transcribed=False)
        language = asked.language or self.language
        if language not in LANGUAGES:
            raise _unsupported(f"{where}.language", language)
        return replace(self, transcribed=True, language=language)


def modality(asked: list[str], where: str) -> Modality:
    """Sound (whose transcript comes with it) or text alone. Raises RealtimeError."""
    if "audio" in asked and set(asked) <= {"audio", "text"}:
        return "audio"
    if asked == ["text"]:
        return "text"
    raise _unsupported(where, asked)


def describe(settings: Settings, session: str, persona: str) -> dict[str, Any]:
    """The GA session object: what is really in force."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session,
        "model": "mia",
        "output_modalities": [settings.modality],
        "instructions": settings.instructions,
        "tools": [],
        "tool_choice": "none",
        "max_output_tokens": "inf",
        "audio": {
            "input": {
                "format": dict(_PCM),
                "noise_reduction": None,
                "transcription": _transcription(settings),
                "turn_detection": _turn_detection(settings),
            },
            "output": {"format": dict(_PCM), "voice": persona, "speed": 1.0},
        },
    }


def describe_beta(ga: dict[str, Any]) -> dict[str, Any]:
    """The beta shape of a GA session object; without `model`, there one of a fixed list."""
    heard = ga["audio"]["input"]
    return {
        "object": "realtime.session",
        "id": ga["id"],
        "modalities": ["audio", "text"] if ga["output_modalities"] == ["audio"] else ["text"],
        "instructions": ga["instructions"],
        "voice": ga["audio"]["output"]["voice"],
        "speed": ga["audio"]["output"]["speed"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_transcription": heard["transcription"],
        "turn_detection": heard["turn_detection"],
        "tools": [],
        "tool_choice": "none",
        "max_response_output_tokens": "inf",
    }


def _transcription(settings: Settings) -> dict[str, Any] | None:
    if not settings.transcribed:
        return None
    shown = {"model": "mia"}
    if settings.language != "auto":
        shown["language"] = settings.language
    return shown


def _turn_detection(settings: Settings) -> dict[str, Any] | None:
    if settings.turn_detection is None:
        return None
    shown: dict[str, Any] = {"type": settings.turn_detection}
    if settings.turn_detection == "semantic_vad":
        shown["eagerness"] = "auto"
    return {**shown, "create_response": True, "interrupt_response": True}


def _check_format(asked: AudioFormat | None, where: str) -> None:
    if asked is None:
        return
    if asked.type != "audio/pcm":
        raise _unsupported(f"{where}.type", asked.type)
    if asked.rate not in (None, PLAYING_RATE):
        raise _unsupported(f"{where}.rate", asked.rate)


def _unsupported(where: str, value: object) -> RealtimeError:
    return RealtimeError("unsupported_value", param=where, value=str(value)[:100])
