"""Writes changed keys back into the user's file and leaves every comment where it was."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.tokens import CommentToken

from mia.config.composition import installed
from mia.config.document import dotted, parse, read
from mia.config.key_list import keys
from mia.config.loading import Loaded, available, interpret
from mia.config.original import modernise
from mia.config.problems import InvalidConfig, Problem
from mia.config.removing import without
from mia.config.schema import Config

#: Long enough that no line of the user's is ever wrapped.
WIDTH = 1_000_000


def save(
    path: Path,
    changes: Mapping[str, object],
    *,
    remove: Collection[str] = (),
    schema: type[Config] | None = None,
) -> Loaded:
    """Set dotted keys in the file at `path`, made if it is not there; None writes `null`.

    remove: keys that are taken out, so that their defaults count.
    The result is checked first: on any problem InvalidConfig is raised and the file stays as it
    was. It is replaced in one step, so a reader never sees half of it. Secrets are refused; they
    belong into `.env`. Returns the file's configuration, without what the environment adds.
    """
    text, loaded = edited(path, changes, remove=remove, schema=schema)
    _replace(Path(os.path.realpath(path)), text)
    return loaded


def edited(
    path: Path,
    changes: Mapping[str, object],
    *,
    remove: Collection[str] = (),
    schema: type[Config] | None = None,
    env: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, Loaded]:
    """What `save` would write, and the configuration that makes; the file is not touched."""
    model = schema or installed()
    real = Path(os.path.realpath(path))
    old = read(real) if real.exists() else ""
    _refuse_secrets(path, changes, model)
    interpret(old, path, env={}, schema=model)
    new = _reset(old, _where_it_stands(old, dict.fromkeys(remove), path, model), path)
    new = _edited(new, _where_it_stands(new, changes, path, model), path)
    try:
        loaded = interpret(new, path, env=env, schema=model)
    except InvalidConfig as error:
        # Its lines are those of a text nobody will see.
        raise InvalidConfig(
            path, [dataclasses.replace(problem, place=None) for problem in error.problems]
        ) from error
    return new, loaded


def _reset(text: str, names: Collection[str], path: Path) -> str:
    try:
        return without(text, [tuple(name.split(".")) for name in names])
    except ValueError as error:
        raise InvalidConfig(path, [Problem("config.not_removed", str(error))]) from error


def _where_it_stands(
    text: str, changes: Mapping[str, object], path: Path, model: type[Config]
) -> dict[str, object]:
    """Changes to keys the file has under the original's name go there."""
    moved = modernise(parse(text, path).data, keys(model), available(model)).moved
    names = {dotted(new): dotted(old) for new, old in moved.items()}
    return {names.get(name, name): value for name, value in changes.items()}


def _refuse_secrets(path: Path, changes: Mapping[str, object], model: type[Config]) -> None:
    named = {key.name: key for key in keys(model).values() if key.secret}
    problems = [
        Problem("config.secret_not_saved", name, parameters={"variable": named[name].env})
        for name in changes
        if name in named
    ]
    if problems:
        raise InvalidConfig(path, problems)


def _edited(text: str, changes: Mapping[str, object], path: Path) -> str:
    if not changes:
        return text
    crlf = "\r\n" in text
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.representer.add_representer(type(None), _null)
    yaml.indent(mapping=_indentation(text), sequence=4, offset=2)
    try:
        root = yaml.load(text.replace("\r\n", "\n"))
        if root is None:
            root = _empty(text)
        for name, value in changes.items():
            _set(root, name.split("."), value, path)
        stream = io.StringIO()
        yaml.dump(root, stream)
    except YAMLError as error:
        raise InvalidConfig(path, [Problem("config.syntax.other")]) from error
    edited = stream.getvalue()
    return edited.replace("\n", "\r\n") if crlf else edited


def _null(representer: RoundTripRepresenter, _value: None) -> ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _indentation(text: str) -> int:
    """How far the file's own sections are indented."""
    for line in text.splitlines():
        spaces = len(line) - len(line.lstrip(" "))
        if spaces and line.strip() and not line.lstrip().startswith(("#", "-")):
            return spaces
    return 2


def _empty(text: str) -> CommentedMap:
    """A mapping to fill that keeps the comments of a file which held nothing else."""
    root = CommentedMap()
    if text.strip():
        root.yaml_set_start_comment("\n".join(_uncommented(line) for line in text.splitlines()))
    return root


def _uncommented(line: str) -> str:
    return line.strip().removeprefix("#").removeprefix(" ")


def _written(value: object) -> object:
    """Lists on one line, as people write them; the pairs of a mapping on a line each."""
    if isinstance(value, (list, tuple)):
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    elif isinstance(value, Mapping):
        value = CommentedMap({name: _written(inner) for name, inner in value.items()})
        if not value:
            value.fa.set_flow_style()
    return value


def _set(root: CommentedMap, parts: list[str], value: object, path: Path) -> None:
    value = _written(value)
    inner: Any = root
    while len(parts) > 1 and isinstance(inner.get(parts[0]), CommentedMap):
        inner = inner[parts[0]]
        parts = parts[1:]
    if parts[0] in inner:
        if len(parts) > 1 and inner[parts[0]] is not None:
            raise InvalidConfig(path, [Problem("config.not_section", ".".join(parts))])
        inner[parts[0]] = _nested(parts[1:], value)
        return
    after = None if inner is root else _take_comment_after(inner)
    inner[parts[0]] = _nested(parts[1:], value)
    if after:
        holder, key = _last(inner)
        holder.ca.items[key] = [None, None, after, None] if _is_map(holder) else [after, None]


def _nested(parts: list[str], value: object) -> object:
    for part in reversed(parts):
        value = CommentedMap({part: value})
    return value


def _is_map(holder: CommentedMap | CommentedSeq) -> bool:
    return isinstance(holder, CommentedMap)


def _last(inner: Any) -> tuple[Any, Any]:
    """The collection that holds the last value of a section, and its key in there."""
    while True:
        key = len(inner) - 1 if isinstance(inner, CommentedSeq) else list(inner)[-1]
        deeper = inner[key]
        block = isinstance(deeper, (CommentedMap, CommentedSeq)) and not deeper.fa.flow_style()
        if not block or not deeper:
            return inner, key
        inner = deeper


def _take_comment_after(inner: CommentedMap) -> CommentToken | None:
    """Take off the lines that follow a section's last value; the library keeps them with it, and
    a key put behind it would come after them, in the midst of what belongs to the next section.
    """
    if not inner:
        return None
    holder, key = _last(inner)
    slot = 2 if _is_map(holder) else 0
    tokens = holder.ca.items.get(key)
    token = tokens[slot] if tokens else None
    if not isinstance(token, CommentToken):
        return None
    beside, _, rest = token.value.partition("\n")
    if not rest:
        return None
    if beside:
        token.value = f"{beside}\n"
    else:
        tokens[slot] = None
    return CommentToken(f"\n{rest}", token.start_mark, None)


def _replace(path: Path, text: str) -> None:
    """Put `text` in the place of the file in one step, with its permissions."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        reason = {"reason": error.strerror or type(error).__name__}
        raise InvalidConfig(path, [Problem("config.not_written", parameters=reason)]) from error
