"""The mouth follows what is heard: its shapes, its times, and its silences."""

from __future__ import annotations

import numpy as np
import pytest

from mia.avatar.lipsync import LEAD, LipSync
from mia.avatar.mouth import SHUTTING
from mia.telemetry import events as facts
from tests.avatar.talk import Reply, quiet, tone, vowel

AMA = (("a", 0.1, 0.3), ("m", 0.3, 0.4), ("a", 0.4, 0.7))


def test_the_lips_meet_on_an_m_however_loud_it_is() -> None:
    reply = Reply(tone(1.0))
    reply.says("ama", phonemes=AMA)
    assert reply.heard(0.2).shape.open > 0.6
    assert reply.heard(0.33).shape.open < 0.1
    assert reply.heard(0.33).shape.viseme == "PP"
    assert reply.heard(0.38).shape.open < 0.1, "until the sound of it is over"
    assert reply.heard(0.55).shape.open > 0.6


@pytest.mark.parametrize("symbol", ["p", "b", "m"])
def test_every_sound_of_both_lips_closes_them(symbol: str) -> None:
    reply = Reply(tone(1.0))
    reply.says("", phonemes=(("a", 0.1, 0.4), (symbol, 0.4, 0.48), ("a", 0.48, 0.8)))
    assert reply.heard(0.44).shape.open < 0.1


@pytest.mark.parametrize(
    ("symbol", "viseme", "part"),
    [("a", "aa", "a"), ("e", "E", "e"), ("i", "ih", "i"), ("o", "oh", "o"), ("u", "ou", "u"),
     ("ɛ", "E", "e"), ("ʊ", "ou", "u"), ("aː", "aa", "a")],
)  # fmt: skip
def test_each_vowel_has_its_shape(symbol: str, viseme: str, part: str) -> None:
    reply = Reply(tone(1.0))
    reply.says("", phonemes=((symbol, 0.2, 0.8),))
    shape = reply.heard(0.5).shape
    assert shape.viseme == viseme
    assert getattr(shape.vowels, part) > 0.7
    total = sum(getattr(shape.vowels, name) for name in "aiueo")
    assert total <= 1.0


def test_lips_are_round_for_u_and_wide_for_i() -> None:
    reply = Reply(tone(1.0))
    reply.says("", phonemes=(("u", 0.1, 0.5), ("i", 0.5, 0.9)))
    assert reply.heard(0.3).shape.form < -0.5
    assert reply.heard(0.7).shape.form > 0.5


def test_a_shape_is_on_its_way_before_its_sound_is_heard() -> None:
    reply = Reply(tone(1.0))
    reply.says("", phonemes=(("i", 0.1, 0.5), ("u", 0.5, 0.9)))
    forms = [reply.heard(at).shape.form for at in np.arange(0.4, 0.6, 0.005)]
    crossing = 0.4 + 0.005 * next(k for k, form in enumerate(forms) if form < 0)
    assert 0.5 - 0.06 < crossing < 0.5


def test_the_mouth_opens_a_little_before_the_sound_and_not_much() -> None:
    reply = Reply(quiet(0.5), tone(0.5), quiet(0.5))
    moments = np.arange(0.3, 1.4, 0.002)
    opened = np.array([reply.heard(at).shape.open for at in moments])
    half = opened > opened.max() / 2
    begins, ends = moments[half][0], moments[half][-1]
    assert 0.5 - 0.05 < begins < 0.5
    assert 1.0 - 0.05 < ends < 1.0 + 0.02


def test_a_quiet_voice_opens_its_mouth_as_far_as_a_loud_one() -> None:
    loud, soft = Reply(tone(3.0, 0.3)), Reply(tone(3.0, 0.03))
    assert soft.heard(2.0).shape.open == pytest.approx(loud.heard(2.0).shape.open, abs=0.15)


def test_sound_that_is_there_but_not_heard_yet_moves_nothing() -> None:
    reply = Reply(tone(1.0))
    reply.says("ama", phonemes=AMA)
    said = reply.heard(0.0)
    assert said.shape.open == 0
    assert said.heard is None


