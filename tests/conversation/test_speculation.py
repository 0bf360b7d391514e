"""How boldly to guess, and what guessing costs."""

from __future__ import annotations

import pytest

from mia.conversation.speculation import Boldness, Effort
from mia.conversation.tuning import DEFAULT
from mia.telemetry import events as facts
from tests.support.fakes import Fakes, FakeTurnDetector
from tests.support.scenario import play


def test_the_head_start_is_what_a_reply_needs() -> None:
    bold = Boldness()
    for _ in range(40):
        bold.took(0.3)
    assert bold.head_start(1.6, judging=False) == pytest.approx(
        0.3 * DEFAULT.head_start_margin, rel=0.01
    )


def test_while_it_is_being_judged_the_reply_is_begun_at_once() -> None:
    assert Boldness().head_start(1.1, judging=True) == 1.1


def test_misses_make_it_shy_and_hits_bold_again() -> None:
    bold = Boldness()
    full = bold.head_start(1.0, judging=False)
    for _ in range(10):
        bold.ended(hit=False)
    shy = bold.head_start(1.0, judging=False)
    assert shy < 0.4 * full
    for _ in range(10):
        bold.ended(hit=True)
    assert bold.head_start(1.0, judging=False) == full


class Call:
    def __init__(self, revision: int | None, seconds: float) -> None:
        self.revision, self.seconds = revision, seconds


def test_only_the_guess_that_counted_was_not_wasted() -> None:
    told: list[tuple[str, float, bool]] = []
    effort = Effort(lambda *what: told.append(what))
    for call in (Call(None, 0.25), Call(1, 0.5), Call(2, 1.0)):
        effort.transcribed(call)
    effort.settled(2)
    assert told == [("stt", 1.0, True), ("stt", 0.75, False)]
    effort.settled(2)
    assert len(told) == 2


def test_a_speaker_who_never_stops_where_she_thinks_is_answered_with_less_guessing() -> None:
    """Pauses of half a second, again and again: fewer and fewer replies are begun in vain."""
    voices = [(1 + 1.6 * n, 2.1 + 1.6 * n) for n in range(24)]
    fakes = Fakes(turn_detector=FakeTurnDetector(score=0.2))
    told = play(voices=voices, until=48, fakes=fakes)
    begun = [event.at for event in told.of(facts.Speculated)]
    early = sum(at < 14 for at in begun)
    late = sum(26 <= at < 39 for at in begun)
    assert late < early / 2
    assert told.of(facts.ReplyEnded)[-1].status == "completed"
