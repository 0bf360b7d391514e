"""The lists of words that MIA does not say: read, kept, and read again when a file is saved.

Her own lists come with her, one for each language. A folder of the user's may hold more: a file
with the name of one of hers takes its place, every other `*.txt` adds to them. How a line reads
is told at the top of her own lists; `matching` says what a line finds.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from mia.blocking import run_blocking
from mia.errors import MiaError
from mia.mind.safety.matching import Hit, Matcher, Rule, rule

log = logging.getLogger(__name__)

Level = Literal["off", "mild", "strict"]

PACKAGED = resources.files(__package__) / "lists"
LARGEST_FILE = 1024 * 1024
MOST_FILES = 64
MOST_RULES = 20_000
_HEADING = re.compile(r"\[\s*([\w -]{1,60}?)\s*\]\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class List:
    """What one file says. odd: its lines that say nothing MIA understands, by their numbers."""

    rules: tuple[Rule, ...]
    odd: tuple[int, ...] = ()


def read(text: str, language: str, level: Level) -> List:
    """The rules of a list that count at this level. language: the file's own, ISO 639-1."""
    category, strict, here = "own", False, False
    rules: list[Rule] = []
    odd: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if heading := _HEADING.fullmatch(line):
            names = heading[1].lower().split()
            strict, here = "strict" in names, "here" in names
            category = " ".join(n for n in names if n not in ("strict", "here")) or "own"
            continue
        found = rule(line, category, language if here else "")
        if found is None:
            odd.append(number)
        elif found.allowed or not strict or level == "strict":
            rules.append(found)
    return List(tuple(rules), tuple(odd))


class Words:
    """All lists at one level. Begins with MIA's own; call `refresh` to read the user's.

    folder: the user's, None for none; it need not be there. trouble: told of a file that cannot be
    used; what was read of it before stays in force.
    """

    def __init__(
        self,
        level: Level,
        folder: Path | None = None,
        trouble: Callable[[MiaError], None] = lambda _error: None,
    ) -> None:
        self.level = level
        self._folder = folder
        self._trouble = trouble
        self._seen: object = ()
        self._matcher = Matcher(_rules(_packaged(), level) if level != "off" else ())

    def hits(self, text: str, language: str = "") -> list[Hit]:
        """Everything in a text that is on a list; nothing at the level off."""
        return self._matcher.hits(text, language) if self.level != "off" else []

    async def refresh(self) -> None:
        """Read the user's lists if a file of theirs was changed since the last time; else this
        costs a look at the folder."""
        if self._folder is None or self.level == "off":
            return
        try:
            seen, texts = await run_blocking(self._changed)
        except MiaError as error:
            self._trouble(error)
            return
        if texts is None:
            return
        rules = _rules({**_packaged(), **texts}, self.level)
        self._matcher = await run_blocking(Matcher, rules)
        self._seen = seen
        log.info("the lists of words were read: %d rules", self._matcher.size)

    def _changed(self) -> tuple[object, dict[str, str] | None]:
        """The state of the folder, and the text of every file if it is another one than before.
        Raises MiaError `safety.list_…`, once for each state."""
        assert self._folder is not None
        paths = sorted(self._folder.glob("*.txt"))[:MOST_FILES] if self._folder.is_dir() else []
        seen = tuple((path.name, *_stamp(path)) for path in paths)
        if seen == self._seen:
            return seen, None
        self._seen = seen
        return seen, {path.name: _text(path) for path in paths}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise MiaError("safety.list_too_large", path=path, limit=LARGEST_FILE // 1024)
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise MiaError("safety.list_unreadable", path=path, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise MiaError("safety.list_not_utf8", path=path) from error


def _packaged() -> dict[str, str]:
    return {
        entry.name: entry.read_text("utf-8")
        for entry in PACKAGED.iterdir()
        if entry.name.endswith(".txt")
    }


def _rules(texts: dict[str, str], level: Level) -> list[Rule]:
    return list(_limited(texts, level))[:MOST_RULES]


def _limited(texts: dict[str, str], level: Level) -> Iterator[Rule]:
    for name in sorted(texts):
        language = name[:2].lower() if re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", name) else ""
        found = read(texts[name], language, level)
        if found.odd:
            log.warning("%s: lines that say nothing: %s", name, found.odd[:20])
        yield from found.rules
