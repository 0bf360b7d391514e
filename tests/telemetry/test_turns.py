"""Turn reports and metrics, gathered from events alone."""

from __future__ import annotations

from typing import Any

from mia.telemetry import events as bus
from mia.telemetry.events import EventBus
from mia.telemetry.metrics import Metrics
from mia.telemetry.turns import TurnReport, TurnReports


def tell(events: EventBus, kind: Any, conversation: str = "stage", **fields: Any) -> None:
    events.publish(kind(at=0.0, conversation=conversation, **fields))


def a_turn(events: EventBus, turn: str = "t1", conversation: str = "stage") -> None:
    """A spoken turn that is answered and interrupted; as in the engine, its end names the turn
    that interrupts."""
    reply = f"{turn}-r"

    def say(kind: Any, **fields: Any) -> None:
        tell(events, kind, conversation, **fields)

    say(bus.SpeechStarted, turn=turn, audio_ms=0)
    say(bus.Speculated, turn=turn, revision=1)
    say(bus.Heard, turn=turn, revision=1, text="¿Qué", language="es", final=False)
    say(bus.Heard, turn=turn, revision=2, text="¿Qué hora es?", language="es", final=True)
    say(bus.SpeculationEnded, turn=turn, revision=2, committed=True)
    say(bus.ReplyStarted, turn=turn, reply=reply)
    say(bus.ReplyText, turn=turn, reply=reply, sequence=0, text="Son las")
    say(bus.ReplyText, turn=turn, reply=reply, sequence=1, text="tres.")
    say(bus.TurnTimed, turn=turn, stages={"stt": 300.0, "v2v": 800.04})
    say(
        bus.ReplyEnded,
        turn=f"{turn}-next",
        reply=reply,
        text="Son las tres.",
        heard="Son las",
        heard_ms=700,
        status="interrupted",
    )
    say(bus.Interrupted, turn=f"{turn}-next", reply=reply, heard_ms=700)


def test_a_report_tells_what_was_said_answered_heard_and_how_long_it_took() -> None:
    events = EventBus()
    done: list[TurnReport] = []
    reports = TurnReports(events, done=done.append)
    a_turn(events)
    (report,) = reports.newest()
    assert done == [report]
    assert report.as_dict() == {
        "turn_id": "t1",
        "conversation": "stage",
        "user_text": "¿Qué hora es?",
        "language": "es",
        "typed": False,
        "reply_id": "t1-r",
        "reply_text": "Son las tres.",
        "heard_text": "Son las",
        "heard_ms": 700,
        "status": "interrupted",
        "v2v_ms": 800.0,
        "stages": {"stt": 300.0},
    }


def test_only_the_newest_turns_are_kept() -> None:
    events = EventBus()
    reports = TurnReports(events, limit=3)
    for number in range(10):
        a_turn(events, f"t{number}")
    assert [report.turn_id for report in reports.newest()] == ["t7", "t8", "t9"]
    assert [report.turn_id for report in reports.newest(1)] == ["t9"]
    assert reports.newest(0) == []
    assert reports.find("t0") is None
    assert reports.find("t8") is not None


def test_a_report_of_one_conversation_leaves_the_others_out() -> None:
    events = EventBus()
    reports = TurnReports(events, "stage")
    a_turn(events, conversation="guest")
    assert reports.newest() == []


def test_a_turn_that_came_to_nothing_is_no_turn() -> None:
    events = EventBus()
    reports = TurnReports(events)
    tell(events, bus.Heard, turn="t", revision=1, text="eh", language="es", final=True)
    tell(events, bus.TurnDropped, turn="t", reason="no words")
    assert reports.newest() == []


def test_metrics_are_prometheus_text_of_what_happened() -> None:
    events = EventBus()
    metrics = Metrics(events)
    metrics.sessions("page", lambda: 2)
    a_turn(events)
    tell(events, bus.SpeculationEnded, turn="t", revision=1, committed=False)
    tell(events, bus.Notice, level="error", code="llm.stalled")
    tell(events, bus.TurnDropped, turn="t", reason="noise")
    text = metrics.text().decode()
    for line in (
        'mia_turns_total{input="spoken"} 1.0',
        'mia_turns_total{input="typed"} 0.0',
        "mia_turns_dropped_total 1.0",
        'mia_replies_total{status="interrupted"} 1.0',
        "mia_interruptions_total 1.0",
        'mia_speculations_total{outcome="committed"} 1.0',
        'mia_speculations_total{outcome="dropped"} 1.0',
        'mia_notices_total{code="llm.stalled",level="error"} 1.0',
        'mia_stage_seconds_count{stage="stt"} 1.0',
        'mia_voice_to_voice_seconds_bucket{le="1.0"} 1.0',
        'mia_voice_to_voice_seconds_bucket{le="0.75"} 0.0',
        "mia_speech_seconds_total 0.7",
        "mia_replies_active 0.0",
        'mia_sessions{kind="page"} 2.0',
    ):
        assert line in text.splitlines(), line


def test_two_programs_in_one_process_count_apart() -> None:
    events = EventBus()
    a_turn(events)
    assert 'mia_turns_total{input="spoken"} 0.0' in Metrics(EventBus()).text().decode()
