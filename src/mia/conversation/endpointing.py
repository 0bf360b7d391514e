"""How long to wait after the last voiced sample before the turn is MIA's: the hold.

One rule, from the surest sign to the weakest:

1. There are no words yet, or they cannot be the end ("y…", "porque…", "and the…", a trailing
   comma or ellipsis): `hold_open`.
2. The turn detector hears that the voice goes on (below `likely`), or has not said yet:
   `hold_unlikely`.
3. It is sure that the voice has ended, and the words are a sentence: `hold_sure`.
4. Otherwise, and where there is no turn detector: `hold_likely`.

The turn detector is asked at the gap, beside the recogniser, so it has mostly said by the time the
words are there. A hold that is over is still waited out until the reply has a sound
(`tuning.commit_by`): nothing could be heard before.

A speaker who pauses long inside their turns is given their own pause, learned over the talk,
where it is longer (but an ending that is sure is not made to wait for it).
"""

from __future__ import annotations

import re

from mia.conversation.lexicon import COMPLETE, OPEN_ENDINGS
from mia.conversation.tuning import DEFAULT, Tuning

_ENDS_SENTENCE = re.compile(r"[.!?。]['\"”»)]*$")
_TRAILS_OFF = re.compile(r"(,|\.\.\.|…|-|—|:|;)$")


def open_ended(text: str, language: str) -> bool:
    """Whether the words cannot be the end of what somebody wants to say."""
    said = text.strip()
    if not said:
        return False
    if _TRAILS_OFF.search(said):
        return True
    if said.endswith(("?", "!")):
        return False
    words = re.findall(r"[\w']+", said.lower())
    if not words or " ".join(words) in COMPLETE.get(language, ()):
        return False
    return words[-1] in OPEN_ENDINGS.get(language, frozenset())


def hold(
    text: str,
    completeness: float | None,
    language: str,
    learned_pause: float = 0.0,
    tuning: Tuning = DEFAULT,
    *,
    judging: bool = False,
) -> float:
    """Seconds of silence that end a turn with these words.

    completeness: the turn detector's score, or None when there is none; `judging`: yet.
    learned_pause: seconds this speaker usually pauses within a turn, 0 when unknown.
    """
    if not text.strip() or open_ended(text, language):
        # No words yet: a "Sí" too short to be sure of, or a breath before the first word.
        return tuning.hold_open
    sentence = bool(_ENDS_SENTENCE.search(text.strip()))
    if judging or (completeness is not None and completeness < tuning.likely):
        wait = tuning.hold_unlikely
    elif completeness is not None and completeness >= tuning.sure and sentence:
        return tuning.hold_sure
    else:
        wait = tuning.hold_likely
    patience = min(learned_pause * tuning.pause_margin, tuning.pause_most)
    return min(max(wait, patience), tuning.hold_longest)


class SpeakersPauses:
    """How long this speaker pauses before going on with the same turn, as a running mean."""

    def __init__(self, tuning: Tuning = DEFAULT) -> None:
        self._tuning = tuning
        self._mean = 0.0

    @property
    def usual(self) -> float:
        """Seconds; 0 until a pause was heard."""
        return self._mean

    def heard(self, seconds: float) -> None:
        """They paused this long, and went on."""
        weight = self._tuning.pause_memory if self._mean else 0.0
        self._mean = weight * self._mean + (1 - weight) * seconds
