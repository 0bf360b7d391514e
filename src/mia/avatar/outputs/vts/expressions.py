"""Her expressions on the model: hotkeys, which the user can undo, before expression files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from mia.avatar.expressions import NAMES, NEUTRAL
from mia.avatar.moods import kindred
from mia.avatar.outputs.vts.connection import Connection
from mia.avatar.outputs.vts.protocol import SOON, Refused

log = logging.getLogger(__name__)

ENDING = ".exp3.json"
TOGGLE = "ToggleExpression"
#: The same hotkey is not pressed twice within this many seconds: VTube Studio's README gives it
#: a cooldown of five frames, a comment in its ErrorID.cs five seconds.
COOLDOWN = 0.1
#: Waits after "not now" (the queue is full, the hotkey cools), in seconds; the last one repeats.
RETRIES = (0.3, 0.6, 1.2, 2.4)
#: An expression shows from this weight on.
SHOWS = 0.5
FADE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Hotkey:
    id: str
    name: str
    kind: str
    file: str


@dataclass(frozen=True, slots=True)
class ExpressionFile:
    name: str
    file: str


Target = Hotkey | ExpressionFile


class Expressions:
    """Keeps the model's expressions as she wants them; the newest wish counts, never a queue."""

    def __init__(self, connection: Connection, chosen: Mapping[str, str]) -> None:
        self._connection = connection
        self._chosen = chosen
        self.hotkeys: tuple[Hotkey, ...] = ()
        self.files: tuple[ExpressionFile, ...] = ()
        self.problems: dict[str, str] = {}
        """Expression of hers → what was chosen for it and is not there."""
        self._useless: set[Target] = set()
        self._wanted: frozenset[str] = frozenset()
        self._news = asyncio.Event()
        self._on: set[Target] = set()
        self._pressed: dict[Target, float] = {}
        self._loop = asyncio.get_running_loop()

    async def refresh(self) -> None:
        """Read what the model has. Raises Refused, Gone."""
        keys = await self._connection.ask("HotkeysInCurrentModelRequest")
        self.hotkeys = tuple(
            Hotkey(
                str(one.get("hotkeyID", "")),
                str(one.get("name", "")),
                str(one.get("type", "")),
                str(one.get("file", "")),
            )
            for one in _rows(keys.get("availableHotkeys"))
        )
        states = await self._connection.ask(
            "ExpressionStateRequest", {"details": False, "expressionFile": ""}
        )
        self.files = tuple(
            ExpressionFile(str(one.get("name", "")), str(one.get("file", "")))
            for one in _rows(states.get("expressions"))
        )
        self._useless.clear()
        there: set[Target] = {*self.hotkeys, *self.files}
        self._on &= there
        self.problems = {
            name: wish for name, wish in self._chosen.items() if wish and not self._find(wish)
        }
        self._news.set()

    def want(self, weights: Mapping[str, float]) -> None:
        """Show these expressions, from now on."""
        wanted = frozenset(name for name, weight in weights.items() if weight >= SHOWS)
        if wanted != self._wanted:
            self._wanted = wanted
            self._news.set()

    def target(self, name: str) -> Target | None:
        """What shows her expression `name` on this model: as chosen, else of the same name."""
        if name in self._chosen:
            return self._find(self._chosen[name])
        return next((found for word in kindred(name) if (found := self._find(word))), None)

    def shown_by(self) -> dict[str, str]:
        """What shows each of her expressions on this model; "" for one that nothing shows."""
        names = dict.fromkeys((*NAMES, *self._chosen))
        return {
            name: found.name if (found := self.target(name)) else ""
            for name in names
            if name != NEUTRAL
        }

    async def run(self) -> None:
        """Carry wishes out until cancelled. Raises Gone."""
        while True:
            await self._news.wait()
            self._news.clear()
            for delay in (*RETRIES, None):
                if await self._settle():
                    break
                try:
                    async with asyncio.timeout(delay or RETRIES[-1]):
                        await self._news.wait()
                        break
                except TimeoutError:
                    if delay is None:
                        self._news.set()

    async def leave(self) -> None:
        """Take back what she put on."""
        self._wanted = frozenset()
        await self._settle()

    async def _settle(self) -> bool:
        """Make the model as wanted; False if something has to be tried again soon."""
        wanted = {target for name in self._wanted if (target := self.target(name)) is not None}
        done = True
        for target in sorted(self._on - wanted, key=str):
            done &= await self._put(target, on=False)
        for target in sorted(wanted - self._on - self._useless, key=str):
            done &= await self._put(target, on=True)
        return done

    async def _put(self, target: Target, *, on: bool) -> bool:
        try:
            if isinstance(target, ExpressionFile):
                await self._connection.ask(
                    "ExpressionActivationRequest",
                    {"expressionFile": target.file, "fadeTime": FADE_SECONDS, "active": on},
                )
            elif not await self._press(target, on=on):
                return False
        except Refused as error:
            if error.number in SOON:
                return False
            log.warning("VTube Studio refuses the expression %s (%s)", target.name, error)
            self._useless.add(target)
        if on and target not in self._useless:
            self._on.add(target)
        else:
            self._on.discard(target)
        return True

    async def _press(self, key: Hotkey, *, on: bool) -> bool:
        """A toggle is pressed only if the expression is not so already: the user may have been
        at the keyboard. Anything else (an animation) is set off when its time begins."""
        if key.kind == TOGGLE and key.file:
            if await self._is_active(key.file) == on:
                return True
        elif not on and key.kind != TOGGLE:
            return True
        if self._loop.time() - self._pressed.get(key, float("-inf")) < COOLDOWN:
            return False
        self._pressed[key] = self._loop.time()
        await self._connection.ask("HotkeyTriggerRequest", {"hotkeyID": key.id or key.name})
        return True

    async def _is_active(self, file: str) -> bool:
        states = await self._connection.ask(
            "ExpressionStateRequest", {"details": False, "expressionFile": file}
        )
        return any(one.get("active") is True for one in _rows(states.get("expressions")))

    def _find(self, wish: str) -> Target | None:
        word = wish.casefold().strip()
        if not word:
            return None
        for key in self.hotkeys:
            if wish == key.id or word in (key.name.casefold(), key.name.casefold().strip()):
                return key
        for file in self.files:
            names = (file.file.casefold(), file.name.casefold())
            if word in names or word in (n.removesuffix(ENDING) for n in names):
                return file
        return None


def _rows(found: object) -> list[dict[str, object]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
