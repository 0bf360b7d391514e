"""Where everything MIA writes lives.

`MIA_HOME` moves all of it into one folder; without it each kind of file goes where this operating
system keeps that kind (XDG folders, `~/Library`, `%LOCALAPPDATA%`). Nothing is created by asking
for a path; whoever writes calls `made` first.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

VARIABLE = "MIA_HOME"


@dataclass(frozen=True, slots=True)
class Home:
    """The folders MIA writes to.

    root: one folder for everything, or None to follow the operating system's customs.
    """

    root: Path | None = None

    @classmethod
    def find(cls, root: Path | None = None, environ: Mapping[str, str] = os.environ) -> Home:
        """`root` if given, else what `MIA_HOME` names, else the operating system's folders."""
        named = environ.get(VARIABLE, "").strip()
        chosen = root or (Path(named) if named else None)
        return cls(chosen.expanduser().absolute() if chosen else None)

    @property
    def models(self) -> Path:
        """Model weights: can always be fetched again."""
        return (self.root or self._cache) / "models"

    @property
    def cache(self) -> Path:
        """What may be deleted at any time; `models` is apart from it under `MIA_HOME`."""
        return self.root / "cache" if self.root else self._cache

    @property
    def data(self) -> Path:
        """What cannot be made again: conversations, memory, voices of the user's own."""
        return self.root / "data" if self.root else platformdirs.user_data_path("mia", False)

    @property
    def voices(self) -> Path:
        """Recordings of voices to be cloned, with their speakers' consent."""
        return self.data / "voices"

    @property
    def config(self) -> Path:
        """`config.yaml`, `.env` and `prompts/`."""
        return self.root / "config" if self.root else platformdirs.user_config_path("mia", False)

    @property
    def logs(self) -> Path:
        return self.root / "logs" if self.root else platformdirs.user_log_path("mia", False)

    @property
    def _cache(self) -> Path:
        return platformdirs.user_cache_path("mia", False)


def made(folder: Path) -> Path:
    """`folder`, created with its parents if it was not there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
