"""Checks data against the schema and says everything that is wrong with it, in its own terms."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mia.config.document import Document, KeyPath, dotted
from mia.config.key_list import Expected, Key, keys, nearest
from mia.config.problems import Problem
from mia.config.schema import BackendSection, Config
from mia.strings import translate

#: Longest piece of a wrong value that is repeated in the message.
SHOWN = 40
MASK = "••••"


@dataclass(frozen=True, slots=True)
class Found:
    """A wrong value put into words; a secret's value never is, nor one that stands where a
    section should be and may hold anything."""

    value: Any
    secret: bool = False
    section: bool = False

    def text(self, language: str | None = None) -> str:
        if isinstance(self.value, Mapping):
            return translate("cli.config.found.section", language)
        if isinstance(self.value, list):
            return translate("cli.config.found.list", language)
        if self.value is None:
            return translate("cli.config.found.nothing", language)
        if self.section:
            return translate("cli.config.found.value", language)
        if self.secret:
            return MASK
        if isinstance(self.value, bool):
            return str(self.value).lower()
        text = str(self.value)
        text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
        return f"“{text}”" if isinstance(self.value, str) else text


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The nearest right key or value, as a sentence of its own; nothing if there is none."""

    nearest: str

    def text(self, language: str | None = None) -> str:
        if not self.nearest:
            return ""
        return " " + translate("cli.config.did_you_mean", language, nearest=self.nearest)


def check(
    model: type[Config],
    data: Mapping[str, Any],
    document: Document,
    moved: Mapping[KeyPath, KeyPath],
) -> Config | list[Problem]:
    """The configuration, or everything that is wrong with `data`.

    moved: today's keys that came from the original's, which problems are reported under.
    """
    known = keys(model)
    problems: dict[KeyPath, Problem] = {}

    def report(path: KeyPath, code: str, **parameters: object) -> None:
        said = moved.get(path, path)
        place = document.place(said)
        problems.setdefault(path, Problem(code, dotted(said), place, parameters))

    for path, value in _truths(data, ()):
        key = known.get(path)
        if key and not key.section and not _allows_truth(key.schema):
            report(path, "config.wrong_value", **_wrong(key, value))
    try:
        config = model.model_validate(data)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _describe(details, data, known, report)
        return list(problems.values())
    for path, section in _backend_sections(config):
        _check_options(path, section, known, report)
    return list(problems.values()) or config


def _backend_sections(config: Config) -> list[tuple[tuple[str, ...], BackendSection]]:
    models = config.models
    found: list[tuple[tuple[str, ...], BackendSection]] = [
        (("models", "llm"), models.llm),
        (("models", "stt"), models.stt),
        (("models", "tts"), models.tts),
        (("vad",), config.vad),
        (("memory", "embedder"), config.memory.embedder),
        (("memory", "index"), config.memory.index),
    ]
    return found


def _check_options(
    path: tuple[str, ...], section: BackendSection, known: Mapping[KeyPath, Key], report: Any
) -> None:
    """What backends that will be used get from the keys shared among them suits them, and
    nothing they must have is missing."""
    names = [getattr(section, "backend", ""), *getattr(section, "fallback", [])]
    for name in (name for name in dict.fromkeys(names) if name in section.available):
        try:
            section.options(name)
        except ValidationError as error:
            sources = {option: key for key, option in section.shared.items()}
            for details in error.errors(include_url=False):
                option = str(details["loc"][0])
                key = known.get((*path, name, option))
                if details["type"] == "missing" or key is None or option not in sources:
                    expected = Expected(key.schema if key else {})
                    report((*path, name, option), "config.missing_key", expected=expected)
                else:
                    report(
                        (*path, sources[option]),
                        "config.wrong_value",
                        **_wrong(key, details["input"]),
                    )


def _describe(
    details: ErrorDetails, data: Mapping[str, Any], known: Mapping[KeyPath, Key], report: Any
) -> None:
    kind = details["type"]
    location: KeyPath = details["loc"]
    path = location if kind == "missing" else _present(location, data)
    key = _key(path, known)
    if kind == "extra_forbidden":
        report(path, "config.unknown_key", suggestion=Suggestion(nearest(path, known)))
    elif kind == "missing":
        report(path, "config.missing_key", expected=Expected(key.schema if key else {}))
    elif kind == "value_error" and not (key and key.secret):
        report(path, "config.rejected", reason=str(details.get("ctx", {}).get("error", "")))
    elif key is None:
        report(path, "config.rejected", reason=details["msg"])
    else:
        # A list is told about as a whole where its length is wrong, else the item that is.
        value = _value(data, path)
        schema = key.schema
        if len(path) > len(key.path) and isinstance(schema.get("items"), Mapping):
            schema = schema["items"]
        report(path, "config.wrong_value", **_wrong(key, value, schema))


def _wrong(key: Key, value: Any, schema: Mapping[str, Any] | None = None) -> dict[str, object]:
    told: Mapping[str, Any] = {"type": "object"} if key.section else schema or key.schema
    return {
        "expected": Expected(told),
        "found": Found(value, key.secret, key.section),
        "suggestion": Suggestion("" if key.secret else _nearest_value(told, value)),
    }


def _nearest_value(schema: Mapping[str, Any], value: Any) -> str:
    choices = [str(choice) for choice in schema.get("enum", ())]
    match = difflib.get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5)
    return match[0] if match else ""


def _present(location: KeyPath, data: Mapping[str, Any]) -> KeyPath:
    """The part of an error's location that is a path in the data: what follows names the
    alternatives of a type."""
    inner: Any = data
    for length, part in enumerate(location):
        listed = isinstance(inner, list) and isinstance(part, int) and part < len(inner)
        if not listed and not (isinstance(inner, Mapping) and part in inner):
            return location[:length]
        inner = inner[part]
    return location


def _key(path: KeyPath, known: Mapping[KeyPath, Key]) -> Key | None:
    """The key at `path`, or the one that holds the list it points into."""
    while path and path not in known and isinstance(path[-1], int):
        path = path[:-1]
    return known.get(path)


def _value(data: Mapping[str, Any], path: KeyPath) -> Any:
    inner: Any = data
    for part in path:
        inner = inner[part]
    return inner


def _truths(value: Any, path: KeyPath) -> list[tuple[KeyPath, bool]]:
    """Every true and false: the schema's library would take them for 1 and 0."""
    if isinstance(value, bool):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _truths(inner, (*path, key))]
    return []


def _allows_truth(schema: Mapping[str, Any]) -> bool:
    kinds = [option.get("type") for option in (schema, *schema.get("anyOf", ()))]
    typed = any(kinds) or "enum" in schema
    return "boolean" in kinds or not typed
