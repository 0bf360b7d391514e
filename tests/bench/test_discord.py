"""The Discord benchmark's scores, on cases whose answers are known."""

from __future__ import annotations

import pytest

from bench.discord.other_side import paces
from bench.discord.scoring import attributed, delays

TRUTH = [("Ana", "The weather is nice."), ("Ben", "Lawyers like settlements.")]


def test_words_in_the_line_of_who_said_them_are_right() -> None:
    found = attributed(TRUTH, [("Ana", "the weather is nice"), ("Ben", "lawyers like")], "en")
    assert (found.right, found.wrong) == (6, 0)
    assert found.share == 1.0
    assert (found.misheard, found.words) == (1, 7)


def test_words_in_somebody_elses_line_are_wrong() -> None:
    lines = [("Ana", "the weather is nice lawyers like"), ("Ben", "settlements")]
    found = attributed(TRUTH, lines, "en")
    assert (found.right, found.wrong) == (5, 2)


def test_words_nobody_said_are_misheard_and_nobodys() -> None:
    found = attributed(TRUTH, [("Ana", "the feather is nice")], "en")
    assert (found.right, found.wrong) == (3, 0)


def test_a_line_is_late_since_its_speaker_last_stopped() -> None:
    said = [(10.0, "Ana"), (12.0, "Ben"), (20.0, "Ana")]
    assert delays(said, [(11.5, "Ana"), (12.5, "Ben")]) == [(11.5, 1.5), (12.5, 0.5)]


def test_a_frame_on_time_is_off_by_nothing_and_a_pause_is_no_question_of_pace() -> None:
    steady = [(0.02 * n, n) for n in range(5)]
    after_a_pause = [(5 + 0.02 * n, 5 + n) for n in range(5)]
    found = paces(steady + after_a_pause)
    assert len(found) == 8
    assert max(off for off, _ in found) == pytest.approx(0, abs=1e-6)


def test_a_late_frame_is_off_its_place_and_the_next_one_closer() -> None:
    found = paces([(0.0, 0), (0.02, 1), (0.05, 2), (0.06, 3)])
    assert [round(off) for off, _ in found] == [0, 10, 10]
    assert [round(late) for _, late in found] == [0, 10, 0]
