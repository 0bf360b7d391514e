"""Where a turn's time went, and the one sentence that is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from mia.telemetry import events as bus
from mia.telemetry.advice import ENOUGH, Setup, advise
from mia.telemetry.timings import Stretch, Timings, TurnTiming, critical, percentile, summed


def spoken(events: bus.EventBus, turn: str, *, at: float = 10.0, ahead: bool = True) -> None:
    """A turn whose last voiced sample was at `at`: understood after 0.3 s, sure after 0.6 s."""
    about: Any = {"conversation": "stage", "turn": turn}
    events.publish(
        bus.Heard(at=at + 0.3, revision=1, text="Hola", language="es", final=False, **about)
    )
    if ahead:
        events.publish(bus.Speculated(at=at + 0.3, revision=1, **about))
    events.publish(
        bus.Heard(at=at + 0.6, revision=1, text="Hola", language="es", final=True, **about)
    )
    if ahead:
        events.publish(bus.SpeculationEnded(at=at + 0.6, revision=1, committed=True, **about))
    work = {"first_piece": 100.0, "first_clause": 200.0, "first_sound": 400.0}
    end = 1010.0 if ahead else 1310.0
    stages = {"stt": 200.0, "gate": 600.0, "v2v": end, **work}
    events.publish(bus.TurnTimed(at=at + end / 1000, stages=stages, **about))


def laid_out(turn: TurnTiming) -> dict[str, tuple[float, float]]:
    return {s.stage: (round(s.begin), round(s.end)) for s in turn.stretches}


def test_stages_are_laid_out_from_the_last_voiced_sample() -> None:
    events = bus.EventBus()
    timings = Timings(events)
    spoken(events, "t1")
    (turn,) = timings.newest()
    assert laid_out(turn) == {
        "hold": (0, 600),
        "stt": (100, 300),
        "llm_first": (300, 400),
        "llm_clause": (400, 600),
        "tts": (600, 1000),
        "sound": (1000, 1010),
    }
    assert (turn.hits, turn.misses, timings.hits) == (1, 0, 1)


def test_what_was_waited_for_a_memory_stands_before_the_thinking() -> None:
    events = bus.EventBus()
    timings = Timings(events)
    stages = {"memory": 30.0, "first_piece": 100.0, "first_clause": 200.0, "v2v": 900.0}
    about: Any = {"conversation": "stage", "turn": "t1"}
    events.publish(bus.Heard(at=10.5, revision=1, text="Hola", language="es", final=True, **about))
    events.publish(bus.TurnTimed(at=10.9, stages=stages | {"gate": 500.0}, **about))
    (turn,) = timings.newest()
    assert laid_out(turn) == {
        "hold": (0, 500),
        "memory": (500, 530),
        "llm_first": (530, 630),
        "llm_clause": (630, 830),
        "sound": (830, 900),
    }


def test_a_reply_that_was_not_begun_ahead_starts_with_the_decision() -> None:
    events = bus.EventBus()
    timings = Timings(events)
    spoken(events, "t1", ahead=False)
    (turn,) = timings.newest()
    assert laid_out(turn)["llm_first"] == (600, 700)
    assert laid_out(turn)["tts"] == (900, 1300)


def test_a_guess_that_was_wrong_is_counted_and_its_start_forgotten() -> None:
    events = bus.EventBus()
    timings = Timings(events)
    about = {"conversation": "stage", "turn": "t1"}
    events.publish(bus.Speculated(at=9.0, revision=0, **about))
    events.publish(bus.SpeculationEnded(at=9.5, revision=0, committed=False, **about))
    spoken(events, "t1")
    (turn,) = timings.newest()
    assert (turn.hits, turn.misses) == (1, 1)
    assert laid_out(turn)["llm_first"][0] == 300


def test_a_dropped_turn_leaves_no_trace_and_the_ring_is_bounded() -> None:
    events = bus.EventBus()
    timings = Timings(events, kept=3)
    spoken(events, "noise")
    events.publish(bus.TurnDropped(at=11, conversation="stage", turn="noise", reason="noise"))
    for number in range(5):
        spoken(events, f"t{number}", at=20.0 * (number + 1))
    assert [turn.turn for turn in timings.newest()] == ["t2", "t3", "t4"]


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile(range(1, 101), 0.95) == 95
    assert (summed([5.0]).p50, summed([5.0]).p95) == (5.0, 5.0)


def test_while_the_work_ends_within_the_hold_the_hold_is_to_blame() -> None:
    turn = TurnTiming("t", "stage", v2v=610.0)
    turn.stretches = (
        Stretch("hold", 0, 600),
        Stretch("stt", 100, 250),
        Stretch("llm_first", 250, 300),
        Stretch("tts", 300, 500),
        Stretch("sound", 600, 610),
    )
    assert critical(turn) == {"hold": 600, "sound": 10}


def test_work_that_outlasts_the_hold_is_to_blame_from_its_start() -> None:
    turn = TurnTiming("t", "stage", v2v=2000.0)
    turn.stretches = (
        Stretch("hold", 0, 500),
        Stretch("stt", 100, 300),
        Stretch("llm_first", 300, 1500),
        Stretch("tts", 1500, 2000),
    )
    assert critical(turn) == {"hold": 100, "stt": 200, "llm_first": 1200, "tts": 500}


def turns(stage: str, ms: float, count: int = 4, **more: Any) -> list[TurnTiming]:
    """Turns that wait `ms` for one stage, after a short hold."""
    found = []
    for number in range(count):
        turn = TurnTiming(f"t{number}", "stage", v2v=200 + ms, **more)
        turn.stretches = (Stretch("hold", 0, 200), Stretch(stage, 200, 200 + ms))  # type: ignore[arg-type]
        if stage == "hold":
            turn.stretches = (Stretch("hold", 0, 200 + ms),)
        found.append(turn)
    return found


@pytest.mark.parametrize(
    ("stage", "setup", "code", "setting"),
    [
        ("hold", Setup(), "hold", "input.mode"),
        ("hold", Setup(vad="energy"), "hold_energy", "vad.silence_duration_ms"),
        ("stt", Setup(), "stt", "models.stt.backend"),
        ("memory", Setup(), "memory", "rag.top_k"),
        ("llm_first", Setup(llm="llamacpp"), "llm_first", "prompt.dir"),
        ("llm_first", Setup(llm="openrouter"), "llm_first_server", "models.llm.backend"),
        ("llm_clause", Setup(llm="llamacpp"), "llm_clause", "models.llm.backend"),
        ("llm_clause", Setup(llm="lmstudio"), "llm_clause_server", "models.llm.backend"),
        ("tts", Setup(), "tts", "models.tts.backend"),
        ("sound", Setup(), "sound", "audio.output_device"),
    ],
)
def test_the_slowest_stage_names_the_setting_that_would_help(
    stage: str, setup: Setup, code: str, setting: str
) -> None:
    advice = advise(turns(stage, 2000), setup)
    assert (advice.code, advice.setting, advice.stage) == (code, setting, stage)
    assert advice.share > 0.8


def test_quick_answers_need_nothing_and_few_say_nothing() -> None:
    assert advise(turns("tts", 400), Setup()).code == "quick"
    assert advise(turns("tts", 4000, ENOUGH - 1), Setup()).code == "too_few"


def test_stuttering_goes_before_everything() -> None:
    assert advise(turns("tts", 400, underruns=2), Setup()).code == "stutter"


def test_guesses_that_mostly_miss_are_named_where_the_mind_is_slow() -> None:
    assert advise(turns("llm_first", 3000, misses=3), Setup()).code == "misses"
    assert advise(turns("llm_first", 3000, hits=3, misses=1), Setup()).code == "llm_first"
    assert advise(turns("tts", 3000, misses=3), Setup()).code == "tts"


def test_typed_turns_have_no_say() -> None:
    typed = turns("llm_first", 9000)
    for turn in typed:
        turn.typed = True
    assert advise(typed, Setup()).code == "too_few"
