"""Which words were heard can be read off the sound of a voice made of tones."""

from __future__ import annotations

import asyncio

import numpy as np
import soxr

from bench.turns import tones
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Samples
from mia.voice import VoiceWording


def spoken(text: str) -> Samples:
    async def all_of_it() -> Samples:
        parts = [sound.samples async for sound in tones.Tones().stream(text, language="en")]
        return np.concatenate(parts)

    samples = asyncio.run(all_of_it())
    heard: Samples = soxr.resample(samples, PLAYING_RATE, HEARING_RATE).astype(np.float32)
    return heard


def heard(samples: Samples) -> list[str]:
    return tones.words_heard(tones.seconds_heard(samples, HEARING_RATE))


def test_every_word_of_the_story_is_heard() -> None:
    assert heard(spoken(tones.story())) == list(tones.WORDS)


def test_a_word_that_is_cut_before_its_middle_was_not_heard() -> None:
    samples = spoken(" ".join(tones.WORDS[:6]))
    word = int(tones.WORD_SECONDS * HEARING_RATE)
    assert heard(samples[: 3 * word + int(word * 0.47)]) == list(tones.WORDS[:3])
    assert heard(samples[: 3 * word + int(word * 0.53)]) == list(tones.WORDS[:4])


def test_a_ducked_word_is_heard_and_a_silent_one_is_not() -> None:
    samples = spoken(" ".join(tones.WORDS[:3]))
    word = int(tones.WORD_SECONDS * HEARING_RATE)
    samples[word : 2 * word] *= 0.125
    assert heard(samples) == list(tones.WORDS[:3])
    samples[word : 2 * word] = 0
    assert heard(samples) == [tones.WORDS[0], tones.WORDS[2]]


def test_words_that_are_remembered_and_not_heard_are_wrong_and_the_other_way_round() -> None:
    remembered = tones.words_of("Baka beka bika—")
    assert remembered == list(tones.WORDS[:3])
    assert tones.wrong(remembered, list(tones.WORDS[:3])) == 0
    assert tones.wrong(remembered, list(tones.WORDS[:2])) == 1
    assert tones.wrong(remembered, list(tones.WORDS[:4])) == 1


def test_mias_wording_changes_nothing_of_the_story() -> None:
    wording = VoiceWording()
    cutter = wording.cutter("en")
    clauses = [*cutter.feed(tones.story()), *cutter.finish()]
    said = " ".join(wording.spoken(clause, "en") for clause in clauses)
    assert tones.words_of(said) == list(tones.WORDS)
