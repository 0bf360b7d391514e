"""The rules of taking turns: a pure function from (state, event) to (state, effects).

How to think about it
=====================
A conversation is always in one of six phases:

    idle ──voice──▶ listening ──gap──▶ pausing ──hold is over──▶ committed ──sound──▶ speaking
                        ▲                 │                          │                   │  ▲
                        └──── voice ──────┴───────── voice ──────────┘              voice▼  │nothing said
                        ▲                                                               ducked
                        └────────────────────── somebody means it ──────────────────────┘

The user's silence is not waiting time. At the first gap the words so far are guessed at, and the
answer to that guess is begun behind a closed gate; each guess is a *revision*. When the hold is
over the newest revision is committed and its gate opens. If the user goes on, the revision is
dropped and nothing has happened. Even a committed reply can be taken back, as long as no word of
it was heard.

While MIA speaks, a voice over hers first ducks her, then pauses her, and only then is it decided
what it was: a cough or a "mm-hm" (she goes on from the word she was at) or somebody who means it
(she stops, and listens).

`step` reads no clock and does no work. Events tell what happened and when; effects tell the
driver (`conversation.py`) what to do. An event that means nothing in a phase (a late transcript
of a dropped revision, the end of a reply that was interrupted) is not in the table and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mia.conversation.moves import (
    Abandon,
    Commit,
    Discard,
    Drop,
    Duck,
    Effect,
    Elapsed,
    End,
    EndUtterance,
    Event,
    Forget,
    GoOn,
    Guess,
    Judged,
    Listen,
    Pause,
    Prepare,
    Reopen,
    ReplyOver,
    Resume,
    Silent,
    Sounding,
    State,
    Stop,
    Typed,
    Understood,
    Voiced,
    Wake,
)
from mia.conversation.tuning import DEFAULT, Tuning
from mia.telemetry.events import Phase

Step = tuple[State, tuple[Effect, ...]]


# ── the user speaks ──────────────────────────────────────────────────────────────────────────


def _listen(state: State, onset: float) -> Step:
    """Somebody begins a new turn."""
    begun = replace(
        state,
        phase="listening",
        turn=state.turn + 1,
        voiced=True,
        onset=onset,
        text=None,
        completeness=None,
        due=False,
        speculating=False,
        replying=None,
        paused=False,
        spoken=True,
    )
    return begun, (Listen(begun.turn, fresh=state.phase != "ducked"),)


def _begin(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    return _listen(state, event.onset)


def _guess(state: State, last_voiced: float, tuning: Tuning, *, due: bool) -> Step:
    revision = state.revision + 1
    pausing = replace(
        state,
        phase="pausing",
        revision=revision,
        voiced=False,
        last_voiced=last_voiced,
        text=None,
        completeness=None,
        hold=tuning.hold_longest,
        due=due,
        speculating=False,
    )
    effects: tuple[Effect, ...] = (Guess(revision),)
    if state.endpointing and not due:
        # Until more is known: a recogniser that hangs must not make MIA wait for ever.
        effects += (Wake("hold", last_voiced + tuning.hold_longest),)
    return pausing, effects


def _gap(state: State, event: Silent, now: float, tuning: Tuning) -> Step:
    return _guess(state, event.last_voiced, tuning, due=False)


def _end_of_speech_told(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    """The client ends an utterance in mid-voice."""
    return _guess(state, now, tuning, due=True)


def _go_on(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    """The gap was only a breath."""
    effects: tuple[Effect, ...] = (Forget("hold"), GoOn(state.revision))
    if state.speculating:
        effects = (Drop(state.revision), *effects)
    listening = replace(
        state, phase="listening", voiced=True, onset=event.onset, speculating=False, due=False
    )
    return listening, effects


def _understand(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision:
        return state, ()
    known = replace(state, text=event.text, hold=event.hold)
    effects: tuple[Effect, ...] = ()
    if event.text and not state.speculating:
        known = replace(known, speculating=True)
        effects = (Prepare(state.revision, event.text),)
    decided, more = _decide(known, now)
    return decided, effects + more


def _judge(state: State, event: Judged, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision:
        return state, ()
    judged = replace(state, completeness=event.completeness, hold=event.hold)
    return _decide(judged, now) if state.text is not None else (judged, ())


def _decide(state: State, now: float) -> Step:
    """The text is known: commit it if the hold is over, or else wait for the rest of the hold."""
    if state.due:
        return _commit(state)
    if not state.endpointing:
        return state, ()
    ends = state.last_voiced + state.hold
    if now >= ends:
        return _commit(state)
    return state, (Wake("hold", ends),)


def _hold_over(state: State, event: Elapsed, now: float, tuning: Tuning) -> Step:
    if event.timer != "hold":
        return state, ()
    due = replace(state, due=True)
    return _commit(due) if state.text is not None else (due, ())


def _told_to_answer(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    due = replace(state, due=True)
    return _commit(due) if state.text is not None else (due, ())


def _commit(state: State) -> Step:
    if not state.text:
        return _abandon(state, "no words")
    committed = replace(
        state, phase="committed", replying=state.revision, speculating=False, due=False
    )
    return committed, (
        Forget("hold"),
        Commit(state.turn, state.revision, state.text, state.spoken),
    )


def _abandon(state: State, reason: str) -> Step:
    effects: tuple[Effect, ...] = (Forget("hold"), Abandon(state.turn, reason))
    if state.speculating:
        effects = (Drop(state.revision), *effects)
    return replace(state, phase="idle", voiced=False, speculating=False, due=False), effects


def _discard(state: State, event: Discard, now: float, tuning: Tuning) -> Step:
    return _abandon(state, "discarded")


# ── MIA answers ──────────────────────────────────────────────────────────────────────────────


def _reopen(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    """The user goes on before anything was heard: they had not finished after all."""
    assert state.replying is not None
    if not state.spoken:
        return _interrupt(state, event.onset)
    listening = replace(
        state,
        phase="listening",
        voiced=True,
        onset=event.onset,
        text=None,
        replying=None,
        paused=False,
    )
    return listening, (Reopen(state.replying),)


def _sound(state: State, event: Sounding, now: float, tuning: Tuning) -> Step:
    if event.revision != state.replying:
        return state, ()
    return replace(state, phase="speaking", sounded=now), ()


def _reply_over(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    if event.revision != state.replying:
        return state, ()
    return replace(state, phase="idle", replying=None, paused=False), ()


def _guess_failed(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    """A reply behind its gate came to nothing; on commit it is tried again."""
    if event.revision != state.revision:
        return state, ()
    return replace(state, speculating=False), ()


# ── somebody speaks over MIA ─────────────────────────────────────────────────────────────────


def _overlap(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    at_once = event.onset - state.sounded <= tuning.reopen
    if at_once and event.words_heard == 0 and state.spoken:
        return _reopen(state, event, now, tuning)
    ducked = replace(state, phase="ducked", voiced=True, onset=event.onset, paused=False)
    return ducked, (
        Duck(),
        Wake("overlap", event.onset + tuning.pause_after),
        Wake("insist", event.onset + tuning.insist_after),
    )


def _overlap_goes_on(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    again = replace(state, voiced=True, onset=event.onset)
    return again, (
        Forget("verdict"),
        Wake("overlap", event.onset + tuning.pause_after),
        Wake("insist", event.onset + tuning.insist_after),
    )


def _overlap_timer(state: State, event: Elapsed, now: float, tuning: Tuning) -> Step:
    match event.timer:
        case "overlap" if not state.paused:
            return replace(state, paused=True), (Pause(),)
        case "insist" if state.voiced:
            return _interrupt(state, state.onset)
        case "verdict":
            return _resume(state)
        case _:
            return state, ()


def _overlap_ends(state: State, event: Silent, now: float, tuning: Tuning) -> Step:
    revision = state.revision + 1
    known = replace(
        state, voiced=False, last_voiced=event.last_voiced, revision=revision, text=None
    )
    effects: tuple[Effect, ...] = (Forget("overlap"), Forget("insist"), Guess(revision))
    if event.last_voiced - state.onset <= tuning.cough:
        # Too short to be anything but a stop word, and those are still caught (`_overheard`).
        resumed, more = _resume(known)
        return resumed, effects + more
    return known, (*effects, Wake("verdict", now + tuning.verdict))


def _resume(state: State) -> Step:
    effects: tuple[Effect, ...] = (Forget("verdict"), Resume())
    return replace(state, phase="speaking", paused=False), effects


def _overlap_understood(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision or state.voiced:
        return state, ()
    if event.meaning in ("nothing", "backchannel"):
        return _resume(state)
    return _answer_overlap(state, event, now, tuning)


def _overheard(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    """What sounded like a cough was "para"."""
    if event.revision != state.revision or event.meaning != "stop":
        return state, ()
    return _answer_overlap(state, event, now, tuning)


def _answer_overlap(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    """Somebody meant it and has already paused: their words are a turn of their own."""
    assert state.replying is not None
    interrupted: tuple[Effect, ...] = (Forget("verdict"), End(state.replying, "interrupted"))
    pausing = replace(
        state,
        phase="pausing",
        turn=state.turn + 1,
        replying=None,
        paused=False,
        due=False,
        speculating=False,
        spoken=True,
        completeness=None,
    )
    understood, effects = _understand(pausing, event, now, tuning)
    return understood, (*interrupted, Listen(pausing.turn, fresh=False), *effects)


def _interrupt(state: State, onset: float) -> Step:
    """Somebody means it and is still speaking."""
    assert state.replying is not None
    effects: tuple[Effect, ...] = (
        Forget("overlap"),
        Forget("insist"),
        Forget("verdict"),
        End(state.replying, "interrupted"),
    )
    listening, more = _listen(state, onset)
    return listening, effects + more


def _told_to_answer_overlap(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    """Push-to-talk over MIA's voice, let go: they meant it."""
    listening, effects = _interrupt(state, state.onset)
    pausing, more = _guess(listening, now, tuning, due=True)
    return pausing, effects + more


