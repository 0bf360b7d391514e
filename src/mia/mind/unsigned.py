"""A mind that does not sign what it writes.

In company everybody's lines begin with a name, and small models begin theirs with one too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from mia.conversation.ports import LanguageModel, Prompt, Usage

#: What a model may put around a name.
AROUND = " \t\n*_"


class Unsigned:
    """A `LanguageModel` whose replies begin after "name:", where the mind has written that."""

    def __init__(self, mind: LanguageModel, name: str) -> None:
        self._mind = mind
        self._sign = f"{name}:".casefold()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        begun, begins = "", True
        async with aclosing(self._mind.stream(prompt)) as pieces:
            async for piece in pieces:
                if not begins:
                    yield piece
                    continue
                begun += piece
                rest = self._unsigned(begun)
                if rest:
                    begins = False
                    yield rest
        if begins and begun and not begun.lstrip(AROUND).casefold().startswith(self._sign):
            yield begun

    def _unsigned(self, begun: str) -> str:
        """What of a beginning can be said; empty while that is not known."""
        bare = begun.lstrip(AROUND)
        if self._sign.startswith(bare.casefold()) and len(bare) < len(self._sign):
            return ""
        if bare[: len(self._sign)].casefold() == self._sign:
            return bare[len(self._sign) :].lstrip(AROUND)
        return begun

    async def warm(self, prompt: Prompt) -> None:
        await self._mind.warm(prompt)

    @property
    def usage(self) -> Usage | None:
        return self._mind.usage

    async def aclose(self) -> None:
        await self._mind.aclose()
