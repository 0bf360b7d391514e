"""The user's own 3-D model (VRM): one file, checked before it is kept."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mia.errors import MiaError

#: Larger than the models people stream with (10 to 60 MB).
LARGEST = 128 * 1024 * 1024
_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<II")
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_LARGEST_JSON = 32 * 1024 * 1024


@dataclass(slots=True)
class ModelFile:
    """Where the model is. kept: an uploaded one's place. fixed: the configuration's choice, which
    an upload does not replace."""

    kept: Path
    fixed: Path | None = None

    @property
    def path(self) -> Path | None:
        """The file there is, or None."""
        path = self.fixed or self.kept
        return path if path.is_file() else None

    def describe(self) -> dict[str, Any] | None:
        """`{"bytes", "version"}` of the model there is; version changes with the file."""
        path = self.path
        if path is None:
            return None
        found = path.stat()
        version = hashlib.sha256(f"{found.st_mtime_ns} {found.st_size}".encode()).hexdigest()[:12]
        return {"bytes": found.st_size, "version": version}

    def put(self, data: bytes) -> None:
        """Keep this model from now on. Raises MiaError `web.model_…`; then nothing changed."""
        if self.fixed is not None:
            raise MiaError("web.model_fixed", path=self.fixed.name)
        check(data)
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.kept.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).replace(self.kept)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Forget the uploaded model. Raises MiaError `web.model_fixed`."""
        if self.fixed is not None:
            raise MiaError("web.model_fixed", path=self.fixed.name)
        self.kept.unlink(missing_ok=True)


def check(data: bytes) -> None:
    """A VRM 0 or 1 that is all in one binary glTF file; the page looks closer before it draws.

    Raises MiaError `web.model_not_vrm`, `web.model_broken` or `web.model_external`.
    """
    if len(data) < _HEADER.size or data[:4] != b"glTF":
        raise MiaError("web.model_not_vrm")
    _, version, length = _HEADER.unpack_from(data)
    if version != 2:
        raise MiaError("web.model_not_vrm")
    if length != len(data) or length < _HEADER.size + _CHUNK.size:
        raise MiaError("web.model_broken")
    size, kind = _CHUNK.unpack_from(data, _HEADER.size)
    begin = _HEADER.size + _CHUNK.size
    if kind != _JSON or size > _LARGEST_JSON or begin + size > length:
        raise MiaError("web.model_broken")
    try:
        document = json.loads(data[begin : begin + size])
    except (ValueError, RecursionError) as error:
        raise MiaError("web.model_broken") from error
    extensions = document.get("extensions") if isinstance(document, dict) else None
    if not isinstance(extensions, dict) or not {"VRM", "VRMC_vrm"} & extensions.keys():
        raise MiaError("web.model_not_vrm")
    for section in ("buffers", "images"):
        entries = document.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise MiaError("web.model_broken")
        if any("uri" in one for one in entries):
            raise MiaError("web.model_external")
