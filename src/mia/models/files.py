"""Reading, hashing and joining big files, with progress, and the errors that go with it."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mia.errors import ModelUnavailable

#: Large enough that Python's share of the work vanishes, small enough for a smooth bar.
BLOCK = 1 << 20

Added = Callable[[int], None]
"""Told how many bytes more are done."""


def sha256(path: Path, added: Added = lambda _: None) -> str:
    """The file's SHA-256 in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            added(len(block))
    return digest.hexdigest()


def git_blob_sha1(path: Path) -> str:
    """The name git gives to a file's content; hubs report it for files they keep in git."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write(
    sources: Iterable[BinaryIO], target: Path, added: Added = lambda _: None
) -> tuple[int, str]:
    """Join `sources` into `target` and push it to the disk; its size and SHA-256.

    Raises OSError; an incomplete target is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    try:
        with target.open("wb") as out:
            for source in sources:
                while block := source.read(BLOCK):
                    out.write(block)
                    digest.update(block)
                    size += len(block)
                    added(len(block))
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return size, digest.hexdigest()


def opened(paths: Iterable[Path]) -> Iterator[BinaryIO]:
    """The files one after another, each open only while it is read."""
    for path in paths:
        with path.open("rb") as file:
            yield file


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut, where the system has that notion."""
    if os.name != "posix":  # Windows cannot open a folder, and writes renames through itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into ModelUnavailable with what to do about it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelUnavailable("model.disk_full_now", folder=folder) from error
        raise ModelUnavailable("model.disk_refused", folder=folder, reason=error) from error
