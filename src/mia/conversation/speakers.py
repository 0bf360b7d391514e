"""Who says what, where several people speak: a person, and a line of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speaker:
    """id: stable ("owner", "discord:<user id>"). name: what they are called now; one line, without
    marks that could be taken for the end of a name (whoever lets people in sees to that)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one person said in one go."""

    speaker: Speaker
    text: str


def labelled(lines: Iterable[Line]) -> str:
    """The lines as the mind reads them, each with its speaker's name."""
    return "\n".join(f"{line.speaker.name}: {line.text}" for line in lines)


def plain(lines: Iterable[Line]) -> tuple[tuple[str, str, str], ...]:
    """The lines as facts carry them: id, name and words of each."""
    return tuple((line.speaker.id, line.speaker.name, line.text) for line in lines)
