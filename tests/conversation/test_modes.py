"""Hands-free, by a held key, by her name; muted, and holding her breath."""

from __future__ import annotations

from mia.conversation import Conversation
from mia.conversation.ports import PLAYING_RATE
from mia.telemetry import events as facts
from tests.support.fakes import FakeLlm, Fakes
from tests.support.scenario import play


def test_each_change_is_told_once() -> None:
    calls = [
        (1.0, lambda c: c.set_mode("wake-name")),
        (1.1, lambda c: c.set_mode("wake-name")),
        (1.2, lambda c: c.mute(True)),
        (1.3, lambda c: c.pause(True)),
        (1.4, lambda c: c.type("Hola")),
    ]
    told = play(at=calls, until=4)
    assert [(e.mode, e.muted, e.paused) for e in told.of(facts.ModeChanged)] == [
        ("wake-name", False, False),
        ("wake-name", True, False),
        ("wake-name", True, True),
        ("wake-name", True, False),
    ]


def test_after_a_held_breath_every_sample_is_heard_from_the_word_on() -> None:
    def pause(c: Conversation) -> None:
        c.pause(True)

    told = play(
        voices=[(1, 2)],
        at=[(3.9, pause), (6, lambda c: c.pause(False))],
        until=10,
    )
    (ended,) = told.of(facts.ReplyEnded)
    assert ended.status == "completed"
    spans = told.speaker.sound_of(ended.reply)
    covered = 0
    for first, end in spans:
        assert first <= covered
        covered = max(covered, end)
    assert abs(covered - ended.heard_ms * PLAYING_RATE / 1000) < PLAYING_RATE / 1000
    held = [event.heard_ms for event in told.of(facts.Paused)]
    gone_on = [event.heard_ms for event in told.of(facts.Unducked)]
    assert 0 <= held[0] - gone_on[0] <= 300, "from the start of the word, 0.3 s each"


def test_nothing_is_heard_while_her_breath_is_held() -> None:
    told = play(
        voices=[(2, 3)],
        at=[(1, lambda c: c.pause(True)), (5, lambda c: c.pause(False))],
        until=7,
    )
    assert not told.of(facts.SpeechStarted)


def test_a_reply_that_is_ready_while_she_holds_her_breath_waits() -> None:
    fakes = Fakes(llm=FakeLlm(first=1.0))
    told = play(
        voices=[(1, 2)],
        at=[(2.6, lambda c: c.pause(True)), (6, lambda c: c.pause(False))],
        until=12,
        fakes=fakes,
    )
    (started,) = told.of(facts.PlaybackStarted)
    assert started.at >= 6
    assert told.of(facts.ReplyEnded)[-1].status == "completed"


def test_a_key_pressed_again_at_once_goes_on_with_the_same_turn() -> None:
    fakes = Fakes(llm=FakeLlm(first=1.0))
    told = play(
        voices=[(1, 3)],
        at=[
            (0.9, Conversation.press),
            (1.8, Conversation.release),
            (2.2, Conversation.press),
            (3.1, Conversation.release),
        ],
        until=9,
        mode="push-to-talk",
        fakes=fakes,
    )
    assert len(told.of(facts.Reopened)) == 1
    assert [e.status for e in told.of(facts.ReplyEnded)][-1] == "completed"
    assert len([i for i in told.conversation.history if i.role == "user"]) == 1  # type: ignore[union-attr]


def test_a_filler_is_no_part_of_what_she_said() -> None:
    from tests.conversation.test_timelines import late_reply_with_a_filler

    told = late_reply_with_a_filler()
    fillers = told.of(facts.FillerStarted)
    assert len(fillers) == 1
    conversation = told.conversation
    assert conversation is not None
    assert all(f.text not in item.text for f in fillers for item in conversation.history)
    first = told.of(facts.TurnTimed)[0]
    assert first.stages["v2v"] > 1500, "a reply counts from its first word"
