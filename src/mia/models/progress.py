"""How far an installation is, told to whoever shows a bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["wait", "download", "check", "assemble"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` bytes of one stage of one model.

    wait: another process is installing; no bytes are counted. check: files that are there are
    read through. assemble: parts are joined and the result is verified.
    """

    model: str
    stage: Stage
    done: int
    total: int


Listener = Callable[[Progress], None]
"""Called from the thread that installs, often; an exception of its own stops the work."""


def nobody(progress: Progress) -> None:
    """The listener for those who show nothing."""


class Counter:
    """Adds up the bytes of one stage and tells the listener."""

    def __init__(self, listener: Listener, model: str, stage: Stage, total: int) -> None:
        self._listener = listener
        self._model = model
        self._stage: Stage = stage
        self._total = total
        self._done = 0
        self._current = 0
        self._tell()

    def at(self, done: int) -> None:
        """The item being worked on has got this far."""
        self._current = done
        self._tell()

    def add(self, size: int) -> None:
        """So many bytes more of the item being worked on."""
        self.at(self._current + size)

    def finish(self, size: int) -> None:
        """The item is done; it counted for `size` bytes of the total."""
        self._done += size
        self._current = 0
        self._tell()

    def _tell(self) -> None:
        done = min(self._done + self._current, self._total)
        self._listener(Progress(self._model, self._stage, done, self._total))
