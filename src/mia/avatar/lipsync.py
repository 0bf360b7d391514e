"""The mouth of one reply, at any second of its sound: the best of what its voice tells.

Four ways, chosen clause by clause: (a) phonemes with their times; (b) words with their times, and
the letters in them; (c) the sound alone, its loudness and its vowels; (d) the original's: loudness
in chunks of 20 ms, smoothed, which is what `lipsync.mode: rms` asks for and all it gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mia.avatar.articulation import RESTING, Articulation, Lips
from mia.avatar.frame import CLOSED, Viseme, Vowels
from mia.avatar.letters import laid_out
from mia.avatar.loudness import Loudness, VoiceLevel
from mia.avatar.visemes import SHAPES, visemes_of
from mia.avatar.vowels import STEP, VowelEar
from mia.conversation.ports import Samples
from mia.telemetry.events import SegmentPlaced, SoundPlaced

#: How much earlier than its sound the mouth is shown: outputs and renderers take some of it, and
#: eyes forgive a mouth that is early, not one that is late (ITU-R BT.1359-1).
LEAD = 0.02
#: The original's chunk.
CHUNK = 0.02
#: Vowels are heard in blocks of so many steps, a little before they are needed.
BLOCK = 20
#: Steps before and after a block that are looked at as well.
AROUND = 2
#: How far lips close that are guessed from letters: shut at the wrong moment is worse than nearly.
GUESSED = 0.6
#: Quieter than this the sound's own spectrum says nothing of the lips.
LEAST_VOICE = 0.06

_EAR: tuple[Viseme, ...] = ("aa", "ih", "ou", "E", "oh")


@dataclass(frozen=True, slots=True)
class LipSync:
    """How the mouth follows sound. smoothing_alpha, rms_min and rms_max are for `rms` only:
    weight of the newest chunk, and the loudness (RMS) at which the mouth is shut and open."""

    mode: Literal["auto", "rms"] = "auto"
    smoothing_alpha: float = 0.2
    rms_min: float = 0.0
    rms_max: float = 0.3
    lead: float = LEAD


@dataclass(frozen=True, slots=True)
class MouthShape:
    """See the fields of `Frame` by these names."""

    open: float = 0.0
    form: float = 0.0
    vowels: Vowels = CLOSED
    viseme: Viseme = "sil"

    def scaled(self, factor: float) -> MouthShape:
        """The same, opened less; 0 is shut."""
        if factor >= 1:
            return self
        if factor <= 0:
            return SHUT
        v = self.vowels
        return MouthShape(
            self.open * factor,
            self.form * factor,
            Vowels(v.a * factor, v.i * factor, v.u * factor, v.e * factor, v.o * factor),
            self.viseme,
        )


SHUT = MouthShape()


class ReplyMouth:
    """language: of the words, by their text; asked for each clause that comes with words alone."""

    def __init__(self, lipsync: LipSync, level: VoiceLevel, language: Callable[[str], str]) -> None:
        self._lipsync = lipsync
        self._language = language
        self.loudness = Loudness(level)
        self._lips = Articulation(hold=lipsync.lead)
        self._told: dict[int, tuple[float, float, Literal["phonemes", "words"]]] = {}
        """By clause: its begin, its finish so far, and what is known of it."""
        self._ear: VowelEar | None = None
        self._blocks: dict[int, tuple[int, np.ndarray]] = {}
        self._smoothed: list[float] = []
        self._rest = np.zeros(0, np.float32)

    # ── what becomes known ───────────────────────────────────────────────────────────────────

    def sound(self, event: SoundPlaced) -> None:
        self.loudness.add(event.begin, event.rate, event.samples)
        if self._lipsync.mode == "rms":
            self._smooth(event.rate, event.samples)

    def segment(self, event: SegmentPlaced) -> None:
        known = self._told.get(event.sequence)
        if event.phonemes:
            self._told[event.sequence] = (event.begin, event.finish, "phonemes")
            for symbol, begin, finish in event.phonemes:
                self._gestures(visemes_of(symbol), begin, finish)
        elif known is not None and known[2] == "phonemes":
            self._told[event.sequence] = (event.begin, event.finish, "phonemes")
        elif event.timed and event.words:
            self._told[event.sequence] = (event.begin, event.finish, "words")
            self._lips.clear(event.begin, event.finish)
            language = self._language(event.text)
            for start, end, begin, finish in event.words:
                for viseme, low, high in laid_out(event.text[start:end], language, begin, finish):
                    self._lips.add(viseme, low, high, GUESSED)

    def _gestures(self, visemes: tuple[Viseme, ...], begin: float, finish: float) -> None:
        step = (finish - begin) / max(len(visemes), 1)
        for number, viseme in enumerate(visemes):
            self._lips.add(viseme, begin + number * step, begin + (number + 1) * step)

    # ── what it looks like ───────────────────────────────────────────────────────────────────

    def at(self, heard: float) -> MouthShape:
        """The mouth when `heard` seconds of the reply's sound were heard."""
        if self._lipsync.mode == "rms":
            return self._plain(heard)
        seconds = heard + self._lipsync.lead
        level = self.loudness.at(seconds)
        lips = self._lips.at(seconds)
        if lips is RESTING and level > LEAST_VOICE and not self._by_phonemes(seconds):
            lips = self._hear(seconds)
        return _opened(lips, level)

    def _by_phonemes(self, seconds: float) -> bool:
        return any(
            begin <= seconds < finish and known == "phonemes"
            for begin, finish, known in self._told.values()
        )

    def _hear(self, seconds: float) -> Lips:
        """From the sound alone, over about three steps."""
        step = int(seconds / STEP)
        near = (self._share(step - 1), self._share(step), self._share(step + 1))
        shares = near[0] * 0.25 + near[1] * 0.5 + near[2] * 0.25
        jaw = form = 0.0
        for share, name in zip(shares, _EAR, strict=True):
            jaw += float(share) * SHAPES[name].jaw
            form += float(share) * SHAPES[name].form
        a, i, u, e, o = (float(share) for share in shares)
        return Lips(_EAR[int(np.argmax(shares))], jaw, form, (a, i, u, e, o), 0.0)

    def _share(self, step: int) -> np.ndarray:
        block, within = divmod(max(step, 0), BLOCK)
        begin = block * BLOCK * STEP
        there = round((min(self.loudness.seconds, begin + (BLOCK + AROUND) * STEP) - begin) / STEP)
        known = self._blocks.get(block)
        if known is None or known[0] < there:
            known = self._blocks[block] = (there, self._heard(block))
            self._blocks.pop(block - 8, None)
        shares = known[1]
        return shares[min(within, len(shares) - 1)] if len(shares) else np.full(5, 0.2)

    def _heard(self, block: int) -> np.ndarray:
        self._ear = self._ear or VowelEar()
        first = max(block * BLOCK - AROUND, 0)
        rate, samples = self._slice(first * STEP, (block + 1) * BLOCK * STEP + AROUND * STEP)
        shares = self._ear.shares(samples, rate)
        skipped = block * BLOCK - first
        return shares[skipped : skipped + BLOCK]

    def _slice(self, begin: float, finish: float) -> tuple[int, Samples]:
        parts: list[Samples] = []
        rate = 24_000
        for start, rate, samples in self.loudness.pieces:
            low = max(round((begin - start) * rate), 0)
            high = min(round((finish - start) * rate), len(samples))
            if low < high:
                parts.append(samples[low:high])
        return rate, np.concatenate(parts) if parts else np.zeros(0, np.float32)

    # ── the original's way ───────────────────────────────────────────────────────────────────

    def _smooth(self, rate: int, samples: Samples) -> None:
        sound = np.concatenate((self._rest, samples))
        size = round(rate * CHUNK)
        alpha = self._lipsync.smoothing_alpha
        smoothed = self._smoothed[-1] if self._smoothed else 0.0
        for chunk in sound[: len(sound) // size * size].reshape(-1, size):
            rms = float(np.sqrt(np.mean(chunk**2)))
            smoothed = alpha * rms + (1 - alpha) * smoothed
            self._smoothed.append(smoothed)
        self._rest = sound[len(sound) // size * size :]

    def _plain(self, heard: float) -> MouthShape:
        chunk = int(heard / CHUNK)
        if not 0 <= chunk < len(self._smoothed):
            return SHUT
        low, high = self._lipsync.rms_min, self._lipsync.rms_max
        opened = min(max((self._smoothed[chunk] - low) / max(high - low, 1e-6), 0.0), 1.0)
        return MouthShape(opened, 0.0, Vowels(a=opened), "aa" if opened > 0.05 else "sil")


def _opened(lips: Lips, level: float) -> MouthShape:
    """The shape at this loudness: quiet lips hardly part, whatever they say."""
    if level <= 0:
        return SHUT
    parted = 1.0 - lips.closed
    opened = level * lips.jaw * parted
    strength = level**0.6 * parted
    a, i, u, e, o = lips.vowels
    vowels = Vowels(a * strength, i * strength, u * strength, e * strength, o * strength)
    quiet = level < LEAST_VOICE
    form = lips.form * min(1.0, level * 3) * (1 - 0.7 * lips.closed)
    return MouthShape(opened, form, vowels, "sil" if quiet and lips.closed < 0.5 else lips.viseme)
