from pathlib import Path

import pytest

from mia.home import Home
from tests.models import tiny


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is pip's whole world."""
    folder = tmp_path / "links"
    folder.mkdir()
    for name, value in tiny.offline_pip(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MIA_MODELS_FROM", raising=False)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")
