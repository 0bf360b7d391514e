"""Whose words "forget that" is about, where several people speak."""

from __future__ import annotations

from mia.conversation import Item, Line, Speaker
from mia.conversation.history import History

ANA, BEN = Speaker("discord:1", "Ana"), Speaker("discord:2", "Ben")


def said(id_: str, *lines: Line) -> Item:
    return Item(
        id_, "user", "\n".join(f"{one.speaker.name}: {one.text}" for one in lines), lines=lines
    )


def test_in_company_it_is_the_speakers_own_last_words_and_the_answer_to_them() -> None:
    history = History()
    history.put(said("u1", Line(BEN, "Me mudo a Vigo.")))
    history.put(Item("r1", "assistant", "¡A Vigo!"))
    history.put(said("u2", Line(ANA, "Mi gata se llama Cleopatra.")))
    history.put(Item("r2", "assistant", "Bonito nombre."))
    assert history.newest_exchange(ANA.id) == ("u2", "r2")
    assert history.newest_exchange(BEN.id) == ("u1", "r1")
    assert history.newest_exchange("discord:3") == ()


def test_what_two_said_in_one_turn_is_not_one_of_theirs_to_take_away() -> None:
    history = History()
    history.put(said("u1", Line(ANA, "Hola."), Line(BEN, "Buenas.")))
    assert history.newest_exchange(ANA.id) == ()


def test_alone_with_one_it_is_what_was_said_last() -> None:
    history = History()
    history.put(Item("u1", "user", "Me mudo a Vigo."))
    history.put(Item("r1", "assistant", "¡A Vigo!"))
    assert history.newest_exchange() == ("u1", "r1")
