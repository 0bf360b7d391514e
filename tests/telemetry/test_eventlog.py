"""The newest facts, in order."""

from __future__ import annotations

from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import Ducked, EventBus, Interrupted


def fill(count: int, kept: int = 100) -> tuple[EventBus, EventLog]:
    bus = EventBus()
    log = EventLog(bus, kept=kept)
    for number in range(count):
        bus.publish(Ducked(at=float(number), conversation=f"c{number % 2}", turn="t", reply="r"))
    return bus, log


def test_facts_are_counted_and_kept_in_order() -> None:
    _, log = fill(5)
    assert [entry.seq for entry in log.after(2)] == [3, 4, 5]
    assert log.newest == 5


def test_the_oldest_go_first() -> None:
    _, log = fill(10, kept=3)
    assert [entry.seq for entry in log.after(0)] == [8, 9, 10]


def test_only_what_is_asked_for() -> None:
    bus, log = fill(4)
    bus.publish(Interrupted(at=9.0, conversation="c0", turn="t", reply="r", heard_ms=120))
    assert [entry.seq for entry in log.after(0, conversation="c0")] == [1, 3, 5]
    (entry,) = log.after(0, kinds=["Interrupted"])
    assert entry.as_dict()["heard_ms"] == 120
    assert [entry.seq for entry in log.after(0, limit=2)] == [1, 2]


def test_a_closed_log_listens_no_more() -> None:
    bus, log = fill(1)
    log.close()
    bus.publish(Ducked(at=1.0, conversation="c0", turn="t", reply="r"))
    assert log.newest == 1
