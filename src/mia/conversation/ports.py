"""What the conversation needs from the world, as small protocols.

Every port is implemented by backends (`hearing`, `mind`, `voice`) or channels that the
conversation has never heard of. The data that crosses a port is defined here too, so a backend
imports this module and nothing else of the conversation.

Sound is mono `float32` in [-1, 1] everywhere; what is heard has 16,000 samples a second
(`HEARING_RATE`), what is played has 24,000 (`PLAYING_RATE`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""One-dimensional, mono, `float32`, full scale at ±1."""

HEARING_RATE = 16_000
PLAYING_RATE = 24_000


InputMode = Literal["hands-free", "push-to-talk", "wake-name"]
"""How MIA is spoken to: always, while a key is held, or by her name."""


# ── hearing ──────────────────────────────────────────────────────────────────────────────────


class VoiceDetector(Protocol):
    """Tells speech from other sound, frame by frame. Stateful; one for each stream."""

    @property
    def frame_samples(self) -> int:
        """How many samples at HEARING_RATE each call takes."""
        ...

    def probability(self, frame: Samples) -> float:
        """How likely it is that this frame is speech, 0 … 1. Fast (< 1 ms), never awaits."""
        ...

    def reset(self) -> None:
        """Forget what was heard so far."""
        ...


@dataclass(frozen=True, slots=True)
class Transcript:
    """What somebody said. `text` is empty when nothing was said but noise."""

    text: str
    language: str
    """ISO 639-1: the one asked for, or the one heard."""
    no_speech: float = 0.0
    """The recogniser's own probability that there was no speech, 0 … 1."""
    confidence: float = 0.0
    """Mean log-probability of the text's pieces; 0 from a recogniser that does not say."""


class SpeechToText(Protocol):
    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        """The text of one utterance (so far).

        language: ISO 639-1, or None to find out. Raises BackendUnavailable.
        """
        ...

    async def aclose(self) -> None: ...


class TurnDetector(Protocol):
    """Hears from the melody of the voice whether the speaker has finished."""

    async def completeness(self, samples: Samples) -> float:
        """How likely it is that this utterance (so far) is complete, 0 … 1."""
        ...

    async def aclose(self) -> None: ...


# ── mind ─────────────────────────────────────────────────────────────────────────────────────

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str
    plain: tuple[str, ...] = ()
    """The same as short plain sentences, for a mind that follows no instructions; empty where
    `content` is plain itself."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a language model is to read for one reply; the newest user message is last."""

    messages: tuple[Message, ...]
    language: str
    """ISO 639-1 of the turn; a model with several weights chooses by it."""
    max_tokens: int | None = None
    verbatim: str = ""
    """Said as it stands; the mind is not asked."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the newest reply cost: tokens evaluated, taken from the cache, and written."""

    evaluated: int
    cached: int
    written: int


class LanguageModel(Protocol):
    def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """The reply, piece by piece as it is written.

        Closing the generator (or cancelling whoever iterates it) stops the model within one
        token. Raises BackendUnavailable, before or between pieces.
        """
        ...

    async def warm(self, prompt: Prompt) -> None:
        """Evaluate the prompt into the model's cache, so that a reply which begins with the same
        messages starts sooner. Models without such a cache do nothing."""
        ...

    @property
    def usage(self) -> Usage | None:
        """Of the newest finished reply, where the model tells."""
        ...

    async def aclose(self) -> None: ...


# ── memory ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asking:
    """Who speaks with whom, and where. speaker: id, empty for whoever is at this machine."""

    conversation: str
    speaker: str
    persona: str
    language: str
    """ISO 639-1 of what is being said."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What came to mind for what somebody says.

    note: told to the mind right before their words, and kept there. plain: the same as sentences.
    memories: (id, score, text) of each memory in it.
    """

    note: str = ""
    plain: tuple[str, ...] = ()
    memories: tuple[tuple[int, float, str], ...] = ()


