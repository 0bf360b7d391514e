"""From a file and the environment to a checked configuration, or to everything wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from mia import redaction
from mia.config import secrets
from mia.config.check import check
from mia.config.composition import installed
from mia.config.document import KeyPath, dotted, parse, read
from mia.config.key_list import Key, keys
from mia.config.original import modernise
from mia.config.problems import InvalidConfig, Notice
from mia.config.schema import BackendSection, Config
from mia.home import Home

FILE = "config.yaml"
_PATHS = ("path", "file-path", "directory-path")


class HasConfigFolder(Protocol):
    @property
    def config(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from. detail: line of the file, or name of the variable."""

    kind: Literal["file", "environment"]
    detail: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration ready for use.

    path: the file it came from, or would be saved to. sources: dotted key → where its value came
    from; a key that is not there has its default.
    """

    config: Config
    notices: tuple[Notice, ...]
    path: Path
    sources: Mapping[str, Source]


def default_path(home: HasConfigFolder) -> Path:
    """`config.yaml` of the working folder if there is one, else that of MIA's own folder."""
    here = Path(FILE)
    return here.absolute() if here.is_file() else home.config / FILE


def load(
    path: Path | None, *, env: Mapping[str, str], schema: type[Config] | None = None
) -> Loaded:
    """The configuration of `path`; None: of the default place, where no file means all defaults.

    schema: what to check against, by default that of the installed backends.
    Raises InvalidConfig (a ConfigError) with every problem at once; nothing is half loaded.
    """
    usual = default_path(Home.find(environ=env))
    chosen = usual if path is None else path
    nothing = chosen.absolute() == usual and not chosen.exists()
    text = "" if nothing else read(chosen)
    return interpret(text, chosen, env=env, schema=schema)


def interpret(
    text: str, path: Path, *, env: Mapping[str, str], schema: type[Config] | None = None
) -> Loaded:
    """What `load` makes of a file at `path` that holds `text`. Raises InvalidConfig."""
    model = schema or installed()
    known = keys(model)
    document = parse(text, path)
    modern = modernise(document.data, known, available(model))
    data, notices = modern.data, list(modern.notices)
    _fill_sections(data, known)
    sources = {
        dotted(key): Source("file", str(place.line))
        for key in _leaves(data, known)
        if (place := document.place(modern.moved.get(key, key)))
    }
    notices += _secrets(data, known, env, path, sources, modern.moved)
    _follow_hearing(data, sources)
    _resolve_paths(data, known, path.absolute().parent)
    checked = check(model, data, document, modern.moved)
    if isinstance(checked, list):
        raise InvalidConfig(path, checked)
    redaction.hide(*secrets.values(checked))
    notices += [
        Notice(key.name, f"config.waiting.{key.waiting}")
        for key in known.values()
        if key.waiting and not key.section and not key.secret and key.name in sources
    ]
    order = {name: number for number, name in enumerate(map(dotted, document.places))}
    notices.sort(key=lambda notice: order.get(notice.key, len(order)))
    return Loaded(checked, tuple(notices), path, sources)


def available(model: type[Config]) -> dict[str, tuple[str, ...]]:
    """The names of the backends of each section of `models` and `memory`."""
    found: dict[str, tuple[str, ...]] = {}
    for group in ("models", "memory"):
        sections = model.model_fields[group].annotation
        for name, info in getattr(sections, "model_fields", {}).items():
            section = info.annotation
            if isinstance(section, type) and issubclass(section, BackendSection):
                found[f"{group}.{name}"] = tuple(section.available)
    return found


def _fill_sections(data: dict[str, Any], known: Mapping[KeyPath, Key]) -> None:
    """A section with nothing in it (its keys commented out) has its defaults."""
    for key in known.values():
        if key.section and (holder := _holder(data, key.path)) is not None:
            name = key.path[-1]
            if name in holder and holder[name] is None:
                holder[name] = {}


def _secrets(
    data: dict[str, Any],
    known: Mapping[KeyPath, Key],
    env: Mapping[str, str],
    path: Path,
    sources: dict[str, Source],
    moved: Mapping[KeyPath, KeyPath],
) -> list[Notice]:
    outside = secrets.given(known, env, secrets.dotenv_values(path.absolute().parent))
    notices = []
    for key in (key for key in known.values() if key.secret):
        holder = _holder(data, key.path)
        written = holder.get(key.path[-1]) if holder else None
        if holder and written in (None, ""):
            holder.pop(key.path[-1], None)
            sources.pop(key.name, None)
        elif written is not None:
            said = dotted(moved.get(key.path, key.path))
            notices.append(Notice(said, "config.secret_in_file", {"variable": key.env}))
        if key.path in outside and (holder := _holder(data, key.path, make=True)) is not None:
            holder[key.path[-1]], variable = outside[key.path]
            sources[key.name] = Source("environment", variable)
    return notices


def _follow_hearing(data: dict[str, Any], sources: dict[str, Source]) -> None:
    """Without a language of its own the conversation has the one the recogniser was set to."""
    holder = _holder(data, ("models", "stt", "language"))
    chosen = holder.get("language") if holder else None
    if "language" not in data and chosen in ("es", "en", "auto"):
        data["language"] = chosen
        sources["language"] = sources["models.stt.language"]


def _resolve_paths(data: dict[str, Any], known: Mapping[KeyPath, Key], folder: Path) -> None:
    """Relative paths count from the folder of the file, wherever MIA is started."""
    prompt = data.setdefault("prompt", {})
    if isinstance(prompt, dict):
        prompt.setdefault("dir", str(known["prompt", "dir"].default))
    for key in known.values():
        if key.section or not _is_path(key):
            continue
        holder = _holder(data, key.path)
        value = holder.get(key.path[-1]) if holder else None
        if holder and isinstance(value, str) and value and "\0" not in value:
            holder[key.path[-1]] = str(folder / _expanded(value))


def _expanded(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError:  # "~nobody/…": nobody of that name has a home here
        return Path(value)


def _is_path(key: Key) -> bool:
    options = (key.schema, *key.schema.get("anyOf", ()))
    return key.path[-1] == "path" or any(o.get("format") in _PATHS for o in options)


def _holder(
    data: dict[str, Any], path: tuple[str, ...], *, make: bool = False
) -> dict[str, Any] | None:
    """The mapping that holds the last key of `path`; None if there is none."""
    inner: Any = data
    for part in path[:-1]:
        if make and isinstance(inner, dict) and inner.get(part) is None:
            inner[part] = {}
        inner = inner.get(part) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else None


def _leaves(data: dict[str, Any], known: Mapping[KeyPath, Key]) -> list[tuple[str, ...]]:
    return [
        key.path
        for key in known.values()
        if not key.section
        and (holder := _holder(data, key.path)) is not None
        and key.path[-1] in holder
    ]
