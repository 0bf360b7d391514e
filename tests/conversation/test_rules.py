"""The rules themselves: pure, total, and deaf to what comes too late."""

from __future__ import annotations

from dataclasses import replace

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
    Prepare,
    Reopen,
    ReplyOver,
    Silent,
    Sounding,
    State,
    Stop,
    Typed,
    Understood,
    Voiced,
)
from mia.conversation.turns import step

revisions = st.integers(0, 4)
events = st.one_of(
    st.builds(Voiced, st.floats(0, 9), st.integers(0, 3)),
    st.builds(Silent, st.floats(0, 9)),
    st.builds(
        Understood,
        revisions,
        st.sampled_from(["", "Hola."]),
        st.sampled_from([0.25, 1.6]),
        st.sampled_from(["words", "nothing", "backchannel", "stop"]),
    ),
    st.builds(Judged, revisions, st.floats(0, 1), st.sampled_from([0.25, 1.1])),
    st.builds(Elapsed, st.sampled_from(["hold", "overlap", "insist", "verdict"])),
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


def test_a_text_that_comes_after_its_hold_is_committed_at_once() -> None:
    state, effects = step(PAUSING, Understood(3, "Hola.", 0.45), 6.0)
    assert state.phase == "committed"
    assert [type(effect) for effect in effects if not isinstance(effect, moves.Forget)] == [
        Prepare,
        Commit,
    ]


def test_a_text_that_comes_early_waits_for_the_rest_of_its_hold() -> None:
    state, effects = step(PAUSING, Understood(3, "Hola.", 0.45), 5.2)
    assert state.phase == "pausing"
    assert effects == (Prepare(3, "Hola."), moves.Wake("hold", 5.45))


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
