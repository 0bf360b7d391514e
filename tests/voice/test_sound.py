"""The sound of a clause: its ends, its loudness, its timings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.conversation.ports import Samples
from mia.voice import timing
from mia.voice.kokoro_symbols import VOCABULARY, chunks, written
from mia.voice.pieces import LONG, pieces
from mia.voice.shaping import LEVEL, Loudness, Shaper, pause_after, shape

RATE = 24_000


def tone(before: float, voiced: float, after: float, loud: float = 0.2) -> Samples:
    """A tone between two silences, in seconds."""
    wave = loud * np.sin(np.arange(int(voiced * RATE)) * 0.1)
    sound = np.concatenate([np.zeros(int(before * RATE)), wave, np.zeros(int(after * RATE))])
    return sound.astype(np.float32)


def test_the_silence_before_the_voice_is_cut_to_ten_milliseconds() -> None:
    shaped = shape(tone(0.34, 0.5, 0.3), RATE, "Hola.")
    assert shaped.cut == pytest.approx(0.33, abs=0.006)
    onset = int(np.argmax(np.abs(shaped.samples) > 0.01)) / RATE
    assert onset <= 0.016


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("Hola,", 0.06, 0.12), ("Hola.", 0.15, 0.25), ("«¿Hola?»", 0.15, 0.25), ("Hola", 0, 0.05)],
)
@pytest.mark.parametrize("after", [0.0, 0.02, 0.6])
def test_the_pause_after_the_voice_follows_the_mark(
    text: str, least: float, most: float, after: float
) -> None:
    shaped = shape(tone(0.1, 0.5, after), RATE, text)
    quiet = len(shaped.samples) / RATE - 0.51
    assert least - 0.006 <= quiet <= most + 0.006
    assert pause_after(text) == pytest.approx(quiet, abs=0.01)


@pytest.mark.parametrize("loud", [0.05, 0.2, 0.9])
def test_voices_are_brought_to_one_loudness_without_clipping(loud: float) -> None:
    samples = shape(tone(0, 1, 0, loud), RATE, "Hola").samples
    assert np.abs(samples).max() < 1
    voiced = samples[2400:-2400]
    assert np.sqrt(np.mean(voiced**2)) == pytest.approx(LEVEL, rel=0.5)


def by_parts(
    sound: Samples, text: str, cuts: list[int], loudness: Loudness | None = None
) -> tuple[Samples, float]:
    """What is left of a sound that comes in parts, joined, and what was cut off its beginning."""
    shaper = Shaper(RATE, text, loudness)
    parts = np.split(sound, sorted(cuts))
    out = [shaper.feed(part, last=at == len(parts) - 1) for at, part in enumerate(parts)]
    return np.concatenate(out), shaper.cut


@given(
    st.lists(st.integers(0, int(1.1 * RATE)), max_size=5),
    st.floats(0, 0.4),
    st.floats(0.2, 0.4),
    st.floats(0, 0.3),
)
@settings(max_examples=60, deadline=None)
def test_a_clause_that_comes_in_parts_is_shaped_like_one_that_is_all_there(
    cuts: list[int], before: float, voiced: float, after: float
) -> None:
    sound = tone(before, voiced, after)
    cuts = [cut for cut in cuts if cut <= len(sound)]
    whole = shape(sound, RATE, "Hola.")
    joined, cut_off = by_parts(sound, "Hola.", cuts)
    assert cut_off == pytest.approx(whole.cut, abs=0.011)
    # Silence that was handed out before the last part came is not taken back.
    assert len(whole.samples) - 0.03 * RATE <= len(joined) <= len(sound) + 0.2 * RATE
    onset = int(np.argmax(np.abs(joined) > 0.01)) / RATE
    assert onset <= 0.022
    assert np.abs(joined).max() < 1
    # No click where two parts meet; the tone itself ends in one.
    assert np.abs(np.diff(joined[: int((voiced - 0.03) * RATE)])).max() < 0.05


def test_the_beginning_of_a_clause_has_the_loudness_of_the_clauses_before() -> None:
    loudness = Loudness()
    usual, _ = by_parts(tone(0, 8, 0, 0.2), "Hola.", [], loudness)
    soft, _ = by_parts(tone(0, 0.4, 0, 0.1), "Hola.", [], loudness)
    assert np.abs(soft).max() == pytest.approx(np.abs(usual).max() / 2, rel=0.1)


def test_a_later_part_that_is_too_loud_is_lowered_without_a_click() -> None:
    sound = np.concatenate([tone(0, 0.4, 0, 0.05), tone(0, 0.4, 0, 0.9)])
    joined, _ = by_parts(sound, "Hola.", [int(0.4 * RATE)])
    assert np.abs(joined[int(0.41 * RATE) :]).max() <= 0.98
    assert np.abs(joined).max() <= 1


def test_both_ends_are_faded() -> None:
    samples = shape(tone(0, 0.5, 0), RATE, "Hola").samples
    assert samples[0] == 0
    assert samples[-1] == 0


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(999), np.full(10, np.nan)])
def test_a_clause_without_voice_comes_back_empty(sound: Samples) -> None:
    assert len(shape(sound, RATE, "Hola.").samples) == 0


def test_words_are_timed_by_their_phonemes() -> None:
    text = "Hola, ¿qué tal?"
    laid = timing.symbols("ˈola, kˈe tˈal?", [1] * 15, 0.1)
    words = timing.words(text, laid, len, first=10)
    assert [(w.start, w.end) for w in words] == [(10, 15), (16, 20), (21, 25)]
    assert [(round(w.begin, 3), round(w.finish, 3)) for w in words] == [
        (0, 0.4), (0.6, 0.9), (1.0, 1.4),
    ]  # fmt: skip


def test_words_that_the_phonemes_join_share_the_time() -> None:
    laid = timing.symbols("ʌvðə dˈɔɡ", [1] * 9, 0.1)
    words = timing.words("of the dog", laid, lambda word: {"of": 2, "the": 2, "dog": 4}[word])
    assert [round(w.begin, 3) for w in words] == [0, 0.2, 0.5]
    assert words[-1].finish == pytest.approx(0.9)


def test_mouth_shapes_have_no_pauses_stress_marks_or_loose_marks_of_length() -> None:
    laid = timing.symbols("hˈiː, a", [1] * 7, 0.1)
    found = timing.sounds(laid)
    assert [p.symbol for p in found] == ["h", "iː", "a"]
    assert [round(p.begin, 3) for p in found] == [0, 0.1, 0.6]
    assert found[1].finish == pytest.approx(0.4)


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab .,\n!1—"), max_size=700))
def test_pieces_say_everything_once_and_know_where_it_stood(text: str) -> None:
    found = pieces(text)
    assert all(text[p.start : p.start + len(p.text)] == p.text for p in found)
    assert all(len(p.text) <= LONG for p in found)
    said = "".join(c for p in found for c in p.text if c.isalnum())
    assert said == "".join(c for c in text if c.isalnum())


def test_kokoro_is_given_only_symbols_it_knows() -> None:
    assert written("mˈutʃo ɡwˈapo iʲ ɲ漢", "es") == "mˈuʧo ɡwˈapo i ɲ"
    assert written("aɪm ɹˈiːdɪŋ", "en") == "Im ɹˈidɪŋ"
    assert len(set(VOCABULARY.values())) == len(VOCABULARY)


@given(st.text("ab ", max_size=2000))
def test_long_input_is_cut_into_what_the_model_can_take(symbols: str) -> None:
    found = chunks(symbols, 100)
    assert "".join(found) == symbols
    assert all(len(chunk) <= 100 for chunk in found)
