"""Whatever the delays and wherever somebody interrupts, these things hold."""

from __future__ import annotations

import itertools
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mia.conversation.ports import PLAYING_RATE
from mia.telemetry import events as facts
from tests.support.fakes import FakeLlm, Fakes, FakeStt, FakeTts, FakeTurnDetector
from tests.support.scenario import Told, play

SENTENCE = "uno dos tres, cuatro cinco. seis siete ocho nueve, diez once. "

delays = st.floats(0.0, 2.5)


@st.composite
def talks(draw: st.DrawFn) -> tuple[Told, Fakes]:
    """A conversation with random voices, delays and failures."""
    at, voices = 0.5, []
    for _ in range(draw(st.integers(1, 6))):
        at += draw(st.floats(0.06, 4.0))
        length = draw(st.floats(0.06, 2.5))
        voices.append((at, at + length))
        at += length
    takes = draw(st.lists(delays, min_size=1, max_size=8))
    fakes = Fakes(
        stt=FakeStt(
            lines=((0, draw(st.sampled_from(["", "Ajá.", "Para.", "Sí."]))), (0.9, "Cuéntame.")),
            takes=draw(delays),
        ),
        llm=FakeLlm(
            reply=SENTENCE * draw(st.integers(0, 3)),
            first=draw(delays),
            each=draw(st.floats(0, 0.3)),
            fail_after=draw(st.none() | st.integers(0, 20)),
        ),
        tts=FakeTts(
            takes=lambda call: takes[call % len(takes)],
            fails=frozenset(draw(st.lists(st.integers(0, 12), max_size=3))),
        ),
        turn_detector=FakeTurnDetector(score=draw(st.floats(0, 1)), takes=draw(delays)),
    )
    return play(voices=voices, until=at + 8, fakes=fakes), fakes


few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@few
@given(talks())
def test_clauses_are_placed_in_order_without_gaps(talk: tuple[Told, Fakes]) -> None:
    told, _ = talk
    placed: dict[str, list[facts.SegmentPlaced]] = {}
    for event in told.of(facts.SegmentPlaced):
        placed.setdefault(event.reply, []).append(event)
    for events in placed.values():
        sequence = [event.sequence for event in events]
        assert sequence == sorted(sequence)
        for before, after in itertools.pairwise(events):
            assert after.begin >= before.begin
            assert abs(after.begin - before.finish) < 1e-6 or after.sequence == before.sequence


@few
@given(talks())
def test_nothing_of_a_reply_is_heard_after_its_end(talk: tuple[Told, Fakes]) -> None:
    told, _ = talk
    ends = {event.reply: event.at for event in told.of(facts.ReplyEnded)}
    for start, block in told.speaker.heard:
        if block.reply in ends:
            assert start + len(block.samples) / PLAYING_RATE <= ends[block.reply] + 0.001


@few
@given(talks())
def test_the_history_is_what_was_heard(talk: tuple[Told, Fakes]) -> None:
    """Every word of an interrupted reply in the history was more than half heard, and every
    word that was is there. The fake voice takes 0.3 s for each word."""
    told, fakes = talk
    assert told.conversation is not None
    for ended in told.of(facts.ReplyEnded):
        if ended.status != "interrupted" or fakes.tts.fails:
            continue
        words = len(re.findall(r"\w+", ended.heard))
        seconds = ended.heard_ms / 1000
        assert abs(words - seconds / 0.3) <= 0.5 + 1e-6, (ended.heard, seconds)


@few
@given(talks())
def test_every_reply_that_may_be_heard_ends_once(talk: tuple[Told, Fakes]) -> None:
    told, _ = talk
    started = [event.reply for event in told.of(facts.ReplyStarted)]
    ended = [event.reply for event in told.of(facts.ReplyEnded)]
    assert sorted(started) == sorted(ended)
    assert len(set(started)) == len(started)


@few
@given(talks())
def test_work_is_bounded_and_none_is_left_behind(talk: tuple[Told, Fakes]) -> None:
    """`virtual.run` fails if a task is alive at the end."""
    _, fakes = talk
    assert fakes.stt.most <= 1
    assert fakes.tts.most <= 2
    assert fakes.llm.running == fakes.tts.running == fakes.stt.running == 0


@few
@given(talks())
def test_no_speculation_shows_before_it_is_committed(talk: tuple[Told, Fakes]) -> None:
    told, _ = talk
    opened: set[str] = set()
    for event in told.events:
        if isinstance(event, facts.ReplyStarted):
            opened.add(event.reply)
        elif isinstance(event, facts.ReplyText | facts.SegmentPlaced | facts.PlaybackStarted):
            assert event.reply in opened
