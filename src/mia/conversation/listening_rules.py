"""The rules while MIA listens and answers: a turn begins, is guessed at, committed, taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from mia.conversation.moves import (
    Abandon,
    Commit,
    Discard,
    Drop,
    Effect,
    Elapsed,
    End,
    EndUtterance,
    Fill,
    Forget,
    GoOn,
    Guess,
    Judged,
    Listen,
    Lull,
    Peek,
    Prepare,
    Ready,
    Reopen,
    ReplyOver,
    Silent,
    Sounding,
    State,
    Stop,
    Timer,
    Typed,
    Understood,
    Voiced,
    Wake,
)
from mia.conversation.tuning import Tuning

Step = tuple[State, tuple[Effect, ...]]


# ── the user speaks ──────────────────────────────────────────────────────────────────────────


def listen(state: State, onset: float) -> Step:
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


def begin(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    return listen(state, event.onset)


def guess(state: State, last_voiced: float, tuning: Tuning, *, due: bool) -> Step:
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
        ready=False,
    )
    effects: tuple[Effect, ...] = (Guess(revision),)
    if state.endpointing and not due:
        # Until more is known: a recogniser that hangs must not make MIA wait for ever.
        effects += (Wake("hold", last_voiced + tuning.hold_longest),)
    return pausing, effects


def gap(state: State, event: Silent, now: float, tuning: Tuning) -> Step:
    return guess(state, event.last_voiced, tuning, due=False)


def peek(state: State, event: Lull, now: float, tuning: Tuning) -> Step:
    """It may be the end, or else it is as good a place as any to see what was said so far."""
    return state, (Peek(),)


def end_of_speech_told(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    """The client ends an utterance in mid-voice."""
    return guess(state, now, tuning, due=True)


def go_on(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    """The gap was only a breath."""
    effects: tuple[Effect, ...] = (Forget("hold"), Forget("prepare"), GoOn(state.revision))
    if state.speculating:
        effects = (Drop(state.revision), *effects)
    listening = replace(
        state, phase="listening", voiced=True, onset=event.onset, speculating=False, due=False
    )
    return listening, effects


def understand(state: State, event: Understood, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision:
        return state, ()
    known = replace(
        state,
        text=event.text,
        hold=event.hold,
        head_start=event.head_start,
        meant=event.meant,
    )
    return decide(known, now, tuning)


def judge(state: State, event: Judged, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision:
        return state, ()
    judged = replace(state, completeness=event.completeness, hold=event.hold)
    return decide(judged, now, tuning) if state.text is not None else (judged, ())


def decide(state: State, now: float, tuning: Tuning) -> Step:
    """The text is known: prepare the reply if it is time to, commit if the hold is over and
    there is something to hear, and wait for what is left of either."""
    ends = state.last_voiced + state.hold
    if state.due:
        return commit(state)
    if state.endpointing and now >= ends:
        latest = state.last_voiced + tuning.commit_by
        if state.ready or not state.speculating or now >= latest:
            return commit(state)
        ends = latest
    effects: tuple[Effect, ...] = ()
    if state.text and state.meant and not state.speculating:
        begin = ends - state.head_start if state.endpointing else now
        if now >= begin:
            state, effects = prepare(state)
        else:
            effects = (Wake("prepare", begin),)
    if state.endpointing:
        effects += (Wake("hold", ends),)
    return state, effects


def prepare(state: State) -> Step:
    assert state.text
    return replace(state, speculating=True, ready=False), (
        Forget("prepare"),
        Prepare(state.revision, state.text),
    )


def hold_over(state: State, event: Elapsed, now: float, tuning: Tuning) -> Step:
    if event.timer == "prepare" and state.text and not state.speculating:
        return prepare(state)
    if event.timer != "hold":
        return state, ()
    if state.text is None:
        return replace(state, due=True), ()
    return decide(state, now, tuning)


def reply_ready(state: State, event: Ready, now: float, tuning: Tuning) -> Step:
    if event.revision != state.revision or not state.speculating:
        return state, ()
    return decide(replace(state, ready=True), now, tuning)


def told_to_answer(state: State, event: EndUtterance, now: float, tuning: Tuning) -> Step:
    due = replace(state, due=True)
    return commit(due) if state.text is not None else (due, ())


def commit(state: State) -> Step:
    if not state.text:
        return abandon(state, "no words")
    if not state.meant:
        return abandon(state, "not addressed")
    committed = replace(
        state, phase="committed", replying=state.revision, speculating=False, due=False
    )
    return committed, (
        Forget("hold"),
        Forget("prepare"),
        Commit(state.turn, state.revision, state.text, state.spoken),
    )


def abandon(state: State, reason: str) -> Step:
    effects: tuple[Effect, ...] = (
        Forget("hold"),
        Forget("prepare"),
        Abandon(state.turn, reason),
    )
    if state.speculating:
        effects = (Drop(state.revision), *effects)
    return replace(state, phase="idle", voiced=False, speculating=False, due=False), effects


def discard(state: State, event: Discard, now: float, tuning: Tuning) -> Step:
    return abandon(state, "discarded")


# ── MIA answers ──────────────────────────────────────────────────────────────────────────────


def reopen(state: State, event: Voiced, now: float, tuning: Tuning) -> Step:
    """The user goes on before anything was heard: they had not finished after all."""
    assert state.replying is not None
    if not state.spoken:
        return interrupt(state, event.onset)
    listening = replace(
        state,
        phase="listening",
        voiced=True,
        onset=event.onset,
        text=None,
        replying=None,
        paused=False,
    )
    return listening, (Forget("filler"), Reopen(state.replying))


def late(state: State, event: Elapsed, now: float, tuning: Tuning) -> Step:
    """The user has waited long enough to wonder whether they were heard."""
    if event.timer != "filler" or state.replying is None:
        return state, ()
    return state, (Fill(state.replying),)


def sound(state: State, event: Sounding, now: float, tuning: Tuning) -> Step:
    if event.revision != state.replying:
        return state, ()
    return replace(state, phase="speaking", sounded=now), (Forget("filler"),)


def reply_over(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    if event.revision != state.replying:
        return state, ()
    return replace(state, phase="idle", replying=None, paused=False), (Forget("filler"),)


def guess_failed(state: State, event: ReplyOver, now: float, tuning: Tuning) -> Step:
    """A reply behind its gate came to nothing; on commit it is tried again."""
    if event.revision != state.revision:
        return state, ()
    return replace(state, speculating=False, ready=False), ()


# ── messages and commands ────────────────────────────────────────────────────────────────────


def type_(state: State, event: Typed, now: float, tuning: Tuning) -> Step:
    effects: list[Effect] = [Forget(timer) for timer in get_args(Timer)]
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
    return committed, (*effects, Commit(turn, revision, event.text, False, event.instead))


def stop(state: State, event: Stop, now: float, tuning: Tuning) -> Step:
    assert state.replying is not None
    effects: tuple[Effect, ...] = (
        Forget("overlap"),
        Forget("insist"),
        Forget("verdict"),
        Forget("filler"),
        End(state.replying, "cancelled"),
    )
    if state.phase == "ducked" and state.voiced:
        listening, more = listen(state, state.onset)
        return listening, effects + more
    return replace(state, phase="idle", replying=None, paused=False), effects


def interrupt(state: State, onset: float) -> Step:
    """Somebody means it and is still speaking."""
    assert state.replying is not None
    effects: tuple[Effect, ...] = (
        Forget("overlap"),
        Forget("insist"),
        Forget("verdict"),
        Forget("filler"),
        End(state.replying, "interrupted"),
    )
    listening, more = listen(state, onset)
    return listening, effects + more
