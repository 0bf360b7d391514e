"""The tokens VTube Studio gave out, one for each machine it runs on; readable by the user only."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Protocol

from mia.blocking import run_blocking

FILE = "vtube-studio.json"


class Permissions(Protocol):
    """Where permissions are kept, by the name of the machine."""

    async def get(self, host: str) -> str: ...

    async def put(self, host: str, token: str) -> None: ...

    async def forget(self, host: str) -> None: ...


class Tokens:
    """`Permissions` in a file of mode 0600.

    A file that cannot be read holds none; one that cannot be written means that the user is asked
    again at the next start."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    async def get(self, host: str) -> str:
        """The token for VTube Studio on `host`, or ""."""
        return (await run_blocking(self._read)).get(host, "")

    async def put(self, host: str, token: str) -> None:
        """Keep it. Raises OSError."""
        await run_blocking(self._write, host, token)

    async def forget(self, host: str) -> None:
        """The token counts no more."""
        with contextlib.suppress(OSError):
            await run_blocking(self._write, host, "")

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {host: token for host, token in found.items() if isinstance(token, str)}

    def _write(self, host: str, token: str) -> None:
        kept = {**self._read(), host: token}
        if not token:
            kept.pop(host)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        # Made with its mode, not given it afterwards: at no moment can others read it.
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        beside.replace(self._path)
