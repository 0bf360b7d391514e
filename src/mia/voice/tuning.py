"""Speed and pitch in one set of units for every voice: a factor, and semitones.

A backend says what it can do by the methods it has: `set_speed(factor)`, `set_semitones(number)`,
both from its next clause on. A voice without a pitch of its own is made to speak slower (or
faster) and its sound is then played as much faster (or slower) as it takes to be higher or lower:
it lasts as long as before, and nothing is stretched afterwards, so nothing gets blurred. As with a
tape, the colour of the voice moves along; within four semitones that sounds like another person
rather than like a trick.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mia.conversation.ports import Phoneme, Sound, Word


@dataclass(slots=True)
class Tuned:
    """How a voice is to speak. speed: 1 is normal. semitones: 0 is normal."""

    speed: float = 1.0
    semitones: float = 0.0

    def tell(self, voice: object | None) -> float:
        """Tell the voice; by which factor its sound is to be raised afterwards (1: not at all)."""
        ratio: float = 2 ** (self.semitones / 12)
        set_speed = getattr(voice, "set_speed", None)
        set_semitones = getattr(voice, "set_semitones", None)
        if set_semitones is not None:
            set_semitones(self.semitones)
            ratio = 1.0
        elif set_speed is None:
            ratio = 1.0  # raised alone it would hurry as well
        if set_speed is not None:
            set_speed(self.speed / ratio)
        return ratio


def raised(sound: Sound, ratio: float) -> Sound:
    """The sound `ratio` times as high and as fast: the same samples, more of them a second."""
    words = tuple(
        Word(word.start, word.end, word.begin / ratio, word.finish / ratio) for word in sound.words
    )
    phonemes = tuple(
        Phoneme(one.symbol, one.begin / ratio, one.finish / ratio) for one in sound.phonemes
    )
    rate = round(sound.rate * ratio)
    return replace(sound, rate=rate, words=words, phonemes=phonemes)
