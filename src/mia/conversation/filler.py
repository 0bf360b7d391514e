"""Something short to say when a reply is late: "a ver…". No part of what MIA says.

The sounds are made once, when nothing else needs the processor, and kept: a filler that has to be
synthesised first would be late itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np

from mia.conversation.cores import BACKGROUND, Cores
from mia.conversation.ports import PLAYING_RATE, Resampler, Samples
from mia.conversation.reply import Mouth
from mia.conversation.tuning import Tuning
from mia.errors import MiaError
from mia.strings import translate

log = logging.getLogger(__name__)

#: Keys in the catalogue of texts.
TEXTS = ("spoken.filler.1", "spoken.filler.2", "spoken.filler.3")


@dataclass(frozen=True, slots=True)
class Filler:
    text: str
    samples: Samples
    """At PLAYING_RATE."""


@dataclass(slots=True)
class FillerSounds:
    """The fillers of every language, shared by all conversations of one voice."""

    of: dict[str, tuple[Filler, ...]] = field(default_factory=dict)

    async def make(self, language: str, mouth: Mouth, cores: Cores) -> None:
        """Have this language's fillers; without a voice for them there are none."""
        if language in self.of:
            return
        self.of[language] = ()
        for key in TEXTS:
            text = translate(key, language)
            try:
                async with cores.claim(BACKGROUND):
                    samples = await _said(text, language, mouth)
            except Exception as error:  # a "let me see…" must never end the talk
                trace = not isinstance(error, MiaError)
                log.info("no filler %r: %s", text, error, exc_info=trace)
                return
            if len(samples):
                self.of[language] += (Filler(text, samples),)


async def _said(text: str, language: str, mouth: Mouth) -> Samples:
    parts: list[Samples] = []
    resampler: Resampler | None = None
    spoken = mouth.wording.spoken(text, language)
    async for piece in mouth.tts.stream(spoken, language=language):
        resampler = resampler or mouth.resampler(piece.rate, PLAYING_RATE)
        parts.append(resampler.feed(piece.samples))
    if resampler is not None:
        parts.append(resampler.feed(np.zeros(0, np.float32), last=True))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class Fillers:
    """Which filler is said when: never in two turns running, never soon the same again."""

    def __init__(self, sounds: FillerSounds, tuning: Tuning) -> None:
        self._sounds = sounds
        self._tuning = tuning
        self._said: dict[str, int] = {}
        self._newest = -tuning.fillers_apart

    def next(self, turn: int, language: str) -> Filler | None:
        """The filler for this turn (counted), if one may be said."""
        if turn - self._newest < self._tuning.fillers_apart:
            return None
        for filler in self._sounds.of.get(language, ()):
            said = self._said.get(filler.text)
            if said is None or turn - said >= self._tuning.filler_again:
                self._said[filler.text] = self._newest = turn
                return filler
        return None
