"""One speaker's sound: where the voice is in it, and what was said since the turn began.

Time inside is counted in samples received; the loop's time of a sample follows from when the
newest block arrived. Nothing here waits or reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from mia.conversation.moves import Lull, Settled, Silent, Stirred, Voiced
from mia.conversation.ports import HEARING_RATE, Samples, VoiceDetector
from mia.conversation.tuning import DEFAULT, Tuning

#: The percentile of an utterance's frames that is as loud as its words.
LOUD = 80
#: Voiced frames from which on it is known how loud the words are.
FRAMES_OF_WORDS = 8
#: RMS below which a frame is digital silence.
FAINTEST = 1e-6


Heard = Stirred | Settled | Voiced | Lull | Silent


def _level(frame: Samples) -> float:
    """RMS of a frame in dB, full scale at 0."""
    return 20 * math.log10(max(math.sqrt(float(frame @ frame) / len(frame)), FAINTEST))


class Listener:
    """Blocks of sound in; where the voice is comes out. Keeps the utterance's samples.

    detector: makes detectors of this stream. One says where the voice is; a second looks at
    frames half a frame later, only for first syllables: how soon one is sure of a soft one
    depends on where the frames happen to cut it (of "It was", 20 or 120 ms).
    """

    def __init__(self, detector: Callable[[], VoiceDetector], tuning: Tuning = DEFAULT) -> None:
        self._detector = detector()
        self._between = detector()
        self._tuning = tuning
        self._frame = self._detector.frame_samples
        self._rest = np.zeros(0, np.float32)
        self._half = np.zeros(self._frame // 2, np.float32)
        """The second half of the newest judged frame: a frame in between begins with it."""
        self._glanced = False
        """The frame in between that ends in the rest has been looked at …"""
        self._glimpse = False
        """… and has a voice in it."""
        self._kept: list[Samples] = []
        self._kept_from = 0
        self.received = 0
        """Samples judged so far; the position of the newest one."""
        self._voiced = False
        self._run = 0
        """Samples of voice (while silent) or of silence (while voiced) in a row."""
        self._stirred = False
        """The voice in that row may be a first syllable."""
        self._onset = 0
        self._last_voiced = 0
        self._refresh_at = tuning.refresh
        """Seconds of silence after which the detector is refreshed next."""
        self._begun: int | None = None
        """Where the utterance begins, pre-roll included; None while nobody speaks."""
        self._voice = 0
        """Samples of voice in the utterance."""
        self._untold = 0
        """Samples of voice since the last lull."""
        self._lulled = False
        self._lull = 0
        """Where the last lull was."""
        self.known = 0
        """The words up to this sample were transcribed."""
        self._levels: list[float] = []
        """dB of each voiced frame of the utterance, up to the last lull …"""
        self._late: list[float] = []
        """… and after it."""

    # ── sound in ─────────────────────────────────────────────────────────────────────────────

    def hear(self, samples: Samples, now: float) -> Iterator[Heard]:
        """Take a block (16 kHz, any length) whose last sample was said at `now`."""
        sound = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        end = self.received + len(sound)
        half = len(self._half)
        while len(sound) >= half:
            if not self._glanced:
                yield from self._glance(np.concatenate([self._half, sound[:half]]))
            if len(sound) < self._frame:
                break
            frame, sound = sound[: self._frame], sound[self._frame :]
            yield from self._judge(frame, end, now)
            self._half, self._glanced = frame[half:], False
        self._rest = sound.copy()

    def _glance(self, frame: Samples) -> Iterator[Heard]:
        """Look for a first syllable in a frame between two others."""
        likely = self._between.probability(frame)
        self._glanced, self._glimpse = True, likely >= self._tuning.voice_on
        if self._voiced:
            return
        if likely >= self._tuning.stir and not self._stirred:
            self._stirred = True
            yield Stirred()
        elif self._stirred and self._run == 0 and not self._glimpse:
            self._stirred = False
            yield Settled()

    def _judge(self, frame: Samples, end: int, now: float) -> Iterator[Heard]:
        self._keep(frame)
        if self.received - self._last_voiced >= self._refresh_at * HEARING_RATE:
            self._refresh_at += self._tuning.refresh
            self._detector.reset()
            self._between.reset()
        likely = self._detector.probability(frame)
        threshold = self._tuning.voice_off if self._voiced else self._tuning.voice_on
        voice = likely >= threshold
        start, self.received = self.received, self.received + len(frame)

        def when(sample: int) -> float:
            return now - (end - sample) / HEARING_RATE

        if voice:
            self._last_voiced = self.received
            self._refresh_at = self._tuning.refresh
        if voice and self._begun is not None:
            self._voice += len(frame)
            self._untold += len(frame)
            self._late.append(_level(frame))
        if self._voiced and self._is_lull(likely, voice):
            self._untold, self._lull = 0, self.received
            self._levels += self._late
            self._late.clear()
            yield Lull(when(self.received))
        if voice == self._voiced:
            self._run = 0
            if self._stirred and not self._glimpse:
                self._stirred = False
                yield Settled()
            if self._voiced and self.seconds >= self._tuning.longest_utterance:
                self._silence()
                yield Silent(when(self._last_voiced))
            return
        if voice and self._run == 0:
            self._onset = start
        self._run += len(frame)
        if voice and not self._stirred and likely >= self._tuning.stir:
            self._stirred = True
            yield Stirred()
        if voice and self._run >= self._tuning.onset * HEARING_RATE:
            self._voiced, self._run, self._stirred = True, 0, False
            if self._begun is None:
                self._begun = max(
                    self._kept_from, self._onset - int(self._tuning.pre_roll * HEARING_RATE)
                )
                self._voice = self._untold = self.received - self._onset
                self._levels, self._late = [], []
            yield Voiced(when(self._onset))
        elif not voice and self._run >= self._least_gap() * HEARING_RATE:
            self._silence()
            yield Silent(when(self._last_voiced))

    def _least_gap(self) -> float:
        """Silence that is a pause, seconds: less where all words are known already."""
        known = self.known >= self.complete_from
        return self._tuning.gap_known if known else self._tuning.gap

    def _is_lull(self, likely: float, voice: bool) -> bool:
        """Whether this is the first frame in which the voice may be about to pause, or does after
        all, or there was none for so long that one has to do without."""
        down = likely < self._tuning.lull or self._fallen()
        falling = down and not self._lulled
        self._lulled = down
        if not voice and self._run == 0:
            return self._lull < self.complete_from
        least = self._tuning.lull_after if falling else self._tuning.partial
        return self._untold >= least * HEARING_RATE

    def _fallen(self) -> bool:
        """Whether the newest voiced frame is that much softer than the words."""
        levels = self._levels + self._late
        if len(levels) < FRAMES_OF_WORDS:
            return False
        return levels[-1] <= float(np.percentile(levels, LOUD)) - self._tuning.lull_fall

    def _silence(self) -> None:
        self._voiced, self._run, self._stirred = False, 0, False

    def _keep(self, frame: Samples) -> None:
        self._kept.append(frame)
        if self._begun is None:
            spare = self.received + len(frame) - self._kept_from
            while spare - len(self._kept[0]) > self._tuning.pre_roll * 2 * HEARING_RATE:
                spare -= len(self._kept[0])
                self._kept_from += len(self._kept.pop(0))

    # ── the utterance ────────────────────────────────────────────────────────────────────────

    @property
    def voiced(self) -> bool:
        return self._voiced

    @property
    def seconds(self) -> float:
        """Length of the utterance so far, up to the newest sample."""
        return 0.0 if self._begun is None else (self.received - self._begun) / HEARING_RATE

    @property
    def voice_seconds(self) -> float:
        """How much of the utterance so far is voice."""
        return self._voice / HEARING_RATE

    @property
    def taken(self) -> int:
        """The place after the newest sample taken in, judged or not yet."""
        return self.received + len(self._rest)

    @property
    def onset_ms(self) -> int:
        """Where the newest stretch of voice began, in the sound received."""
        return self._onset * 1000 // HEARING_RATE

    @property
    def last_voiced(self) -> int:
        """The sample after the last voiced one, in the sound received."""
        return self._last_voiced

    @property
    def last_voiced_ms(self) -> int:
        return self._last_voiced * 1000 // HEARING_RATE

    @property
    def complete_from(self) -> int:
        """A transcript of the sound up to this sample, or further, has all the words: what voice
        came later is their dying sound."""
        late = self._last_voiced - self._lull
        tuning = self._tuning
        if late <= tuning.dying * HEARING_RATE and self._levels and self._late:
            words = float(np.percentile(self._levels, LOUD))
            if max(self._late) <= words - tuning.dying_level:
                return self._lull
        return self._last_voiced - int(tuning.late_voice * HEARING_RATE)

    def utterance(self) -> Samples:
        """The utterance so far: pre-roll, speech, and a little of the silence after it."""
        if self._begun is None:
            return np.zeros(0, np.float32)
        end = self._last_voiced + int(self._tuning.tail * HEARING_RATE)
        sound = np.concatenate(self._kept)
        return sound[self._begun - self._kept_from : end - self._kept_from]

    def cut(self) -> None:
        """Let go of the sound up to the pause before the newest onset; the utterance goes on
        from there."""
        if self._begun is not None:
            self._begin_at(self._onset - int(self._tuning.gap * HEARING_RATE))
            self._voice = self.received - self._onset

    def renew(self) -> None:
        """The newest stretch of voice begins an utterance of its own."""
        if self._begun is not None:
            self._begin_at(self._onset - int(self._tuning.pre_roll * HEARING_RATE))
            self._voice = self._untold = self.received - self._onset
            self._levels, self._late = [], []

    def _begin_at(self, sample: int) -> None:
        self._begun = max(sample, self._kept_from)
        sound = np.concatenate(self._kept)
        self._kept = [sound[self._begun - self._kept_from :]]
        self._kept_from = self._begun

    def end(self) -> None:
        """The utterance is over (or was nothing); the next voice begins a new one."""
        if self._voiced:
            self._begun = self._onset
        else:
            self._begun = None
        self._voice = 0
        sound = np.concatenate(self._kept) if self._kept else np.zeros(0, np.float32)
        keep = int(self._tuning.pre_roll * 2 * HEARING_RATE)
        first = self._begun if self._begun is not None else self.received - keep
        drop = max(0, min(first - keep, self.received) - self._kept_from)
        self._kept, self._kept_from = [sound[drop:]], self._kept_from + drop

    def close(self) -> None:
        """No more sound for now: a voice in its middle has ended."""
        self._silence()
        self._drop_rest()

    def forget(self) -> None:
        """Drop everything heard: muted, or discarded by the client."""
        self._voiced, self._run, self._stirred = False, 0, False
        self._begun, self._voice = None, 0
        self._drop_rest()
        self._kept, self._kept_from = [], self.received
        self._detector.reset()
        self._between.reset()

    def _drop_rest(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._half = np.zeros_like(self._half)
        self._glanced = self._glimpse = False
