"""The scorer reads known answers off synthetic tapes, so that its figures can be believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from bench.turns import scoring
from bench.turns.scoring import Loudness

RATE = 16_000
Sound = npt.NDArray[np.float32]


def room(seconds: float) -> Sound:
    return np.random.default_rng(0).normal(0, 1e-4, int(seconds * RATE)).astype(np.float32)


def tone(channel: Sound, begin: float, end: float, amplitude: float = 0.1) -> None:
    at = slice(int(begin * RATE), int(end * RATE))
    count = len(channel[at])
    channel[at] += (amplitude * np.sin(np.arange(count) * 0.2)).astype(np.float32)


@pytest.fixture
def taped(tmp_path: Path) -> list[scoring.Answer]:
    """Four utterances of two seconds, ten seconds apart: answered after 500 ms; talked into and
    answered after 800 ms; a click, and an answer after 1.2 s; and never answered."""
    left, right = room(40), room(40)
    spoken = []
    for number in range(4):
        begin = 10.0 * number + 1
        tone(left, begin, begin + 2)
        spoken.append({"file": f"{number}.wav", "start": begin, "end": begin + 2})
    tone(right, 3.5, 6)
    tone(right, 12, 12.3)
    tone(right, 13.8, 15)
    right[int(23.2 * RATE) : int(23.21 * RATE)] = 0.5
    tone(right, 24.2, 26)
    path = tmp_path / "tape.wav"
    soundfile.write(path, np.stack([left, right], axis=1), RATE, subtype="PCM_16")
    return scoring.answers(path, spoken)


def test_latency_runs_from_the_end_of_speech_to_the_first_audible_sample(
    taped: list[scoring.Answer],
) -> None:
    assert taped[0].latency == pytest.approx(0.5, abs=0.011)
    assert taped[1].latency == pytest.approx(0.8, abs=0.011)


def test_a_click_is_no_answer(taped: list[scoring.Answer]) -> None:
    assert taped[2].latency == pytest.approx(1.2, abs=0.011)


def test_sound_while_the_user_speaks_is_a_false_start(taped: list[scoring.Answer]) -> None:
    assert [answer.false_start for answer in taped] == [False, True, False, False]


def test_an_utterance_without_an_answer_is_missed(taped: list[scoring.Answer]) -> None:
    assert [answer.missed for answer in taped] == [False, False, False, True]


def over(*changes: tuple[float, float, float]) -> Loudness:
    """Six seconds of MIA's voice with these (begin, end, gain) in it."""
    right = room(6)
    right /= 10
    tone(right, 0, 6)
    for begin, end, gain in changes:
        right[int(begin * RATE) : int(end * RATE)] *= gain
    return Loudness.of(right, RATE)


def test_ducking_and_silence_are_dated_from_the_onset() -> None:
    loudness = over((2.1, 2.25, 0.125), (2.25, 6, 0.0))
    assert loudness.ducked(2.0) == pytest.approx(2.1, abs=0.005)
    assert loudness.silent(2.0) == pytest.approx(2.25, abs=0.005)


def test_a_hole_in_her_sound_is_not_taken_for_ducking() -> None:
    loudness = over((1.99, 2.03, 0.0), (2.1, 2.25, 0.125), (2.25, 6, 0.0))
    assert loudness.ducked(2.0) == pytest.approx(2.1, abs=0.005)


def test_a_voice_that_is_hardly_lower_is_not_ducked() -> None:
    assert over((2.1, 6, 0.5)).ducked(2.0) is None


def test_a_ducked_voice_is_not_silent_nor_is_a_short_hole() -> None:
    assert over((2.1, 6, 0.125)).silent(2.0) is None
    assert over((2.1, 2.15, 0.0)).silent(2.0) is None


def test_the_gap_lasts_until_she_is_at_full_level_for_good() -> None:
    assert over((2.1, 2.5, 0.0)).gap(2.0, 2.3, 5.5) == pytest.approx(0.2, abs=0.006)
    again = over((2.1, 2.5, 0.0), (3.0, 3.4, 0.125))
    assert again.gap(2.0, 2.3, 5.5) == pytest.approx(1.1, abs=0.006)


def test_there_is_no_gap_when_she_never_paused_or_was_back_in_time() -> None:
    assert over().gap(2.0, 2.3, 5.5) == 0
    assert over((2.05, 2.2, 0.125)).gap(2.0, 2.3, 5.5) == 0


def test_percentiles_of_nothing_are_nothing() -> None:
    assert np.isnan(scoring.percentile([], 95))
    assert scoring.percentile([1.0, 2.0, 3.0], 50) == 2
