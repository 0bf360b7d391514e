"""From sound to stretches of voice, and the utterance's samples."""

from __future__ import annotations

import numpy as np
import pytest

from mia.conversation.listening import Heard, Listener
from mia.conversation.moves import Lull, Settled, Silent, Stirred, Voiced
from mia.conversation.ports import HEARING_RATE, Samples
from mia.conversation.tuning import DEFAULT
from tests.support.fakes import FakeVad

FRAME = FakeVad.frame_samples


def sound(*stretches: tuple[float, float]) -> Samples:
    """(seconds, level), one after the other."""
    parts = [np.full(int(s * HEARING_RATE), level, np.float32) for s, level in stretches]
    return np.concatenate(parts)


def heard(listener: Listener, samples: Samples, size: int = FRAME) -> list[Heard]:
    events: list[Heard] = []
    for at in range(0, len(samples), size):
        piece = samples[at : at + size]
        events += listener.hear(piece, (at + len(piece)) / HEARING_RATE)
    return events


@pytest.mark.parametrize("size", [100, FRAME, 1024, 5000])
def test_the_blocks_size_does_not_matter(size: int) -> None:
    events = heard(Listener(FakeVad), sound((1, 0), (1, 0.5), (1, 0)), size)
    assert [type(event) for event in events] == [Stirred, Voiced, Lull, Silent]
    assert isinstance(events[1], Voiced)
    assert isinstance(events[3], Silent)
    assert events[1].onset == pytest.approx(1.0, abs=0.021)
    assert events[3].last_voiced == pytest.approx(2.0, abs=0.021)


def test_a_voice_that_goes_on_and_on_is_looked_at_now_and_then() -> None:
    events = heard(Listener(FakeVad), sound((1, 0), (5, 0.5)))
    lulls = [event.at for event in events if isinstance(event, Lull)]
    assert np.diff([1.0, *lulls]) == pytest.approx(DEFAULT.partial, abs=0.03)


def test_a_click_stirs_and_is_nobody() -> None:
    events = heard(Listener(FakeVad), sound((1, 0), (0.04, 0.5), (1, 0)))
    assert events == [Stirred(), Settled()]


def test_a_doubtful_frame_stirs_nobody() -> None:
    class Doubtful(FakeVad):
        def probability(self, frame: Samples) -> float:
            return super().probability(frame) * (DEFAULT.stir - 0.01)

    events = heard(Listener(Doubtful), sound((1, 0), (0.04, 0.5), (1, 0)))
    assert events == []


class Whole(FakeVad):
    """Sure only of a frame that is voice from its first sample to its last."""

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).min() > 0.1)


