"""The way of a clause through a voice model: pieces, sound, timings; stopped when unwanted."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass

from mia.blocking import Worker
from mia.conversation.ports import Samples, Sound
from mia.errors import BackendUnavailable
from mia.voice import timing
from mia.voice.onnx import Cancelled, Job
from mia.voice.pieces import Piece, pieces
from mia.voice.shaping import Loudness, Shaper
from mia.voice.timing import Symbol

#: Characters that cannot be handed to espeak-ng at all.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A model's sound of one piece of text, or a part of it, as it comes."""

    samples: Samples
    rate: int
    symbols: tuple[Symbol, ...] = ()
    """When each symbol is heard, in seconds of the piece; all of them with its first part."""
    count: Callable[[str], int] = len
    """How many phonemes a word has by itself."""
    last: bool = True
    """Whether it ends the piece."""


Voice = Callable[[str, Job], Iterator[Spoken]]
"""Speaks one piece of text. Runs on the model's thread; raises RuntimeError or Cancelled."""


async def speak(
    worker: Worker, voice: Voice, text: str, *, backend: str, loudness: Loudness | None = None
) -> AsyncGenerator[Sound, None]:
    """The sound of a text, one `Sound` for each sentence or so, or for each part of one that a
    voice makes by parts; nothing if nothing is to be said.

    loudness: learned over the clauses of a voice that speaks by parts. Closing the generator
    stops the model's run after the operation it is at. Raises BackendUnavailable("tts.failed").
    """
    job = Job()
    at = 0.0
    text = _UNSPEAKABLE.sub(" ", text)
    try:
        for piece in pieces(text):
            saying = _Saying(voice, piece, job, at, loudness)
            try:
                while (sound := await worker.run(saying.next)) is not None:
                    if len(sound.samples):
                        at += len(sound.samples) / sound.rate
                        yield sound
            except (RuntimeError, ValueError) as error:
                raise BackendUnavailable("tts.failed", name=backend, reason=str(error)) from error
    except Cancelled:
        return
    finally:
        job.cancel()


class _Saying:
    """One piece of text on its way; `next` runs on the model's thread."""

    def __init__(
        self, voice: Voice, piece: Piece, job: Job, at: float, loudness: Loudness | None
    ) -> None:
        self._piece = piece
        self._job = job
        self._at = at
        self._loudness = loudness
        self._parts = voice(piece.text, job)
        self._shaper: Shaper | None = None
        self._symbols: tuple[Symbol, ...] = ()

    def next(self) -> Sound | None:
        """Its next part, None at the end. A part in which nothing is heard yet is empty."""
        self._job.check()
        spoken = next(self._parts, None)
        if spoken is None:
            return None
        if self._shaper is None:
            self._shaper = Shaper(spoken.rate, self._piece.text, self._loudness)
            self._symbols, self._count = spoken.symbols, spoken.count
        samples = self._shaper.feed(spoken.samples, last=spoken.last)
        if not self._shaper.begun:
            return Sound(samples, spoken.rate)
        symbols, self._symbols = self._symbols, ()
        latest = len(samples) / spoken.rate if spoken.last else math.inf
        timed = [symbol.moved(self._shaper.cut, latest) for symbol in symbols]
        moved = tuple(Symbol(s.symbol, s.begin + self._at, s.finish + self._at) for s in timed)
        words = timing.words(self._piece.text, moved, self._count, self._piece.start)
        return Sound(samples, spoken.rate, words, timing.sounds(moved))
