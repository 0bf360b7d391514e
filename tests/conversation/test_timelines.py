"""Scenarios on the virtual clock, each against its timeline in `tests/golden/*.txt`.

To see what a change does to them: `MIA_GOLDEN=write pytest tests/conversation`, then `git diff`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mia.conversation import Conversation
from tests.support.fakes import FakeLlm, Fakes, FakeStt, FakeTts, FakeTurnDetector
from tests.support.scenario import Action, Told, play

GOLDEN = Path(__file__).parent.parent / "golden"


def _later(seconds: float, action: Callable[[Conversation], object]) -> tuple[float, Action]:
    return (seconds, action)


def normal_turn() -> Told:
    return play(voices=[(1, 2.5)], until=8)


def pause_inside_the_turn() -> Told:
    """A breath before the guess is committed: nothing of it is ever seen."""
    fakes = Fakes(turn_detector=FakeTurnDetector(score=0.2))
    return play(voices=[(1, 2), (2.6, 3.6)], until=9, fakes=fakes)


def open_ended_words_wait_longer() -> Told:
    fakes = Fakes(stt=FakeStt(lines=((0, "Quiero un café y"), (2.5, "Quiero un café y un té."))))
    return play(voices=[(1, 2), (3.2, 4.2)], until=10, fakes=fakes)


def goes_on_after_commit_before_any_sound() -> Told:
    fakes = Fakes(llm=FakeLlm(first=0.8))
    return play(voices=[(1, 2), (2.6, 3.4)], until=9, fakes=fakes)


def goes_on_before_the_reply_is_ready() -> Told:
    """The hold is over, but nothing could be heard yet: nothing was committed."""
    return play(voices=[(1, 2), (2.3, 3.4)], until=9)


def goes_on_as_the_first_word_begins() -> Told:
    return play(voices=[(1, 2), (2.44, 3.4)], until=9)


def barge_in_early() -> Told:
    fakes = Fakes(stt=FakeStt(lines=((0, "Hola."), (1.0, "No, mejor cuéntame otra cosa."))))
    return play(voices=[(1, 1.5), (3.4, 5.0)], until=12, fakes=fakes)


def barge_in_late() -> Told:
    return play(voices=[(1, 2), (4.9, 6.4)], until=12)


def barge_in_twice() -> Told:
    return play(voices=[(1, 2), (3.6, 5.0), (6.4, 8.0)], until=14)


def cough() -> Told:
    fakes = Fakes(stt=FakeStt(lines=((0, ""), (1.2, "Cuéntame un cuento."))))
    return play(voices=[(1, 2), (4.0, 4.16)], until=10, fakes=fakes)


def backchannel() -> Told:
    fakes = Fakes(stt=FakeStt(lines=((0, "Ajá."), (1.2, "Cuéntame un cuento."))))
    return play(voices=[(1, 2), (3.6, 4.1)], until=10, fakes=fakes)


def a_hum_that_was_taken_for_words() -> Told:
    fakes = Fakes(
        stt=FakeStt(
            lines=((0, "Un poquito."), (1.2, "Cuéntame un cuento.")),
            confidence=lambda seconds: -1.5 if seconds < 1.2 else -0.2,
        )
    )
    return play(voices=[(1, 2), (3.6, 4.1)], until=10, fakes=fakes)


def stop_word() -> Told:
    fakes = Fakes(
        stt=FakeStt(lines=((0, "Para."), (1.2, "Cuéntame un cuento."))),
        llm=FakeLlm(reply=lambda p: "Vale." if "Para" in p.messages[-1].content else "Uno, dos."),
    )
    return play(voices=[(1, 2), (2.9, 3.2)], until=8, fakes=fakes)


def yes_is_an_answer_after_a_question() -> Told:
    fakes = Fakes(
        stt=FakeStt(lines=((0, "Sí."), (1.2, "Cuéntame un cuento."))),
        llm=FakeLlm(
            reply=lambda p: (
                "Ahí va." if "Sí" in p.messages[-1].content else "¿Quieres uno largo? Dime, anda."
            )
        ),
    )
    return play(voices=[(1, 2), (3.35, 3.8)], until=9, fakes=fakes)


def slow_first_segment() -> Told:
    """The second clause would be ready long before the first: it waits its turn."""
    fakes = Fakes(tts=FakeTts(takes=lambda call: 2.0 if call == 0 else 0.05))
    return play(voices=[(1, 2)], until=10, fakes=fakes)


def failed_segment() -> Told:
    fakes = Fakes(tts=FakeTts(fails=frozenset({1})))
    return play(voices=[(1, 2)], until=8, fakes=fakes)


def voice_fails_altogether() -> Told:
    fakes = Fakes(tts=FakeTts(fails=frozenset(range(20))))
    return play(voices=[(1, 2)], until=8, fakes=fakes)


def mind_stalls() -> Told:
    fakes = Fakes(llm=FakeLlm(stall_after=4))
    return play(voices=[(1, 2)], until=30, fakes=fakes)


def mind_fails_at_once() -> Told:
    fakes = Fakes(llm=FakeLlm(fail_after=0))
    return play(voices=[(1, 2)], until=8, fakes=fakes)


def recogniser_fails() -> Told:
    return play(voices=[(1, 2)], until=8, fakes=Fakes(stt=FakeStt(fails=True)))


def noise_without_words() -> Told:
    return play(voices=[(1, 2)], until=8, fakes=Fakes(stt=FakeStt(lines=((0, ""),))))


def typed_while_speaking() -> Told:
    return play(voices=[(1, 2)], at=[_later(3.5, lambda c: c.type("¿Y tú?"))], until=9)


def stopped_by_command() -> Told:
    return play(voices=[(1, 2)], at=[_later(3.5, Conversation.stop)], until=6)


def muted_while_the_user_speaks() -> Told:
    return play(voices=[(1, 3)], at=[_later(2, lambda c: c.mute(True))], until=6)


def push_to_talk() -> Told:
    return play(
        voices=[(1, 1.6), (3.0, 3.6)],
        at=[
            _later(0.5, lambda c: c.set_endpointing(False)),
            _later(4.0, Conversation.commit_audio),
        ],
        until=9,
    )


def words_too_brief_to_wait_for() -> Told:
    """She goes on as soon as it is quiet, and stops again once it is known to have been words."""
    fakes = Fakes(stt=FakeStt(lines=((0, "¿Qué dices?"), (1.2, "Cuéntame un cuento."))))
    return play(voices=[(1, 2), (3.6, 4.1)], until=9, fakes=fakes)


def her_own_voice_comes_back() -> Told:
    fakes = Fakes(stt=FakeStt(lines=((0, "Claro que sí, te."), (1.2, "Cuéntame un cuento."))))
    return play(voices=[(1, 2), (3.2, 3.8)], until=9, fakes=fakes)


def late_reply_with_a_filler() -> Told:
    """Twice late: the second time nothing is said, for it would be the second time running."""
    fakes = Fakes(tts=FakeTts(takes=lambda call: 1.5 if "Claro" in fakes.tts.calls[-1] else 0.1))
    return play(voices=[(3, 4), (10, 11)], until=17, fakes=fakes, filler=True)


def called_by_her_name() -> Told:
    """Not meant, meant by name, meant because she has just spoken, and no longer meant."""
    said = {
        2: "Esa taza es mía.",
        5: "Oye, Mía, ¿qué hora es?",
        11: "¿Y en Londres?",
        40: "Pásame la sal.",
    }
    fakes = Fakes(stt=FakeStt(lines=lambda _seconds, now: said[max(k for k in said if k < now)]))
    voices = [(start, start + 1) for start in said]
    return play(voices=voices, until=45, fakes=fakes, mode="wake-name")


def a_key_is_held() -> Told:
    """Only what is said while it is down is heard; letting go is the end of it."""
    return play(
        voices=[(1, 1.8), (3, 5)],
        at=[_later(2.9, Conversation.press), _later(4.4, Conversation.release)],
        until=10,
        mode="push-to-talk",
    )


def she_holds_her_breath() -> Told:
    return play(
        voices=[(1, 2), (4.2, 5)],
        at=[_later(3.9, lambda c: c.pause(True)), _later(6, lambda c: c.pause(False))],
        until=10,
    )


def shut_down_in_mid_speech() -> Told:
    return play(voices=[(1, 2)], until=3.5)


SCENARIOS = [
    normal_turn,
    pause_inside_the_turn,
    open_ended_words_wait_longer,
    goes_on_after_commit_before_any_sound,
    goes_on_before_the_reply_is_ready,
    goes_on_as_the_first_word_begins,
    barge_in_early,
    barge_in_late,
    barge_in_twice,
    cough,
    backchannel,
    a_hum_that_was_taken_for_words,
    stop_word,
    yes_is_an_answer_after_a_question,
    slow_first_segment,
    failed_segment,
    voice_fails_altogether,
    mind_stalls,
    mind_fails_at_once,
    recogniser_fails,
    noise_without_words,
    typed_while_speaking,
    stopped_by_command,
    muted_while_the_user_speaks,
    push_to_talk,
    words_too_brief_to_wait_for,
    her_own_voice_comes_back,
    late_reply_with_a_filler,
    called_by_her_name,
    a_key_is_held,
    she_holds_her_breath,
    shut_down_in_mid_speech,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_the_conversation_goes_as_written_down(scenario: Callable[[], Told]) -> None:
    lines = scenario().lines()
    golden = GOLDEN / f"{scenario.__name__}.txt"
    if os.environ.get("MIA_GOLDEN") == "write":
        golden.write_text(lines, "utf-8")
    assert lines == golden.read_text("utf-8")


def test_every_timeline_belongs_to_a_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {s.__name__ for s in SCENARIOS}


def test_an_interrupted_reply_leaves_only_what_was_heard() -> None:
    told = barge_in_late()
    assert told.conversation is not None
    texts = [(item.role, item.text) for item in told.conversation.history]
    assert texts[1] == ("assistant", "Claro que sí, te lo cuento. Es una historia—")


def test_no_work_goes_on_after_an_interruption() -> None:
    fakes = Fakes(llm=FakeLlm(reply="palabra " * 400, each=0.05))
    told = play(voices=[(1, 2), (4, 6)], until=7, fakes=fakes)
    assert told.conversation is not None
    assert fakes.llm.cut_off >= 1
    assert fakes.llm.running <= 1
    assert fakes.tts.running <= 2


def test_the_model_reads_the_conversation_while_nobody_waits_for_it() -> None:
    fakes = Fakes()
    play(voices=[(1, 2)], until=8, fakes=fakes)
    said = [message.content for message in fakes.llm.warmed[-1].messages]
    assert said == [
        "system-es",
        "Hola, ¿cómo estás?",
        "Claro que sí, te lo cuento. Es una historia larga.",
    ]


def test_the_client_has_the_last_word_on_what_was_heard() -> None:
    told = play(
        voices=[(1, 2), (4, 6)],
        at=[_later(5.2, lambda c: c.heard_up_to("c-r1", 0.65))],
        until=5.5,
    )
    assert told.conversation is not None
    assert told.conversation.history[1].text == "Claro que—"


def test_a_long_speech_is_understood_in_parts_and_loses_nothing() -> None:
    def text(seconds: float) -> str:
        return f"[{seconds:.0f}]"

    class Lengths(FakeStt):
        async def transcribe(self, samples, *, language):  # type: ignore[no-untyped-def]
            transcript = await super().transcribe(samples, language=language)
            return type(transcript)(text(len(samples) / 16_000) + ",", "es")

    voices = [(1 + 5.0 * k, 5.5 + 5.0 * k) for k in range(12)]
    fakes = Fakes(stt=Lengths(), turn_detector=FakeTurnDetector(score=0.1))
    told = play(voices=voices, until=75, fakes=fakes)
    assert told.conversation is not None
    understood = told.conversation.history[0].text
    parts = [float(part.strip("[],")) for part in understood.split()]
    assert all(part < 29 for part in parts), understood
    assert sum(parts) == pytest.approx(59, abs=8), understood


def test_never_two_recognitions_at_once() -> None:
    fakes = Fakes(stt=FakeStt(takes=0.9))
    play(voices=[(1, 1.6), (1.8, 2.4), (2.6, 3.2), (3.4, 4.0)], until=10, fakes=fakes)
    assert fakes.stt.most == 1


def test_at_most_two_clauses_are_synthesised_at_once() -> None:
    fakes = Fakes(
        llm=FakeLlm(reply="uno dos tres, " * 30, each=0.001),
        tts=FakeTts(takes=lambda _call: 1.5),
    )
    play(voices=[(1, 2)], until=40, fakes=fakes)
    assert fakes.tts.most == 2
