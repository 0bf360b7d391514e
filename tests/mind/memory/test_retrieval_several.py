"""A question for several things is answered from several talks."""

from __future__ import annotations

import numpy as np
import pytest

from mia.mind.memory.retrieval_several import asks_for_several, from_several_talks
from tests.mind.memory.test_retrieval import Memory, memory, small_talk

__all__ = ["memory"]


@pytest.mark.parametrize(
    "text",
    [
        "¿Qué libros ha leído Ana?",
        "¿Qué has pintado últimamente?",
        "¿Cuántas hermanas tengo?",
        "¿Cuáles son mis alergias?",
        "¿Dónde he vivido?",
        "¿Qué tipo de plantas tengo?",
        "What books has Ana read?",
        "Which other cities did we talk about?",
        "Where has she camped?",
        "What are my allergies?",
        "How many cats do I have?",
        "In what ways is she helping?",
    ],
)
def test_several_things_are_asked_for(text: str) -> None:
    assert asks_for_several(text)


@pytest.mark.parametrize(
    "text",
    [
        "¿Cómo se llama mi perra?",
        "¿Qué es eso?",
        "¿Qué hicimos ayer?",
        "¿Cuándo vino Ana?",
        "¿Dónde vivo?",
        "What is my dog called?",
        "What does she do?",
        "Which dress did I buy?",
        "How long has she lived there?",
        "What did I have to buy?",
    ],
)
def test_one_thing_is_asked_for(text: str) -> None:
    assert not asks_for_several(text)


def test_the_first_stay_and_then_every_talk_has_its_turn() -> None:
    score = np.array([9.0, 8.9, 8.8, 8.7, 8.6, 8.0, 7.9, -np.inf])
    talk = np.array([1, 1, 1, 1, 1, 2, 3, 4])
    assert from_several_talks(score, talk, 6).tolist() == [0, 1, 2, 3, 5, 6]
    assert from_several_talks(score, talk, 3).tolist() == [0, 1, 2]


def test_what_was_said_once_in_another_talk_is_told_earlier(memory: Memory) -> None:
    small_talk(memory)
    for number in range(12):
        memory.say(f"La playa de la isla {number} la visité en verano", talk="islands")
    lone = memory.say("También visité otra playa en verano", talk="elsewhere")
    one, several = "¿Qué playa visité en verano?", "¿Qué playas visité en verano?"
    assert lone not in memory.search(one, limit=11)
    assert lone in memory.search(several, limit=11)
