"""Whom she answers, where several people are."""

from __future__ import annotations

import pytest

from mia.conversation import Company, Line, Speaker
from mia.conversation.naming import names_her

ANA, BEN = Speaker("discord:1", "Ana"), Speaker("discord:2", "Ben")


@pytest.mark.parametrize(
    "text",
    [
        "Mia, what time is it?",
        "Miya, ¿qué hora es?",
        "Mya, what's up?",
        "¿Qué opinas, Miah?",
        "Oye Mía ven",
    ],
)
def test_her_name_is_heard_however_it_is_spelt(text: str) -> None:
    assert names_her(text, ["MIA"], loosely=True)


@pytest.mark.parametrize("text", ["La casa es mía.", "Mi tía, la de Madrid.", "Eso es de Lía."])
def test_what_only_sounds_alike_is_not_her_name(text: str) -> None:
    assert not names_her(text, ["MIA"], loosely=True)


def test_a_long_name_may_have_a_letter_wrong() -> None:
    assert names_her("Aurora, ¿estás?", ["Aurora"], loosely=True)
    assert names_her("Sofia, ¿estás?", ["Sophia"], loosely=True)
    assert names_her("Orora, ¿estás?", ["Aurora"], loosely=True) is False
    assert names_her("Aurera, ¿estás?", ["Aurora"], loosely=True)


def company(**more: object) -> tuple[Company, list[float]]:
    now = [100.0]
    made = Company(lambda: now[0], ("MIA",), 18.0, **more)  # type: ignore[arg-type]
    made.people = {ANA.id: ANA, BEN.id: BEN}
    return made, now


def test_an_alias_is_a_name_too() -> None:
    here, _ = company(aliases=("Amelia",))
    assert here.means_her(Line(ANA, "Amelia, ¿qué tal?"))


def test_the_talk_with_one_person_lasts_as_long_as_it_is_set() -> None:
    here, now = company()
    here.answers([Line(ANA, "MIA, ¿qué tal?")])
    here.spoke()
    now[0] += 17.9
    assert here.means_her(Line(ANA, "¿Y mañana?"))
    assert not here.means_her(Line(BEN, "¿Y mañana?"))
    now[0] += 0.2
    assert not here.means_her(Line(ANA, "¿Y mañana?"))


def test_of_several_lines_she_is_in_talk_with_who_meant_her() -> None:
    here, _ = company()
    here.answers([Line(ANA, "MIA, ¿qué tal?"), Line(BEN, "Qué frío.")])
    here.spoke()
    assert here.means_her(Line(ANA, "¿Y mañana?"))


def test_everybodys_silence_is_waited_for_only_among_several_and_without_her_name() -> None:
    here, _ = company(gap=1.5)
    assert here.hold([Line(ANA, "¿Qué hora es?")]) == 1.5
    assert here.hold([Line(ANA, "¿Qué hora es, Mía?")]) == 0.0
    here.people = {ANA.id: ANA}
    assert here.hold([Line(ANA, "¿Qué hora es?")]) == 0.0


def test_addressed_she_wants_her_name_even_alone() -> None:
    here, _ = company(manner="addressed")
    here.people = {ANA.id: ANA}
    assert not here.meant("", [Line(ANA, "¿Qué hora es?")])
    assert here.meant("", [Line(ANA, "MIA, ¿qué hora es?")])
