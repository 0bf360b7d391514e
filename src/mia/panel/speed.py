"""A short real timing of the parts that are loaded: one sentence spoken, understood, answered.

The result is kept beside other caches under a fingerprint of the machine and the parts, so that
it is measured once and not at every visit. It takes a few seconds and every core, so it is done
when somebody asks and nobody talks.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mia.audio.resample import StreamResampler
from mia.conversation import Parts
from mia.conversation.ports import HEARING_RATE, Message, Prompt, Samples
from mia.home import made

log = logging.getLogger(__name__)

#: Spoken by her own voice and given to her own ears; about three seconds.
SENTENCES = {
    "es": "Hola, ¿qué tal tu día? Cuéntame algo bonito.",
    "en": "Hi, how was your day? Tell me something nice.",
}
#: A first clause: what the voice needs before it can begin.
CLAUSES = {"es": "Claro que sí, con gusto.", "en": "Of course, with pleasure."}
#: Enough pieces to know the pace, and no more.
_PIECES = 32
#: Pieces of a first clause: three to eight words of Spanish.
CLAUSE_PIECES = 9
_LONGEST_REPLY_S = 12.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of each part's work on this machine.

    stt_s: for one utterance of `speech_s` seconds. llm_first_s: to a reply's first piece, with the
    persona's prompt read before. llm_rate: pieces (about tokens) a second; 0 if it wrote too
    little. tts_s: to the first sound of a first clause, `clause_s` long, while the mind goes on
    writing.
    """

    stt_s: float
    speech_s: float
    llm_first_s: float
    llm_rate: float
    tts_s: float
    clause_s: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


async def measure(parts: Parts, language: str) -> Speed:
    """Time the loaded parts, one after the other. Raises MiaError where one of them cannot."""
    spoken_in = language if language in SENTENCES else "es"
    speech = await _said(parts, SENTENCES[spoken_in], spoken_in)
    heard = StreamResampler(speech[1], HEARING_RATE).feed(speech[0], last=True)
    stt_s = await _timed(parts.stt.transcribe(heard, language=spoken_in))
    first_s, rate, clause = await _answered(parts, spoken_in)
    return Speed(
        stt_s=stt_s,
        speech_s=len(heard) / HEARING_RATE,
        llm_first_s=first_s,
        llm_rate=rate,
        tts_s=clause.first_s,
        clause_s=clause.seconds,
    )


async def _timed(work: Any) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await work
    return loop.time() - begun


async def _said(parts: Parts, text: str, language: str) -> tuple[Samples, int]:
    """The sound of a text and its rate."""
    pieces: list[Samples] = []
    rate = HEARING_RATE
    async with aclosing(parts.mouth.tts.stream(text, language=language)) as sounds:
        async for sound in sounds:
            pieces.append(sound.samples)
            rate = sound.rate
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.float32)), rate


@dataclass(slots=True)
class _Clause:
    """Seconds until a clause begins to be heard, and of its sound."""

    first_s: float = 0.0
    seconds: float = 0.0


async def _spoken(parts: Parts, language: str) -> _Clause:
    """Say a first clause."""
    loop = asyncio.get_running_loop()
    found, begun = _Clause(), loop.time()
    async with aclosing(parts.mouth.tts.stream(CLAUSES[language], language=language)) as sounds:
        async for sound in sounds:
            found.first_s = found.first_s or loop.time() - begun
            found.seconds += len(sound.samples) / sound.rate
    return found


async def _answered(parts: Parts, language: str) -> tuple[float, float, _Clause]:
    """Seconds to the first piece, and pieces a second after it; and the first clause, spoken as
    in a turn: while the mind goes on writing, on the same cores."""
    loop = asyncio.get_running_loop()
    system = Message("system", parts.system_prompt(language))
    prompt = Prompt((system, Message("user", SENTENCES[language])), language, _PIECES)
    await parts.mouth.llm.warm(Prompt((system,), language))
    begun = loop.time()
    times: list[float] = []
    speaking: asyncio.Task[_Clause] | None = None
    try:
        async with aclosing(parts.mouth.llm.stream(prompt)) as pieces:
            async for _ in pieces:
                times.append(loop.time())
                if len(times) == CLAUSE_PIECES:
                    speaking = asyncio.create_task(_spoken(parts, language))
                if len(times) >= _PIECES or times[-1] - begun > _LONGEST_REPLY_S:
                    break
        clause = await (speaking or _spoken(parts, language))
    finally:
        if speaking is not None:
            speaking.cancel()
            await asyncio.wait({speaking})
    first = times[:CLAUSE_PIECES]
    rate = (len(first) - 1) / (first[-1] - first[0]) if len(first) > 4 else 0.0
    return (times[0] - begun if times else 0.0), rate, clause


class SpeedCache:
    """What was measured, in one small file. Everything here blocks."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "speed.json"

    def read(self, fingerprint: str) -> Speed | None:
        """What was measured under this fingerprint, None if nothing was."""
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            found = kept.get(fingerprint)
            return Speed(**found) if found else None
        except (OSError, ValueError, TypeError, AttributeError):
            return None  # a cache that cannot be read is an empty one

    def write(self, fingerprint: str, speed: Speed) -> None:
        try:
            made(self._path.parent)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps({fingerprint: speed.as_dict()}), "utf-8")
            new.replace(self._path)
        except OSError as error:
            log.warning("the measured speed could not be kept: %s", error)


def fingerprint(*facts: object) -> str:
    """A short name for a combination of machine and parts."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
