"""Takes keys out of the user's file, so that their defaults count again; comments stay.

A key's own lines go, with the comment on them; what is written between keys belongs to nobody in
particular and stays where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


def without(text: str, paths: Iterable[tuple[str, ...]]) -> str:
    """`text` without the keys at `paths`; those that are not there are no matter.

    Raises ValueError for a key that cannot be taken out by lines: one that shares its line with
    another.
    """
    for path in paths:
        text = _without(text, path)
    return text


def _without(text: str, path: tuple[str, ...]) -> str:
    found = _find(text, path)
    if found is None:
        return text
    key, value = found
    lines = text.splitlines(keepends=True)
    first, last = key.start_mark.line, _last_line(value)
    if lines[first][: key.start_mark.column].strip():
        raise ValueError(".".join(path))
    kept = "".join([*lines[:first], *lines[last + 1 :]])
    if _values(kept) != _less(_values(text), path):
        raise ValueError(".".join(path))
    return kept


def _find(text: str, path: tuple[str, ...]) -> tuple[Node, Node] | None:
    try:
        node: Any = YAML(typ="rt").compose(text)
    except YAMLError:
        return None
    found: tuple[Node, Node] | None = None
    for part in path:
        if not isinstance(node, MappingNode):
            return None
        found = next(((k, v) for k, v in node.value if str(k.value) == part), None)
        if found is None:
            return None
        node = found[1]
    return found


def _last_line(node: Node) -> int:
    """The line on which a value ends; a block's own mark is where the next thing begins."""
    inner = node
    while isinstance(inner, MappingNode | SequenceNode) and inner.value and not inner.flow_style:
        last = inner.value[-1]
        inner = last[1] if isinstance(last, tuple) else last
    end = inner.end_mark
    nothing = end.line > inner.start_mark.line and end.column == 0
    return int(end.line - 1 if nothing else end.line)


def _values(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def _less(values: Any, path: tuple[str, ...]) -> Any:
    """`values` without what is at `path`; a section that is left empty is null, as YAML has it."""
    first, *rest = path
    inner = dict(values)
    if rest:
        inner[first] = _less(inner[first], tuple(rest))
    else:
        del inner[first]
    return inner or None


def flat(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every value of a nested mapping under its dotted name."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        here = (*path, str(name))
        found[".".join(here)] = value
        if isinstance(value, Mapping):
            found.update(flat(value, here))
    return found
