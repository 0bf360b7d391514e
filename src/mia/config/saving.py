"""Writes changed keys back into the user's file and leaves every comment where it was."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from mia.config import compose
from mia.config.document import read
from mia.config.keys import keys
from mia.config.loading import Loaded, interpret
from mia.config.problems import InvalidConfig, Problem
from mia.config.schema import Config

#: Long enough that no line of the user's is ever wrapped.
WIDTH = 1_000_000


def save(
    path: Path, changes: Mapping[str, object], *, schema: type[Config] | None = None
) -> Loaded:
    """Set dotted keys in the file at `path`, made if it is not there; None writes `null`.

    The result is checked first: on any problem InvalidConfig is raised and the file stays as it
    was. It is replaced in one step, so a reader never sees half of it. Secrets are refused; they
    belong into `.env`. Returns the file's configuration, without what the environment adds.
    """
    model = schema or compose.installed()
    real = Path(os.path.realpath(path))
    old = read(real) if real.exists() else ""
    _refuse_secrets(path, changes, model)
    interpret(old, path, env={}, schema=model)
    new = _edited(old, changes, path)
    loaded = interpret(new, path, env={}, schema=model)
    _replace(real, new)
    return loaded


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
    crlf = "\r\n" in text
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = WIDTH
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


def _set(root: CommentedMap, parts: list[str], value: object, path: Path) -> None:
    inner: Any = root
    for part in parts[:-1]:
        if inner.get(part) is None:
            inner[part] = CommentedMap()
        inner = inner[part]
        if not isinstance(inner, CommentedMap):
            raise InvalidConfig(path, [Problem("config.not_section", ".".join(parts))])
    inner[parts[-1]] = list(value) if isinstance(value, tuple) else value


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
