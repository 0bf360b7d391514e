"""A mind in company does not sign its replies, however the name arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from mia.conversation.ports import Prompt
from mia.mind.unsigned import Unsigned
from tests.support.fakes import FakeLlm


class InPieces(FakeLlm):
    """Writes exactly these pieces."""

    pieces: tuple[str, ...] = ()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        for piece in self.pieces:
            yield piece


async def written(*pieces: str) -> list[str]:
    mind = InPieces()
    mind.pieces = pieces
    return [piece async for piece in Unsigned(mind, "MIA").stream(Prompt((), "es"))]


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (("MIA: Hola.",), "Hola."),
        (("M", "IA", ":", " Hola", "."), "Hola."),
        (("**MIA:**", " Hola."), "Hola."),
        ((" mia: Hola, MIA: soy yo.",), "Hola, MIA: soy yo."),
        (("Mi", "ra: una casa."), "Mira: una casa."),
        (("*sonríe* Hola.",), "*sonríe* Hola."),
        (("MIA",), "MIA"),
        (("MIA:",), ""),
        ((), ""),
    ],
)
def test_a_reply_begins_after_her_own_name(pieces: tuple[str, ...], said: str) -> None:
    assert "".join(asyncio.run(written(*pieces))) == said


def test_what_cannot_be_her_name_is_not_waited_with() -> None:
    assert asyncio.run(written("Ho", "la.")) == ["Ho", "la."]
