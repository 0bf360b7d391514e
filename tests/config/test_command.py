"""`mia config` checks, shows and documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mia.commands.config import config
from mia.config import example
from mia.strings import use
from tests.config.test_original import SEED


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("mia.strings._chosen", None)
    use("en")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(config, list(arguments))


def test_a_good_file_passes_with_its_notices() -> None:
    result = run("check", str(SEED))
    assert result.exit_code == 0
    assert "websocket.port" in result.stdout
    assert "all good" in result.stdout


def test_a_bad_file_fails_with_every_problem(home: Path) -> None:
    (home / "mine.yaml").write_text("wbe: 1\nlanguage: xx\n")
    result = run("check", "mine.yaml")
    assert result.exit_code == 1
    assert "mine.yaml:1:1" in result.stderr
    assert "mine.yaml:2:1" in result.stderr


def test_without_a_name_the_default_place_is_checked(home: Path) -> None:
    assert "no configuration file" in run("check").stdout
    (home / "config.yaml").write_text("web: [")
    assert run("check").exit_code == 1
    assert run("check", "--config", str(SEED)).exit_code == 0


def test_the_example_is_written_to_standard_output(home: Path) -> None:
    result = run("example")
    assert result.stdout_bytes == example().encode()
    (home / "config.yaml").write_bytes(result.stdout_bytes)
    assert run("check").exit_code == 0
    assert "Idioma" in run("example", "--language", "es").stdout


def test_show_tells_values_and_where_they_come_from_but_no_secret(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIA_TOKEN", "hunter2")
    (home / "config.yaml").write_text("web:\n  port: 81\n")
    shown = json.loads(run("show", "--json").stdout)["values"]
    assert shown["web.port"] == {"value": 81, "from": "line 2"}
    assert shown["web.token"] == {"value": "••••", "from": "MIA_TOKEN"}
    assert shown["web.host"]["from"] == "default"
    table = run("show").stdout
    assert "web.port" in table
    assert "hunter2" not in table
