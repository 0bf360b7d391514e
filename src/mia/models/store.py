"""The installed models: are they there, are they whole, and how they come to be.

Everything here blocks; asynchronous callers go through `mia.blocking`. A model's folder appears
in one rename when it is complete and verified, so a killed process leaves no half model.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from mia.errors import ModelUnavailable
from mia.home import Home
from mia.models import stamp
from mia.models.catalogue import CATALOGUE, find
from mia.models.entry import Model
from mia.models.files import disk_errors, sync_folder
from mia.models.lock import locked
from mia.models.progress import Counter, Listener, Progress, nobody
from mia.models.sources import folder
from mia.models.workshop import Free, Workshop

State = Literal["ready", "missing", "damaged"]

log = logging.getLogger(__name__)


def _free(place: Path) -> int:
    return shutil.disk_usage(place).free


class ModelStore:
    """The models under `home.models`, one folder each, named by its catalogue id.

    source: a folder to take files from before any download; by default what `MIA_MODELS_FROM`
    names. free: tells how many bytes the disk of a folder has left. Implements `ModelFiles`.
    """

    def __init__(
        self,
        home: Home,
        *,
        source: Path | None = None,
        catalogue: Mapping[str, Model] = CATALOGUE,
        free: Free = _free,
    ) -> None:
        named = os.environ.get(folder.VARIABLE, "").strip()
        self._folder = home.models
        self._catalogue = catalogue
        # Beside the models, so that moving a finished one into place is a rename.
        self._work = self._folder / ".work"
        self._workshop = Workshop(
            self._work,
            catalogue,
            lambda model: self.state(model.id) != "ready",
            source or (Path(named).expanduser() if named else None),
            free,
        )

    @property
    def folder(self) -> Path:
        """Where the models are."""
        return self._folder

    @property
    def catalogue(self) -> Mapping[str, Model]:
        return self._catalogue

    def model(self, model_id: str) -> Model:
        """Its catalogue entry. Raises ModelUnavailable("model.unknown")."""
        return find(model_id, self._catalogue)

    def path(self, model_id: str) -> Path:
        """The folder of a model that is ready.

        Raises ModelUnavailable: "model.unknown", "model.missing", "model.damaged".
        """
        state = self.state(model_id)
        if state != "ready":
            raise ModelUnavailable(f"model.{state}", id=model_id)
        return self._folder / model_id

    def state(self, model_id: str) -> State:
        """Whether a model can be used. Looks at sizes and times only, and reads a file through
        just where those differ from when it was verified."""
        model = self.model(model_id)
        if not (self._folder / model_id).is_dir():
            return "missing"
        return "damaged" if self._faults(model, hashed=False) else "ready"

    def verify(self, model_id: str, progress: Listener = nobody) -> tuple[str, ...]:
        """Read every file through; the paths of those that are missing or not what they should
        be. Raises ModelUnavailable("model.missing") if nothing is installed."""
        model = self.model(model_id)
        if not (self._folder / model_id).is_dir():
            raise ModelUnavailable("model.missing", id=model_id)
        return self._faults(model, hashed=True, progress=progress)

    def needed(self, ids: Iterable[str]) -> int:
        """Bytes still to be downloaded until all of these are ready."""
        return self._workshop.missing(
            [self.model(model_id) for model_id in ids if self.state(model_id) != "ready"]
        )

    def install(self, model_id: str, progress: Listener = nobody) -> Path:
        """Make a model ready: fetch what is missing, mend what is damaged; its folder.

        Another process that is installing is waited for. Raises ModelUnavailable; what was
        finished until then is kept, and the next attempt goes on from there.
        """
        model = self.model(model_id)
        target = self._folder / model_id
        if self.state(model_id) == "ready":
            return target
        with disk_errors(self._folder):
            self._work.mkdir(parents=True, exist_ok=True)
            with locked(self._work / "lock", lambda: progress(Progress(model_id, "wait", 0, 0))):
                if self.state(model_id) == "ready":  # by the one we waited for
                    return target
                if target.exists():
                    log.warning("the model %s is damaged and is being rebuilt", model_id)
                new = self._workshop.build(model, target, progress)
                self._swap(new, target)
                self._workshop.forget(model)
        return target

    def remove(self, model_id: str) -> int:
        """Delete a model and every piece kept for it; how many bytes of it were installed.

        Raises ModelUnavailable("model.disk_refused"), for instance while it is in use.
        """
        model = self.model(model_id)
        target = self._folder / model_id
        if not self._folder.is_dir():
            return 0
        with disk_errors(self._folder), locked(self._work / "lock"):
            self._workshop.forget(model)
            if not target.is_dir():
                return 0
            size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
            # Out of sight first: a killed process leaves no folder with half its files.
            gone = self._work / f"tmp-removed-{model_id}"
            os.replace(target, gone)
            shutil.rmtree(gone)
            return size

    def _swap(self, new: Path, target: Path) -> None:
        if target.exists():
            old = self._work / f"tmp-old-{target.name}"
            os.replace(target, old)
            os.replace(new, target)
            shutil.rmtree(old)
        else:
            os.replace(new, target)
        sync_folder(self._folder)

    def _faults(
        self, model: Model, *, hashed: bool, progress: Listener = nobody
    ) -> tuple[str, ...]:
        place = self._folder / model.id
        seen = stamp.read(place)
        counter = Counter(progress, model.id, "check", model.size)
        digests: dict[str, str] = {}
        for file in model.files:
            digest = stamp.digest_if_good(
                place, file, seen.get(file.path), hashed=hashed, added=counter.add
            )
            if digest is not None:
                digests[file.path] = digest
        faults = tuple(file.path for file in model.files if file.path not in digests)
        # A store on a read-only disk works as well, it only hashes again next time.
        with contextlib.suppress(OSError):
            if faults and hashed:
                (place / stamp.NAME).unlink(missing_ok=True)
            elif not faults and not _same(place, seen, digests):
                stamp.write(place, digests)
        return faults


def _same(place: Path, seen: Mapping[str, stamp.Seen], digests: Mapping[str, str]) -> bool:
    """Whether the note still tells the truth about these verified files."""
    for path, digest in digests.items():
        stat = (place / path).stat()
        if seen.get(path) != stamp.Seen(stat.st_size, stat.st_mtime_ns, digest):
            return False
    return True
