"""What comes to mind while somebody speaks: ready in time, next to their words, kept there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from mia.conversation import Conversation, Parts, remembering
from mia.conversation.ports import Asking, Message, Prompt, Recollection
from mia.telemetry import events as facts
from tests.support import virtual
from tests.support.fakes import FakeLlm, Fakes, FakeStt
from tests.support.scenario import Told, play

LUNA = Recollection(
    "<recuerdos>\n- ayer: «Mi perra se llama Luna.»\n</recuerdos>",
    ("la persona dijo una vez «Mi perra se llama Luna.»",),
    ((7, 9.5, "Mi perra se llama Luna."),),
)


@dataclass
class FakeMemory:
    """Remembers Luna whenever a dog is spoken of, in the time it is told to take."""

    takes: float = 0.01
    writes: float = 0.001
    asked: list[tuple[float, str]] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)

    async def recall(self, text: str, asking: Asking) -> Recollection:
        self.asked.append((asyncio.get_running_loop().time(), text))
        await asyncio.sleep(self.takes)
        return LUNA if "perra" in text else Recollection()

    def forgets(self, text: str) -> bool:
        return text.startswith("Olvida eso")

    async def kept(self, conversation: str, turn: str) -> None:
        self.waited.append(turn)
        await asyncio.sleep(self.writes)


@dataclass
class Remembering(Fakes):
    memory: FakeMemory = field(default_factory=FakeMemory)

    def parts(self) -> Parts:
        return replace(super().parts(), memory=self.memory)


def tells(prompt: Prompt) -> bool:
    """Whether the mind is told of Luna in it."""
    return any(message.content == LUNA.note for message in prompt.messages)


def spoken(fakes: Fakes) -> Told:
    fakes.stt = FakeStt(lines=((0.0, "¿Cómo se llama mi perra?"),))
    return play(voices=[(1, 3)], until=12, fakes=fakes)


def test_it_stands_right_before_the_newest_words() -> None:
    fakes = Remembering()
    told = spoken(fakes)
    assert fakes.llm.prompts[-1].messages[-2:] == (
        Message("system", LUNA.note, LUNA.plain),
        Message("user", "¿Cómo se llama mi perra?"),
    )
    (used,) = told.of(facts.MemoriesUsed)
    assert used.memories == LUNA.memories


def test_it_is_looked_up_while_they_still_speak() -> None:
    fakes = Remembering(stt=FakeStt(lines=((0.0, "¿Cómo se llama mi perra?"),)))
    told = play(voices=[(1, 9)], until=16, fakes=fakes)
    (stopped,) = told.of(facts.SpeechStopped)
    assert fakes.memory.asked[0][0] < stopped.at, "before the turn was over"
    with_note = [prompt for prompt in fakes.llm.warmed if tells(prompt)]
    assert with_note, "the mind reads it while they speak"


def test_later_turns_keep_it_word_for_word() -> None:
    fakes = Remembering()
    told = play(
        at=[
            (1, lambda conversation: conversation.type("¿Cómo se llama mi perra?")),
            (9, lambda conversation: conversation.type("Gracias.")),
        ],
        until=20,
        fakes=fakes,
    )
    first, second = fakes.llm.prompts[-2:]
    assert second.messages[: len(first.messages)] == first.messages
    assert len(told.of(facts.MemoriesUsed)) == 1


def test_a_reply_is_heard_only_once_its_turn_is_written_down() -> None:
    quick, slow = Remembering(), Remembering(memory=FakeMemory(writes=3.0))
    heard = [spoken(fakes).of(facts.PlaybackStarted)[0].at for fakes in (quick, slow)]
    assert heard[1] - heard[0] > 2.0
    assert slow.memory.waited == ["c-u1"]


def test_an_answer_does_not_wait_for_a_memory_that_hangs() -> None:
    without, hanging = Fakes(), Remembering(memory=FakeMemory(takes=60.0))
    heard = [spoken(fakes).of(facts.PlaybackStarted)[0].at for fakes in (without, hanging)]
    assert heard[1] - heard[0] <= 0.16
    assert not any(message.role == "system" for message in hanging.llm.prompts[-1].messages[1:])


def test_a_memory_costs_a_spoken_answer_no_time() -> None:
    without, remembering = Fakes(), Remembering(memory=FakeMemory(takes=0.04))
    heard = [spoken(fakes).of(facts.PlaybackStarted)[0].at for fakes in (without, remembering)]
    assert heard[1] - heard[0] <= 0.002


def test_what_an_answer_waited_for_its_memory_is_told_with_the_other_stages() -> None:
    def stages(fakes: Fakes) -> dict[str, float]:
        told = play(at=[(1, lambda talk: talk.type("¿Y mi perra?"))], until=10, fakes=fakes)
        (timed,) = told.of(facts.TurnTimed)
        return dict(timed.stages)

    without = stages(Fakes())
    quick, slow = (stages(Remembering(memory=FakeMemory(takes=s))) for s in (0.04, 60.0))
    assert "memory" not in without
    assert quick["memory"] == pytest.approx(40, abs=2)
    assert slow["memory"] == pytest.approx(remembering.PATIENCE * 1000, abs=2)
    # It is no part of the thinking.
    assert quick["first_piece"] == pytest.approx(without["first_piece"], abs=2)


def test_what_came_to_mind_for_half_a_turn_goes_when_they_go_on() -> None:
    fakes = Remembering(
        stt=FakeStt(lines=((0, "Mi perra"), (2.0, "Hola, ¿qué hora es?"))), llm=FakeLlm(first=0.8)
    )
    told = play(voices=[(1, 2), (2.6, 3.8)], until=10, fakes=fakes)
    assert not tells(fakes.llm.prompts[-1])
    assert told.conversation is not None
    assert not any(item.recalled.note for item in told.conversation.history)


def test_a_forgotten_memory_is_told_no_more() -> None:
    fakes = Remembering()

    def forget(conversation: Conversation) -> None:
        conversation.forget_memories(frozenset({7}))

    play(
        at=[
            (1, lambda conversation: conversation.type("¿Cómo se llama mi perra?")),
            (8, forget),
            (9, lambda conversation: conversation.type("Gracias.")),
        ],
        until=20,
        fakes=fakes,
    )
    assert not tells(fakes.llm.prompts[-1])


def test_only_other_words_are_looked_up_again() -> None:
    memory = FakeMemory()

    async def main() -> None:
        mind = remembering.Remembering(memory, lambda: Asking("c", "", "MIA", "es"))
        async with asyncio.TaskGroup() as group:
            for text in (
                "y mi perra",
                "Y mi perra.",
                "¿Y mi perra?",  # now it is asked
                "¿Y mi perra Luna?",
            ):
                mind.think(group, text)
                await asyncio.sleep(0.1)

    virtual.run(main())
    assert [text for _, text in memory.asked] == ["y mi perra", "¿Y mi perra?", "¿Y mi perra Luna?"]


def heard_until(*lines: tuple[float, str]) -> FakeStt:
    """What is understood up to each of these times."""
    return FakeStt(lines=lambda _seconds, now: next(text for until, text in lines if now < until))


def read(prompts: list[Prompt]) -> str:
    return "\n".join(message.content for prompt in prompts for message in prompt.messages)


def test_who_says_forget_that_is_answered_by_a_mind_that_no_longer_knows() -> None:
    fakes = Remembering(
        stt=heard_until((6, "Hola."), (15, "Mi clave es Quetzal."), (99, "Olvida eso.")),
        llm=FakeLlm(lambda prompt: f"Dices: {prompt.messages[-1].content} Vale."),
    )
    told = play(voices=[(1, 2), (9, 11), (18, 19)], until=30, fakes=fakes)
    assert told.conversation is not None
    assert [item.text for item in told.conversation.history] == [
        "Hola.",
        "Dices: Hola. Vale.",
        "Olvida eso.",
        "Dices: Olvida eso. Vale.",
    ]
    after = [prompt for prompt in fakes.llm.prompts if prompt.messages[-1].content == "Olvida eso."]
    assert after
    assert "Quetzal" not in read(after)
    assert "Quetzal" not in read(fakes.llm.warmed[-1:])
    (forgotten,) = told.of(facts.Forgotten)
    said = told.of(facts.Heard)
    assert forgotten.items[0] == next(one.turn for one in said if "Quetzal" in one.text)
    assert len(forgotten.items) == 2


def test_the_lines_before_what_is_forgotten_need_no_second_reading() -> None:
    fakes = Remembering()
    play(
        at=[
            (1, lambda conversation: conversation.type("Hola.")),
            (9, lambda conversation: conversation.type("Mi clave es Quetzal.")),
            (18, lambda conversation: conversation.type("Olvida eso.")),
        ],
        until=26,
        fakes=fakes,
    )
    hello, _, forget = (prompt.messages for prompt in fakes.llm.prompts)
    assert forget[: len(hello)] == hello
    assert len(forget) == len(hello) + 2


def test_who_goes_on_after_forget_that_means_no_further_lines() -> None:
    fakes = Remembering(
        stt=heard_until(
            (6, "Hola."),
            (15, "Mi clave es Quetzal."),
            (19.7, "Olvida eso."),
            (99, "Olvida eso ya."),
        ),
        llm=FakeLlm("Vale, pues muy bien.", first=0.8),
    )
    told = play(voices=[(1, 2), (9, 11), (18, 19), (19.6, 20.8)], until=32, fakes=fakes)
    assert told.of(facts.Reopened), "it is one turn, said in two goes"
    assert len(told.of(facts.Forgotten)) == 1
    assert told.conversation is not None
    assert [item.text for item in told.conversation.history if item.role == "user"] == [
        "Hola.",
        "Olvida eso ya.",
    ]


def test_a_word_about_a_forgotten_reply_that_comes_late_brings_nothing_back() -> None:
    fakes = Remembering(llm=FakeLlm("Tu clave es Quetzal, muy bien, la guardo con mucho cuidado."))

    def late(conversation: Conversation) -> None:
        conversation.heard_up_to("c-r1", 1.0)

    told = play(
        at=[
            (1, lambda conversation: conversation.type("Mi clave es Quetzal.")),
            (3, lambda conversation: conversation.type("Olvida eso.")),
            (3.01, late),
        ],
        until=12,
        fakes=fakes,
    )
    assert told.conversation is not None
    assert "Mi clave es Quetzal." not in [item.text for item in told.conversation.history]
    assert "c-r1" not in [item.id for item in told.conversation.history]
