"""Her voice while she runs: what it is, what it could be, and how it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mia import backends
from mia.blocking import run_blocking
from mia.commands.voices import available
from mia.config import Config
from mia.errors import BackendUnavailable
from mia.home import Home
from mia.models import ModelStore
from mia.voice import Voices


class Voicing:
    """The voice of one running MIA. Changes last until she ends; `config.yaml` is not touched."""

    def __init__(self, config: Config, voices: Voices, home: Home) -> None:
        self._config = config
        self._section: Any = config.models.tts
        self._voices = voices
        self._store = ModelStore(home)

    @property
    def section(self) -> Any:
        """The section `models.tts` that would give this voice."""
        return self._section

    def now(self) -> Mapping[str, object]:
        """Backend, voice (None: its own), speed (factor) and pitch (semitones)."""
        section = self._section
        return {
            "backend": section.backend,
            "voice": section.voice,
            "speed": section.speed,
            "semitones": section.pitch,
        }

    async def offered(self) -> list[dict[str, str]]:
        """Every voice of the installed backends."""
        found, _ = await run_blocking(available, self._config, self._store)
        return [
            {
                "id": voice.id,
                "name": voice.name,
                "language": voice.language,
                "gender": voice.gender,
                "backend": voice.backend,
                "licence": voice.licence,
            }
            for voice in found
        ]

    async def change(self, wish: Mapping[str, Any]) -> None:
        """Take over what `wish` holds of backend, voice, speed, semitones.

        Another backend without a voice speaks in that backend's own. Raises MiaError and changes
        nothing when there is no such voice or it cannot be loaded.
        """
        section = self._section
        changes = {{"semitones": "pitch"}.get(name, name): value for name, value in wish.items()}
        known = backends.backends("tts")
        if changes.get("backend", "auto") not in ("auto", *known):
            raise BackendUnavailable(
                "backend.unknown", port="tts", name=changes["backend"], known=", ".join(known)
            )
        if changes.get("backend", section.backend) != section.backend:
            changes.setdefault("voice", None)
        changed = section.model_copy(update=changes)
        if {"backend", "voice"} & changes.keys():
            await self._voices.change(changed)
        else:
            self._voices.set_speed(changed.speed)
            self._voices.set_semitones(changed.pitch)
        self._section = changed