class Memory(Protocol):
    async def recall(self, text: str, asking: Asking) -> Recollection:
        """What fits these words, which may still grow; empty when nothing does. Never raises, and
        writes nothing."""
        ...

    async def kept(self, conversation: str, turn: str) -> None:
        """Return once the user's words of this turn are written down, or cannot be within the
        time a listener would not notice. Never raises."""
        ...

    def forgets(self, text: str) -> bool:
        """Whether these words ask to forget what was said right before them."""
        ...


# ── voice ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Word:
    """When a stretch of the clause's text is heard: characters [start, end) of the text given
    to the synthesizer, seconds [begin, finish) from the start of the clause's sound."""

    start: int
    end: int
    begin: float
    finish: float


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One IPA symbol and its seconds [begin, finish) from the start of the clause's sound."""

    symbol: str
    begin: float
    finish: float


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of a clause's sound, in order; its times count from the start of the clause."""

    samples: Samples
    rate: int
    """Samples a second of `samples`; the backend's own, the conversation resamples."""
    words: tuple[Word, ...] = ()
    phonemes: tuple[Phoneme, ...] = ()


class SpeechSynthesizer(Protocol):
    def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """The sound of one clause, in one piece or several.

        text: plain speakable text, no markup. Closing the generator stops the work as soon as
        the engine allows. Raises BackendUnavailable.
        """
        ...

    async def aclose(self) -> None: ...


# ── playing ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a reply's sound on its way to a loudspeaker.

    reply: which reply it belongs to. offset: its first sample's place in that reply's sound.
    """

    reply: str
    offset: int
    samples: Samples


class Loudspeaker(Protocol):
    """Where a reply is heard: a sound card, a browser, a tap, a Discord room."""

    @property
    def lead(self) -> float:
        """Seconds of sound it wants to hold ahead of what is heard."""
        ...

    @property
    def latency(self) -> float:
        """Seconds from `play` on an empty loudspeaker to the first audible sample."""
        ...

    def play(self, block: Block) -> None:
        """Take a block at PLAYING_RATE; it is heard right after what it already holds."""
        ...

    def hush(self) -> None:
        """Forget everything that has not been heard yet, at once."""
        ...

    def duck(self, gain: float, seconds: float) -> None:
        """Change the volume of what is still to be heard to `gain` (1 is normal) within
        `seconds`."""
        ...


# ── text on its way to the voice ─────────────────────────────────────────────────────────────


class ClauseCutter(Protocol):
    """Cuts a streamed text into clauses, the first one as early as it makes sense."""

    def feed(self, piece: str) -> list[str]:
        """The clauses that are complete with this piece."""
        ...

    def finish(self) -> list[str]:
        """What is left once the text has ended."""
        ...


class Wording(Protocol):
    """What of a text is shown, what is said, and how the one lies on the other."""

    def cutter(self, language: str) -> ClauseCutter: ...

    def shown(self, clause: str) -> str:
        """The clause as a subtitle: without markup and stage directions."""
        ...

    def spoken(self, clause: str, language: str) -> str:
        """The clause as it is said: numbers and signs in words; empty if nothing is to be."""
        ...

    def cues(self, clause: str) -> tuple[tuple[str, int], ...]:
        """The expressions asked for in the clause, each with the character of the shown text it
        stands before."""
        ...

    def align(self, shown: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Word times of the spoken text, as word times of the shown one."""
        ...


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A clause that is not to be said. category: why. instead: what is said in its place; the
    reply ends with that."""

    category: str
    instead: str


class ReplyGuard(Protocol):
    """Looks at one reply, clause by clause, before anything of it is shown or said."""

    def check(self, shown: str, spoken: str) -> KeptBack | None:
        """Whether this clause, after those before it, is to be kept back. Never awaits."""
        ...


class Guard(Protocol):
    async def begin(self, language: str) -> ReplyGuard:
        """A fresh one for a reply in this language (ISO 639-1)."""
        ...


class Resampler(Protocol):
    """Changes the rate of one clause's sound, piece by piece."""

    def feed(self, samples: Samples, *, last: bool = False) -> Samples: ...
