"""Changes are written back; comments stay, and a wrong change leaves the file alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mia.config import ConfigError, load, save
from mia.config.example_file import example
from tests.config.conftest import Files
from tests.config.test_original import SEED


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_only_the_changed_line_changes(files: Files) -> None:
    before = example(files.schema)
    files.path.write_text(before, "utf-8")
    save(files.path, {"web.port": 9999, "models.tts.speed": 1.25}, schema=files.schema)
    gone, came = changed(before, files.path.read_text("utf-8"))
    assert sorted(gone) == ["    speed: 1.0", "  port: 8080"]
    assert sorted(came) == ["    speed: 1.25", "  port: 9999"]


def test_every_comment_of_a_users_file_is_kept(files: Files) -> None:
    before = SEED.read_text("utf-8")
    files.path.write_text(before, "utf-8")
    save(
        files.path,
        {"persona.name": "Ana: #1", "models.llm.lmstudio.model": "x", "audio.chunk_ms": 30},
        schema=files.schema,
    )
    after = files.path.read_text("utf-8")
    gone, _ = changed(before, after)
    assert gone == ["  chunk_ms: 20"]
    assert load(files.path, env={}, schema=files.schema).config.persona.name == "Ana: #1"


def test_a_new_key_stands_with_its_section_not_with_the_next(files: Files) -> None:
    files.path.write_text("web:\n  port: 1  # mine\n\n# About the log.\nlog:\n  level: info\n")
    save(files.path, {"web.host": "::1", "web.allowed_origins": ["a"]}, schema=files.schema)
    assert files.path.read_text() == (
        "web:\n  port: 1  # mine\n  host: ::1\n  allowed_origins: [a]\n"
        "\n# About the log.\nlog:\n  level: info\n"
    )


def test_a_key_written_the_originals_way_is_changed_where_it_stands(files: Files) -> None:
    files.path.write_text("models:\n  tts:\n    edge_rate: '+0%'  # normal\n")
    loaded = save(files.path, {"models.tts.edge.rate": "+9%"}, schema=files.schema)
    assert files.path.read_text() == "models:\n  tts:\n    edge_rate: '+9%'  # normal\n"
    assert loaded.config.models.tts.options("edge").model_dump()["rate"] == "+9%"


def test_a_missing_file_is_made(files: Files) -> None:
    path = files.path.parent / "new" / "config.yaml"
    save(path, {"language": "en"}, schema=files.schema)
    assert path.read_text() == "language: en\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"web.prt": 1},
        {"web.port": 0},
        {"language.x": 1},
        {"web.port": 5, "web.host": ""},
        {"web.token": "hunter2"},
    ],
)
def test_a_wrong_change_leaves_the_file_as_it_was(files: Files, changes: dict[str, object]) -> None:
    before = b"web:\n  port: 1 # mine\nlanguage: es\n"
    files.path.write_bytes(before)
    with pytest.raises(ConfigError) as caught:
        save(files.path, changes, schema=files.schema)
    assert "hunter2" not in str(caught.value)
    assert files.path.read_bytes() == before
    assert list(files.path.parent.iterdir()) == [files.path], "no half-written file is left"


def test_a_broken_file_is_not_written_to(files: Files) -> None:
    files.path.write_text("web: [")
    with pytest.raises(ConfigError):
        save(files.path, {"web.port": 1}, schema=files.schema)
    assert files.path.read_text() == "web: ["


def test_a_disk_that_refuses_leaves_the_file_and_says_so(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.path.write_text("language: es\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        save(files.path, {"language": "en"}, schema=files.schema)
    assert files.path.read_text() == "language: es\n"
    assert list(files.path.parent.iterdir()) == [files.path]


def test_line_ends_permissions_and_links_stay(files: Files, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"web:\r\n  port: 1\r\n")
    real.chmod(0o600)
    files.path.symlink_to(real)
    save(files.path, {"web.port": 2}, schema=files.schema)
    assert files.path.is_symlink()
    assert real.read_bytes() == b"web:\r\n  port: 2\r\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
