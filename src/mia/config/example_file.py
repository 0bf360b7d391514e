"""The example file: every key with its description, unit, limits and default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from mia.config.composition import installed
from mia.config.key_list import Key, expected, keys
from mia.config.schema import Config
from mia.strings import translate

WIDTH = 96


def example(schema: type[Config] | None = None, language: str = "en") -> str:
    """`config.example.yaml` for this schema, by default that of the installed backends.

    It loads as it is, and says nothing but the defaults. Secrets, keys nothing reads yet, and
    sections with a key that must be set stand in it as comments.
    """
    known = keys(schema or installed())
    lines = list(_comment(translate("cli.config.example.head", language), ""))
    # A section with a key that must be set cannot stand there without it.
    unusable = {key.path[:-1] for key in known.values() if key.required}
    for key in known.values():
        if key.hidden:
            continue
        apart = len(key.path) == 1 or (key.section and not key.backend and not key.waiting)
        if apart and not lines[-1].endswith(":"):
            lines.append("")
        own = list(_section(key, language) if key.section else _leaf(key, language))
        off = key.waiting or key.path in unusable or key.path[:-1] in unusable
        lines += [f"# {line}" for line in own] if off else own
    return "\n".join(lines) + "\n"


def _section(key: Key, language: str) -> Iterator[str]:
    indent = "  " * (len(key.path) - 1)
    said = [_sentence(key.described(language))]
    if key.waiting and len(key.path) == 1:
        said.append(translate("cli.config.example.waiting", language))
    yield from _comment(" ".join(filter(None, said)), indent)
    yield f"{indent}{key.path[-1]}:" + (" {}" if _bare(key) else "")


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def _bare(key: Key) -> bool:
    schema = next((o for o in key.schema.get("anyOf", ()) if o.get("type") == "object"), key.schema)
    return not schema.get("properties")


def _leaf(key: Key, language: str) -> Iterator[str]:
    indent = "  " * (len(key.path) - 1)
    facts = expected(key.schema, language)
    if key.unit:
        unit = translate(f"cli.config.unit.{key.unit}", language)
        facts += f" ({key.unit if unit.startswith('cli.') else unit})"
    described = _sentence(key.described(language))
    if key.secret:
        source = translate("cli.config.example.secret", language, variable=key.env)
        yield from _comment(f"{described} {source}", indent)
        yield f"{indent}# {key.path[-1]}:"
        return
    default = (
        translate("cli.config.example.required", language)
        if key.required
        else translate("cli.config.example.default", language, value=_shown(key.default))
    )
    if key.lent:
        default += " " + translate("cli.config.example.lent", language, key=key.lent)
    yield from _comment(f"{described} {facts[:1].upper()}{facts[1:]}. {default}", indent)
    # Written out, it would go before the setting of the section round it.
    mark = "# " if key.lent else ""
    yield f"{indent}{mark}{key.path[-1]}: {_yaml(key.default)}"


def _shown(value: Any) -> str:
    text = _yaml(value)
    return text if len(text) <= 40 else "…"


def _comment(text: str, indent: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        for line in textwrap.wrap(
            paragraph, WIDTH - len(indent) - 2, break_on_hyphens=False, break_long_words=False
        ):
            yield f"{indent}# {line}"


def _yaml(value: Any) -> str:
    """A default on one line of YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_yaml(k)}: {_yaml(v)}" for k, v in value.items()) + "}"
    text = str(value)
    plain = text and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)
    if plain and text[0].isalpha() and text.lower() not in ("null", "true", "false"):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
