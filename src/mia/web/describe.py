"""The HTTP API as a page to read, made of its OpenAPI description; it loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from mia.strings import current, translate


def page(openapi: Mapping[str, Any]) -> str:
    """HTML of every operation: method, path, what it does, its parameters, body and answers."""
    title = escape(translate("page.api.title"))
    rows = [
        _operation(method, path, operation)
        for path, methods in sorted(openapi["paths"].items())
        for method, operation in methods.items()
    ]
    return (
        f'<!doctype html><html lang="{current()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title></head><body>'
        f"<h1>{title}</h1><p>{escape(translate('page.api.intro'))} "
        f'<a href="openapi.json">openapi.json</a></p>{"".join(rows)}</body></html>'
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    lines = [f"<h2><code>{method.upper()} {escape(path)}</code></h2>"]
    lines.append(f"<p>{escape(operation.get('summary', ''))}</p><ul>")
    for parameter in operation.get("parameters", ()):
        name = escape(parameter["name"])
        lines.append(f"<li><code>{name}</code> ({escape(parameter['in'])})</li>")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        lines.append(f"<li>&larr; <code>{_schema(content.get('schema', {}))}</code></li>")
    for status, answer in sorted(operation.get("responses", {}).items()):
        shown = [_schema(one.get("schema", {})) for one in answer.get("content", {}).values()]
        kinds = ", ".join(f"<code>{one}</code>" for one in shown if one)
        lines.append(f"<li>{escape(status)} &rarr; {kinds or '&empty;'}</li>")
    return "".join((*lines, "</ul>"))


def _schema(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return escape(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " | ".join(_schema(one) for one in schema["anyOf"])
    return escape(str(schema.get("type", "")))
