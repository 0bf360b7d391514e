"""The rules while somebody speaks over MIA: duck, pause, then go on or stop."""

from __future__ import annotations

from dataclasses import replace

from mia.conversation.listening_rules import Step, guess, interrupt, listen, reopen, understand
from mia.conversation.moves import (
    Discard,
    Duck,
    Effect,
    Elapsed,
    End,
    EndUtterance,
    Forget,
    Guess,
    Listen,
    Lower,
    Pause,
    Raise,
    ReplyOver,
    Resume,
    Settled,
    Silent,
    State,
    Stirred,
    Understood,
    Voiced,
    Wake,
)
from mia.conversation.tuning import Tuning


def stir(state: State, event: Stirred, now: float, tuning: Tuning) -> Step:
    """Lower her voice before it is sure that there is another: that is not heard if it was
    nothing, and saves a whole frame of talking over somebody if it was not."""
    return state, (Lower(),)


def settle(
    state: State, event: Settled | Discard | EndUtterance, now: float, tuning: Tuning
) -> Step:
    """It was nobody, or they are not listened to any more."""
    return state, (Raise(),)


def overlap(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    at_once = event.onset - state.sounded <= tuning.reopen
    if at_once and event.words_heard == 0 and state.spoken:
        return reopen(state, event, now, tuning)
    ducked = replace(state, phase="ducked", voiced=True, onset=event.onset, paused=False)
    return ducked, (
        Duck(),
        Wake("overlap", event.onset + tuning.pause_after),
        Wake("insist", event.onset + tuning.insist_after),
    )


def overlap_goes_on(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    again = replace(state, voiced=True, onset=event.onset)
    return again, (
        Forget("verdict"),
        Wake("overlap", event.onset + tuning.pause_after),
        Wake("insist", event.onset + tuning.insist_after),
    )


def overlap_timer(state: State, event: Elapsed, now: float, tuning: Tuning) -> Step:
    match event.timer:
        case "overlap" if not state.paused:
            return replace(state, paused=True), (Pause(),)
        case "insist" if state.voiced:
            return interrupt(state, state.onset)
        case "verdict":
            return resume(state)
        case _:
            return state, ()


def overlap_ends(state: State, event: Silent, now: float, tuning: Tuning) -> Step:
    revision = state.revision + 1
    known = replace(
        state, voiced=False, last_voiced=event.last_voiced, revision=revision, text=None
    )
    effects: tuple[Effect, ...] = (Forget("overlap"), Forget("insist"), Guess(revision))
    if event.last_voiced - state.onset <= tuning.brief:
        # Mostly a "mm-hm" or a cough. Where it was not, she stops again (`overheard`).
        resumed, more = resume(known)
        return resumed, effects + more
    return known, (*effects, Wake("verdict", now + tuning.verdict))


def resume(state: State) -> Step:
    effects: tuple[Effect, ...] = (Forget("verdict"), Resume())
    return replace(state, phase="speaking", paused=False), effects


def overlap_understood(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision or state.voiced:
        return state, ()
    if event.meaning in ("nothing", "backchannel"):
        return resume(state)
    return answer_overlap(state, event, now, tuning)


def overheard(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    """She went on, and now it is known what was said over her: it was meant after all."""
    if event.revision != state.revision:
        return state, ()
    # Recognisers find words in coughs: only a stop word is believed to be so short.
    cough = state.last_voiced - state.onset <= tuning.cough
    if event.meaning == "stop" or (event.meaning == "words" and not cough):
        return answer_overlap(state, event, now, tuning)
    return state, ()


def answer_overlap(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
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
    understood, effects = understand(pausing, event, now, tuning)
    return understood, (*interrupted, Listen(pausing.turn, fresh=False), *effects)


def told_to_answer_overlap(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    """Push-to-talk over MIA's voice, let go: they meant it."""
    listening, effects = interrupt(state, state.onset)
    pausing, more = guess(listening, now, tuning, due=True)
    return pausing, effects + more


def reply_over_in_overlap(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    """MIA came to her end while somebody was speaking: now it is simply their turn."""
    if event.revision != state.replying:
        return state, ()
    effects: tuple[Effect, ...] = (Forget("overlap"), Forget("insist"), Forget("verdict"))
    listening, more = listen(state, state.onset)
    if state.voiced:
        return listening, effects + more
    pausing = replace(listening, phase="pausing", voiced=False, hold=tuning.hold_longest)
    hold = Wake("hold", state.last_voiced + tuning.hold_longest)
    return pausing, (*effects, *more, hold)


def discard_overlap(state: State, event: Discard, now: float, tuning: Tuning) -> Step:
    silent = replace(state, voiced=False)
    resumed, effects = resume(silent)
    return resumed, (Forget("overlap"), Forget("insist"), *effects)
