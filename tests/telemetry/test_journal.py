"""The log in memory: bounded, filtered, followed, and without secrets."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mia.redaction import Redactor
from mia.telemetry import events as bus
from mia.telemetry.journal import Filter, Journal, Line
from mia.telemetry.logs import about
from mia.telemetry.story import story
from mia.telemetry.turns import TurnReports

log = logging.getLogger("mia.hearing.test")


@pytest.fixture
def events() -> bus.EventBus:
    return bus.EventBus()


@pytest.fixture
def journal(events: bus.EventBus) -> Iterator[Journal]:
    made = Journal(events, Redactor(["s3cr3t-value"]), kept=50)
    log.addHandler(made)
    log.setLevel(logging.DEBUG)
    yield made
    log.removeHandler(made)
    made.close()


def notice(code: str) -> bus.Notice:
    return bus.Notice(at=1, conversation="stage", level="warning", code=code)


def test_lines_and_facts_stand_in_one_order_with_part_level_and_turn(
    events: bus.EventBus, journal: Journal
) -> None:
    with about(conversation="stage", turn="t1"):
        log.warning("deaf for %d ms", 30)
    events.publish(bus.TurnDropped(at=1, conversation="stage", turn="t1", reason="noise"))
    events.publish(notice("llm.offline"))
    first, second, third = journal.after(0)
    assert (first.level, first.part, first.turn) == ("warning", "hearing", "t1")
    assert first.message == "deaf for 30 ms"
    assert (second.part, second.message) == ("hearing", "TurnDropped reason='noise'")
    assert (third.level, third.seq) == ("warning", 3)


def test_the_ring_forgets_the_oldest(journal: Journal) -> None:
    for number in range(80):
        log.info("line %d", number)
    assert [line.seq for line in journal.after(0)] == list(range(31, 81))
    assert [line.seq for line in journal.after(78)] == [79, 80]
    assert [line.seq for line in journal.after(0, limit=2)] == [79, 80]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(level="warning"), ["b"]),
        (Filter(part="voice"), ["c"]),
        (Filter(turn="t2"), ["c"]),
        (Filter(text="WORD"), ["b"]),
        (Filter(level="error"), []),
    ],
)
def test_a_filter_lets_through_what_it_says(wanted: Filter, found: list[str]) -> None:
    lines = [
        Line(1, "", "info", "hearing", "a"),
        Line(2, "", "warning", "mind", "b word"),
        Line(3, "", "info", "voice", "c", turn="t2"),
    ]
    assert [line.message[0] for line in lines if wanted(line)] == found


def test_no_secret_is_kept_and_sound_is_no_line(events: bus.EventBus, journal: Journal) -> None:
    log.info("key s3cr3t-value, Authorization: Bearer abcdefgh")
    try:
        raise ValueError("refused s3cr3t-value")
    except ValueError:
        log.exception("failed")
    text = "\n".join(line.message for line in journal.after(0))
    assert "s3cr3t" not in text
    assert "abcdefgh" not in text
    assert "Traceback" in text


def test_who_follows_is_told_of_lines_from_any_thread(journal: Journal) -> None:
    async def scenario() -> list[str]:
        seen: list[str] = []
        log.info("before")
        async for lines in journal.follow(0, Filter(level="info")):
            seen += [line.message for line in lines]
            if len(seen) == 1:
                thread = threading.Thread(target=lambda: log.warning("from a thread"))
                thread.start()
                thread.join()
            if len(seen) == 2:
                log.debug("not wanted")
                log.error("the last")
            if len(seen) == 3:
                return seen
        raise AssertionError

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == ["before", "from a thread", "the last"]


def test_a_turn_s_story_has_its_lines_and_times_and_nobody_s_home(
    events: bus.EventBus, journal: Journal
) -> None:
    reports = TurnReports(events)
    mark: Any = {"conversation": "stage", "turn": "t1"}
    events.publish(
        bus.Heard(at=1, revision=1, text="¿Qué hora es?", language="es", final=True, **mark)
    )
    events.publish(bus.TurnTimed(at=2, stages={"stt": 210.0, "v2v": 900.0}, **mark))
    with about(turn="t1"):
        log.info("read %s/voz.wav with s3cr3t-value", "/".join(("", "home", "ana")))
    with about(turn="t2"):
        log.info("another turn")
    text = story("t1", reports.find("t1"), journal, {"MIA": "1.0"})
    assert "¿Qué hora es?" in text
    assert "- v2v_ms: 900.0" in text
    assert "- MIA: 1.0" in text
    assert "~/voz.wav" in text
    assert "ana" not in text
    assert "s3cr3t" not in text
    assert "another turn" not in text
