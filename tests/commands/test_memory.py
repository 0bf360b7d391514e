"""`mia memory`: what she remembers, without her being awake; no model is here, so words must do."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from mia.commands.memory import memory
from mia.home import Home
from mia.mind.memory import forgetting, keeping, migrations, reading
from mia.mind.memory.journal import FILE, Journal
from mia.mind.memory.records import Wanted
from mia.telemetry.events import EventBus
from tests.mind.memory.test_migrations import LINES, written_by
from tests.support.memory import Talking, remembering, settled

LUNA, SEVILLA = "Mi perra se llama Luna.", "Vivo en Sevilla."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with two things remembered."""
    monkeypatch.setenv("MIA_HOME", str(tmp_path))
    place = Home(tmp_path).data / "memory"

    async def talk() -> None:
        bus = EventBus()
        async with remembering(place, bus) as memories:
            talking = Talking(bus)
            talking.says(LUNA)
            talking.says(SEVILLA)
            await settled(memories)

    asyncio.run(talk())
    return place


def mia(*arguments: str) -> str:
    result = CliRunner().invoke(memory, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    """What is said instead of doing it; a traceback is no answer."""
    result = CliRunner().invoke(memory, list(arguments), catch_exceptions=False)
    assert result.exit_code == 1, result.output
    return " ".join(result.stderr.split())


def copied(folder: Path) -> None:
    """The daily copy is made, of all there is now."""
    assert keeping.copy(folder / FILE, 4e9)


def holding(folder: Path, text: str) -> list[str]:
    """The files that have these words."""
    every = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in every if text.encode() in path.read_bytes()]


def test_the_numbers_say_how_far_a_change_of_the_embedder_is(folder: Path) -> None:
    assert json.loads(mia("stats", "--json"))["change"] is None
    journal = Journal(folder)
    notes = {reading.EMBEDDER: "words", reading.RECIPE: "[]", reading.COMING: "bge-m3"}
    journal.put_values(notes)
    journal.close()
    told = json.loads(mia("stats", "--json"))
    assert told["memories"] == 2
    assert told["change"] == {"before": "words", "chosen": "bge-m3", "done": 0, "all": 2}
    assert "bge-m3" in mia("stats")


def test_what_is_forgotten_is_found_no_more(folder: Path) -> None:
    assert LUNA in mia("search", "perra", "--json")
    mia("forget", "--id", "1", "--yes")
    assert LUNA not in mia("search", "perra", "--json")
    assert not [
        path for path in folder.rglob("*") if path.is_file() and b"Luna" in path.read_bytes()
    ]


