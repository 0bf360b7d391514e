"""The kept sound of conversations: small FLAC files beside the journal, each of one line. Blocking.

A file is named after the line it belongs to and the moment it was begun to be heard
(`<memory>-<Unix ms>.flac`, with an `f` after the ms for a filler), and nothing else is known of it.
So whatever forgets the line (a conversation, a person, a day, "forget that") forgets its sound:
`sweep` deletes every file whose line is gone, and `forgetting.scrub` calls it. What is put in its
place goes through the journal's thread, where lines are erased too, so no sound outlives its line
by a race.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import soundfile

from mia.conversation.ports import Samples

Record = Literal["none", "hers", "both"]
"""Whose sound is kept: nobody's, MIA's, or the user's as well."""

FOLDER = "sound"
PART = ".part"
_NAME = re.compile(r"(\d{1,18})-(\d{1,15})(f?)\.flac")
#: No more is kept once the disk has less than this left.
LEAST_FREE = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound. memory: its line. at: when its first sample was heard, Unix seconds.
    filler: it was heard before the line, and says nothing of it."""

    memory: int
    at: float
    path: Path
    filler: bool = False


class Sounds:
    """The kept sound in a memory's folder. Everything that writes raises OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER

    def write(self, samples: Samples, rate: int) -> Path:
        """A file that belongs to no line yet; `place` or `drop_part` is next."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < LEAST_FREE:
            raise OSError(28, os.strerror(28))
        handle, name = tempfile.mkstemp(PART, dir=self.folder)  # readable by this user alone
        try:
            with os.fdopen(handle, "wb") as file:
                soundfile.write(file, samples, rate, format="FLAC", subtype="PCM_16")
        except soundfile.LibsndfileError as error:
            Path(name).unlink(missing_ok=True)
            raise OSError(str(error)) from error
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def place(self, part: Path, memory: int, at: float, *, filler: bool = False) -> None:
        """The file belongs to this line. On the journal's thread."""
        ms = round(at * 1000)
        kind = "f" if filler else ""
        while (path := self.folder / f"{memory}-{ms}{kind}.flac").exists():
            ms += 1
        part.replace(path)

    @staticmethod
    def drop_part(part: Path) -> None:
        part.unlink(missing_ok=True)

    def pieces(self) -> dict[int, list[Piece]]:
        """Everything there is, by line, in order."""
        found: dict[int, list[Piece]] = {}
        for path in self._files():
            if (name := _NAME.fullmatch(path.name)) is not None:
                memory, at = int(name[1]), int(name[2]) / 1000
                found.setdefault(memory, []).append(Piece(memory, at, path, bool(name[3])))
        for pieces in found.values():
            pieces.sort(key=lambda piece: piece.at)
        return found

    def size(self) -> int:
        """Bytes of all that belongs to a line."""
        total = 0
        for path in self._files():
            if path.suffix == PART:
                continue
            with contextlib.suppress(FileNotFoundError):  # forgotten meanwhile
                total += path.stat().st_size
        return total

    def drop(self, memories: Iterable[int]) -> None:
        """Delete the sound of these lines."""
        there = self.pieces()
        for memory in memories:
            for piece in there.get(memory, ()):
                piece.path.unlink(missing_ok=True)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Delete the sound of every line that is gone. On the journal's thread."""
        there = self.pieces()
        rows = connection.execute(
            "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM memory)",
            ("[" + ",".join(map(str, there)) + "]",),
        ).fetchall()
        self.drop(row[0] for row in rows)

    def clear(self) -> None:
        """Clear away what an earlier run left unfinished. Before anything is written."""
        for path in self._files():
            if path.suffix == PART:
                path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []
