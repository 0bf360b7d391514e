"""The protocol's sound, there and back."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.pcm import Decimator, decode, encode
from mia.conversation.ports import Samples


def tone(hertz: float, seconds: float = 0.5) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(int(24_000 * seconds)) / 24_000).astype(np.float32)


def test_samples_survive_the_way_there_and_back() -> None:
    samples = np.linspace(-1, 1, 999, dtype=np.float32)
    assert np.abs(decode(encode(samples)) - samples).max() < 2 / 32768


def test_what_is_louder_than_full_scale_is_clipped_not_wrapped() -> None:
    assert decode(encode(np.array([3.0, -3.0], np.float32))).tolist() == pytest.approx(
        [1.0, -1.0], abs=1e-4
    )


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(RealtimeError, match=r"odd|impar"):
        decode(base64.b64encode(b"abc").decode())


@pytest.mark.parametrize("hertz", [100, 1000, 3000, 6000])
def test_speech_passes_one_millisecond_late(hertz: float) -> None:
    out = Decimator().process(tone(hertz))
    late = 47.5 / 48_000
    expected = np.sin(2 * np.pi * hertz * (np.arange(len(out)) / 16_000 - late))
    assert np.abs(out - expected)[100:].max() < 0.01


@pytest.mark.parametrize("hertz", [9500, 10_500, 11_500])
def test_what_16_khz_cannot_hold_does_not_fold_down(hertz: float) -> None:
    assert np.abs(Decimator().process(tone(hertz))[100:]).max() < 0.002


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_however_the_sound_is_cut_the_result_is_the_same(sizes: list[int]) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, sum(sizes)).astype(np.float32)
    whole, pieces = Decimator(), Decimator()
    cut = np.split(sound, np.cumsum(sizes)[:-1])
    heard = [pieces.process(piece.astype(np.float32)) for piece in cut]
    assert np.allclose(np.concatenate(heard), whole.process(sound), atol=1e-5)
