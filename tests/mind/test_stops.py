"""A text ends at its stop, however it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.mind.stops import Stops


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_stop_is_found_across_pieces(size: int) -> None:
    stops = Stops(("\n", "Question:"))
    text = "Well. Questions are fine. Question: what?"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(map(stops.feed, pieces)) == "Well. Questions are fine. "
    assert stops.met
    assert stops.finish() == ""


def test_what_only_began_like_a_stop_is_said_in_the_end() -> None:
    stops = Stops(("Question:",))
    assert stops.feed("Here is a Quest") == "Here is a "
    assert stops.finish() == "Quest"


@given(
    st.text("ab:", max_size=30), st.integers(1, 5), st.lists(st.text("ab:", min_size=1, max_size=3))
)
def test_nothing_is_lost_and_nothing_of_a_stop_gets_through(
    text: str, size: int, ends: list[str]
) -> None:
    stops = Stops(ends)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    through = "".join(map(stops.feed, pieces)) + stops.finish()
    first = min((text.find(end) for end in ends if end in text), default=len(text))
    assert through == text[:first]
