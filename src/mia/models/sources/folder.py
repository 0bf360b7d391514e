"""A folder the user names: a copied models folder, a USB stick, another machine's cache."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from mia.errors import ModelUnavailable
from mia.models.entry import ModelFile
from mia.models.files import Added, disk_errors, opened, write

VARIABLE = "MIA_MODELS_FROM"


def find(file: ModelFile, model_id: str, folder: Path) -> Path | None:
    """Where the folder has this file: as a models folder has it, or lying flat in it."""
    flat = PurePosixPath(file.path)
    for candidate in (folder / model_id / flat, folder / flat, folder / flat.name):
        if candidate.is_file():
            return candidate
    return None


def copy(file: ModelFile, source: Path, target: Path, added: Added = lambda _: None) -> str:
    """Copy it to `target`; its SHA-256. Raises ModelUnavailable("model.digest") if it is not
    the file the catalogue means."""
    with disk_errors(target.parent):
        _, digest = write(opened((source,)), target, added)
    if file.sha256 is None:
        target.unlink()
        raise ModelUnavailable("model.unverified", what=source)
    if digest != file.sha256:
        target.unlink()
        raise ModelUnavailable("model.digest", what=source)
    return digest
