"""One plain sentence about how fast she answers: what is slow, and which setting would help.

The rules, in this order; the first that fits is said. They look at the newest `LOOKED_AT` spoken
turns, and never at fewer than `ENOUGH` of them.

1. `stutter`: her sound stuttered in more than `STUTTERS` of the turns.
2. `quick`: half of the answers come within `QUICK_MS`: nothing needs to be done. A gap of more
   than a second is felt as a pause (Stivers et al. 2009, doi:10.1073/pnas.0903616106).
3. Whatever the wait is most to blame for (`timings.critical`, summed over the turns):
   - `hold`: the decision that you have finished. With `vad.backend: energy` its silence is
     `vad.silence_duration_ms`; otherwise push-to-talk (`input.mode`) does without it.
   - `stt`: a smaller recogniser (`models.stt`), or one on a server.
   - `memory`: fewer memories (`rag.top_k`).
   - `llm_first`: reading the prompt. A shorter persona (`prompt.dir`), a smaller model, or a
     nearer server (`models.llm.backend`).
   - `llm_clause`: writing the first words. A smaller model or a faster server.
   - `tts`: a quicker voice (`models.tts.backend`).
   - `sound`: the loudspeaker or the network between her and the page.
   If the mind is to blame although most guesses about what you would say were wrong
   (`MISSED` of at least `GUESSES`), that is said instead: `misses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mia.telemetry.timings import Stage, TurnTiming, critical, percentile

LOOKED_AT = 30
ENOUGH = 3
QUICK_MS = 1000.0
STUTTERS = 0.1
MISSED = 0.6
GUESSES = 10


@dataclass(frozen=True, slots=True)
class Setup:
    """What the advice depends on: the parts in use."""

    vad: str = ""
    llm: str = ""
    embedded_brain: bool = False


Code = Literal[
    "too_few",
    "stutter",
    "quick",
    "misses",
    "hold",
    "hold_energy",
    "stt",
    "memory",
    "llm_first",
    "llm_first_server",
    "llm_clause",
    "llm_clause_server",
    "tts",
    "sound",
]


@dataclass(frozen=True, slots=True)
class Advice:
    """code: `page.advice.<code>` in the string catalogue. v2v: median, in ms. share: how much of
    the wait is to blame on `stage`, 0 … 1. setting: the configuration key that would help."""

    code: Code
    setting: str = ""
    stage: Stage | None = None
    v2v: float | None = None
    share: float = 0.0


def advise(turns: Sequence[TurnTiming], setup: Setup) -> Advice:
    """What the newest turns suggest; oldest first."""
    spoken = [turn for turn in turns if turn.v2v is not None and not turn.typed][-LOOKED_AT:]
    if len(spoken) < ENOUGH:
        return Advice("too_few")
    v2v = percentile([turn.v2v for turn in spoken if turn.v2v is not None], 0.5)
    assert v2v is not None
    if sum(turn.underruns > 0 for turn in spoken) > STUTTERS * len(spoken):
        return Advice("stutter", "models.tts.backend", "sound", v2v)
    if v2v <= QUICK_MS:
        return Advice("quick", v2v=v2v)
    blame: dict[Stage, float] = {}
    for turn in spoken:
        for stage, ms in critical(turn).items():
            blame[stage] = blame.get(stage, 0.0) + ms
    if not blame:
        return Advice("too_few", v2v=v2v)
    stage = max(blame, key=lambda one: blame[one])
    share = blame[stage] / sum(blame.values())
    code, setting = _remedy(stage, spoken, setup)
    return Advice(code, setting, stage, v2v, share)


def _remedy(stage: Stage, turns: Sequence[TurnTiming], setup: Setup) -> tuple[Code, str]:
    hits, misses = sum(turn.hits for turn in turns), sum(turn.misses for turn in turns)
    if stage in ("llm_first", "llm_clause") and misses > MISSED * max(GUESSES, hits + misses):
        return "misses", "vad.sensitivity"
    server = setup.llm not in ("", "llamacpp")
    match stage:
        case "hold":
            if setup.vad == "energy":
                return "hold_energy", "vad.silence_duration_ms"
            return "hold", "input.mode"
        case "stt":
            return "stt", "models.stt.backend"
        case "memory":
            return "memory", "rag.top_k"
        case "llm_first":
            return (
                ("llm_first_server", "models.llm.backend")
                if server
                else ("llm_first", "prompt.dir")
            )
        case "llm_clause":
            return ("llm_clause_server" if server else "llm_clause"), "models.llm.backend"
        case "tts":
            return "tts", "models.tts.backend"
        case _:
            return "sound", "audio.output_device"
