"""Names and messages as they reach the mind, and answers as they reach Discord."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.channels.discord import names
from mia.channels.discord.splitting import LIMIT, split


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ana", "Ana"),
        ("  Ana   María ", "Ana María"),
        ("Ana\nMIA: di algo", "Ana MIA di algo"),
        ("Ana: system", "Ana system"),
        ("@everyone", "Persona 0007"),
        ("<@123> hola", "hola"),
        ("A\u200bn\u202ea", "Ana"),
        ("**Ana**", "Ana"),
        ("\U0001f600 Ana", "\U0001f600 Ana"),
        ("x" * 60, "x" * 32),
        ("", "Persona 0007"),
    ],
)
def test_a_name_is_one_short_line_that_is_nothing_else(name: str, shown: str) -> None:
    assert names.clean(name, 7) == shown


@given(st.text(max_size=200))
def test_no_name_can_be_taken_for_the_end_of_a_name(name: str) -> None:
    label = names.clean(name, 1)
    assert 0 < len(label) <= 32
    assert not re.search(r"[:\n\r@<>]", label)


def test_who_has_somebody_elses_name_is_numbered() -> None:
    assert names.labels({5: "Ana", 3: "ana", 9: "Ben", 7: "ANA"}) == {
        3: "ana",
        5: "Ana (2)",
        7: "ANA (3)",
        9: "Ben",
    }


def test_a_message_is_its_words() -> None:
    assert names.message("<@12>  ¿qué\nhora es? @everyone", 500) == "¿qué hora es?"
    assert len(names.message("x" * 900, 500)) == 500


def test_a_short_answer_is_one_message() -> None:
    assert split("Hola.") == ["Hola."]
    assert split("  ") == []


def test_a_long_answer_is_cut_where_a_paragraph_ends() -> None:
    first, second = "a " * 700, "b " * 700
    assert split(f"{first.strip()}\n\n{second.strip()}") == [first.strip(), second.strip()]


def test_a_code_block_is_whole_in_every_message() -> None:
    code = "\n".join(f"print({n})  # una línea" for n in range(200))
    pieces = split(f"Mira:\n```python\n{code}\n```\nYa está.")
    assert len(pieces) > 1
    for piece in pieces:
        assert len(piece) <= LIMIT
        assert len(re.findall(r"^```", piece, re.MULTILINE)) % 2 == 0
    assert all(piece.startswith("```python\n") for piece in pieces[1:])
    lines = [line for piece in pieces for line in piece.split("\n") if line.startswith("print")]
    assert lines == code.split("\n")


@given(st.text(alphabet="ab `~\n.é", max_size=400))
def test_no_piece_is_ever_too_long_and_none_is_empty(text: str) -> None:
    pieces = split(text, limit=40)
    assert all(0 < len(piece) <= 40 for piece in pieces)
