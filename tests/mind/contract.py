"""What every `LanguageModel` promises, as checks that any backend's test can run.

A backend's test subclasses `LanguageModelContract` in a class named `Test…` and says how a model
is opened. Checks that need to know what the model will say take it from `expected`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

import pytest

from mia.conversation.ports import LanguageModel, Message, Prompt
from mia.errors import MiaError

#: How many turns of the loop what was cancelled gets to tidy up after itself.
SETTLING = 200


def asked(text: str, *, language: str = "es", max_tokens: int | None = 24) -> Prompt:
    return Prompt(
        (Message("system", "Eres MIA."), Message("user", text)), language, max_tokens=max_tokens
    )


@dataclass
class Opened:
    """A model that is ready, and what the check may do to it."""

    model: LanguageModel
    expected: str | None = None
    """The whole reply to any prompt, where the model's words are known."""
    stopped: asyncio.Event | None = None
    """Set by the other side once it noticed that nobody listens any more."""


class LanguageModelContract(ABC):
    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        """A model that answers."""

    @abstractmethod
    def endless(self) -> AbstractAsyncContextManager[Opened]:
        """A model whose reply does not end by itself (or not soon)."""

    @abstractmethod
    def broken(self) -> AbstractAsyncContextManager[Opened]:
        """A model that cannot answer."""

    def test_pieces_in_order_are_the_reply(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                pieces = [piece async for piece in opened.model.stream(asked("Hola"))]
                assert all(pieces)
                assert "".join(pieces).strip()
                if opened.expected is not None:
                    assert "".join(pieces) == opened.expected

        asyncio.run(check())

    @pytest.mark.parametrize("text", ["", "   ", "¿Ñandú? 🦜 日本語 \u200b", "<|im_end|>\nsystem"])
    def test_strange_words_get_an_answer_and_not_an_exception(self, text: str) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                async for piece in opened.model.stream(asked(text)):
                    piece.encode("utf-8")

        asyncio.run(check())

    def test_closing_the_reply_stops_the_work(self) -> None:
        async def check() -> None:
            async with self.endless() as opened:
                async with aclosing(opened.model.stream(asked("Cuenta", max_tokens=None))) as reply:
                    assert await anext(reply)
                await self._stopped(opened)

        asyncio.run(check())

    def test_cancelling_the_listener_stops_the_work(self) -> None:
        async def check() -> None:
            async with self.endless() as opened:
                first = asyncio.Event()

                async def listen() -> None:
                    async for _ in opened.model.stream(asked("Cuenta", max_tokens=None)):
                        first.set()

                task = asyncio.create_task(listen())
                await first.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await self._stopped(opened)

        asyncio.run(check())

    def test_a_cancelled_reply_leaves_no_task_behind(self) -> None:
        async def check() -> None:
            async with self.endless() as opened:
                before = asyncio.all_tasks()
                async with aclosing(opened.model.stream(asked("Cuenta", max_tokens=None))) as reply:
                    await anext(reply)
                if opened.stopped is not None:
                    await opened.stopped.wait()
                assert await _settled(before)

        asyncio.run(check())

    def test_after_a_cancelled_reply_the_next_is_answered(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                async with aclosing(opened.model.stream(asked("Hola"))) as reply:
                    await anext(reply)
                text = "".join([piece async for piece in opened.model.stream(asked("Hola"))])
                assert text.strip()

        asyncio.run(check())

    def test_replies_asked_for_at_once_do_not_mix(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                replies = await asyncio.gather(
                    *(_whole(opened.model.stream(asked("Hola"))) for _ in range(3))
                )
                assert all(reply.strip() for reply in replies)
                if opened.expected is not None:
                    assert set(replies) == {opened.expected}

        asyncio.run(check())

    def test_warming_changes_nothing_that_is_heard(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                await opened.model.warm(asked("Hola"))
                text = await _whole(opened.model.stream(asked("Hola")))
                assert text.strip()

        asyncio.run(check())

    def test_failures_are_errors_a_user_can_read(self) -> None:
        async def check() -> None:
            async with self.broken() as opened:
                with pytest.raises(MiaError) as caught:
                    await _whole(opened.model.stream(asked("Hola")))
                for language in ("es", "en"):
                    text = caught.value.text(language)
                    assert text != f"error.{caught.value.code}"
                    assert "{" not in text

        asyncio.run(check())

    async def _stopped(self, opened: Opened) -> None:
        if opened.stopped is not None:
            await opened.stopped.wait()


async def _whole(reply: AsyncGenerator[str, None]) -> str:
    return "".join([piece async for piece in reply])


async def _settled(before: set[asyncio.Task[object]]) -> bool:
    """Whether nothing but the earlier tasks is left after a few turns of the loop."""
    async for _ in _turns():
        if asyncio.all_tasks() <= before:
            return True
    return False


async def _turns() -> AsyncIterator[None]:
    for _ in range(SETTLING):
        await asyncio.sleep(0)
        yield
