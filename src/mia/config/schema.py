"""The keys of `config.yaml`: one model for each section, with description, unit and limits.

What backends bring of their own is added at run time by `mia.config.composition`. A key marked
`waiting` is kept and checked, but nothing reads it yet; whoever sets it gets the notice
`config.waiting.<mark>`. A section marked `hidden` has keys of the original's only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from mia.config.discord import Discord
from mia.config.face import Avatar, Lipsync
from mia.config.memory import Conversations, Memory, Rag
from mia.config.outputs import Osc
from mia.config.safety import Safety
from mia.config.sections import BackendSection, Section, alias, field_of

__all__ = ["Avatar", "BackendSection", "Config", "Section", "alias", "field_of"]


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


class Persona(Section):
    name: str = Field("MIA", min_length=1, max_length=80, description="Her name.")


class PromptFiles(Section):
    system: str = Field(
        "Eres MIA, una VTuber con inteligencia artificial. Respondes con frases cortas, "
        "cálidas y habladas, en el idioma de quien te habla.",
        max_length=100_000,
        description="Who she is, where `dir` holds no *.md file.",
    )
    dir: Path = Field(
        Path("./prompts/"),
        description="Folder of *.md files, joined in alphabetical order into the system prompt. "
        "A relative path counts from this file.",
    )


class Llm(BackendSection):
    shared: ClassVar[dict[str, str]] = {
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
    }

    backend: str = Field("llamacpp", description="What writes her replies.")
    fallback: list[str] = Field(
        default_factory=list, max_length=8, description="Backends tried in turn if it fails."
    )
    max_tokens: int | None = Field(
        None,
        ge=1,
        le=32_768,
        description="Longest reply; null: the backend's own.",
        json_schema_extra=_unit("tokens"),
    )
    temperature: float | None = Field(
        None, ge=0, le=2, description="How freely she chooses her words; null: the backend's own."
    )
    top_p: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of the likely words she chooses from; null: the backend's own.",
    )


class Stt(BackendSection):
    backend: str = Field("faster-whisper", description="What turns your speech into text.")
    fallback: list[str] = Field(
        default_factory=list, max_length=8, description="Backends tried in turn if it fails."
    )
    language: str | None = Field(
        None,
        pattern=r"^(auto|[a-z]{2,3})$",
        description="Language you speak: auto, or its ISO 639-1 code; null: as `language`.",
    )


class Tts(BackendSection):
    shared: ClassVar[dict[str, str]] = {"speed": "speed", "pitch": "semitones", "voice": "voice"}
    for_chosen: ClassVar[frozenset[str]] = frozenset({"voice"})

    backend: str = Field(
        "auto", description="Her voice; auto: the best embedded one for the language."
    )
    fallback: list[str] = Field(
        default_factory=list,
        max_length=8,
        description="Backends tried in turn if it fails; the embedded voices come after them.",
    )
    voice: str | None = Field(
        None, max_length=200, description="Voice of the backend (`mia voices`); null: its own."
    )
    speed: float = Field(
        1.0, ge=0.5, le=2, description="How fast she speaks.", json_schema_extra=_unit("factor")
    )
    pitch: float = Field(
        0.0,
        ge=-12,
        le=12,
        description="How high she speaks.",
        json_schema_extra=_unit("semitones"),
    )
    chunk_size: int = Field(
        150,
        ge=20,
        le=1000,
        description="Longest piece of text synthesised at once.",
        json_schema_extra=_unit("characters"),
    )
    language: str | None = Field(
        None,
        pattern=r"^(auto|[a-z]{2,3})$",
        description="Language she speaks: auto, or its ISO 639-1 code; null: as `language`.",
    )


class Models(Section):
    llm: Llm = Field(default_factory=Llm, description="The mind: what writes her replies.")
    stt: Stt = Field(default_factory=Stt, description="The ears: speech to text.")
    tts: Tts = Field(default_factory=Tts, description="The voice: text to speech.")


class Audio(Section):
    microphone: bool = Field(
        False, description="Listen at this machine's microphone; the page has its own."
    )
    input_device: int | str | None = Field(
        None, description="Microphone by number or name (`mia devices`); null: the system's."
    )
    output_device: int | str | None = Field(
        None, description="Loudspeaker by number or name (`mia devices`); null: the system's."
    )
    sample_rate: int = Field(
        16_000,
        ge=8_000,
        le=192_000,
        description="Rate the microphone is opened at.",
        json_schema_extra=_unit("Hz"),
    )
    channels: int = Field(
        1, ge=1, le=2, description="Channels the microphone is opened with; mixed into one."
    )
    chunk_ms: int = Field(
        20,
        ge=5,
        le=200,
        description="Length of the pieces the microphone delivers.",
        json_schema_extra=_unit("ms"),
    )
    playback_sample_rate: int = Field(
        24_000,
        ge=8_000,
        le=192_000,
        description="Rate the loudspeaker is opened at.",
        json_schema_extra=_unit("Hz"),
    )
    echo_cancellation: bool = Field(
        True,
        description="Take her own voice out of what this machine's microphone hears; with "
        "headphones it can be off. The page's browser does so by itself.",
    )


class Vad(BackendSection):
    backend: str = Field("silero", description="What tells speech from other sound.")
    sensitivity: float = Field(
        0.5,
        ge=0,
        le=1,
        description="How little is taken for speech; 1 is the most sensitive.",
    )
    silence_duration_ms: int = Field(
        800,
        ge=100,
        le=10_000,
        description="With `backend: energy`, silence after which you have certainly finished; "
        "silero waits as long as your words and melody ask.",
        json_schema_extra=_unit("ms"),
    )
    min_speech_duration_ms: int = Field(
        200,
        ge=0,
        le=5_000,
        description="Speech shorter than this is taken for noise.",
        json_schema_extra=_unit("ms"),
    )


class Websocket(Section):
    host: str = Field("127.0.0.1", min_length=1, description="Address of the original's socket.")
    port: int = Field(8765, ge=1, le=65_535, description="Port of the original's socket.")
    enabled: bool = Field(True, description="Whether the original's socket was open.")


class Performance(Section):
    """Both keys of the original's section live elsewhere now; see `mia.config.original`."""