def _reply_over_in_overlap(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    """MIA came to her end while somebody was speaking: now it is simply their turn."""
    if event.revision != state.replying:
        return state, ()
    effects: tuple[Effect, ...] = (Forget("overlap"), Forget("insist"), Forget("verdict"))
    listening, more = _listen(state, state.onset)
    if state.voiced:
        return listening, effects + more
    pausing = replace(listening, phase="pausing", voiced=False, hold=tuning.hold_longest)
    hold = Wake("hold", state.last_voiced + tuning.hold_longest)
    return pausing, (*effects, *more, hold)


# ── messages and commands ────────────────────────────────────────────────────────────────────


def _type(state: State, event: Typed, now: float, tuning: Tuning) -> Step:
    effects: list[Effect] = [Forget("hold"), Forget("overlap"), Forget("insist"), Forget("verdict")]
    if state.replying is not None:
        effects.append(End(state.replying, "interrupted"))
    if state.speculating:
        effects.append(Drop(state.revision))
    if state.phase in ("listening", "pausing"):
        effects.append(Abandon(state.turn, "a message came first"))
    turn, revision = state.turn + 1, state.revision + 1
    committed = replace(
        state,
        phase="committed",
        turn=turn,
        revision=revision,
        voiced=False,
        replying=revision,
        speculating=False,
        due=False,
        paused=False,
        spoken=False,
        text=event.text,
    )
    return committed, (*effects, Commit(turn, revision, event.text, False))


def _stop(state: State, event: Stop, now: float, tuning: Tuning) -> Step:
    assert state.replying is not None
    effects: tuple[Effect, ...] = (
        Forget("overlap"),
        Forget("insist"),
        Forget("verdict"),
        End(state.replying, "cancelled"),
    )
    if state.phase == "ducked" and state.voiced:
        listening, more = _listen(state, state.onset)
        return listening, effects + more
    return replace(state, phase="idle", replying=None, paused=False), effects


def _discard_overlap(state: State, event: Discard, now: float, tuning: Tuning) -> Step:
    silent = replace(state, voiced=False)
    resumed, effects = _resume(silent)
    return resumed, (Forget("overlap"), Forget("insist"), *effects)


Rule = Callable[[State, Any, float, Tuning], Step]

RULES: Mapping[tuple[Phase, type], Rule] = {
    ("idle", Voiced): _begin,
    ("listening", Silent): _gap,
    ("listening", EndUtterance): _end_of_speech_told,
    ("listening", Discard): _discard,
    ("pausing", Voiced): _go_on,
    ("pausing", Understood): _understand,
    ("pausing", Judged): _judge,
    ("pausing", Elapsed): _hold_over,
    ("pausing", EndUtterance): _told_to_answer,
    ("pausing", ReplyOver): _guess_failed,
    ("pausing", Discard): _discard,
    ("committed", Voiced): _reopen,
    ("committed", Sounding): _sound,
    ("committed", ReplyOver): _reply_over,
    ("committed", Stop): _stop,
    ("speaking", Voiced): _overlap,
    ("speaking", Understood): _overheard,
    ("speaking", ReplyOver): _reply_over,
    ("speaking", Stop): _stop,
    ("ducked", Voiced): _overlap_goes_on,
    ("ducked", Silent): _overlap_ends,
    ("ducked", Understood): _overlap_understood,
    ("ducked", Elapsed): _overlap_timer,
    ("ducked", EndUtterance): _told_to_answer_overlap,
    ("ducked", ReplyOver): _reply_over_in_overlap,
    ("ducked", Stop): _stop,
    ("ducked", Discard): _discard_overlap,
    **{
        (phase, Typed): _type
        for phase in ("idle", "listening", "pausing", "committed", "speaking", "ducked")
    },
}


def step(state: State, event: Event, now: float, tuning: Tuning = DEFAULT) -> Step:
    """The next state, and what is to be done. Pure: the same arguments give the same answer."""
    rule = RULES.get((state.phase, type(event)))
    return rule(state, event, now, tuning) if rule else (state, ())
