"""Rules about the string catalogue: complete in every language, each key once, and complete for
the code.

Every language has the same keys and every text of a key the same {parameters}; every key that a
`translate(...)`, an error, a notice or a page names is there, and is given the parameters it needs.
"""

from __future__ import annotations

import ast
import json
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.findings import Finding

FOLDER = Path("src/mia/strings")
#: Keys that pages name: t("page.x"), data-text="page.x".
PAGE_KEY = re.compile(r"""["'`]((?:page|error|notice)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*)["'`]""")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where code names a text. given: parameter names, None where they are not known."""

    path: str
    line: int
    keys: tuple[str, ...]
    """The key, or keys of which one is enough."""
    given: frozenset[str] | None


def parameters(text: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(
        re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name
    )


def catalogues(root: Path) -> dict[str, dict[str, str]]:
    """Every language's strings."""
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((root / FOLDER).glob("*.json"))
    }


def twice(root: Path) -> Iterator[Finding]:
    """Keys that stand twice in one language: the later text would quietly take the other's
    place."""
    for path in sorted((root / FOLDER).glob("*.json")):
        pairs = json.loads(path.read_text("utf-8"), object_pairs_hook=list)
        for key, times in Counter(key for key, _ in pairs).items():
            if times > 1:
                yield Finding((FOLDER / path.name).as_posix(), 0, f"{key} stands there twice")


def agreement(languages: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """Where one language lacks a key, leaves a text empty, or names other parameters."""
    every = sorted(set().union(*languages.values()))
    for language, strings in languages.items():
        path = (FOLDER / f"{language}.json").as_posix()
        for key in every:
            if not strings.get(key, "").strip():
                yield Finding(path, 0, f"{key} is missing")
                continue
            for other, others in languages.items():
                wanted = parameters(others.get(key, strings[key]))
                if other < language and parameters(strings[key]) != wanted:
                    yield Finding(path, 0, f"{key} names other parameters than in {other}")


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """How an error class makes its code. prefix: put before its first argument, None where that
    argument is no code at all. adds: parameters it gives by itself."""

    prefix: str | None
    adds: frozenset[str] = frozenset()


def error_classes(trees: Mapping[str, ast.Module]) -> dict[str, ErrorClass]:
    """MiaError and everything derived from it, by name."""
    nodes = {
        node.name: node
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    above = {
        name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for name, node in nodes.items()
    }
    known = {"MiaError": ErrorClass("")}
    while more := {name for name in nodes if above[name] & known.keys()} - known.keys():
        for name in more:
            inherited = next(known[base] for base in above[name] if base in known)
            known[name] = _made_by(nodes[name]) or inherited
    return known


def _made_by(node: ast.ClassDef) -> ErrorClass | None:
    """What the class's own `super().__init__(...)` says, None if it has none."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
            first = call.args[0] if call.args else None
            adds = frozenset(word.arg for word in call.keywords if word.arg)
            if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                return ErrorClass(str(first.values[0].value), adds)
            return ErrorClass("" if isinstance(first, ast.Name) else None, adds)
    return None


def _literals(node: ast.expr | None) -> list[str]:
    """The texts an argument may be: one, or both sides of a conditional; none if computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _literals(node.body) + _literals(node.orelse)
    return []


def uses(path: str, tree: ast.Module, errors: Mapping[str, ErrorClass]) -> Iterator[Use]:
    """Every literal key or code in one module."""
    own = {
        id(call): node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name in errors
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        first = node.args[0] if node.args else None
        given = frozenset(word.arg or "**" for word in node.keywords)
        known = None if "**" in given else given
        if name == "translate":
            for key in _literals(first):
                yield Use(path, node.lineno, (key,), known)
        elif id(node) in own:
            for code in _literals(first):
                yield Use(path, node.lineno, (f"error.{code}",), known)
        elif name in errors and errors[name].prefix is not None:
            made = errors[name]
            for code in _literals(first):
                key = f"error.{made.prefix}{code}"
                yield Use(path, node.lineno, (key,), None if known is None else known | made.adds)
        elif name in {"Notice", "Problem"}:
            yield from _announced(path, node, name)


def _announced(path: str, node: ast.Call, name: str) -> Iterator[Use]:
    """Codes in `Notice(level, code, parameters)` and `Problem(code, ...)`."""
    named = {word.arg: word.value for word in node.keywords}
    at = 1 if name == "Notice" else 0
    argument = named.get("code", node.args[at] if len(node.args) > at else None)
    for code in _literals(argument):
        families = ("notice", "error") if name == "Notice" else ("error",)
        yield Use(path, node.lineno, tuple(f"{family}.{code}" for family in families), None)


def unmet(all_uses: Iterator[Use], strings: Mapping[str, str]) -> Iterator[Finding]:
    """Uses whose text is not there, or lacks a parameter."""
    for use in all_uses:
        key = next((key for key in use.keys if key in strings), None)
        if key is None:
            yield Finding(use.path, use.line, f"no text for {' or '.join(use.keys)}")
        elif use.given is not None and (lacking := parameters(strings[key]) - use.given):
            yield Finding(use.path, use.line, f"{key} needs {', '.join(sorted(lacking))}")


def page_uses(path: str, text: str) -> Iterator[Use]:
    """Every key a page or its script names."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in PAGE_KEY.finditer(line):
            yield Use(path, number, (match[1],), None)


def all_uses(root: Path) -> Iterator[Use]:
    """Every use in `src`."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for suffix in ("py", "js", "html")
        for path in sorted((root / "src").rglob(f"*.{suffix}"))
    }
    trees = {path: ast.parse(text, path) for path, text in texts.items() if path.endswith(".py")}
    errors = error_classes(trees)
    for path, tree in trees.items():
        yield from uses(path, tree, errors)
    for path, text in texts.items():
        if path not in trees:
            yield from page_uses(path, text)


def rules(root: Path) -> Iterator[Finding]:
    """Everything wrong with the catalogue and its uses."""
    languages = catalogues(root)
    yield from twice(root)
    yield from agreement(languages)
    yield from unmet(all_uses(root), languages["en"])
