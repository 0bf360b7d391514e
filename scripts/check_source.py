"""Rules about MIA's own Python that no linter knows: the clock, broad excepts, and readers of data
that run what they read."""

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
#: They turn data into code: whoever wrote the data is then in the process.
RUNS_DATA = frozenset(
    {
        *("eval", "exec", "compile", "os.system", "os.popen"),
        *(f"{module}.{name}" for module in ("pickle", "marshal") for name in ("load", "loads")),
        *("pickle.Unpickler", "shelve.open", "dill.load", "dill.loads", "joblib.load"),
        *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "torch.load"),
    }
)
#: A shell would read what it is given as commands; an unpickling array is a pickle.
RUNS_WITH = frozenset({("shell", "True"), ("allow_pickle", "True")})
#: Reads of the calendar that are not measured time carry this in a comment on the line.
CALENDAR = "wall clock:"
_FOLLOWED = frozenset({"time", "os", "pickle", "marshal", "shelve", "yaml", "torch", "joblib"})


def rules(name: str, text: str) -> Iterator[Finding]:
    """What is wrong with one Python file of `src`."""
    tree = ast.parse(text, name)
    lines = text.splitlines()
    imported = _from_imports(tree)
    modules = {name.partition(".")[0] for name in imported.values()} | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = imported.get(ast.unparse(node.func), ast.unparse(node.func))
            if called in CLOCKS and CALENDAR not in _comment(lines, node.lineno):
                yield Finding(name, node.lineno, f"{called}() reads the wall clock")
            # A variable may be called "yaml" as well; only the module's own functions count.
            if "." not in called or called.partition(".")[0] in modules:
                yield from _runs_data(name, node, called)
            yield from _runs_with(name, node, called)
        elif isinstance(node, ast.ExceptHandler):
            yield from _broad(name, node, lines)


def _runs_data(name: str, node: ast.Call, called: str) -> Iterator[Finding]:
    if called in RUNS_DATA:
        yield Finding(name, node.lineno, f"{called}() runs what it reads")


def _runs_with(name: str, node: ast.Call, called: str) -> Iterator[Finding]:
    if called.rpartition(".")[2] == "YAML":
        kinds = [ast.unparse(k.value).strip("'\"") for k in node.keywords if k.arg == "typ"]
        if "unsafe" in kinds:
            yield Finding(name, node.lineno, f"YAML(typ={kinds[0]}) builds objects from tags")
    for keyword in node.keywords:
        if (keyword.arg, ast.unparse(keyword.value)) in RUNS_WITH:
            yield Finding(name, node.lineno, f"{called}({keyword.arg}=True) runs what it reads")


def _from_imports(tree: ast.AST) -> dict[str, str]:
    """`from time import monotonic` lets "monotonic" stand for "time.monotonic"."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in _FOLLOWED
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
