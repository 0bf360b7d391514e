"""Expression tags: where they stand, and that none is ever heard or read."""

from __future__ import annotations

import random
import re

import pytest

from mia.avatar import expressions
from mia.voice import VoiceWording
from mia.voice.cues import folded

WORDING = VoiceWording(
    tags={folded(tag): name for tag, name in expressions.tags({"proud": ["orgullosa"]}).items()}
)


@pytest.mark.parametrize(
    ("clause", "cues"),
    [
        ("[joy] Hola, ¿qué tal?", (("joy", 0),)),
        ("Hola, [alegría] ¿qué tal?", (("joy", 5),)),
        ("Hola. *sonríe* ¿Qué tal?", (("joy", 5),)),
        ("*smiles warmly* Hello!", (("joy", 0),)),
        ("Pues no lo sé. [Pensativa]", (("thinking", 14),)),
        ("[joy][sad] Hola", (("joy", 0), ("sad", 0))),
        ("**[joy]** Hola", (("joy", 0),)),
        ("[ JOY! ] Hola", (("joy", 0),)),
        ("[orgullosa] Lo logré", (("proud", 0),)),
        ("[bailando] Hola", (("neutral", 0),)),
        ("*salta a la pata coja* Hola", ()),
        ("Es *muy* bueno [1].", ()),
        ("[esto](https://example.org) es un enlace", ()),
        ("[joy]", (("joy", 0),)),
        ("Hola", ()),
    ],
)
def test_a_tag_asks_for_an_expression_at_the_word_it_stands_before(
    clause: str, cues: tuple[tuple[str, int], ...]
) -> None:
    assert WORDING.cues(clause) == cues


@pytest.mark.parametrize(
    ("clause", "shown"),
    [
        ("Hola. [ale", "Hola."),
        ("Hola. [", "Hola."),
        ("Hola. *sonr", "Hola."),
        ("Hola, *smil", "Hola,"),
        ("[joy Hola", "Hola"),
        ("joy] Hola", "Hola"),
        ("Es *muy", "Es muy"),
        ("Una lista [de cosas] aquí", "Una lista aquí"),
    ],
)
def test_half_a_tag_is_not_shown(clause: str, shown: str) -> None:
    assert WORDING.shown(clause) == shown


TAGS = ("[joy]", "[alegría]", "[Surprised!]", "*smiles*", "*se ríe bajito*", "[shy] ", "[[sad]]",
        "[angry, 0.8]", "**[wink]**", "_guiña un ojo_", "[thinking][joy]", "[unknown thing]",
        "*sighs.*", "[joy]\n")  # fmt: skip
SENTENCES = ("Hola, ¿qué tal?", "Pues nada, aquí ando.", "Well, let me see.", "¡Qué bien!",
             "Me gusta mucho, mucho la tortilla de patatas.", "It was fine, I guess.")  # fmt: skip


def letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def test_no_tag_leaks_out_of_a_thousand_streams() -> None:
    """Tags between sentences and words, cut into pieces anywhere, broken off anywhere."""
    chance = random.Random(4)
    for _ in range(1000):
        text = clean = ""
        for sentence in chance.choices(SENTENCES, k=chance.randint(1, 4)):
            text += chance.choice(("", *TAGS)) + " " + sentence + " "
            clean += sentence
        text = text[: chance.randint(1, len(text))] if chance.random() < 0.5 else text
        cutter = WORDING.cutter("es")
        clauses, at = [], 0
        while at < len(text):
            size = chance.randint(1, 7)
            clauses += cutter.feed(text[at : at + size])
            at += size
        clauses += cutter.finish()
        shown = letters("".join(WORDING.shown(clause) for clause in clauses))
        spoken = letters("".join(WORDING.spoken(clause, "es") for clause in clauses))
        assert letters(clean).startswith(shown), (text, clauses)
        assert letters(clean).startswith(spoken), (text, clauses)
