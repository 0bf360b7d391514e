"""Memories as JSON lines: whatever is kept can be taken along, and comes in again as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mia.errors import MiaError
from mia.mind.memory import reading, transfer
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Line, Wanted
from tests.support.memory import NOON, line

LUNA, SEVILLA, SOL = "Mi perra se llama Luna.", "Vivo en Sevilla.", "Hoy hace sol."


def kept(folder: Path, *texts: str | Line) -> list[str]:
    """What a new journal in `folder`, with these lines in one conversation, exports."""
    folder.mkdir()
    journal = Journal(folder)
    session = journal.begin("c", "MIA", "es", NOON)
    for number, text in enumerate(texts):
        said = line(f"u{number}", text, NOON + number) if isinstance(text, str) else text
        journal.keep(session, said)
    journal.close()
    return exported(folder)


def exported(folder: Path) -> list[str]:
    with reading.opened(folder) as connection:
        return list(transfer.export(connection, Wanted()))


def put_in(folder: Path, lines: Sequence[str]) -> int:
    folder.mkdir(exist_ok=True)
    journal = Journal(folder)
    try:
        return transfer.read_in(journal, transfer.parse(lines))
    finally:
        journal.close()


def talks(folder: Path) -> list[list[str]]:
    """The conversations' lines, the oldest conversation first."""
    with reading.opened(folder) as connection:
        found = sorted(one.id for one in reading.sessions(connection))
        return [[row.text for row in reading.lines(connection, one)] for one in found]


def without_marks(lines: Sequence[str]) -> list[str]:
    """As a MIA wrote them that did not say where an export begins."""
    return [text.replace('"begins":true,', "") for text in lines]


@pytest.mark.parametrize(
    "said",
    [
        line("u1", "palabra " * 20_000),
        line("u1", ""),
        Line("u1", "user", "discord:" + "4" * 300, "Una " * 50, "zh-Hant-x-largo", SOL, NOON),
    ],
    ids=["long", "empty", "names"],
)
def test_whatever_is_kept_can_be_taken_along_and_comes_in_again(tmp_path: Path, said: Line) -> None:
    lines = kept(tmp_path / "a", LUNA, said)
    assert len(lines) == 2
    assert put_in(tmp_path / "b", lines) == 2
    assert talks(tmp_path / "b") == [[LUNA, said.text]]
    with reading.opened(tmp_path / "b") as connection:
        row = reading.lines(connection, 1)[1]
    assert (row.speaker, row.persona, row.language) == (said.speaker, said.persona, said.language)


@pytest.mark.parametrize("marked", [True, False])
def test_two_exports_in_one_file_are_read_like_one_after_the_other(
    tmp_path: Path, marked: bool
) -> None:
    both = [*kept(tmp_path / "a", LUNA, SOL), *kept(tmp_path / "b", SEVILLA, SOL)]
    if not marked:
        both = without_marks(both)
    # The same words at the same moment are the same memory, whichever file they are from.
    assert put_in(tmp_path / "c", both) == 3
    assert talks(tmp_path / "c") == [[LUNA, SOL], [SEVILLA]]


def test_a_file_twice_in_one_is_that_file(tmp_path: Path) -> None:
    lines = kept(tmp_path / "a", LUNA, SEVILLA)
    assert put_in(tmp_path / "b", lines + lines) == 2
    assert put_in(tmp_path / "c", without_marks(lines) * 2) == 2
    assert talks(tmp_path / "b") == talks(tmp_path / "c") == [[LUNA, SEVILLA]]


def test_an_export_whose_ids_go_on_from_another_s_is_one_of_its_own(tmp_path: Path) -> None:
    first = kept(tmp_path / "a", LUNA)
    second = kept(tmp_path / "b", SOL, SEVILLA)
    journal = Journal(tmp_path / "b")
    with journal.transaction():
        journal.erase([1])
    journal.close()
    second = exported(tmp_path / "b")
    assert put_in(tmp_path / "c", first + second) == 2
    assert talks(tmp_path / "c") == [[LUNA], [SEVILLA]], "not one conversation of two journals"


def test_a_fact_of_the_second_export_stands_on_its_own_turn(tmp_path: Path) -> None:
    first = kept(tmp_path / "a", LUNA)
    kept(tmp_path / "b", SEVILLA)
    journal = Journal(tmp_path / "b")
    with journal.transaction():
        fact = journal.insert("fact", None, line("", "Ana vive en Sevilla.", NOON + 9))
        journal.found_in(fact, [1])
    journal.close()
    assert put_in(tmp_path / "c", first + exported(tmp_path / "b")) == 3
    with reading.opened(tmp_path / "c") as connection:
        (row,) = reading.newest(connection, Wanted(kind="fact"), 9)
        assert [turn.text for turn in reading.sources(connection, row.id)] == [SEVILLA]


def test_one_export_in_another_order_keeps_its_conversation(tmp_path: Path) -> None:
    lines = without_marks(kept(tmp_path / "a", LUNA, SEVILLA, SOL))
    assert put_in(tmp_path / "b", lines[::-1]) == 3
    assert talks(tmp_path / "b") == [[SOL, SEVILLA, LUNA]]


def test_each_file_of_several_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    lines = kept(tmp_path / "a", LUNA)
    assert put_in(tmp_path / "b", [*lines, "\ufeff" + lines[0]]) == 1


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("[" * 100_000, "recursion"),
        ('{"mia": "memory", "at": 1, "text": ' + "[" * 100_000, "recursion"),
        ('{"mia": "memory", "at": 1, "text": "\\ud800"}', "column"),
        ('{"mia": "memory", "at": 1', "column"),
        ('{"mia": "memory", "at": 1, "text": "a", "id": -1}', "id: "),
        ('"memory"', "object"),
        ('{"mia": "cat", "at": 1, "text": "Miau."}', "mia: "),
    ],
)
def test_a_line_that_is_no_memory_is_named_and_nothing_comes_in(
    tmp_path: Path, broken: str, reason: str
) -> None:
    lines = [*kept(tmp_path / "a", LUNA), "\n", broken]
    with pytest.raises(MiaError) as caught:
        put_in(tmp_path / "b", lines)
    assert caught.value.code == "memory.bad_line"
    assert caught.value.parameters["line"] == 3
    assert reason in str(caught.value)
    assert "line 1 " not in str(caught.value)
    assert talks(tmp_path / "b") == []
