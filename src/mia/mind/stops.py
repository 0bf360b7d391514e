"""Strings at which a text ends, found also where they come in parts."""

from __future__ import annotations

from collections.abc import Sequence


class Stops:
    """Lets a text through up to the first stop; holds back what may be the beginning of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self.met = False
        """A stop has come: nothing after it goes through."""

    def feed(self, piece: str) -> str:
        """What is sure to come before any stop."""
        text, self._held = self._held + piece, ""
        if self.met:
            return ""
        if places := [at for stop in self._stops if (at := text.find(stop)) >= 0]:
            self.met = True
            return text[: min(places)]
        held = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def finish(self) -> str:
        """What was held back, and was no stop after all."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """How many of the stop's first characters the text ends with."""
    most = min(len(stop) - 1, len(text))
    return next((n for n in range(most, 0, -1) if text.endswith(stop[:n])), 0)
