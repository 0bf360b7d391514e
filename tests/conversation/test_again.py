"""Said once more: the newest reply, word for word, in its old line's place."""

from __future__ import annotations

from mia.conversation import Conversation
from mia.telemetry import events as facts
from tests.support.scenario import play


def test_the_newest_reply_is_said_again_without_asking_the_mind() -> None:
    kept: list[Conversation] = []

    def again(c: Conversation) -> None:
        kept.append(c)
        assert c.again() is not None

    told = play(at=[(1, lambda c: c.type("Hola")), (12, again)], until=24)
    first, second = told.of(facts.ReplyEnded)
    assert second.status == "completed"
    assert second.text == first.text
    assert second.reply != first.reply
    roles = [(item.role, item.text) for item in kept[0].history]
    assert roles == [("user", "Hola"), ("assistant", first.text)]


def test_before_she_has_said_anything_there_is_nothing_to_say_again() -> None:
    answers: list[str | None] = []
    told = play(at=[(1, lambda c: answers.append(c.again()))], until=2)
    assert answers == [None]
    assert not told.of(facts.ReplyEnded)
