"""Loaded parts that outlive a beginning anew, for whoever needs just the same again.

Loading ears and a voice takes most of the time in which she is away; another persona mostly thinks
with the same models, and only in other words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class Kept:
    """By name: what was loaded, and with which settings."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[object, Any]] = {}

    async def part(self, name: str, settings: object, load: Callable[[], Awaitable[Any]]) -> Any:
        """The part that was loaded with the same settings, or else a new one in its place.

        Raises what `load` does; then there is none.
        """
        known = self._parts.pop(name, None)
        if known is not None and known[0] != settings:
            await _close(known[1])
            known = None
        if known is None:
            known = (settings, await load())
        self._parts[name] = known
        return known[1]

    def became(self, name: str, settings: object) -> None:
        """The part was changed while it ran: it is as if loaded with these settings."""
        if name in self._parts:
            self._parts[name] = (settings, self._parts[name][1])

    async def aclose(self) -> None:
        """Close all of them; what is needed next is loaded anew."""
        parts, self._parts = self._parts, {}
        for _, part in parts.values():
            await _close(part)


async def _close(part: Any) -> None:
    # The voice detector and a part that is not there have nothing to close.
    if hasattr(part, "aclose"):
        await part.aclose()
