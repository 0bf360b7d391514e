"""How long an answer would take with another model, reckoned from what was measured here.

A language model of this size is bound by memory: a token costs reading all of its weights once,
so its pace falls as its size grows. A recogniser is bound by arithmetic: its encoder's work grows
with its parameters (Whisper's paper, table 1: 39, 74, 244, 769, 1550 M; turbo 809 M with the large
encoder). Both are rough, and the panel says "about".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mia.models import Model
from mia.panel.machine import Machine
from mia.panel.speed import CLAUSE_PIECES, Speed

#: Work of a recogniser's encoder and decoder for one utterance, relative to Whisper base.
_WHISPER = {
    "whisper-tiny": 0.55,
    "whisper-base": 1.0,
    "whisper-small": 3.4,
    "whisper-medium": 10.5,
    "whisper-large-v3": 20.0,
    "whisper-turbo": 14.0,
}
#: How long she usually waits to be sure that you have finished, in seconds; she understands,
#: thinks and gets ready to speak meanwhile (docs/decisions, bench/results/measuring.md).
HOLD_S = 0.5
#: When a pause begins she starts to understand.
GAP_S = 0.1
FLUENT_S, BEARABLE_S = 1.5, 3.0
#: Share of the memory a model may take beside everything else.
_MEMORY = 0.5
#: A graphics card makes these so much quicker; a guess on the careful side.
_GRAPHICS = 8.0

Feel = Literal["fluent", "bearable", "slow", "too_large"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """answer_s: seconds from your last word to her first; None where it would not fit."""

    answer_s: float | None
    feel: Feel


def answer_s(speed: Speed, *, stt: float = 1.0, llm: float = 1.0) -> float:
    """Seconds from the last word to her first one, with ears and mind so many times slower than
    the measured ones."""
    writing = CLAUSE_PIECES / speed.llm_rate if speed.llm_rate else 0.0
    work = speed.stt_s * stt + (speed.llm_first_s + writing) * llm + speed.tts_s
    return max(HOLD_S, GAP_S + work)


def estimate(
    model: Model, speed: Speed | None, machine: Machine, *, stt: str, llm_size: int
) -> Estimate | None:
    """What an answer would take with this model in the place of the present one.

    stt: catalogue id of the recogniser that was measured. llm_size: bytes of the mind that was
    measured, 0 where it is a server's. None: nothing is known.
    """
    if machine.memory and model.size > machine.memory * _MEMORY:
        return Estimate(None, "too_large")
    if speed is None:
        return None
    faster = _GRAPHICS if machine.graphics else 1.0
    if model.kind == "llm" and llm_size and speed.llm_rate:
        slower = max(0.2, model.size / llm_size)
        seconds = answer_s(speed, llm=slower / (faster if slower > 1 else 1.0))
    elif model.kind == "stt" and model.id in _WHISPER and stt in _WHISPER:
        slower = _WHISPER[model.id] / _WHISPER[stt]
        seconds = answer_s(speed, stt=slower / (faster if slower > 1 else 1.0))
    else:
        return None
    return Estimate(round(seconds, 1), feel(seconds))


def feel(seconds: float) -> Feel:
    if seconds <= FLUENT_S:
        return "fluent"
    return "bearable" if seconds <= BEARABLE_S else "slow"


def recommended(offers: Iterable[tuple[Model, Estimate | None]]) -> str | None:
    """The largest model that is still fluent, else the quickest that fits; None if nothing is
    known of any."""
    known = [(model, e) for model, e in offers if e is not None and e.answer_s is not None]
    fluent = [model for model, found in known if found.feel == "fluent"]
    if fluent:
        return max(fluent, key=lambda model: model.size).id
    return min(known, key=lambda pair: pair[1].answer_s or 0.0)[0].id if known else None
