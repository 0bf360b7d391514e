"""A reply for the face: what the bus would tell of it, with sound of known loudness and vowels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mia.avatar.lipsync import LipSync
from mia.avatar.mouth import Mouth, Said
from mia.conversation.ports import PLAYING_RATE, Samples
from mia.telemetry import events as facts

REPLY = "r1"
#: First and second formant in Hz.
FORMANTS = {"a": (750, 1300), "i": (300, 2300), "u": (330, 800), "e": (470, 1950), "o": (480, 950)}


def tone(seconds: float, loud: float = 0.2) -> Samples:
    """A voice without any particular vowel; loud: its RMS."""
    time = np.arange(round(seconds * PLAYING_RATE)) / PLAYING_RATE
    wave = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    return np.asarray(wave / np.sqrt(np.mean(wave**2)) * loud, np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * PLAYING_RATE), np.float32)


def vowel(name: str, seconds: float, pitch: float = 150.0) -> Samples:
    """Harmonics of a voice under two formants."""
    time = np.arange(round(seconds * PLAYING_RATE)) / PLAYING_RATE
    wave = np.zeros(len(time))
    first, second = FORMANTS[name]
    for k in range(1, int(5000 / pitch)):
        f = k * pitch
        gain = 1 / (1 + ((f - first) / 90) ** 2) + 0.5 / (1 + ((f - second) / 120) ** 2) + 0.003
        wave += gain * np.sin(2 * np.pi * f * time + k)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)) * 0.15, np.float32)


class Reply:
    """A reply on its way, and the playhead in it. The loop's time is the playhead's own."""

    def __init__(
        self, *sounds: Samples, lipsync: LipSync | None = None, language: str = "es"
    ) -> None:
        self.playing = True
        self.mouth = Mouth(lipsync or LipSync(), self.playhead, lambda _text: language)
        self.at = 0.0
        begin = 0.0
        for sound in sounds:
            self.place(begin, sound)
            begin += len(sound) / PLAYING_RATE

    def playhead(self) -> tuple[str, float] | None:
        return (REPLY, self.at) if self.playing else None

    def place(self, begin: float, sound: Samples) -> None:
        self.mouth.tell(
            facts.SoundPlaced(
                at=0, conversation="c", reply=REPLY, begin=begin, rate=PLAYING_RATE, samples=sound
            )
        )

    def says(
        self,
        text: str = "",
        *,
        phonemes: Sequence[tuple[str, float, float]] = (),
        words: Sequence[tuple[int, int, float, float]] = (),
        timed: bool = True,
    ) -> None:
        self.mouth.tell(
            facts.SegmentPlaced(
                at=0,
                conversation="c",
                turn="t1",
                reply=REPLY,
                sequence=0,
                text=text,
                begin=0.0,
                finish=10.0,
                words=tuple(words),
                phonemes=tuple(phonemes),
                timed=timed,
            )
        )

    def tell(self, kind: type, **fields: object) -> None:
        self.mouth.tell(kind(at=self.at, conversation="c", turn="t1", reply=REPLY, **fields))

    def heard(self, seconds: float) -> Said:
        """The mouth when so much was heard."""
        self.at = seconds
        return self.mouth.at(seconds, seconds)

    def later(self, seconds: float) -> Said:
        """The mouth so much after the newest moment, the playhead standing where it is."""
        return self.mouth.at(self.at + seconds, self.at + seconds)