@pytest.mark.parametrize("late", [0, FRAME // 2])
def test_a_first_syllable_stirs_as_soon_however_the_frames_cut_it(late: int) -> None:
    listener = Listener(Whole)
    said = np.zeros(4 * FRAME, np.float32)
    said[FRAME + late : 2 * FRAME + late] = 0.5
    half = FRAME // 2
    at = {}
    for start in range(0, len(said), half):
        for event in listener.hear(said[start : start + half], 0.0):
            at[type(event)] = start + half
    assert at[Stirred] == 2 * FRAME + late
    assert at[Settled] <= 3 * FRAME + late
    assert not listener.voiced


def test_the_utterance_has_what_came_just_before_and_after_the_voice() -> None:
    listener = Listener(FakeVad)
    heard(listener, sound((3, 0.01), (1, 0.5), (1, 0.02)))
    samples = listener.utterance()
    assert samples[0] == pytest.approx(0.01)
    assert samples[-1] == pytest.approx(0.02)
    seconds = DEFAULT.pre_roll + 1 + DEFAULT.tail
    assert len(samples) / HEARING_RATE == pytest.approx(seconds, abs=0.05)


def test_a_pause_inside_is_part_of_the_utterance() -> None:
    listener = Listener(FakeVad)
    heard(listener, sound((1, 0), (0.5, 0.5), (0.6, 0), (0.5, 0.5), (0.3, 0)))
    assert len(listener.utterance()) / HEARING_RATE == pytest.approx(2.15, abs=0.06)


def test_hours_of_silence_are_not_kept() -> None:
    listener = Listener(FakeVad)
    heard(listener, sound((120, 0)), 5000)
    kept = sum(len(piece) for piece in listener._kept)
    assert kept < 2 * HEARING_RATE


def test_in_long_silence_the_detector_starts_afresh_and_not_in_mid_speech() -> None:
    class Counting(FakeVad):
        resets: list[int]

        def __init__(self) -> None:
            self.resets = []

        def reset(self) -> None:
            self.resets.append(listener.received)

    detector = Counting()
    listener = Listener(lambda: detector)
    heard(listener, sound((9, 0), (6, 0.5), (5, 0)))
    seconds = [at / HEARING_RATE for at in detector.resets]
    assert seconds == pytest.approx([4, 4, 8, 8, 19, 19], abs=0.05)  # both of them


def test_what_is_forgotten_is_gone() -> None:
    listener = Listener(FakeVad)
    heard(listener, sound((1, 0), (1, 0.5)))
    listener.forget()
    assert len(listener.utterance()) == 0
    assert not listener.voiced


class Fading(FakeVad):
    """As sure as the sound is loud."""

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max())


def test_what_is_said_after_a_lull_is_looked_at_again_when_it_ends() -> None:
    """A last soft word: the lull came before it, the pause after."""
    fading = sound((1, 0), (1, 0.95), (0.16, 0.6), (1, 0))
    events = heard(Listener(Fading), fading)
    lulls = [event.at for event in events if isinstance(event, Lull)]
    assert lulls == pytest.approx([2.02, 2.18], abs=0.021)


def test_a_dying_sound_is_not_looked_at_again() -> None:
    dying = sound((1, 0), (1, 0.95), (0.04, 0.6), (1, 0))
    assert sum(isinstance(event, Lull) for event in heard(Listener(Fading), dying)) == 1


class Doubtful(FakeVad):
    """Sure of loud sound, in doubt about soft."""

    def probability(self, frame: Samples) -> float:
        level = float(np.abs(frame).max())
        return 0.95 if level > 0.5 else 0.6 if level > 0.05 else 0.0


@pytest.mark.parametrize(
    ("level", "seconds", "looks"),
    [
        (0.1, 0.2, 1),  # 18 dB below the words: their dying sound
        (0.4, 0.2, 2),  # 6 dB below: a soft word
        (0.1, 0.6, 2),  # too long to be nothing
    ],
)
def test_the_transcript_of_a_lull_is_complete_where_only_a_dying_sound_came_after(
    level: float, seconds: float, looks: int
) -> None:
    listener = Listener(Doubtful)
    events = heard(listener, sound((1, 0), (1, 0.8), (seconds, level), (1, 0)))
    lulls = [event for event in events if isinstance(event, Lull)]
    assert len(lulls) == looks
    assert (listener.complete_from <= 2.05 * HEARING_RATE) is (looks == 1)


def test_a_fall_of_the_level_is_a_lull_before_the_detector_doubts() -> None:
    """Silero goes on being sure for a while; the sound is already dying."""
    falling = sound((1, 0), (1, 0.8), (0.1, 0.02), (1, 0))
    detector = Doubtful()
    detector.probability = lambda frame: float(np.abs(frame).max() > 0.01)  # type: ignore[method-assign]
    events = heard(Listener(lambda: detector), falling)
    lulls = [event.at for event in events if isinstance(event, Lull)]
    assert lulls == pytest.approx([2.02], abs=0.021)


def test_a_soft_voice_is_no_lull_only_because_it_is_soft() -> None:
    detector = Doubtful()
    detector.probability = lambda frame: float(np.abs(frame).max() > 0.01)  # type: ignore[method-assign]
    events = heard(Listener(lambda: detector), sound((1, 0), (1, 0.02), (1, 0)))
    assert sum(isinstance(event, Lull) for event in events) == 1


def test_once_all_words_are_known_one_silent_frame_is_a_pause() -> None:
    def gap(known: int) -> float:
        listener = Listener(FakeVad)
        listener.known = known
        silent = [e for e in heard(listener, sound((1, 0), (1, 0.5))) if isinstance(e, Silent)]
        assert silent == []
        before = listener.received
        while not silent:
            frame = np.zeros(FRAME, np.float32)
            end = (listener.received + FRAME) / HEARING_RATE
            silent = [e for e in listener.hear(frame, end) if isinstance(e, Silent)]
        return (listener.received - before) / HEARING_RATE

    frame = FRAME / HEARING_RATE
    assert gap(0) == pytest.approx(DEFAULT.gap, abs=1.5 * frame)
    assert gap(2 * HEARING_RATE) == pytest.approx(max(frame, DEFAULT.gap_known), abs=1.5 * frame)
    assert gap(2 * HEARING_RATE) < gap(0)
    assert gap(HEARING_RATE) == gap(0), "what was said after that is not known"