class Web(Section):
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address the page and the API listen on; any but this machine's own "
        "needs a token.",
    )
    port: int = Field(8080, ge=1, le=65_535, description="Their TCP port.")
    lan: bool = Field(
        False,
        description="Listen on the local network as well, for a phone: HTTPS with a certificate of "
        "MIA's own, and a token.",
    )
    lan_port: int = Field(8443, ge=1, le=65_535, description="TCP port of the local network.")
    token: SecretStr | None = Field(
        None,
        description="What clients from elsewhere must show.",
        json_schema_extra={"env": "MIA_TOKEN"},
    )
    allowed_origins: list[str] = Field(
        default_factory=list,
        max_length=64,
        description="Further web pages that may connect, as https://example.org.",
    )
    max_pages: int = Field(
        16, ge=1, le=256, description="Pages that may be open at a time, overlays too."
    )
    max_sessions: int = Field(
        4,
        ge=0,
        le=256,
        description="Realtime clients with a conversation of their own that may talk at a time; "
        "who comes later is told to try again. What a machine holds is in docs/growing.md.",
    )
    avatar_model: Path | None = Field(
        None, description="A VRM file for page and overlay; null: the one dropped on the page."
    )


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important line that is written."
    )
    format: Literal["text", "json"] = Field("text", description="For people, or for programs.")
    file: Path | None = Field(None, description="Also write to this file; null: to none.")


class Input(Section):
    mode: Literal["hands-free", "push-to-talk", "wake-name"] = Field(
        "hands-free",
        description="How MIA is spoken to: always (hands-free), while a key is held "
        "(push-to-talk), or by her name (wake-name).",
    )
    wake_names: list[str] = Field(
        default_factory=list,
        max_length=16,
        description="What she answers to with wake-name; empty: the persona's name.",
    )
    attention_s: float = Field(
        20.0,
        ge=0,
        le=600,
        description="How long after her last word she needs no name.",
        json_schema_extra=_unit("s"),
    )
    filler: bool = Field(
        True, description='Say something short ("let me see…") while a reply is late.'
    )


class Config(Section):
    """Everything a user can choose. Immutable in use: a change is saved and loaded again."""

    language: Literal["es", "en", "auto"] = Field(
        "es", description="Language of the conversation; auto follows whoever speaks."
    )
    persona: Persona = Field(default_factory=Persona, description="Who she is.")
    prompt: PromptFiles = Field(default_factory=PromptFiles, description="What she is told to be.")
    models: Models = Field(default_factory=Models, description="Ears, mind and voice.")
    audio: Audio = Field(default_factory=Audio, description="This machine's sound devices.")
    input: Input = Field(default_factory=Input, description="How MIA is spoken to.")
    vad: Vad = Field(default_factory=Vad, description="When somebody speaks.")
    lipsync: Lipsync = Field(
        default_factory=Lipsync,
        description="How the mouth follows sound.",
    )
    avatar: Avatar = Field(default_factory=Avatar, description="Her face.")
    web: Web = Field(default_factory=Web, description="The page and the API.")
    log: Log = Field(default_factory=Log, description="What MIA writes down about herself.")
    safety: Safety = Field(default_factory=Safety, description="What she does not say.")
    memory: Memory = Field(default_factory=Memory, description="What she remembers.")
    conversations: Conversations = Field(
        default_factory=Conversations, description="What is kept of conversations beside words."
    )
    rag: Rag = Field(
        default_factory=Rag,
        description="The original's `rag:`; its keys count in memory.",
        json_schema_extra={"hidden": True},
    )
    osc: Osc = Field(
        default_factory=Osc,
        description="The original's `osc:`; its keys count in avatar.outputs.osc.",
        json_schema_extra={"hidden": True},
    )
    discord: Discord = Field(
        default_factory=Discord,
        description="Discord: which channels she joins and whom she hears.",
    )
    websocket: Websocket = Field(
        default_factory=Websocket,
        description="The original's own socket.",
        json_schema_extra={"waiting": "websocket"},
    )
    performance: Performance = Field(
        default_factory=Performance,
        description="Keys of the original's.",
        json_schema_extra={"hidden": True},
    )

    @property
    def hearing_language(self) -> str | None:
        """ISO 639-1 code to recognise speech in, None to find out."""
        chosen = self.models.stt.language or self.language
        return None if chosen == "auto" else chosen

    @property
    def speaking_language(self) -> str | None:
        """ISO 639-1 code she speaks in, None for the language of each reply."""
        chosen = self.models.tts.language or self.language
        return None if chosen == "auto" else chosen
