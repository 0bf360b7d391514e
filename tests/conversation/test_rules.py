"""The rules themselves: pure, total, and deaf to what comes too late."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.conversation import moves
from mia.conversation.moves import (
    Commit,
    Discard,
    Elapsed,
    End,
    EndUtterance,
    Judged,
    Listen,
    Lower,
    Lull,
    Prepare,
    Raise,
    Ready,
    Reopen,
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
from mia.conversation.tuning import DEFAULT
from mia.conversation.turns import step
from mia.telemetry.events import Phase

revisions = st.integers(0, 4)
events = st.one_of(
    st.builds(Voiced, st.floats(0, 9), st.integers(0, 3)),
    st.just(Stirred()),
    st.just(Settled()),
    st.builds(Lull, st.floats(0, 9)),
    st.builds(Silent, st.floats(0, 9)),
    st.builds(
        Understood,
        revisions,
        st.sampled_from(["", "Hola."]),
        st.sampled_from([0.25, 1.6]),
        st.sampled_from(["words", "nothing", "backchannel", "stop"]),
        st.sampled_from([0.1, 1.0]),
        st.booleans(),
    ),
    st.builds(Judged, revisions, st.floats(0, 1), st.sampled_from([0.25, 1.1])),
    st.builds(Elapsed, st.sampled_from(get_args(moves.Timer))),
    st.builds(Ready, revisions),
    st.builds(Sounding, revisions),
    st.builds(ReplyOver, revisions),
    st.builds(Typed, st.sampled_from(["¿Y tú?", None])),
    st.just(Stop()),
    st.just(EndUtterance()),
    st.just(Discard()),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(events, max_size=40), st.booleans())
def test_whatever_happens_the_state_makes_sense(happened: list, endpointing: bool) -> None:  # type: ignore[type-arg]
    state = State(endpointing=endpointing)
    for now, event in enumerate(happened):
        before = state
        state, effects = step(state, event, float(now))
        answering = state.phase in ("committed", "speaking", "ducked")
        assert (state.replying is not None) == answering
        assert not (state.speculating and state.phase != "pausing")
        assert state.turn >= before.turn
        assert state.revision >= before.revision
        kinds = [type(effect) for effect in effects]
        assert kinds.count(Commit) <= 1
        if Commit in kinds:
            assert state.phase == "committed"
        if End in kinds or Reopen in kinds:
            assert before.replying is not None
        if Listen in kinds:
            assert state.turn == before.turn + 1


PAUSING = State(phase="pausing", turn=1, revision=3, last_voiced=5.0)


@pytest.mark.parametrize(
    "late",
    [
        Understood(2, "Ayer.", 0.25),
        Judged(2, 0.99, 0.25),
        ReplyOver(2),
        Sounding(2),
        Elapsed("overlap"),
        Stop(),
    ],
)
def test_what_belongs_to_an_earlier_guess_changes_nothing(late: moves.Event) -> None:
    assert step(PAUSING, late, 6.0) == (PAUSING, ())


def kinds(effects: tuple[moves.Effect, ...]) -> list[type]:
    return [type(effect) for effect in effects if not isinstance(effect, moves.Forget)]


def test_a_text_that_comes_after_its_hold_is_committed_at_once() -> None:
    state, effects = step(PAUSING, Understood(3, "Hola.", 0.45), 6.0)
    assert state.phase == "committed"
    assert kinds(effects) == [Commit]


def test_a_text_that_comes_early_waits_for_the_rest_of_its_hold() -> None:
    state, effects = step(PAUSING, Understood(3, "Hola.", 0.45), 5.2)
    assert state.phase == "pausing"
    assert kinds(effects) == [Prepare, moves.Wake]
    assert effects[-1] == moves.Wake("hold", 5.45)


def test_a_reply_is_not_begun_long_before_it_may_be_heard() -> None:
    said = Understood(3, "Quiero un café y", 1.6, head_start=0.5)
    state, effects = step(PAUSING, said, 5.2)
    assert effects == (moves.Wake("prepare", 5.0 + 1.6 - 0.5), moves.Wake("hold", 6.6))
    assert not state.speculating
    state, effects = step(state, Elapsed("prepare"), 6.1)
    assert kinds(effects) == [Prepare]
    state, effects = step(state, Elapsed("hold"), 6.6)
    assert kinds(effects) == [Commit]


def test_the_turn_detector_may_bring_the_reply_forward() -> None:
    state, _ = step(PAUSING, Understood(3, "Hola.", 1.1, head_start=0.5), 5.2)
    assert not state.speculating
    state, effects = step(state, Judged(3, 0.97, 0.25), 5.21)
    assert kinds(effects)[0] is Prepare


def test_what_is_not_meant_for_her_is_neither_prepared_nor_answered() -> None:
    state, effects = step(PAUSING, Understood(3, "Pásame la sal.", 0.45, meant=False), 5.2)
    assert kinds(effects) == [moves.Wake]
    state, effects = step(state, Elapsed("hold"), 5.45)
    assert moves.Abandon(1, "not addressed") in effects
    assert state.phase == "idle"


SPEAKING = State(phase="speaking", turn=1, revision=3, replying=3, sounded=5.0)


def over(until: float) -> State:
    """MIA's state once a voice over hers from 9.0 s to `until` has ended, before its text."""
    state, _ = step(SPEAKING, Voiced(9.0, 5), 9.06)
    state, _ = step(state, Elapsed("overlap"), 9.2)
    state, _ = step(state, Silent(until), until + 0.1)
    return state


