"""What every command does first: logs go where the configuration says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mia.commands.shared import start_logs
from mia.config import load


@pytest.fixture
def _root() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [known for known in root.handlers if known not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.usefixtures("_root")
def test_the_log_file_is_written_without_secrets(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"log: {{file: {tmp_path / 'logs' / 'mia.log'}}}\n", "utf-8")
    start_logs(load(config, env={"MIA_TOKEN": "hush-hush-token"}))
    logging.getLogger("mia.test").warning("the page with hush-hush-token was shown")
    text = (tmp_path / "logs" / "mia.log").read_text("utf-8")
    assert "was shown" in text
    assert "hush-hush-token" not in text


@pytest.mark.usefixtures("_root")
def test_a_log_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(f"log: {{file: {tmp_path / 'file' / 'mia.log'}}}\n", "utf-8")
    with pytest.raises(click.ClickException, match=r"mia\.log"):
        start_logs(load(config, env={}))
