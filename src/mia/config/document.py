"""A YAML file as plain data that remembers where everything stood.

Only the structure is taken from the YAML library; values are made here, so no tag of a file can
build an object, and every mistake is found with its line: doubled keys, too, which a loader would
stop at or pass over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from mia.config.problems import InvalidConfig, Place, Problem

#: A configuration is a few KB; more is another file, or an attack.
LARGEST_BYTES = 1_000_000
#: Aliases let a few lines stand for billions of values ("billion laughs").
MOST_VALUES = 20_000
DEEPEST = 32

KeyPath = tuple[str | int, ...]

_NULL = "tag:yaml.org,2002:null"
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")}
_TEXT = {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "merge", "value")}
_COLLECTIONS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq")}

#: What the YAML library says, in part, and the code of our own words for it.
_SYNTAX = (
    ("'\\t'", "config.syntax.tab"),
    ("cannot start any token", "config.syntax.start"),
    ("undefined alias", "config.syntax.alias"),
    ("another document", "config.syntax.documents"),
    ("mapping values are not allowed", "config.syntax.colon"),
    ("unknown escape", "config.syntax.escape"),
    ("quoted scalar", "config.syntax.quote"),
    ("flow sequence", "config.syntax.bracket"),
    ("flow mapping", "config.syntax.bracket"),
    ("could not find expected ':'", "config.syntax.no_colon"),
    ("block mapping", "config.syntax.indentation"),
    ("block collection", "config.syntax.indentation"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """data: the file's mapping. places: where each key stands (list items: the item itself)."""

    data: dict[str, Any]
    places: dict[KeyPath, Place] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Place | None:
        """Where `path` or the nearest section round it stands."""
        for length in range(len(path), 0, -1):
            if (found := self.places.get(path[:length])) is not None:
                return found
        return None


def read(path: Path) -> str:
    """The text of a config file. Raises InvalidConfig if there is none to be had."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        raise InvalidConfig(path, [Problem("config.no_file")]) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problem = Problem("config.unreadable", parameters={"reason": reason})
        raise InvalidConfig(path, [problem]) from error
    if len(raw) > LARGEST_BYTES:
        limit = {"limit": f"{LARGEST_BYTES // 1000} kB"}
        raise InvalidConfig(path, [Problem("config.too_big", parameters=limit)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        place = Place(before.count(b"\n") + 1, column)
        raise InvalidConfig(path, [Problem("config.encoding", place=place)]) from error


def parse(text: str, path: Path) -> Document:
    """The data of a YAML text. Raises InvalidConfig with everything wrong with its form."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        raise InvalidConfig(path, [Problem("config.syntax.character", place=place)]) from error
    except MarkedYAMLError as error:
        raise InvalidConfig(path, [_syntax(error)]) from error
    except RecursionError as error:
        raise InvalidConfig(path, [Problem("config.too_complex")]) from error
    except (YAMLError, ValueError, IndexError, AttributeError, TypeError) as error:
        # The library itself stumbles over some malformed files (a directive it cannot read).
        raise InvalidConfig(path, [Problem("config.syntax.other")]) from error
    if root is None or (isinstance(root, ScalarNode) and root.tag == _NULL):
        return Document({})
    if not isinstance(root, MappingNode):
        raise InvalidConfig(path, [Problem("config.not_mapping", place=_place(root))])
    reader = _Reader()
    data = reader.mapping(root, ())
    if reader.values > MOST_VALUES or reader.too_deep:
        raise InvalidConfig(path, [Problem("config.too_complex")])
    if reader.problems:
        raise InvalidConfig(path, reader.problems)
    return Document(data, reader.places)


def dotted(path: KeyPath) -> str:
    """`("a", "b", 0)` as `a.b[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _plain(tag: str, text: str) -> bool | int | float | None:
    """A value that is no text, as YAML 1.2 reads it. Raises ValueError where it is none, which
    takes an explicit tag (`!!int x`), more digits than Python converts, or `.inf` and `.nan`."""
    if tag == _NULL:
        return None
    digits = text.replace("_", "").lower()
    if tag.endswith(":bool"):
        if digits not in ("true", "false"):
            raise ValueError(text)
        return digits == "true"
    if tag.endswith(":int"):
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits.lstrip("+-")[:2], 10)
        return int(digits, base)
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _syntax(error: MarkedYAMLError) -> Problem:
    said = f"{error.context or ''} {error.problem or ''}"
    code = next((code for part, code in _SYNTAX if part in said), "config.syntax.other")
    # What is never closed is best looked for where it was opened.
    opened = code in ("config.syntax.quote", "config.syntax.bracket")
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    return Problem(code, place=Place(mark.line + 1, mark.column + 1) if mark else None)


class _Reader:
    """Turns nodes into data and keeps the places and the problems."""

    def __init__(self) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []
        self.values = 0
        self.too_deep = False

    def value(self, node: Node, path: KeyPath) -> Any:
        self.values += 1
        if self.values > MOST_VALUES or len(path) > DEEPEST:
            self.too_deep = True
            return None
        if node.tag not in _PLAIN | _TEXT | _COLLECTIONS:
            self._wrong("config.tag", path, _place(node), tag=str(node.tag)[-60:])
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        return self._scalar(node, path)

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._wrong("config.key_not_text", path, _place(key_node))
                continue
            key = str(key_node.value)
            here = (*path, key)
            place = _place(key_node)
            if key in data:
                first = self.places[here].line
                self._wrong("config.duplicate_key", here, place, line=first)
                continue
            self.places[here] = place
            data[key] = self.value(value_node, here)
            if self.too_deep:
                break
        return data

    def _sequence(self, node: SequenceNode, path: KeyPath) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            here = (*path, index)
            self.places[here] = _place(item)
            items.append(self.value(item, here))
            if self.too_deep:
                break
        return items

    def _scalar(self, node: Node, path: KeyPath) -> Any:
        if node.tag in _TEXT:
            return str(node.value)
        try:
            return _plain(str(node.tag), str(node.value))
        except ValueError:
            self._wrong("config.bad_number", path, _place(node))
            return None

    def _wrong(self, code: str, path: KeyPath, place: Place, **parameters: object) -> None:
        self.problems.append(Problem(code, dotted(path), place, parameters))
