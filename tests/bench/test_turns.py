"""The benchmark's own parts: microphone, tape, proxy, what MIA tells, and the report."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.turns import facts, forgetful, serving, table
from bench.turns.lines import RATE, Line
from bench.turns.microphone import AFTER_ANSWER, LEAD_IN, PATIENCE, Microphone, heard_of
from bench.turns.scoring import Answer
from bench.turns.systems import Measured
from bench.turns.tape import PLAYED_RATE, Tape


def line(name: str) -> Line:
    return Line(name, name, 0.1, 0.9, np.full(RATE, 1000, np.int16))


def test_the_next_line_waits_for_the_answer_or_for_as_long_as_people_do() -> None:
    tape = Tape()
    microphone = Microphone([line("a"), line("b")], tape)
    answered = False
    while microphone.frame() is not None:
        if not answered and microphone.seconds > 5:
            tape.play(5.0, np.ones(PLAYED_RATE, np.int16))  # one second of answer
            answered = True
    first, second = microphone.spoken
    assert first["start"] == pytest.approx(LEAD_IN + 0.1, abs=0.021)
    assert second["start"] == pytest.approx(6 + AFTER_ANSWER + 0.1, abs=0.041)
    assert microphone.seconds == pytest.approx(second["end"] + PATIENCE, abs=0.041)


def test_the_tape_has_sound_where_it_was_heard_and_none_after_a_hush(tmp_path: Path) -> None:
    tape = Tape()
    tape.say(np.zeros(4 * RATE, np.int16))
    tape.play(1.0, np.full(PLAYED_RATE, 5000, np.int16))
    tape.play(1.5, np.full(PLAYED_RATE, 5000, np.int16))  # waits for the one before
    assert tape.played_until == pytest.approx(3.0)
    tape.hush(2.25)
    tape.write(tmp_path / "tape.wav")
    sound, _ = soundfile.read(tmp_path / "tape.wav", dtype="int16")
    loud = np.flatnonzero(np.abs(sound[:, 1]) > 2500) / RATE
    assert loud[0] == pytest.approx(1.0, abs=0.001)
    assert loud[-1] == pytest.approx(2.25, abs=0.001)


def test_transcripts_belong_to_the_line_that_was_spoken_last() -> None:
    spoken = [{"start": 1.0}, {"start": 10.0}]
    assert heard_of(spoken, [(2, "one"), (5, "more"), (11, "two")]) == ["one more", "two"]


def test_the_proxy_forgets_everything_but_the_newest_question() -> None:
    said = [
        ("system", "be kind"),
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "it was "),
        ("user", "cut in two"),
    ]
    messages = [{"role": role, "content": content} for role, content in said]
    assert forgetful.forgotten(messages) == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "it was cut in two"},
    ]


METRICS = """\
# HELP mia_model_seconds_total Seconds models worked, by whether it was used.
mia_model_seconds_total{outcome="used",part="stt"} 3.0
mia_model_seconds_total{outcome="wasted",part="stt"} 1.0
mia_speculations_total{outcome="committed"} 3.0
mia_speculations_total{outcome="dropped"} 1.0
mia_underruns_total 2.0
"""


def test_waste_and_hit_rate_are_shares_over_all_rounds() -> None:
    told = facts.from_metrics(METRICS)
    told.add(facts.from_metrics(METRICS.replace("3.0", "4.0").replace("1.0", "0.0")))
    assert told.wasted == pytest.approx(1 / 8)
    assert told.hit_rate == pytest.approx(7 / 8)
    assert told.underruns == 4


def test_what_mia_does_not_tell_is_not_made_up() -> None:
    told = facts.from_metrics("")
    assert (told.wasted, told.hit_rate, told.underruns) == (None, None, None)
    assert told.later_evaluated == []


def test_tokens_count_from_the_second_reply_of_each_conversation_on() -> None:
    events = [
        {"kind": "ReplyEnded", "conversation": who, "status": status, "evaluated": count}
        for who, status, count in (
            ("a", "completed", 90),
            ("b", "completed", 80),
            ("a", "cancelled", 70),
            ("a", "interrupted", 20),
            ("a", "completed", None),
            ("b", "completed", 30),
        )
    ]
    told = facts.Told(evaluated=facts.evaluated_of(events))
    assert told.later_evaluated == [20, 30]


def test_the_report_sets_mia_beside_the_peer() -> None:
    def measured(*latencies: float | None) -> Measured:
        made = Measured([Answer("a.wav", latency, False) for latency in latencies])
        made.said = made.heard = ["Hello there."] * len(latencies)
        return made

    report = table.Report(pair={"MIA": measured(0.5, None), "Pipecat": measured(2.0, 2.0)})
    lines = report.text().splitlines()
    assert "| V2V p50 / p95, of Pipecat's | ≤ 0.30 / ≤ 0.40 | 0.25 / 0.25 |" in lines
    assert "| missed replies | 0 | 1 |" in lines
    assert "| a.wav | 500, — | Hello there. | 2000, 2000 | Hello there. |" in lines


def test_words_are_counted_without_case_and_punctuation() -> None:
    measured = Measured(said=["Hello, there! How are you?"], heard=["hello there how is you"])
    assert table.word_errors(measured) == pytest.approx(0.2)


def test_a_part_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('first words'); raise SystemExit('no memory left')"]
    with pytest.raises(serving.Died, match="no memory left"):
        serving.run("the peer", command, tmp_path / "log")


def test_a_process_ends_with_its_block_whatever_happens_in_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    started = []

    def begin_and_be_stopped() -> None:
        with serving.process(command, tmp_path / "log") as running:
            started.append(running)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_and_be_stopped()
    assert started[0].returncode is not None
