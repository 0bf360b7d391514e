"""Rules about MIA's own Python that no linter knows: the clock, and broad excepts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scripts.findings import Finding

#: Functions that read the machine's clock. MIA counts `loop.time()` and samples, so that a test
#: can run an hour of talk in a moment and get the same answer every time.
CLOCKS = frozenset(
    {
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.sleep",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.date.today",
    }
)
#: Reads of the calendar that are not measured time carry this in a comment on the line.
CALENDAR = "wall clock:"


def rules(name: str, text: str) -> Iterator[Finding]:
    """What is wrong with one Python file of `src`."""
    tree = ast.parse(text, name)
    lines = text.splitlines()
    imported = _from_imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = imported.get(ast.unparse(node.func), ast.unparse(node.func))
            if called in CLOCKS and CALENDAR not in _comment(lines, node.lineno):
                yield Finding(name, node.lineno, f"{called}() reads the wall clock")
        elif isinstance(node, ast.ExceptHandler):
            yield from _broad(name, node, lines)


def _from_imports(tree: ast.AST) -> dict[str, str]:
    """`from time import monotonic` lets "monotonic" stand for "time.monotonic"."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
    }


def _broad(name: str, node: ast.ExceptHandler, lines: list[str]) -> Iterator[Finding]:
    if node.type is None:
        yield Finding(name, node.lineno, "bare except")
        return
    caught = {ast.unparse(part) for part in ast.walk(node.type) if isinstance(part, ast.expr)}
    if caught.isdisjoint({"Exception", "BaseException"}):
        return
    ends = node.body[-1]
    passes_on = isinstance(ends, ast.Raise)
    if not passes_on and not _comment(lines, node.lineno):
        yield Finding(name, node.lineno, "broad except without a comment that says why")


def _comment(lines: list[str], number: int) -> str:
    """The comment on a line, or the one alone on the line above it."""
    here = lines[number - 1].partition("#")[2]
    above = lines[number - 2].strip() if number > 1 else ""
    return here or (above if above.startswith("#") else "")
