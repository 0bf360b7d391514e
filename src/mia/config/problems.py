"""What can be wrong with a configuration, said so that it can be put right at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from mia.errors import ConfigError
from mia.strings import translate

#: Problems shown in a message; a file that is no configuration at all may have thousands.
SHOWN = 50


@runtime_checkable
class Speakable(Protocol):
    """A parameter with a text of its own in each language."""

    def text(self, language: str | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    code: `error.<code>` in the string catalogue. key: dotted path, empty for the whole file.
    """

    code: str
    key: str = ""
    place: Place | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        """What is wrong and what was expected, without file and place."""
        return translate(
            f"error.{self.code}", language, key=self.key, **spoken(self.parameters, language)
        )


def spoken(parameters: Mapping[str, object], language: str | None) -> dict[str, object]:
    """Parameters with those that have a text of their own put into words."""
    return {
        name: value.text(language) if isinstance(value, Speakable) else value
        for name, value in parameters.items()
    }


class InvalidConfig(ConfigError):
    """A configuration with everything that is wrong with it, in the order of the file."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems: tuple[Problem, ...] = tuple(
            sorted(problems, key=lambda p: (p.place.line, p.place.column) if p.place else (0, 0))
        )
        super().__init__("config.invalid", path=str(path), count=len(self.problems))
        self.args = (self.text(),)

    def text(self, language: str | None = None) -> str:
        """One line for the file, then one for each problem: `file:line:column  what`."""
        lines = [super().text(language)]
        for problem in self.problems[:SHOWN]:
            at = problem.place
            where = f"{self.path}:{at.line}:{at.column}" if at else str(self.path)
            lines.append(f"  {where}  {problem.text(language)}")
        if (more := len(self.problems) - SHOWN) > 0:
            lines.append("  " + translate("error.config.more", language, count=more))
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a user should know about a key that is no error.

    code: `notice.<code>` in the string catalogue.
    """

    key: str
    code: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        return translate(
            f"notice.{self.code}", language, key=self.key, **spoken(self.parameters, language)
        )


def grouped(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Notices that say the same of several keys made into one, its keys joined by commas."""
    groups: dict[tuple[str, str], list[Notice]] = {}
    for notice in notices:
        groups.setdefault((notice.code, repr(sorted(notice.parameters.items()))), []).append(notice)
    return tuple(
        Notice(", ".join(dict.fromkeys(n.key for n in group)), group[0].code, group[0].parameters)
        for group in groups.values()
    )
