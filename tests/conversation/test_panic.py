"""The panic stop: silent at once, silent until released, in every conversation that shares it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mia.conversation import Conversation
from mia.conversation.ports import PLAYING_RATE
from mia.errors import MiaError
from mia.telemetry import events as facts
from tests.support.fakes import FakeLlm, Fakes
from tests.support.scenario import Told, play

LONG = "uno dos tres cuatro cinco, seis siete ocho nueve diez. " * 5


def on(conversation: Conversation) -> None:
    conversation._panic.set(True)


def off(conversation: Conversation) -> None:
    conversation._panic.set(False)


def heard_after(told: Told, moment: float) -> float:
    """Seconds of sound heard after a moment."""
    ends = [start + len(block.samples) / PLAYING_RATE for start, block in told.speaker.heard]
    return max([0.0, *(end - moment for end in ends)])


def test_she_is_silent_at_once_and_hears_nothing_until_released() -> None:
    told = play(
        voices=[(1, 2), (5, 6), (9, 10)],
        at=[(3.5, on), (8, off)],
        until=16,
        fakes=Fakes(llm=FakeLlm(reply=LONG)),
    )
    assert told.speaker.heard[0][0] < 3.5
    said = [start for start, _ in told.speaker.heard if start >= 3.5]
    assert min(said) > 9, "nothing is heard between the stop and the release"
    starts = [event.at for event in told.of(facts.SpeechStarted)]
    assert [round(at) for at in starts] == [1, 9]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0.5, 9.0), st.floats(0.0, 0.5))
def test_whenever_it_comes_nothing_is_heard_after_it(moment: float, first: float) -> None:
    fakes = Fakes(llm=FakeLlm(reply=LONG, first=first))
    told = play(voices=[(1, 2), (4, 5.5), (7, 8)], at=[(moment, on)], until=14, fakes=fakes)
    assert heard_after(told, moment) <= 2 / PLAYING_RATE
    assert not [event for event in told.of(facts.ReplyStarted) if event.at > moment]
    assert fakes.llm.running == fakes.tts.running == 0
    assert told.conversation is not None
    assert told.conversation.phase == "idle"


def test_who_types_is_told_and_nothing_is_answered() -> None:
    refused: list[str] = []

    def type_(conversation: Conversation) -> None:
        for call in (lambda: conversation.type("hola"), lambda: conversation.respond()):
            with pytest.raises(MiaError) as caught:
                call()
            refused.append(caught.value.code)

    told = play(at=[(1, on), (2, type_)], until=6)
    assert refused == ["safety.panic"] * 2
    assert not told.speaker.heard


def test_who_looks_on_is_told_of_both() -> None:
    told = play(at=[(1, on), (1.5, on), (2, off)], until=3)
    assert [round(event.at, 1) for event in told.of(facts.ModeChanged)] == [1.0, 2.0]