def test_words_and_their_letters_do_where_a_voice_tells_no_phonemes() -> None:
    reply = Reply(tone(2.0))
    reply.says("uno aquí", words=((0, 3, 0.1, 0.6), (4, 8, 0.6, 1.2)))
    assert reply.heard(0.15).shape.viseme == "ou"
    assert reply.heard(0.52).shape.viseme == "oh"
    assert reply.heard(1.15).shape.viseme == "ih"


def test_words_whose_times_are_guessed_are_not_believed() -> None:
    reply = Reply(vowel("a", 1.0))
    reply.says("uuuu", words=((0, 4, 0.0, 1.0),), timed=False)
    assert reply.heard(0.5).shape.viseme == "aa"


@pytest.mark.parametrize(("name", "viseme"), [("a", "aa"), ("i", "ih"), ("o", "oh")])
def test_a_voice_that_tells_nothing_is_listened_to(name: str, viseme: str) -> None:
    reply = Reply(vowel("a", 0.5), vowel("i", 0.5), vowel("o", 0.5), vowel("e", 0.5))
    at = {"a": 0.25, "i": 0.75, "o": 1.25}[name]
    assert reply.heard(at).shape.viseme == viseme


def test_it_is_shut_soon_after_the_sound_is_taken_away() -> None:
    reply = Reply(tone(3.0))
    before = reply.heard(1.0).shape.open
    reply.tell(facts.ReplyEnded, text="", heard="", heard_ms=1000, status="interrupted")
    reply.playing = False
    assert reply.later(0.0).shape.open == pytest.approx(before, abs=0.05), "without a jump"
    assert 0 < reply.later(SHUTTING / 2).shape.open < before
    assert reply.later(0.1).shape.open == 0


def test_held_sound_shuts_it_and_sound_that_goes_on_opens_it() -> None:
    reply = Reply(tone(3.0))
    assert reply.heard(1.0).shape.open > 0.4
    reply.tell(facts.Paused, heard_ms=1000)
    assert reply.later(0.1).shape.open == 0
    assert reply.later(5.0).shape.open == 0
    reply.tell(facts.Unducked, heard_ms=900)
    assert reply.heard(1.0).shape.open > 0.4


def test_somebody_speaking_over_her_makes_it_smaller() -> None:
    reply = Reply(tone(3.0))
    before = reply.heard(1.0).shape.open
    reply.tell(facts.Ducked)
    assert reply.heard(1.2).shape.open < 0.8 * before
    reply.tell(facts.Unducked, heard_ms=1200)
    assert reply.heard(1.5).shape.open == pytest.approx(before, abs=0.02)


def test_the_originals_way_is_its_loudness_smoothed_and_nothing_else() -> None:
    sound = np.concatenate([tone(0.1, 0.3), tone(0.1, 0.1), quiet(0.1)])
    lipsync = LipSync("rms", smoothing_alpha=0.5, rms_min=0.05, rms_max=0.25)
    reply = Reply(sound[:1000], sound[1000:], lipsync=lipsync)
    reply.says("ama", phonemes=AMA)
    smoothed = 0.0
    for number in range(15):
        chunk = sound[number * 480 : (number + 1) * 480]
        smoothed = 0.5 * float(np.sqrt(np.mean(chunk**2))) + 0.5 * smoothed
        expected = min(max((smoothed - 0.05) / 0.2, 0.0), 1.0)
        shape = reply.heard(number * 0.02 + 0.01).shape
        assert shape.open == pytest.approx(expected, abs=1e-4)
        assert shape.form == 0


def test_pieces_of_any_size_make_the_same_mouth() -> None:
    sound = np.concatenate([tone(0.31), quiet(0.2), tone(0.5)])
    whole = Reply(sound)
    pieces = Reply(*np.split(sound, [7, 1234, 9000, 9001, 20000]))
    for at in np.arange(0.05, 0.95, 0.05):
        assert pieces.heard(at).shape.open == pytest.approx(whole.heard(at).shape.open, abs=0.03)


def test_the_lead_is_a_frame_or_so() -> None:
    assert 0.0 < LEAD <= 0.04
