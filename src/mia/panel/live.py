"""What can be changed while MIA runs: language, how she is spoken to, her voice, her outputs,
whether she remembers, and whose sound is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from mia.backends import Options
from mia.channels.realtime.stage import Stage
from mia.config import Config
from mia.mind.memory.sounds import Record
from mia.mind.memory.taping import MEGABYTE
from mia.web.services import VoiceControl

OUTPUTS = "avatar.outputs."
#: Key of the configuration → what a voice control calls it.
VOICE: Mapping[str, str] = {
    "models.tts.backend": "backend",
    "models.tts.voice": "voice",
    "models.tts.speed": "speed",
    "models.tts.pitch": "semitones",
}
LANGUAGE, MODE = "language", "input.mode"
MEMORY = "memory.enabled"
NETWORK = "web.lan"
SOUND = ("conversations.record", "conversations.sound_mb")


class Outputs(Protocol):
    """The outputs of her face that are on (`mia.avatar.showing.Showing`)."""

    def change(self, name: str, options: Options | None) -> None: ...


class Remembers(Protocol):
    """What she remembers (`mia.web.services.MemoryControl`)."""

    def switch(self, enabled: bool) -> None: ...


class Tapes(Protocol):
    """What keeps sound (`mia.web.services.SoundControl`)."""

    def set_default(self, record: Record, most: int) -> None: ...


def live(key: str) -> bool:
    """Whether a change of this key counts at once."""
    return (
        key in VOICE or key in (LANGUAGE, MODE, MEMORY, NETWORK, *SOUND) or key.startswith(OUTPUTS)
    )


class Live:
    """Changes one running MIA. stage, voice, memory, sound: None while she has none. network: lets
    her be reached from the local network, or no longer."""

    def __init__(
        self,
        stage: Callable[[], Stage | None],
        voice: Callable[[], VoiceControl | None],
        outputs: Callable[[], Outputs],
        wanted: Callable[[Config], Mapping[str, Options]],
        memory: Callable[[], Remembers | None] = lambda: None,
        sound: Callable[[], Tapes | None] = lambda: None,
        network: Callable[[bool], Awaitable[None]] | None = None,
    ) -> None:
        self._stage = stage
        self._voice = voice
        self._outputs = outputs
        self._wanted = wanted
        self._memory = memory
        self._sound = sound
        self._network = network

    async def apply(self, names: Collection[str], config: Config) -> Collection[str]:
        """Take these keys over from `config`; returns those that count now. Raises MiaError for
        a voice that is not to be had; then nothing has changed."""
        done = await self._speak(names, config)
        if NETWORK in names and self._network is not None:
            await self._network(config.web.lan)
            done.append(NETWORK)
        memory = self._memory()
        if MEMORY in names and memory is not None:
            memory.switch(config.memory.enabled)
            done.append(MEMORY)
        sound = self._sound()
        if (chosen := [name for name in SOUND if name in names]) and sound is not None:
            kept = config.conversations
            sound.set_default(kept.record, kept.sound_mb * MEGABYTE)
            done += chosen
        stage = self._stage()
        if stage is not None:
            if LANGUAGE in names:
                stage.set_language(config.language)
                done.append(LANGUAGE)
            if MODE in names:
                stage.talk.set_mode(config.input.mode)
                done.append(MODE)
        return [*done, *self._show(names, config)]

    async def _speak(self, names: Collection[str], config: Config) -> list[str]:
        changed = [name for name in names if name in VOICE]
        voice = self._voice()
        if not changed or voice is None:
            return []
        section: Any = config.models.tts
        await voice.change({VOICE[n]: getattr(section, n.rpartition(".")[2]) for n in changed})
        return changed

    def _show(self, names: Collection[str], config: Config) -> list[str]:
        changed = [name for name in names if name.startswith(OUTPUTS)]
        wanted = self._wanted(config)
        for output in dict.fromkeys(name.split(".")[2] for name in changed):
            self._outputs().change(output, wanted.get(output))
        return changed