def test_memories_are_taken_along_and_brought_back(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "memories.jsonl"
    mia("export", str(file))
    mia("forget", "--everything", "--yes")
    assert json.loads(mia("stats", "--json"))["memories"] == 0
    mia("import", str(file))
    mia("rebuild")
    assert SEVILLA in mia("search", "Sevilla", "--json")


# ── taking along ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(os.name != "posix", reason="rights are another thing there")
@pytest.mark.parametrize("there", [False, True])
def test_an_export_is_for_this_user_alone(folder: Path, tmp_path: Path, there: bool) -> None:
    file = tmp_path / "memories.jsonl"
    if there:
        file.write_text("of before", "utf-8")
        file.chmod(0o644)
    mia("export", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()] == [
        LUNA,
        SEVILLA,
    ]


def test_the_output_gets_what_a_file_gets(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "memories.jsonl"
    mia("export", str(file))
    assert mia("export") == mia("export", "-") == file.read_text("utf-8")


def test_a_folder_that_is_not_there_is_said(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "memories.jsonl"
    assert "nowhere" in refused("export", str(file))


def test_two_exports_in_one_file_are_read(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "memories.jsonl"
    file.write_text(2 * mia("export"), "utf-8")
    mia("forget", "--everything", "--yes")
    mia("import", str(file))
    assert json.loads(mia("stats", "--json"))["memories"] == 2


def test_a_line_nested_without_end_is_named(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "memories.jsonl"
    file.write_text(mia("export") + "[" * 100_000, "utf-8")
    assert "3" in refused("import", str(file))
    assert json.loads(mia("stats", "--json"))["memories"] == 2


# ── journals that are old, new or damaged ────────────────────────────────────────────────────


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the journal of an otherwise empty home is."""
    monkeypatch.setenv("MIA_HOME", str(tmp_path))
    folder = Home(tmp_path).data / "memory"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("version", range(1, migrations.VERSION))
@pytest.mark.parametrize("command", ["stats", "export"])
def test_an_older_journal_is_brought_up_to_date_to_be_read(
    place: Path, version: int, command: str
) -> None:
    written_by(version, place)
    told = mia(command, *(["--json"] if command == "stats" else []))
    if command == "stats":
        assert json.loads(told)["memories"] == len(LINES)
    else:
        assert tuple(json.loads(line)["text"] for line in told.splitlines()) == LINES


def test_an_older_journal_that_somebody_has_open_is_left_to_them(place: Path) -> None:
    written_by(1, place)
    held = keeping.Held(place)
    assert str(place) in refused("stats").replace(" ", "")
    held.release()
    raw = sqlite3.connect(place / FILE)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()


def test_a_journal_of_a_newer_mia_is_not_read_half(folder: Path) -> None:
    raw = sqlite3.connect(folder / FILE)
    raw.execute(f"PRAGMA user_version = {migrations.VERSION + 1}")
    raw.close()
    assert str(migrations.VERSION + 1) in refused("export")


@pytest.mark.parametrize("command", ["stats", "export"])
def test_a_damaged_journal_is_said_and_costs_no_export_of_before(
    place: Path, tmp_path: Path, command: str
) -> None:
    (place / FILE).write_bytes(b"no journal at all " * 1000)
    file = tmp_path / "memories.jsonl"
    file.write_text("of before", "utf-8")
    assert FILE in refused(command, *([str(file)] if command == "export" else []))
    assert file.read_text("utf-8") == "of before"


def test_pages_that_are_damaged_are_said(folder: Path) -> None:
    journal = Journal(folder)
    page = journal.connection.execute("PRAGMA page_size").fetchone()[0]
    root = journal.connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'memory'"
    ).fetchone()[0]
    journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    with (folder / FILE).open("r+b") as file:
        file.seek((root - 1) * page)
        file.write(b"\xff" * page)
    for command in ("export", "stats"):
        assert FILE in refused(command)


# ── forgetting that was kept from its end ────────────────────────────────────────────────────


def test_forgetting_once_more_clears_away_what_was_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(journal: Journal) -> None:
        raise OSError("kept from it")

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "drop", full)
        copied(folder)
        refused("forget", "--id", "1", "--yes")
    assert holding(folder, "Luna")
    assert "2" not in mia("forget", "--id", "1", "--yes")
    assert not holding(folder, "Luna")


def test_what_was_left_is_cleared_away_by_whoever_thinks_better_of_another(folder: Path) -> None:
    copied(folder)
    journal = Journal(folder)
    forgetting.erase(journal, Wanted(ids=(1,)))
    journal.close()
    assert holding(folder, "Luna")
    answer = CliRunner().invoke(memory, ["forget", "--everything"], input="n\n")
    assert answer.exit_code == 0
    assert not holding(folder, "Luna")
    assert json.loads(mia("stats", "--json"))["memories"] == 1


@pytest.mark.parametrize("restored", [False, True])
def test_everything_is_also_what_was_set_aside(folder: Path, restored: bool) -> None:
    if restored:
        copied(folder)
    else:
        keeping.copy_of(folder / FILE).unlink(missing_ok=True)
    keeping.set_aside(folder / FILE)
    assert holding(folder, "Luna")
    assert "1" not in mia("forget", "--id", "99", "--yes")
    assert holding(folder, "Luna"), "one that is not there is not all of them"
    mia("forget", "--everything", "--yes")
    assert not holding(folder, "Luna")
