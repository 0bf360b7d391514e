"""Which backend speaks which language, with which options."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from mia.backends import Options
from mia.errors import BackendUnavailable

AUTO = "auto"
#: The embedded voices, the best one first; the last stands in for one that fails. Piper's `joe`
#: is faster, but his licence excludes monetised streams: he speaks when he is asked for
#: (`docs/decisions/0007-voices.md`).
EMBEDDED = {"es": ("kokoro", "espeak"), "en": ("kokoro", "espeak")}
ANY = ("kokoro", "espeak")

_KOKORO_VOICE = re.compile(r"[a-z][fm]_\w+")
_PIPER_LANGUAGE = re.compile(r"(?:piper-)?([a-z]{2})[_-]")


class VoiceSection(Protocol):
    """The part of the configuration that is about the voice."""

    backend: str
    fallback: list[str]
    voice: str | None
    speed: float
    pitch: float

    def options(self, name: str) -> Options:
        """The options of backend `name` as configured."""
        ...


def embedded(language: str) -> tuple[str, ...]:
    """The embedded backends that speak a language, the best one first."""
    return EMBEDDED.get(language, ANY)


def primary(section: VoiceSection, language: str) -> str:
    """The backend that speaks a language.

    Raises BackendUnavailable("tts.no_such_voice") for a voice that no embedded backend has.
    """
    if section.backend != AUTO:
        return section.backend
    if section.voice:
        name = owner(section.voice)
        if name == "kokoro" or language_of(section.voice) in ("", language):
            return name
    return embedded(language)[0]


def fallbacks(section: VoiceSection, languages: Collection[str]) -> list[str]:
    """The backends to try after the first, in order: the configured, then the embedded ones."""
    names = [*section.fallback]
    for language in languages:
        names += embedded(language)
    return list(dict.fromkeys(names))


def owner(voice: str) -> str:
    """The embedded backend a voice belongs to, by its name.

    Raises BackendUnavailable("tts.no_such_voice").
    """
    if _KOKORO_VOICE.fullmatch(voice):
        return "kokoro"
    if voice.startswith("piper-") or Path(voice).expanduser().exists():
        return "piper"
    raise BackendUnavailable("tts.no_such_voice", voice=voice)


def language_of(voice: str) -> str:
    """ISO 639-1 by the name of a voice, "" if it does not tell: "es_MX-…", "piper-en-us-joe"."""
    if _KOKORO_VOICE.fullmatch(voice):
        return {"a": "en", "b": "en", "e": "es", "f": "fr", "i": "it", "p": "pt", "h": "hi"}.get(
            voice[0], ""
        )
    found = _PIPER_LANGUAGE.match(Path(voice).name)
    return found[1] if found else ""


def options_of(section: VoiceSection, name: str) -> Options:
    """A backend's options: its own section, then what is said for all voices (of these only what
    the backend has an option for: `voice`, `speed`, `semitones`)."""
    options = section.options(name).model_copy(deep=True)
    said: dict[str, object] = {"speed": section.speed, "semitones": section.pitch}
    if section.voice and (section.backend == name or _owned(section, name)):
        said["voice"] = section.voice
    for key, value in said.items():
        if key in type(options).model_fields and key not in options.model_fields_set:
            setattr(options, key, value)
    return options


def _owned(section: VoiceSection, name: str) -> bool:
    return section.backend == AUTO and bool(section.voice) and owner(section.voice or "") == name
