"""MIA's own voice in the microphone is taken out; the user's is not. Voices are recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mia.audio.echo import FRAME, EchoCanceller
from mia.audio.recording import read_recording
from mia.conversation.ports import HEARING_RATE, Samples
from tests.conftest import Utterance

CHUNK = HEARING_RATE // 50


def db(samples: Samples) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(samples**2)) + 1e-9))


def room(voice: Samples, *, late: float, level: float) -> Samples:
    """The voice as a microphone hears it: four reflections, the first `late` seconds later."""
    heard = np.zeros(len(voice), np.float32)
    for number, weight in enumerate((1.0, 0.5, -0.3, 0.2)):
        delay = int((late + 0.007 * number) * HEARING_RATE)
        heard[delay:] += weight * voice[: len(voice) - delay]
    noise = np.random.default_rng(3).normal(0, 3e-4, len(voice)).astype(np.float32)
    return heard * np.float32(10 ** (level / 20)) + noise


def through(canceller: EchoCanceller, far: Samples, near: Samples) -> Samples:
    parts = []
    for at in range(0, len(near) - CHUNK, CHUNK):
        canceller.played(far[at : at + CHUNK])
        parts.append(canceller.heard(near[at : at + CHUNK]))
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def voice(utterances: Sequence[Utterance]) -> Samples:
    """Half a minute of somebody talking."""
    said = np.concatenate([read_recording(u.path) for u in utterances])
    return np.tile(said, 2)[: 30 * HEARING_RATE]


@pytest.mark.parametrize("late", [0.01, 0.06])
@pytest.mark.parametrize("level", [-6.0, -20.0])
def test_her_own_voice_is_gone_after_two_seconds(voice: Samples, late: float, level: float) -> None:
    near = room(voice, late=late, level=level)
    clean = through(EchoCanceller(HEARING_RATE), voice, near)
    rest = slice(2 * HEARING_RATE, len(clean))
    # The noise of the room (-70 dB) is not hers, and stays.
    assert db(clean[rest]) < max(db(near[rest]) - 20, -65)


def test_somebody_who_speaks_over_her_is_still_heard(voice: Samples) -> None:
    near = room(voice, late=0.03, level=-12)
    start, count = 12 * HEARING_RATE, 2 * HEARING_RATE
    # Where the user speaks, MIA does too.
    user = voice[5 * HEARING_RATE : 5 * HEARING_RATE + count] * np.float32(0.7)
    near[start : start + count] += user
    clean = through(EchoCanceller(HEARING_RATE), voice, near)
    assert db(clean[start : start + count]) > db(user) - 10


def test_nothing_is_lost_of_odd_pieces(voice: Samples) -> None:
    canceller = EchoCanceller(24_000)
    sizes = [1, 159, 160, 161, 999]
    at, got = 0, 0
    for size in sizes:
        got += len(canceller.heard(voice[at : at + size]))
        at += size
    assert got == sum(sizes) // FRAME * FRAME
