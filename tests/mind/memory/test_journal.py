"""The journal: what is written is there, what is forgotten is nowhere."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from bench.memory import forgetting as search
from mia.errors import MiaError
from mia.mind.memory import forgetting, keeping, reading
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Wanted
from tests.support.memory import DAY, NOON, line


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_line_said_anew_takes_the_place_of_the_one_before(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    first = journal.keep(session, line("u1", "Quiero un café"))
    again = journal.keep(session, line("u1", "Quiero un café y un té."))
    assert first == again
    with reading.opened(journal.path.parent) as connection:
        assert [row.text for row in reading.lines(connection, session)] == [
            "Quiero un café y un té."
        ]


def test_a_conversation_whose_only_line_is_taken_back_is_none(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    journal.keep(session, line("u1", "Hola"))
    assert journal.take_back(session, "u1")
    with reading.opened(journal.path.parent) as connection:
        assert reading.sessions(connection) == []


def test_an_id_is_never_used_twice(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    first = journal.keep(session, line("u1", "Hola"))
    forgetting.forget(journal, Wanted(ids=(first,)))
    session = journal.begin("stage", "MIA", "es", NOON)
    assert journal.keep(session, line("u1", "Hola otra vez")) > first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_nobody_else_can_read_it(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    journal.keep(session, line("u1", "Hola"))
    keeping.copy(journal.path, NOON)
    for path in journal.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_the_oldest_rest_when_there_are_too_many_and_pinned_ones_never(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    ids = [journal.keep(session, line(f"u{n}", f"Frase {n}")) for n in range(6)]
    journal.pin(ids[0], True)
    assert journal.rest_beyond(3) == 3
    with reading.opened(journal.path.parent) as connection:
        resting = [row.id for row in reading.every(connection, Wanted()) if row.dormant]
    assert resting == ids[1:4]


def test_a_damaged_journal_is_set_aside_and_the_copy_takes_its_place(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    journal.keep(session, line("u1", "Mi perra se llama Luna."))
    assert keeping.copy(journal.path, NOON)
    journal.close()
    folder = journal.path.parent
    for path in folder.glob("*-wal"):
        path.unlink()
    journal.path.write_bytes(b"no database at all" * 1000)
    again, problem = keeping.open_journal(folder)
    assert problem is not None
    assert problem.code == "memory.restored"
    with reading.opened(folder) as connection:
        assert [row.text for row in reading.every(connection, Wanted())] == [
            "Mi perra se llama Luna."
        ]
    again.close()


def test_only_one_process_has_it(tmp_path: Path) -> None:
    held = keeping.Held(tmp_path)
    with pytest.raises(MiaError) as caught:
        keeping.Held(tmp_path)
    assert caught.value.code == "memory.in_use"
    held.release()
    keeping.Held(tmp_path).release()


# ── forgetting ───────────────────────────────────────────────────────────────────────────────


def test_no_byte_of_a_forgotten_text_is_left() -> None:
    result = search.run(lines=400)
    assert result.before > 0
    assert result.after == 0


def test_a_fact_goes_with_the_turn_it_was_made_from(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    turn = journal.keep(session, line("u1", "Mi perra se llama Luna."))
    other = journal.keep(session, line("u2", "Vivo en Sevilla."))
    with journal.transaction():
        fact = journal.insert("fact", None, line("", "La perra se llama Luna."))
        journal.found_in(fact, [turn])
    assert set(forgetting.forget(journal, Wanted(ids=(turn,)))) == {turn, fact}
    with reading.opened(journal.path.parent) as connection:
        assert [row.id for row in reading.every(connection, Wanted())] == [other]


def test_a_person_or_a_time_can_be_forgotten(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    journal.keep(session, line("u1", "De Ana", NOON, who="discord:1"))
    journal.keep(session, line("u2", "De ayer", NOON - DAY))
    journal.keep(session, line("u3", "De hoy", NOON))
    forgetting.forget(journal, Wanted(speaker="discord:1"))
    forgetting.forget(journal, Wanted(until=NOON))
    with reading.opened(journal.path.parent) as connection:
        assert [row.text for row in reading.every(connection, Wanted())] == ["De hoy"]
        assert [one.id for one in reading.speakers(connection)] == ["owner"]


def test_who_is_not_to_be_remembered_stays_so_after_everything_is_forgotten(
    journal: Journal,
) -> None:
    journal.meet("discord:1", "Ana", NOON)
    journal.remember_speaker("discord:1", False, NOON)
    forgetting.forget(journal, Wanted())
    with reading.opened(journal.path.parent) as connection:
        (one,) = reading.speakers(connection)
    assert (one.id, one.name, one.remembered) == ("discord:1", "", False)


def test_what_a_correction_replaces_is_forgotten(journal: Journal) -> None:
    session = journal.begin("stage", "MIA", "es", NOON)
    memory = journal.keep(session, line("u1", "Mi clave es Quetzalcoatl."))
    forgetting.edit(journal, memory, "Mi clave es secreta.")
    for path in journal.path.parent.rglob("*"):
        assert b"quetzal" not in path.read_bytes().lower(), path.name
