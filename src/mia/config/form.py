"""The schema as a form: every key a page can offer, with its kind, limits, words and choices.

Made from `key_list`, so a backend or a key that is added shows up by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from mia.config.key_list import Key, keys
from mia.config.schema import Config
from mia.strings import languages, translate

Kind = Literal["boolean", "integer", "number", "string", "text", "choice", "list", "map", "secret"]

#: What stands under one heading, in the order of the page. A section that is not named here has
#: a heading of its own, so nothing new is lost.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "talk": ("language", "persona", "input"),
    "voice": ("models.tts",),
    "mind": ("models.llm", "prompt"),
    "ears": ("models.stt", "vad"),
    "memory": ("rag", "memory", "conversations"),
    "avatar": ("avatar.expressions", "lipsync"),
    "outputs": ("avatar.outputs",),
    "sound": ("audio",),
    "discord": ("discord",),
    "network": ("web", "websocket"),
    "logs": ("log",),
}
#: A text longer than this deserves more than a line.
LINE = 200


@functools.lru_cache(maxsize=4)
def fields(model: type[Config]) -> tuple[dict[str, Any], ...]:
    """Every key that can be set, as plain data, in the order of the schema."""
    known = keys(model)
    sections = {key.name: key for key in known.values() if key.section}
    return tuple(
        _field(key, sections) for key in known.values() if not key.section and not key.hidden
    )


def _field(key: Key, sections: Mapping[str, Key]) -> dict[str, Any]:
    section = ".".join(key.path[:-1])
    holder = sections.get(section)
    return {
        "key": key.name,
        "group": group_of(key.name),
        "section": section,
        # The backend it is an option of: `models.tts.piper.speed` is Piper's.
        "backend": key.path[-2] if key.backend and holder is not None else "",
        "label": _labels(key),
        "description": {code: key.described(code) for code in languages()},
        "unit": key.unit,
        "default": None if key.secret else plain(key.default),
        "env": key.env,
        "waiting": bool(key.waiting),
        "lent": key.lent,
        "required": key.required,
        **_shape(key),
    }


def group_of(name: str) -> str:
    """The heading a key stands under."""
    for group, prefixes in GROUPS.items():
        if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes):
            return group
    return name.partition(".")[0]


def _labels(key: Key) -> dict[str, str]:
    """A short name in each language: its own, that of its last part, or the key itself."""
    return {code: _label(key, code) for code in languages()}


def _label(key: Key, language: str) -> str:
    for text_key in (f"setting.{key.name}", f"setting.{key.path[-1]}"):
        if (text := translate(text_key, language)) != text_key:
            return text
    words = key.path[-1].replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _shape(key: Key) -> dict[str, Any]:
    """Kind and limits of a value."""
    options = tuple(_options(key.schema))
    nullable = any(option.get("type") == "null" for option in options)
    real = [option for option in options if option.get("type") != "null"]
    shape: dict[str, Any] = {"kind": _kind(key, real), "nullable": nullable}
    if shape["kind"] == "string" and any(option.get("type") == "integer" for option in real):
        shape["numeric"] = True  # digits alone are a number
    main = real[0] if real else {}
    if shape["kind"] == "choice":
        shape["choices"] = [choice for option in real for choice in _choices(option)]
    elif shape["kind"] == "list":
        items = main.get("items", {})
        if "enum" in items:
            shape["choices"] = list(items["enum"])
        shape["most"] = main.get("maxItems")
    for name, limit in _LIMITS.items():
        if limit in main:
            shape[name] = main[limit]
    return shape


_LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "above": "exclusiveMinimum",
    "below": "exclusiveMaximum",
    "length": "maxLength",
    "pattern": "pattern",
}


def _options(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives of a schema."""
    yield from schema.get("anyOf", ()) or (schema,)


def _choices(option: Mapping[str, Any]) -> list[Any]:
    if option.get("type") == "boolean":
        return [True, False]
    return [option["const"]] if "const" in option else list(option.get("enum", ()))


def _kind(key: Key, options: list[Mapping[str, Any]]) -> Kind:
    if key.secret:
        return "secret"
    kinds = {str(option.get("type", "")) for option in options}
    if any("enum" in option or "const" in option for option in options):
        return "choice"
    if kinds <= {"boolean"}:
        return "boolean"
    if kinds == {"integer"}:
        return "integer"
    if kinds <= {"integer", "number"}:
        return "number"
    if "array" in kinds:
        return "list"
    if "object" in kinds:
        return "map"
    longest = max((option.get("maxLength", 0) for option in options), default=0)
    return "text" if longest > LINE or key.path[-1] == "instructions" else "string"


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value
