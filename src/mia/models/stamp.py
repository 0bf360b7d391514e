"""The note beside an installed model that says it was verified, so that a start need not hash it.

It holds each file's size, time of change and digest. As long as size and time are the same the
file is taken to be the one that was verified; otherwise it is hashed again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mia.models.entry import ModelFile
from mia.models.files import Added, sha256

NAME = ".mia-model.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was verified; `changed` in nanoseconds, as the disk tells it."""

    size: int
    changed: int
    sha256: str


def write(folder: Path, digests: Mapping[str, str]) -> None:
    """Note that the files of `folder` have these digests. Raises OSError."""
    files = {}
    for path, digest in digests.items():
        stat = (folder / path).stat()
        files[path] = {"size": stat.st_size, "changed": stat.st_mtime_ns, "sha256": digest}
    text = json.dumps({"version": VERSION, "files": files}, indent=1)
    (folder / NAME).write_text(text, "utf-8")


def read(folder: Path) -> Mapping[str, Seen]:
    """What was noted, by path; empty if there is no note or it cannot be read."""
    try:
        note = json.loads((folder / NAME).read_text("utf-8"))
        if note["version"] != VERSION:
            return {}
        return {path: Seen(**entry) for path, entry in note["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def digest_if_good(
    folder: Path,
    file: ModelFile,
    seen: Seen | None,
    *,
    hashed: bool,
    added: Added = lambda _: None,
) -> str | None:
    """The file's SHA-256 if it is what the catalogue (or else the note) says, otherwise None."""
    expected = file.sha256 or (seen.sha256 if seen else None)
    path = folder / file.path
    try:
        stat = path.stat()
        if expected is None or (file.sha256 and stat.st_size != file.size):
            return None
        if seen and not hashed and expected == seen.sha256:
            if (stat.st_size, stat.st_mtime_ns) == (seen.size, seen.changed):
                return expected
            if stat.st_size != seen.size:
                return None
        return expected if sha256(path, added) == expected else None
    except OSError:
        return None
