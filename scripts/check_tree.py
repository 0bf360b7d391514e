"""Rules every file of this repository keeps, beyond style and types.

No registry's host name and no path of somebody's machine in any file, no file over 1 MB, no
source file over 420 lines; in `src` no wall clock, no broad `except` without its reason, and no
text that lacks a translation. Prints `file:line: what is wrong`; exits with 1 if anything is.

    .venv/bin/python -m scripts.check_tree [FILE ...]
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts import check_source, check_strings
from scripts.findings import Finding

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1_000_000
LONGEST = 420
SOURCES = frozenset({".py", ".js", ".mjs", ".css", ".html", ".sh"})
#: Folders that are never part of the repository, for copies without git; nor are hidden ones.
NOT_OURS = frozenset({"__pycache__", "node_modules", "build", "dist"})
HIDDEN_BUT_OURS = frozenset({".ci", ".github"})

#: Hosts of package registries (dots left out): which one is used is the user's setting, not ours.
REGISTRIES = (
    "pypi org",
    "pythonhosted org",
    "registry npmjs org",
    "registry yarnpkg com",
    "deb debian org",
    "security debian org",
    "proxy golang org",
)
HOSTS = re.compile("|".join(rf"\b{name}\b".replace(" ", r"\.") for name in REGISTRIES))
#: Paths that exist on one machine only.
PATHS = re.compile(
    r"(?<![\w.~])/(?:work/(?:main|shared)|tmp/(?:w/|bash_jobs)|root/|opt/(?:pypi|wheels)"
    r"|home/(?!user\b|you\b|tu\b)[a-z][\w-]*/|Users/(?!you\b|tu\b)[A-Za-z][\w-]*/)"
    r"|[A-Z]:\\Users\\(?!you\b|tu\b)\w"
)


def files(root: Path = ROOT) -> list[Path]:
    """Every file that is, or would be, committed."""
    names = _listed_by_git(root)
    if names is not None:
        found = (root / name for name in names)
    else:
        found = (path for path in root.rglob("*") if _ours(path.relative_to(root).parent.parts))
    return sorted(path for path in found if path.is_file())


def _listed_by_git(root: Path) -> list[str] | None:
    """What git has, or would add; None where there is no git or this is no clone."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if listed.returncode:
        return None
    return [name for name in listed.stdout.decode().split("\0") if name]


def _ours(folders: tuple[str, ...]) -> bool:
    return NOT_OURS.isdisjoint(folders) and not any(
        name.startswith(".") and name not in HIDDEN_BUT_OURS for name in folders
    )


def text_of(path: Path) -> str | None:
    """The file's text, or None where it is not text."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def text_rules(name: str, text: str) -> Iterator[Finding]:
    """Rules about words and lengths."""
    for number, line in enumerate(text.splitlines(), start=1):
        if host := HOSTS.search(line):
            yield Finding(name, number, f"names a package registry's host ({host[0]})")
        if path := PATHS.search(line):
            yield Finding(name, number, f"names a path of one machine ({path[0]})")
    lines = text.count("\n")
    if Path(name).suffix in SOURCES and "vendor" not in Path(name).parts and lines > LONGEST:
        yield Finding(name, 0, f"{lines} lines; split it ({LONGEST} at most)")


def check(paths: Iterable[Path], root: Path = ROOT) -> list[Finding]:
    """Everything wrong with these files."""
    findings: list[Finding] = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        size = path.stat().st_size
        if size > LARGEST:
            findings.append(Finding(name, 0, f"{size:,} bytes; {LARGEST:,} at most"))
            continue
        text = text_of(path)
        if text is None:
            continue
        findings += text_rules(name, text)
        if path.suffix == ".py" and name.startswith("src/"):
            findings += check_source.rules(name, text)
    return findings


def main(names: list[str]) -> int:
    """Check the named files, by default all of them, and the string catalogue."""
    paths = [Path(name).resolve() for name in names] or files()
    findings = sorted({*check(paths), *check_strings.rules(ROOT)})
    for finding in findings:
        print(finding)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
