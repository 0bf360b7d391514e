"""The rules of taking turns: a pure function from (state, event) to (state, effects).

How to think about it
=====================
A conversation is always in one of six phases:

    idle ──voice──▶ listening ──gap──▶ pausing ──hold over──▶ committed ──sound──▶ speaking
                        ▲                 │                       │              voice │ ▲ it was
                        ├───── voice ─────┴─────── voice ─────────┘                    ▼ │ nothing
                        └────────────────── somebody means it ──────────────────── ducked

The user's silence is not waiting time. At the first lull in the voice the words so far are
transcribed; at the first gap they become a guess, and the answer to that guess is begun behind a
closed gate, as long before the end of the hold as it needs. Each guess is a *revision*. When the
hold is over and the reply has a sound the newest revision is committed and its gate opens. If the
user goes on before, the revision is dropped and nothing has happened. Even a committed reply can
be taken back, as long as no word of it was heard.

While MIA speaks, a voice over hers ducks her at its first syllable, then pauses her, and only
then is it decided
what it was: a cough or a "mm-hm" (she goes on from the word she was at) or somebody who means it
(she stops, and listens).

`step` reads no clock and does no work. Events tell what happened and when; effects tell the
driver (`conversation.py`) what to do. An event that means nothing in a phase (a late transcript
of a dropped revision, the end of a reply that was interrupted) is not in the table and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mia.conversation import listening_rules as taking
from mia.conversation import overlap_rules as over
from mia.conversation.listening_rules import Step
from mia.conversation.moves import (
    Discard,
    Elapsed,
    EndUtterance,
    Event,
    Judged,
    Lull,
    Ready,
    ReplyOver,
    Settled,
    Silent,
    Sounding,
    State,
    Stirred,
    Stop,
    Typed,
    Understood,
    Voiced,
)
from mia.conversation.tuning import DEFAULT, Tuning
from mia.telemetry.events import Phase

Rule = Callable[[State, Any, float, Tuning], Step]

RULES: Mapping[tuple[Phase, type], Rule] = {
    ("idle", Voiced): taking.begin,
    ("listening", Lull): taking.peek,
    ("listening", Silent): taking.gap,
    ("listening", EndUtterance): taking.end_of_speech_told,
    ("listening", Discard): taking.discard,
    ("pausing", Voiced): taking.go_on,
    ("pausing", Understood): taking.understand,
    ("pausing", Judged): taking.judge,
    ("pausing", Ready): taking.reply_ready,
    ("pausing", Elapsed): taking.hold_over,
    ("pausing", EndUtterance): taking.told_to_answer,
    ("pausing", ReplyOver): taking.guess_failed,
    ("pausing", Discard): taking.discard,
    ("committed", Voiced): taking.reopen,
    ("committed", Elapsed): taking.late,
    ("committed", Sounding): taking.sound,
    ("committed", ReplyOver): taking.reply_over,
    ("committed", Stop): taking.stop,
    ("speaking", Stirred): over.stir,
    ("speaking", Settled): over.settle,
    ("speaking", Discard): over.settle,
    ("speaking", EndUtterance): over.settle,
    ("speaking", Voiced): over.overlap,
    ("speaking", Understood): over.overheard,
    ("speaking", ReplyOver): taking.reply_over,
    ("speaking", Stop): taking.stop,
    ("ducked", Voiced): over.overlap_goes_on,
    ("ducked", Lull): taking.peek,
    ("ducked", Silent): over.overlap_ends,
    ("ducked", Understood): over.overlap_understood,
    ("ducked", Elapsed): over.overlap_timer,
    ("ducked", EndUtterance): over.told_to_answer_overlap,
    ("ducked", ReplyOver): over.reply_over_in_overlap,
    ("ducked", Stop): taking.stop,
    ("ducked", Discard): over.discard_overlap,
    **{
        (phase, Typed): taking.type_
        for phase in ("idle", "listening", "pausing", "committed", "speaking", "ducked")
    },
}


def step(state: State, event: Event, now: float, tuning: Tuning = DEFAULT) -> Step:
    """The next state, and what is to be done. Pure: the same arguments give the same answer."""
    rule = RULES.get((state.phase, type(event)))
    return rule(state, event, now, tuning) if rule else (state, ())
