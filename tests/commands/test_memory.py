"""`mia memory`: what she remembers, without her being awake; no model is here, so words must do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mia.commands.memory import memory
from mia.home import Home
from mia.mind.memory import reading
from mia.mind.memory.journal import Journal
from mia.telemetry.events import EventBus
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
