"""A voice whose every word is a tone of its own, so that the words can be read off the tape.

A word lasts 0.3 s at one steady level: what is not at that level was ducked or held, and which
words were heard, and for how long, is in the sound itself and in nobody's report.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

import numpy as np

from mia.conversation.ports import PLAYING_RATE, Prompt, Samples, Sound, Usage, Word

#: Sixty syllables that no wording changes.
WORDS = tuple(f"{first}{vowel}ka" for first in "bdfglmnprstv" for vowel in "aeiou")
CLAUSE = 8
"""Words of a clause."""
WORD_SECONDS = 0.3
AMPLITUDE = 0.1
LOWEST, STEP = 300.0, 40.0
"""Hz of the first word, and from each to the next."""
#: Below this nothing is heard; a ducked tone has twice as much.
FAINTEST = 0.006
WINDOW = 0.02
HOP = 0.001
EDGE = 0.004

QUESTION = "Tell me everything."


def story() -> str:
    """All words once, in clauses: eighteen seconds."""
    clauses = [" ".join(WORDS[k : k + CLAUSE]) for k in range(0, len(WORDS), CLAUSE)]
    return ". ".join(clause.capitalize() for clause in clauses) + "."


class Storyteller:
    """A mind that tells the story when asked to, and says one word else. `LanguageModel`."""

    usage: Usage | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        asked = prompt.messages[-1].content.strip() == QUESTION
        for piece in re.findall(r"\S+\s*", story() if asked else f"{WORDS[0].capitalize()}."):
            yield piece

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class Tones:
    """Each word as its tone. `SpeechSynthesizer`."""

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        spans = [match.span() for match in re.finditer(r"\w+", text)]
        count = int(WORD_SECONDS * PLAYING_RATE)
        at = np.arange(count) / PLAYING_RATE
        tones: list[Samples] = []
        words: list[Word] = []
        for number, (start, end) in enumerate(spans):
            frequency = LOWEST + STEP * WORDS.index(text[start:end].lower())
            tones.append((AMPLITUDE * np.sin(2 * np.pi * frequency * at)).astype(np.float32))
            words.append(Word(start, end, number * WORD_SECONDS, (number + 1) * WORD_SECONDS))
        if tones:
            yield Sound(np.concatenate(tones), PLAYING_RATE, tuple(words))

    async def aclose(self) -> None: ...


def seconds_heard(channel: Samples, rate: int) -> list[float]:
    """How long each word of the story was heard, whether loud or ducked."""
    hop, size, edge = int(rate * HOP), int(rate * WINDOW), int(rate * EDGE)
    padded = np.pad(channel.astype(np.float64), size // 2)
    starts = np.arange(0, len(channel), hop)
    near = np.abs(padded[(starts + size // 2)[:, None] + np.arange(-edge // 2, edge // 2)])
    starts = starts[near.max(axis=1) > FAINTEST]
    frequencies = LOWEST + STEP * np.arange(len(WORDS))
    waves = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(size) / rate))
    heard = np.zeros(len(WORDS))
    for block in np.array_split(starts, max(1, len(starts) // 500)):
        frames = padded[block[:, None] + np.arange(size)]
        loudest = np.abs(frames @ waves.T).argmax(axis=1)
        heard += np.bincount(loudest, minlength=len(WORDS)) * HOP
    return [float(seconds) for seconds in heard]


def words_heard(seconds: list[float]) -> list[str]:
    """The words of which more than half was heard."""
    return [word for word, s in zip(WORDS, seconds, strict=True) if s > WORD_SECONDS / 2]


def words_of(text: str) -> list[str]:
    """The words of a text, as the story has them."""
    return re.findall(r"[a-z]+", text.lower())


def wrong(remembered: list[str], heard: list[str]) -> int:
    """How many words are in one of the two and not in the other."""
    return len(set(remembered) ^ set(heard))
