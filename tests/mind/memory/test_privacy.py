"""What people say when something is not to be kept."""

from __future__ import annotations

import pytest

from mia.mind.memory.privacy import wish


@pytest.mark.parametrize(
    "text",
    [
        "Esto no lo guardes: me han echado del trabajo.",
        "No guardes esto, por favor, pero odio a mi jefe.",
        "Te lo digo, pero que quede entre nosotras.",
        "Don't save this, but I am leaving.",
        "This is off the record: they fired me.",
        "No recuerdes nada de esto.",
        "No quiero que guardes esto.",
        "Please, don't store this: I failed.",
    ],
)
def test_what_is_said_with_it_is_not_kept(text: str) -> None:
    assert wish(text) == "this"


@pytest.mark.parametrize(
    "text",
    [
        "Lo que te voy a decir no lo guardes.",
        "No guardes nada de lo que voy a contarte, ¿vale?",
        "A partir de ahora no recuerdes nada.",
        "Don't save what I'm about to tell you.",
        "What I am going to say, please don't remember.",
        "From now on don't keep anything.",
        "From now on, don't save anything.",
        "A partir de ahora, no guardes nada.",
        "No guardes nada a partir de ahora.",
        "Don't save anything from now on.",
        "Lo que os voy a contar no lo guardes.",
        "Forget what I'm about to tell you.",
        "Te voy a contar algo, no lo guardes.",
        "No quiero que guardes lo que te voy a decir.",
        "Oye, lo que voy a decir, por favor, no lo apuntes.",
        "Lo que te voy a decir no lo guardes en tu memoria.",
        "What I'm about to tell you, don't write it down.",
        "I'm about to tell you something, but please don't keep it.",
    ],
)
def test_what_comes_next_is_not_kept_either(text: str) -> None:
    assert wish(text) == "after"


@pytest.mark.parametrize(
    "text", ["Olvida eso.", "Mía, olvida lo que te he dicho", "Forget that, please", "Borra eso"]
)
def test_said_alone_it_means_what_was_said_before(text: str) -> None:
    assert wish(text) == "before"


@pytest.mark.parametrize(
    "text",
    [
        "No guardes silencio, dime algo.",
        "Guarda esto en tu memoria.",
        "¿Te acuerdas de eso?",
        "Save this file, please.",
        "Eso no lo olvides nunca.",
        "Lo que voy a decir te va a gustar.",
        "I'm going to tell you what I don't remember.",
        "I don't remember what I'm going to say.",
        "Don't forget what I'm going to tell you.",
        "I always forget what I'm going to say.",
        "Never forget what I'm about to tell you.",
        "A partir de ahora no me recuerdes nada.",
        "De ahora en adelante no guardes nada en la nevera.",
        "My parents don't remember that.",
        "I really don't remember that, we still don't keep that.",
        "I know what I'm going to say, don't save me a seat.",
        "I don't remember that movie.",
        "They don't keep that in stock.",
        "No guardes lo que sobre, tíralo.",
        "Sé lo que voy a decir, no lo guardo en secreto.",
        "I forgot that my keys were there.",
    ],
)
def test_other_words_about_keeping_mean_nothing(text: str) -> None:
    assert wish(text) is None
