"""A message that is answered is a turn: heard, remembered and forgotten as if it had been said."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mia.conversation import Conversation
from mia.conversation.ports import Asking, Recollection
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support.fakes import Fakes
from tests.support.virtual import run

TOLD = ((7, 1.0, "Mi perra se llama Luna."),)


class Memory:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def recall(self, text: str, asking: Asking) -> Recollection:
        self.asked.append(text)
        return Recollection(f"nota: {text}", memories=TOLD)

    async def kept(self, conversation: str, turn: str) -> None: ...

    def forgets(self, text: str) -> bool:
        return text == "Olvida eso."


async def told(*messages: tuple[str, str]) -> tuple[list[Event], Conversation, Memory]:
    """Messages (role, text) put into a conversation, then an answer asked for."""
    bus, memory, happened, over = EventBus(), Memory(), list[Event](), asyncio.Event()
    talk = Conversation("stage", replace(Fakes().parts(), memory=memory), bus)

    def listen(event: Event) -> None:
        happened.append(event)
        if isinstance(event, facts.ReplyEnded):
            over.set()

    bus.listen(listen)
    life = asyncio.create_task(talk.run())
    await asyncio.sleep(0)
    for role, text in messages:
        talk.add_message(role, text)  # type: ignore[arg-type]
    talk.respond()
    await over.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    return happened, talk, memory


def test_what_was_written_is_heard_and_something_comes_to_mind() -> None:
    happened, talk, memory = run(told(("user", "¿Cómo se llama mi perra?")))
    (heard,) = (one for one in happened if isinstance(one, facts.Heard))
    assert (heard.text, heard.typed, heard.final) == ("¿Cómo se llama mi perra?", True, True)
    assert heard.instead == "stage-m1"
    assert [item.role for item in talk.history] == ["user", "assistant"]
    assert talk.history[0].id == heard.turn
    assert memory.asked == ["¿Cómo se llama mi perra?"]
    (used,) = (one for one in happened if isinstance(one, facts.MemoriesUsed))
    assert (used.turn, used.memories) == (heard.turn, TOLD)


def test_only_the_newest_message_of_a_user_is_answered_so() -> None:
    happened, talk, _ = run(told(("user", "Hola."), ("system", "Habla poco.")))
    assert not [one for one in happened if isinstance(one, facts.Heard)]
    assert [item.id for item in talk.history][:2] == ["stage-m1", "stage-m2"]
