"""Being called by name."""

from __future__ import annotations

import pytest

from mia.conversation.naming import names_her


@pytest.mark.parametrize(
    "text",
    [
        "MIA",
        "Mía, ¿qué hora es?",
        "¿Qué hora es, Mía?",
        "Oye Mía, pon música.",
        "Hola, MIA.",
        "Hey Mia tell me a story",
        "Mia what time is it",
        "Gracias, Mía",
        "Thanks Mia.",
    ],
)
def test_her_name_is_heard(text: str) -> None:
    assert names_her(text, ["MIA"])


@pytest.mark.parametrize(
    "text",
    [
        "Esa taza es mía.",
        "La culpa es mía, perdona.",
        "Una amiga mía vive allí.",
        "¿Qué hora es?",
        "Mamma mia canta bien",
        "Miami is hot",
        "",
    ],
)
def test_mine_is_not_her_name(text: str) -> None:
    assert not names_her(text, ["MIA"])


def test_a_name_may_have_several_words() -> None:
    assert names_her("Oye, Luna Clara, ven", ["Luna Clara"])
    assert not names_her("Qué luna clara hay hoy", ["Luna Clara"])
