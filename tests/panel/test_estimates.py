"""How long an answer would take with another model: reckoned, and which one is recommended."""

from __future__ import annotations

import pytest

from mia.models import find
from mia.panel.estimates import Estimate, answer_s, estimate, feel, recommended
from mia.panel.machine import Machine, look
from mia.panel.speed import Speed, SpeedCache, fingerprint

SPEED = Speed(stt_s=0.3, speech_s=3.0, llm_first_s=0.1, llm_rate=30.0, tts_s=0.4, clause_s=1.5)
LAPTOP = Machine("Linux", "a processor", 2, 8_000_000_000, "", 50_000_000_000)
GEMMA_SIZE = 253_113_024


def guess(model: str, speed: Speed | None = SPEED, machine: Machine = LAPTOP) -> Estimate | None:
    return estimate(find(model), speed, machine, stt="whisper-base", llm_size=GEMMA_SIZE)


def test_the_measured_parts_add_up_from_the_pause_on_but_never_beat_the_hold() -> None:
    # Work begins 0.1 s into the pause; a first clause of nine pieces takes 0.3 s.
    assert answer_s(SPEED) == pytest.approx(0.1 + 0.3 + 0.1 + 0.3 + 0.4)
    assert feel(answer_s(SPEED)) == "fluent"
    quick = Speed(stt_s=0.05, speech_s=3, llm_first_s=0.02, llm_rate=200, tts_s=0.1, clause_s=1.5)
    assert answer_s(quick) == 0.5


def test_a_larger_mind_is_slower_by_its_size_and_larger_ears_by_their_work() -> None:
    larger = guess("qwen2.5-1.5b-instruct")
    assert larger is not None
    assert larger.answer_s == pytest.approx(0.8 + 0.4 * 1_117_320_736 / GEMMA_SIZE, abs=0.06)
    assert larger.feel == "bearable"
    small, large = guess("whisper-small"), guess("whisper-large-v3")
    assert small is not None
    assert large is not None
    assert (small.feel, large.feel) == ("bearable", "slow")


def test_what_does_not_fit_is_said_even_unmeasured() -> None:
    tiny = Machine("Linux", "", 2, 2_000_000_000, "", 0)
    assert guess("gemma-3-4b-it", None, tiny) == Estimate(None, "too_large")
    assert guess("gemma-3-4b-it", None) is None


def test_the_largest_fluent_model_is_recommended_else_the_quickest() -> None:
    pairs = [(find(name), guess(name)) for name in ("gemma-3-270m", "qwen2.5-1.5b-instruct")]
    assert recommended(pairs) == "gemma-3-270m"
    slow = [
        (find("whisper-medium"), Estimate(9.0, "slow")),
        (find("whisper-tiny"), Estimate(4.0, "slow")),
    ]
    assert recommended(slow) == "whisper-tiny"
    assert recommended([(find("whisper-tiny"), None)]) is None


def test_this_machine_can_be_looked_at_and_its_speed_is_kept(tmp_path) -> None:  # type: ignore[no-untyped-def]
    machine = look(tmp_path / "not" / "there")
    assert machine.cores >= 1
    assert machine.disk_free > 0
    cache = SpeedCache(tmp_path)
    mark = fingerprint("a", 1)
    assert cache.read(mark) is None
    cache.write(mark, SPEED)
    assert cache.read(mark) == SPEED
    assert cache.read(fingerprint("b", 1)) is None
    (tmp_path / "speed.json").write_text("broken", "utf-8")
    assert cache.read(mark) is None
