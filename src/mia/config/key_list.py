"""Every key of a schema with its description, type and limits, as one flat list.

Read from the models and their JSON schema, so that errors, the example file, `mia config show`
and the panel's form all speak of the same thing.
"""

from __future__ import annotations

import difflib
import functools
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mia.config.document import KeyPath
from mia.config.original import MOVES
from mia.config.schema import BackendSection, Config, alias
from mia.strings import translate

#: Names of keys whose values are never shown, whatever type a backend gave them.
SECRET_NAMES = ("api_key", "token", "password", "secret")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: a section, or a value with its JSON schema (references resolved).

    env: the environment variable a secret comes from. waiting: why nothing reads it yet.
    backend: it belongs to a backend's own section. lent: the key round it whose value counts where
    this one is not set. required: it has no default. hidden: it is not shown to users.
    """

    path: tuple[str, ...]
    section: bool
    schema: Mapping[str, Any]
    description: str = ""
    default: Any = None
    unit: str = ""
    secret: bool = False
    env: str = ""
    waiting: str = ""
    backend: bool = False
    lent: str = ""
    required: bool = False
    hidden: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def described(self, language: str | None = None) -> str:
        """Its description in `language`, in a backend's own words where there is no other."""
        text_key = f"config.{self.name}"
        text = translate(text_key, language)
        return self.description if text == text_key else text


@functools.lru_cache(maxsize=8)
def keys(model: type[Config]) -> Mapping[KeyPath, Key]:
    """Every key of `model` by path, in the order of the schema."""
    schema = model.model_json_schema()
    found: dict[KeyPath, Key] = {}
    _walk(model, schema, schema.get("$defs", {}), _Inherited(), found)
    return found


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What a key has from the sections it is in."""

    path: tuple[str, ...] = ()
    waiting: str = ""
    backend: bool = False
    lent: Mapping[str, str] = field(default_factory=dict)


def _walk(
    model: type[BaseModel],
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    above: _Inherited,
    found: dict[KeyPath, Key],
) -> None:
    lent = {}
    if issubclass(model, BackendSection):
        lent = {option: ".".join((*above.path, key)) for key, option in model.shared.items()}
    for name, info in model.model_fields.items():
        spelt = alias(model, name)
        here = (*above.path, spelt)
        part = _resolved(schema.get("properties", {}).get(spelt, {}), definitions)
        inner = section_of(info.annotation)
        secret = _is_password(part) or spelt in SECRET_NAMES
        variable = "_".join(here[-2:]).upper().replace("-", "_")
        key = Key(
            path=here,
            section=inner is not None,
            schema=part,
            description=str(part.get("description", "")),
            default=None
            if inner or info.is_required()
            else info.get_default(call_default_factory=True),
            unit=str(part.get("unit", "")),
            secret=secret,
            env=str(part.get("env", variable)) if secret else "",
            waiting=str(part.get("waiting", above.waiting)),
            backend=above.backend or name.startswith("backend_"),
            lent=above.lent.get(name, ""),
            required=info.is_required(),
            hidden=bool(part.get("hidden", False)),
        )
        found[here] = key
        if inner is not None:
            below = _Inherited(here, key.waiting, key.backend, lent if key.backend else {})
            _walk(inner, _object(part), definitions, below, found)


def values(config: Config) -> Iterator[tuple[Key, Any]]:
    """Every key that holds a value, with the one that counts: what a backend is given where it
    shares a setting. None for a required option that is not set."""
    for key in keys(type(config)).values():
        if not key.section and not key.hidden:
            yield key, _value(config, key.path)


def _value(model: BaseModel, path: tuple[str, ...]) -> Any:
    inner: Any = model
    for part in path:
        if isinstance(inner, BackendSection) and part in inner.available:
            try:
                inner = inner.options(part)
            except ValidationError:
                return None
        else:
            fields = type(inner).model_fields
            inner = getattr(inner, next(n for n in fields if alias(type(inner), n) == part))
    return inner


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a key that is a section, None for a plain value."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        annotation = inner[0] if len(inner) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` with what it refers to put in, down to the alternatives it names."""
    merged = dict(schema)
    if reference := merged.pop("$ref", None):
        merged = {**definitions.get(str(reference).rsplit("/", 1)[-1], {}), **merged}
    if "anyOf" in merged:
        merged["anyOf"] = [_resolved(option, definitions) for option in merged["anyOf"]]
    if isinstance(merged.get("items"), Mapping):
        merged["items"] = _resolved(merged["items"], definitions)
    return merged


def _object(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a section's schema that has its properties."""
    return next((o for o in schema.get("anyOf", ()) if "properties" in o), schema)


def _is_password(schema: Mapping[str, Any]) -> bool:
    return any(o.get("format") == "password" for o in (schema, *schema.get("anyOf", ())))


def nearest(path: KeyPath, known: Mapping[KeyPath, Key]) -> str:
    """The right key that a wrong one most looks like: beside it first, then anywhere; or ""."""
    name = str(path[-1])
    beside = [key.path[-1] for key in known.values() if key.path[:-1] == path[:-1]]
    originals = (move.old.split(".") for move in MOVES)
    beside += [old[-1] for old in originals if tuple(old[:-1]) == path[:-1]]
    if match := difflib.get_close_matches(name, beside, n=1, cutoff=0.6):
        return ".".join([*map(str, path[:-1]), match[0]])
    shown = [key for key in known.values() if not key.waiting]
    anywhere = {key.path[-1]: key for key in reversed(shown)}
    if match := difflib.get_close_matches(name, list(anywhere), n=1, cutoff=0.8):
        return anywhere[match[0]].name
    return ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a key may hold, put into words."""

    schema: Mapping[str, Any]

    def text(self, language: str | None = None) -> str:
        return expected(self.schema, language)


def expected(schema: Mapping[str, Any], language: str | None = None) -> str:
    """Type, limits and allowed values of a JSON schema in words."""

    def say(what: str, **parameters: object) -> str:
        return translate(f"cli.config.expected.{what}", language, **parameters)

    if options := schema.get("anyOf"):
        return f" {say('or')} ".join(dict.fromkeys(expected(o, language) for o in options))
    if "enum" in schema:
        return say("choice", values=", ".join(map(str, schema["enum"])))
    if "const" in schema:
        return say("choice", values=schema["const"])
    kind = schema.get("type")
    if kind == "array":
        return say("list", of=expected(schema.get("items", {}), language))
    if kind in ("integer", "number"):
        return " ".join(filter(None, (say(kind), _limits(schema, language))))
    if kind == "string" and (pattern := schema.get("pattern")):
        return say("pattern", pattern=_bare(str(pattern)))
    if kind == "string" and schema.get("minLength"):
        return say("some_string")
    names = ("boolean", "string", "null", "object")
    return say(str(kind) if kind in names else "any")


def _bare(pattern: str) -> str:
    """Without the marks of its ends, where it has but one alternative."""
    return pattern.removeprefix("^").removesuffix("$") if pattern.count("^") == 1 else pattern


def _limits(schema: Mapping[str, Any], language: str | None) -> str:
    def say(what: str, **parameters: object) -> str:
        return translate(f"cli.config.expected.{what}", language, **parameters)

    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        return say("between", least=_number(least), most=_number(most))
    parts = []
    if above is not None:
        parts.append(say("above", value=_number(above)))
    if least is not None:
        parts.append(say("least", value=_number(least)))
    if below is not None:
        parts.append(say("below", value=_number(below)))
    if most is not None:
        parts.append(say("most", value=_number(most)))
    return f" {say('and')} ".join(parts)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
