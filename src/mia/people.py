"""Whom she can be, and what she knows of people: as a channel with several people is given them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mia.blocking import run_blocking
from mia.channels.discord.host import Character, Extent
from mia.conversation.ports import Asking, Recollection
from mia.mind.memory.library import Library
from mia.mind.memory.privacy import wish
from mia.personas import Personas
from mia.personas.folder import FOLDER, NAMED, PROMPTS
from mia.web.services import SettingsControl

DAY = 24 * 3600.0
#: Lines looked through for the last exchange with somebody.
LOOKED_THROUGH = 40


class Characters:
    """Implements `mia.channels.discord.host.Characters`, with the same files and settings as the
    page. name: whom she is now, where that is none of the personas. reload: begins anew."""

    def __init__(
        self, settings: SettingsControl, name: str, reload: Callable[[], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._name = name
        self._reload = reload

    async def every(self) -> list[Character]:
        personas, chosen, _ = await self._now()
        before = await run_blocking(personas.before)
        found = [
            Character(one.id, one.name, one.id == chosen)
            for one in await run_blocking(personas.every)
        ]
        if not any(one.current for one in found):
            found.insert(0, Character("", self._name, current=True))
        elif before:
            found.insert(0, Character("before", str(before[NAMED]), current=False))
        return found

    async def choose(self, character: str) -> Character:
        personas, chosen, values = await self._now()
        wish = await run_blocking(personas.choice, character, values, chosen)
        await self._settings.change(wish, (), "save")
        return Character(character, str(wish[NAMED]), current=True)

    async def begin_anew(self) -> None:
        await self._reload()

    async def _now(self) -> tuple[Personas, str, dict[str, Any]]:
        """The personas, the id of the current one, and the settings' values."""
        form = await self._settings.describe()
        values: dict[str, Any] = form["values"]
        personas, chosen = await run_blocking(_places, form["file"], str(values[PROMPTS]))
        return personas, chosen, values


def _places(file: str, prompts: str) -> tuple[Personas, str]:
    base = Path(file).absolute().parent
    personas = Personas(base)
    place = base / Path(prompts).expanduser()
    return personas, place.name if place.parent == base / FOLDER else ""


class Knowledge:
    """Implements `mia.channels.discord.host.Knowledge` on the memories."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._memories = library.memories

    @property
    def willing(self) -> Callable[[str], bool]:
        return self._memories.willing

    @willing.setter
    def willing(self, willing: Callable[[str], bool]) -> None:
        self._memories.willing = willing

    def attend(self, conversation: str) -> None:
        self._memories.attend_anew(conversation)

    async def recall(self, text: str, asking: Asking) -> Recollection:
        return await self._memories.recall(text, asking)

    def forgets(self, text: str) -> bool:
        return wish(text) == "before"

    async def count(self, speaker: str, extent: Extent) -> int:
        await self._memories.recorder.settled()
        return await self._library.count(await self._meant(speaker, extent))

    async def forget(self, speaker: str, extent: Extent) -> int:
        await self._memories.recorder.settled()
        return await self._library.forget(await self._meant(speaker, extent))

    async def _meant(self, speaker: str, extent: Extent) -> dict[str, Any]:
        """The conditions on memories, by name."""
        if extent == "me":
            return {"speaker": speaker}
        if extent == "day":
            return {"speaker": speaker, "since": self._memories.now() - DAY}
        rows = await self._library.newest(
            {"speaker": speaker, "kind": "turn"}, LOOKED_THROUGH, None
        )
        ids: list[int] = []
        for row in rows:  # the newest first: her answer, then what was said
            ids.append(row["id"])
            if row["role"] == "user":
                break
        return {"ids": tuple(ids), "speaker": speaker}
