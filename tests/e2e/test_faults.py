"""Everything `bench.faults` breaks, but for whole processes: she says what she has to, loses
nothing she had understood, and talks again within a time that is known."""

from __future__ import annotations

import pytest

from bench.faults import memory, network
from bench.faults.talking import FAULTS
from mia.strings import languages, translate

#: Of each fault: the notices a page shows, in order, and the most seconds to speech again.
EXPECTED: dict[str, tuple[tuple[str, ...], float]] = {
    "llm_dies": (("llm.offline",), 6),
    "llm_gone": (("llm.switched",), 1),
    "llm_hangs": (("llm.switched",), 21),
    "llm_hangs_alone": (("llm.stalled",), 51),
    "llm_hangs_midway": (("llm.slow", "llm.switched"), 16),
    "llm_garbage": ((), 1),
    "llm_mid_token": (("llm.interrupted",), 1),
    "llm_no_memory": (("llm.switched",), 1),
    "llm_no_memory_alone": (("backend.no_memory",), 6),
    "llm_mistake": (("llm.switched",), 1),
    "llm_warm_up": ((), 2),
    "tts_one_segment": (("tts.failed",), 1),
    "tts_one_segment_alone": (("tts.failed",), 1),
    "tts_all": (("tts.failed",), 1),
    "tts_all_alone": (("tts.failed",), 2),
    "tts_slow": ((), 9),
    "tts_hangs": (("tts.slow",), 16),
    "tts_hangs_alone": (("tts.stalled",), 31),
    "tts_silence": (("tts.silent",), 1),
    "tts_zeros": (("tts.silent",), 1),
    "tts_no_memory": (("backend.no_memory",), 1),
    "stt_hangs": (("stt.slow", "stt.switched"), 13),
    "stt_hangs_alone": (("stt.slow",), 28),
    "stt_fails": (("stt.cannot_load", "stt.switched"), 1),
    "stt_no_memory": (("backend.no_memory", "stt.switched"), 1),
    "turn_detector_hangs": ((), 1),
    "tab_closed": ((), 3),
    "clock_jumps": ((), 1),
}
#: What a mind's server does on the wire, and what a page shows of it.
ON_THE_WIRE: dict[str, tuple[str, ...]] = {
    "nothing": ("llm.switched",),
    "garbage": ("llm.switched",),
    "html": ("llm.switched",),
    "half an event": ("llm.interrupted",),
    "not json": ("llm.interrupted",),
    "stall": ("llm.timeout",),
    "reset": ("llm.switched",),
    "error 500": ("llm.switched",),
}
#: What a page shows of trouble with the memory, on a real disk.
REMEMBERED: dict[str, set[str]] = {
    "memory_garbage": {"memory.begun_anew"},
    "memory_garbage_copied": {"memory.restored"},
    "memory_locked": {"memory.slow"},
    "memory_full": {"memory.unwritable"},
    "chroma_gone": set(),
    "chroma_hangs": set(),
}
#: Whose utterance is lost, and told: there is nobody else to hear it.
UNHEARD = {"stt_hangs_alone"}


def test_every_fault_is_expected() -> None:
    assert set(EXPECTED) == set(FAULTS)


@pytest.mark.parametrize("name", EXPECTED)
def test_she_outlives_it_says_so_and_talks_again(name: str) -> None:
    codes, most = EXPECTED[name]
    outcome = FAULTS[name]()
    assert outcome.survived, outcome
    assert outcome.seen == codes
    assert outcome.seconds is not None
    assert outcome.seconds <= most
    assert (outcome.kept == "every turn") == (name not in UNHEARD)


def test_everything_a_server_does_on_the_wire_is_expected() -> None:
    assert set(ON_THE_WIRE) == set(network.ANSWERS)


@pytest.mark.parametrize("how", ON_THE_WIRE)
def test_whatever_a_server_sends_she_answers_all_the_same(how: str) -> None:
    outcome = network.wire(how, turns=2)()
    assert outcome.survived, outcome
    assert outcome.seen[:1] == ON_THE_WIRE[how]
    assert outcome.kept == "every turn"


def test_everything_that_happens_to_the_memory_is_expected() -> None:
    assert set(REMEMBERED) == set(memory.FAULTS)


@pytest.mark.parametrize("name", REMEMBERED)
def test_whatever_happens_to_her_memory_she_talks_and_says_what_is_lost(name: str) -> None:
    outcome = memory.FAULTS[name]()
    assert outcome.survived, outcome
    # A busy machine's disk may be slow as well.
    assert set(outcome.seen) - {"memory.slow"} == REMEMBERED[name] - {"memory.slow"}
    if name == "memory_locked":
        assert "memory.slow" in outcome.seen


CODES = {code for codes, _ in EXPECTED.values() for code in codes}.union(*REMEMBERED.values())


@pytest.mark.parametrize("code", sorted(CODES))
def test_what_she_says_of_it_can_be_read_in_every_language(code: str) -> None:
    for language in languages():
        assert translate(f"error.{code}", language) != f"error.{code}"
