"""Copies of the journal, and what is done with one that is damaged. Blocking.

Once a day a copy is made while the journal is in use (SQLite's own backup), after its pages were
checked, so a damaged journal never replaces a good copy. A journal that cannot be opened is set
aside and the copy takes its place. Forgetting deletes copies and damaged files alike.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from mia.errors import MiaError, fault
from mia.mind.memory.journal import FILE, Journal, connect

DAY = 24 * 3600.0
COPY = ".copy"
DAMAGED = ".damaged"
#: SQLite's own files beside the journal.
BESIDE = ("-wal", "-shm")


#: Held while a copy is made, and while what is forgotten is cleared away: a copy that is begun
#: before and ended after would have it still.
COPYING = threading.Lock()
_STOP = threading.Event()
"""Set while somebody waits for a copy to be given up."""
#: Pages copied between two looks at that.
PAGES = 1000
#: Room on the disk that a copy leaves free, in bytes.
SPARE = 256 * 1024 * 1024


class _Source:
    """What is being copied, while it is."""

    connection: sqlite3.Connection | None = None

    @classmethod
    def interrupt(cls) -> None:
        if (connection := cls.connection) is not None:
            with contextlib.suppress(sqlite3.ProgrammingError):  # closed this moment
                connection.interrupt()


@contextlib.contextmanager
def no_copying() -> Iterator[None]:
    """No copy is made meanwhile; one that is under way is given up."""
    _STOP.set()
    _Source.interrupt()
    with COPYING:
        _STOP.clear()
        yield


def copy_of(journal: Path) -> Path:
    return journal.with_name(journal.name + COPY)


def copy(journal: Path, now: float) -> bool:
    """Make today's copy, unless there is one, or somebody forgets something meanwhile, or the disk
    has too little room; whether it was made. now: Unix seconds.

    Raises OSError, sqlite3.Error (among them: the journal is damaged).
    """
    with COPYING:
        target = copy_of(journal)
        part = target.with_name(target.name + ".part")
        _leave_nothing(part)  # of a killed process
        if target.exists() and now - target.stat().st_mtime < DAY:
            return False
        if shutil.disk_usage(journal.parent).free < journal.stat().st_size + SPARE:
            return False
        try:
            _copy(journal, part)
            part.replace(target)
        except _Stopped:
            return False
        finally:
            _leave_nothing(part)
    return True


class _Stopped(Exception):
    """The copy was given up."""


def _copy(journal: Path, part: Path) -> None:
    with contextlib.closing(connect(journal, write=False)) as source, _copied_from(source):
        # One picture for all of it: else what is written meanwhile makes the copy begin anew.
        source.execute("BEGIN")
        try:
            verdict = source.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise (_Stopped if _STOP.is_set() else error) from None
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        os.close(os.open(part, os.O_CREAT | os.O_RDWR, 0o600))
        with contextlib.closing(sqlite3.connect(part)) as copied:
            source.backup(copied, pages=PAGES, progress=_go_on)


@contextlib.contextmanager
def _copied_from(source: sqlite3.Connection) -> Iterator[None]:
    _Source.connection = source
    try:
        if _STOP.is_set():
            raise _Stopped
        yield
    finally:
        _Source.connection = None


def _go_on(_status: int, _remaining: int, _total: int) -> None:
    if _STOP.is_set():
        raise _Stopped


def _leave_nothing(part: Path) -> None:
    for path in part.parent.glob(f"{part.name}*"):
        path.unlink(missing_ok=True)


def drop(journal: Path) -> None:
    """Delete every copy, and every damaged journal that was set aside. Raises OSError."""
    for suffix in (COPY, COPY + ".part", DAMAGED):
        for path in journal.parent.glob(f"{journal.name}{suffix}*"):
            path.unlink(missing_ok=True)


def set_aside(journal: Path) -> bool:
    """Put a damaged journal aside, and the copy in its place; whether there was one.

    Raises OSError.
    """
    for suffix in ("", *BESIDE):
        path = journal.with_name(journal.name + suffix)
        if path.exists():
            path.replace(journal.with_name(journal.name + DAMAGED + suffix))
    source = copy_of(journal)
    if not source.exists():
        return False
    source.replace(journal)
    return True


def problem(error: Exception, folder: Path) -> MiaError:
    """What a user is told of something that went wrong with the memory in this folder."""
    if isinstance(error, (OSError, sqlite3.OperationalError)):  # a full disk, a lock
        return MiaError("memory.unwritable", path=folder / FILE, reason=error)
    if isinstance(error, sqlite3.Error):
        return MiaError("memory.damaged", path=folder / FILE, reason=error)
    return fault(error, "memory")


class Held:
    """This process has the memory to itself: one writer, one index. Ends with the process, however
    it ends, since the operating system then lets go of the lock."""

    def __init__(self, folder: Path) -> None:
        """Raises MiaError `memory.in_use`, `memory.unwritable`."""
        path = folder / "in-use"
        try:
            self._lock = sqlite3.connect(
                path, timeout=0.0, isolation_level=None, check_same_thread=False
            )
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise MiaError("memory.in_use", path=folder) from error
            raise MiaError("memory.unwritable", path=folder, reason=error) from error

    def release(self) -> None:
        self._lock.close()


def open_journal(folder: Path) -> tuple[Journal, MiaError | None]:
    """The journal in `folder` (made if need be), and what a user should know about how it was
    opened: a damaged one was set aside. Raises MiaError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MiaError("memory.unwritable", path=folder, reason=error) from error
    try:
        return Journal(folder), None
    except MiaError as error:
        if error.code != "memory.damaged":
            raise
    path = folder / FILE
    damaged = path.with_name(path.name + DAMAGED)
    try:
        restored = set_aside(path)
    except OSError as error:
        raise MiaError("memory.unwritable", path=path, reason=error) from error
    code = "memory.restored" if restored else "memory.begun_anew"
    return Journal(folder), MiaError(code, path=damaged)
