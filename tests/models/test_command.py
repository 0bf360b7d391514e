"""`mia models` shows what it is about to do, does it, and says how it went."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from mia import strings
from mia.commands import models as command
from mia.home import Home
from mia.models import ModelStore
from tests.models import tiny


@pytest.fixture
def cli(home: Home, links: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    def store(at: Home, source: Path | None = None) -> ModelStore:
        return ModelStore(at, catalogue=tiny.catalogue(), source=source)

    monkeypatch.setattr(command, "ModelStore", store)
    monkeypatch.setattr(strings, "_chosen", "en")
    environment: Mapping[str, str] = {"MIA_HOME": str(home.root), "COLUMNS": "120"}
    tiny.first_half(links)
    tiny.second_half(links)
    return CliRunner(env=environment)


def run(cli: CliRunner, *arguments: str) -> Result:
    return cli.invoke(command.models, arguments)


def test_pull_shows_size_and_licence_before_it_downloads(cli: CliRunner) -> None:
    result = run(cli, "pull", "tiny")
    assert result.exit_code == 0, result.output
    said = result.output
    assert said.index("About to download") < said.index("MIT") < said.index("tiny: downloading")
    assert "Everything is ready" in said


def test_pull_of_what_is_ready_downloads_nothing(cli: CliRunner) -> None:
    run(cli, "pull", "tiny")
    assert "downloading" not in run(cli, "pull", "tiny").output


def test_pull_for_a_language_leaves_the_others_out(cli: CliRunner) -> None:
    result = run(cli, "pull", "tiny", "neighbour", "--language", "en")
    assert "neighbour: downloading" in result.output
    assert "tiny: downloading" not in result.output


def test_a_failure_is_told_in_one_sentence_without_a_traceback(cli: CliRunner) -> None:
    result = run(cli, "pull", "nobody")
    assert result.exit_code == 1
    assert "There is no model" in result.output
    assert "Traceback" not in result.output


def test_verify_finds_what_was_tampered_with_and_pull_rebuilds_it(
    cli: CliRunner, home: Home
) -> None:
    run(cli, "pull", "tiny")
    assert "tiny: good" in run(cli, "verify").output
    (home.models / "tiny" / "model.bin").write_bytes(b"evil")
    broken = run(cli, "verify", "tiny")
    assert broken.exit_code == 1
    assert "model.bin" in broken.output
    assert "rebuilding" in run(cli, "pull", "tiny").output
    assert run(cli, "verify", "tiny").exit_code == 0


def test_remove_says_what_it_freed(cli: CliRunner) -> None:
    run(cli, "pull", "tiny")
    assert "freed" in run(cli, "remove", "tiny").output
    assert "was not installed" in run(cli, "remove", "tiny").output


@pytest.mark.parametrize("language", ["es", "en"])
def test_list_shows_every_model_in_the_users_language(
    home: Home, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(strings, "_chosen", language)
    cli = CliRunner(env={"MIA_HOME": str(home.root), "COLUMNS": "140"})
    result = run(cli, "list", "--licences")
    assert result.exit_code == 0
    store = ModelStore(home)
    assert all(model_id in result.output for model_id in store.catalogue)
    assert strings.translate("cli.models.not_monetised", language) in result.output
    assert "cli.models" not in result.output


def test_ensure_without_a_terminal_asks_nobody(cli: CliRunner, home: Home) -> None:
    store = ModelStore(home, catalogue=tiny.catalogue())
    command.ensure(["tiny", "tiny"], store, Console(file=io.StringIO()))
    assert store.state("tiny") == "ready"
