"""The way of a clause through a voice model: pieces, sound, timings; stopped when unwanted."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from mia.blocking import Worker
from mia.conversation.ports import Samples, Sound, Word
from mia.errors import BackendUnavailable
from mia.voice import timing
from mia.voice.onnx import Cancelled, Job
from mia.voice.pieces import Piece, pieces
from mia.voice.shaping import shape
from mia.voice.timing import Symbol

#: Characters that cannot be handed to espeak-ng at all.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A model's sound of one piece, as it comes, and when each symbol is heard in it."""

    samples: Samples
    rate: int
    symbols: tuple[Symbol, ...]
    count: Callable[[str], int]
    """How many phonemes a word has by itself."""


Voice = Callable[[str, Job], Spoken]
"""Speaks one piece of text. Runs on the model's thread; raises RuntimeError or Cancelled."""


async def speak(
    worker: Worker, voice: Voice, text: str, *, backend: str
) -> AsyncGenerator[Sound, None]:
    """The sound of a text, one `Sound` for each sentence or so; nothing if nothing is to be said.

    Closing the generator stops the model's run after the operation it is at. Raises
    BackendUnavailable("tts.failed").
    """
    job = Job()
    at = 0.0
    text = _UNSPEAKABLE.sub(" ", text)
    try:
        for piece in pieces(text):
            try:
                sound = await worker.run(_sound, voice, piece, job, at)
            except (RuntimeError, ValueError) as error:
                raise BackendUnavailable("tts.failed", name=backend, reason=str(error)) from error
            if len(sound.samples):
                at += len(sound.samples) / sound.rate
                yield sound
    except Cancelled:
        return
    finally:
        job.cancel()


def _sound(voice: Voice, piece: Piece, job: Job, at: float) -> Sound:
    job.check()
    spoken = voice(piece.text, job)
    shaped = shape(spoken.samples, spoken.rate, piece.text)
    latest = len(shaped.samples) / spoken.rate
    timed = tuple(symbol.moved(shaped.cut, latest) for symbol in spoken.symbols)
    timed = tuple(Symbol(s.symbol, s.begin + at, s.finish + at) for s in timed)
    found: tuple[Word, ...] = timing.words(piece.text, timed, spoken.count, piece.start)
    return Sound(shaped.samples, spoken.rate, found, timing.sounds(timed))
