"""The switch that silences MIA everywhere, until it is released.

One for the process: every conversation shares it, and every way to make her speak goes through a
conversation. On: what sounds stops at once, work on replies is dropped, nobody is heard, and
whoever types is told. Off: as if nothing had been; what was cut stays cut.
"""

from __future__ import annotations

from collections.abc import Callable


class Panic:
    def __init__(self) -> None:
        self._on = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def on(self) -> bool:
        return self._on

    def set(self, on: bool) -> None:
        """Silence her, or release her; the conversations have done so when this returns."""
        if on == self._on:
            return
        self._on = on
        for tell in tuple(self._listeners):
            tell()

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Be told of every change; returns the way out."""
        self._listeners.append(tell)
        return lambda: self._listeners.remove(tell)