@pytest.mark.parametrize("meaning", ["nothing", "backchannel"])
def test_after_something_brief_she_goes_on_before_it_is_known_what_it_was(meaning: str) -> None:
    state = over(9.5)
    assert state.phase == "speaking"
    said = Understood(state.revision, "Ajá.", 0.45, meaning)  # type: ignore[arg-type]
    assert step(state, said, 9.9) == (state, ())


@pytest.mark.parametrize(
    ("until", "meaning", "stops"),
    [(9.5, "words", True), (9.5, "stop", True), (9.2, "stop", True), (9.2, "words", False)],
)
def test_if_it_was_words_after_all_she_stops_again(until: float, meaning: str, stops: bool) -> None:
    """But a recogniser that finds words in a cough is not believed."""
    state = over(until)
    said = Understood(state.revision, "Oye.", 0.45, meaning)  # type: ignore[arg-type]
    state, effects = step(state, said, 9.9)
    assert (End(3, "interrupted") in effects) is stops


def test_a_first_syllable_over_her_lowers_her_voice_before_it_is_sure() -> None:
    speaking = State(phase="speaking", turn=1, revision=3, replying=3, sounded=1.0)
    assert step(speaking, Stirred(), 9.0) == (speaking, (Lower(),))
    assert step(speaking, Settled(), 9.03) == (speaking, (Raise(),))


@pytest.mark.parametrize("event", [Discard(), EndUtterance()])
def test_she_does_not_stay_low_for_somebody_who_is_muted_meanwhile(event: moves.Event) -> None:
    speaking = State(phase="speaking", turn=1, revision=3, replying=3, sounded=1.0)
    assert step(speaking, event, 9.0) == (speaking, (Raise(),))


@pytest.mark.parametrize("phase", ["idle", "listening", "pausing", "committed", "ducked"])
def test_a_first_syllable_means_nothing_while_she_is_silent(phase: Phase) -> None:
    state = State(phase=phase, turn=1, revision=3, replying=3)
    assert step(state, Stirred(), 9.0) == (state, ())


def test_after_something_longer_she_waits_for_its_meaning() -> None:
    state = over(9.85)
    assert state.phase == "ducked"
    assert state.paused


def test_push_to_talk_is_never_ended_by_silence() -> None:
    held = replace(PAUSING, endpointing=False)
    state, _ = step(held, Understood(3, "Hola.", 0.45), 60.0)
    assert state.phase == "pausing"
    state, effects = step(state, EndUtterance(), 61.0)
    assert Commit(1, 3, "Hola.", True) in effects
    assert state.phase == "committed"


def test_push_to_talk_over_her_voice_is_an_interruption() -> None:
    ducked = State(phase="ducked", turn=1, revision=3, replying=3, voiced=True, endpointing=False)
    state, effects = step(ducked, EndUtterance(), 9.0)
    assert End(3, "interrupted") in effects
    assert state.phase == "pausing"
    assert state.due


def committed(state: State, event: moves.Event, now: float) -> bool:
    _, effects = step(state, event, now)
    return any(isinstance(effect, Commit) for effect in effects)


GUESSED = State(
    phase="pausing", turn=1, revision=3, last_voiced=1.0, text="Hola.", hold=0.25, speculating=True
)


def test_a_hold_that_is_over_is_waited_out_until_the_reply_has_a_sound() -> None:
    assert not committed(GUESSED, Elapsed("hold"), 1.25)
    assert not committed(GUESSED, Ready(2), 1.4)  # of a guess that is no longer made
    assert committed(GUESSED, Ready(3), 1.4)
    assert committed(GUESSED, Elapsed("hold"), 1.0 + DEFAULT.commit_by)


def test_a_reply_that_is_ready_waits_for_the_hold() -> None:
    assert not committed(GUESSED, Ready(3), 1.2)
    assert committed(replace(GUESSED, ready=True), Elapsed("hold"), 1.25)


def test_nothing_is_waited_for_where_there_is_no_reply_to_be_ready() -> None:
    assert committed(replace(GUESSED, speculating=False), Elapsed("hold"), 1.25)
