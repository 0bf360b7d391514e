"""What is forgotten is gone from everything a page looks at, too; times and counts stay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mia.channels.realtime.stage import Notices
from mia.config import installed
from mia.config.loading import Loaded
from mia.home import Home
from mia.serving import Serving
from mia.telemetry import events as bus
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.journal import Journal
from mia.telemetry.timings import Timings
from mia.telemetry.turns import TurnReports
from tests.support.memory import Talking, remembering, settled

SECRET = "Quetzaltenango"


def talk_of_it(events: EventBus) -> None:
    """A turn with the word in everything that is said of it."""
    about: Any = {"conversation": "c", "persona": "MIA", "turn": "u1"}
    said: Any = {"text": f"Me mudo a {SECRET}.", "language": "es"}
    events.publish(bus.Heard(at=1.0, revision=1, final=False, **said, **about))
    events.publish(bus.Heard(at=1.5, revision=2, final=True, **said, **about))
    events.publish(bus.ReplyStarted(at=1.6, reply="r1", **about))
    events.publish(bus.ReplyText(at=1.7, reply="r1", sequence=0, text=f"¿A {SECRET}?", **about))
    events.publish(bus.TurnTimed(at=2.0, stages={"stt": 200.0, "v2v": 900.0}, **about))
    events.publish(
        bus.ReplyEnded(
            at=3.0,
            reply="r1",
            text=f"¿A {SECRET}?",
            heard=f"¿A {SECRET}?",
            said=f"¿A {SECRET}?",
            heard_ms=700,
            status="completed",
            **about,
        )
    )
    events.publish(bus.Notice(at=3.5, conversation="c", level="warning", code="llm.slow"))
    silent: Any = {"code": "tts.silent", "parameters": {"text": SECRET}}
    events.publish(bus.Notice(at=3.6, conversation="c", level="error", **silent))


def shown(log: EventLog, journal: Journal, turns: TurnReports, timings: Timings) -> str:
    """All a page could get to see."""
    reports = [report.as_dict() for report in turns.newest()]
    facts = [entry.as_dict() for entry in log.after(0)]
    return str((journal.after(0), reports, timings.newest(), facts))


def test_no_word_of_what_is_forgotten_stays_for_the_pages(tmp_path: Path) -> None:
    serving = Serving(Loaded(installed()(), (), tmp_path / "config.yaml", {}), Home(tmp_path))
    stores = (serving._log, serving._journal, serving._turns, serving._timings)
    notices = Notices(serving._bus)
    talk_of_it(serving._bus)
    assert SECRET in str(notices.of("c"))
    notices.forget()
    assert [row["code"] for row in notices.of("c")] == ["llm.slow"]
    assert shown(*stores).count(SECRET) > 8, "there is something to forget"
    serving._forgotten([1], [])
    left = shown(*stores)
    assert SECRET not in left
    (timing,), (report,) = serving._timings.newest(), serving._turns.newest()
    assert (timing.v2v, report.v2v_ms, report.status) == (900.0, 900.0, "completed")
    assert "llm.slow" in left, "what is about no turn stays"
    assert "tts.silent" in str(serving._journal.after(0)), "but for its quotation"
    serving._journal.close()


def test_who_says_forget_that_is_forgotten_there_too(tmp_path: Path) -> None:
    async def test() -> None:
        events = EventBus()
        turns = TurnReports(events)
        asked = asyncio.Event()

        def forget(_memories: Sequence[int]) -> None:
            turns.forget()
            asked.set()

        async with remembering(tmp_path, events, forgot=forget) as memories:
            talking = Talking(events)
            talking.says(f"Me mudo a {SECRET}.")
            talking.hears(f"¿A {SECRET}?")
            await settled(memories)
            assert SECRET in str(turns.newest())
            talking.says("Olvida eso.")
            await asyncio.wait_for(asked.wait(), 20)
            assert SECRET not in str(turns.newest())

    asyncio.run(test())
