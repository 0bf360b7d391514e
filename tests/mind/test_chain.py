from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from mia.conversation.ports import Prompt, Usage
from mia.errors import BackendUnavailable
from mia.mind.chain import (
    COOL_DOWN_SECONDS,
    FIRST_PIECE_SECONDS,
    LONGEST_COOL_DOWN_SECONDS,
    Chain,
    Switched,
)
from tests.mind.contract import asked
from tests.support import virtual


class Scripted:
    """A model that says its pieces; the exception among them is raised in its place."""

    def __init__(self, *pieces: str | Exception, slow: float = 0.0) -> None:
        self.pieces = pieces
        self.slow = slow
        self.asked = 0
        self.warmed = 0
        self.closed = 0
        self.stopped = False
        self.usage: Usage | None = Usage(1, 0, len(pieces))

    async def stream(self, _prompt: Prompt) -> AsyncGenerator[str, None]:
        self.asked += 1
        try:
            for piece in self.pieces:
                await asyncio.sleep(self.slow)
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.stopped = True

    async def warm(self, _prompt: Prompt) -> None:
        self.warmed += 1
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece

    async def aclose(self) -> None:
        self.closed += 1


OFFLINE = BackendUnavailable("llm.offline", name="x", url="http://x")
CUT = BackendUnavailable("llm.interrupted", name="x")


async def said(chain: Chain) -> str:
    return "".join([piece async for piece in chain.stream(asked("Hola"))])


async def collect(chain: Chain, pieces: list[str]) -> None:
    async for piece in chain.stream(asked("Hola")):
        pieces.append(piece)


def test_the_first_model_answers_while_it_can() -> None:
    first, second = Scripted("Ho", "la."), Scripted("No.")
    switches: list[Switched] = []
    chain = Chain([("a", first), ("b", second)], switches.append)
    assert virtual.run(said(chain)) == "Hola."
    assert (chain.speaker, second.asked, switches) == ("a", 0, [])
    assert chain.usage == first.usage


def test_when_a_model_fails_before_its_first_piece_the_next_answers() -> None:
    switches: list[Switched] = []
    second = Scripted("Ho", "la.")
    chain = Chain([("a", Scripted(OFFLINE)), ("b", second)], switches.append)
    assert virtual.run(said(chain)) == "Hola."
    assert switches == [Switched("b", "a", OFFLINE)]
    assert (chain.speaker, chain.usage) == ("b", second.usage)


def test_after_the_first_piece_the_error_is_the_listeners() -> None:
    second = Scripted("No.")
    chain = Chain([("a", Scripted("Ha", CUT)), ("b", second)])
    pieces: list[str] = []
    with pytest.raises(BackendUnavailable) as caught:
        virtual.run(collect(chain, pieces))
    assert (caught.value, pieces, second.asked) == (CUT, ["Ha"], 0)


def test_when_all_fail_every_reason_is_told() -> None:
    chain = Chain([("uno", Scripted(OFFLINE)), ("dos", Scripted(CUT))])
    with pytest.raises(BackendUnavailable) as caught:
        virtual.run(said(chain))
    assert caught.value.code == "llm.all_failed"
    assert all(name in caught.value.text("es") for name in ("uno", "dos"))
    assert caught.value.__cause__ is OFFLINE


def test_a_single_model_speaks_for_itself() -> None:
    with pytest.raises(BackendUnavailable) as caught:
        virtual.run(said(Chain([("a", Scripted(OFFLINE))])))
    assert caught.value is OFFLINE


def test_an_empty_reply_is_a_reply() -> None:
    second = Scripted("No.")
    assert virtual.run(said(Chain([("a", Scripted()), ("b", second)]))) == ""
    assert second.asked == 0


def test_a_fault_inside_one_model_is_logged_with_its_place_and_the_next_one_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain = Chain([("a", Scripted(ZeroDivisionError())), ("b", Scripted("Sí."))])
    assert virtual.run(said(chain)) == "Sí."
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_model_that_hangs_makes_way_for_the_next_one_and_is_asked_last() -> None:
    hung = Scripted("nunca", slow=10_000.0)
    chain = Chain([("hung", hung), ("b", Scripted("Hola."))])

    async def talk() -> list[float]:
        loop = asyncio.get_running_loop()
        took: list[float] = []
        for _ in range(2):
            start = loop.time()
            assert await said(chain) == "Hola."
            took.append(loop.time() - start)
        return took

    assert virtual.run(talk()) == [FIRST_PIECE_SECONDS, 0.0]
    assert hung.asked == 1


def test_a_dead_server_costs_its_timeout_once_and_not_every_turn() -> None:
    dead = Scripted(OFFLINE, slow=15.0)
    chain = Chain([("dead", dead), ("b", Scripted("Hola."))])

    async def talk() -> list[float]:
        loop = asyncio.get_running_loop()
        took: list[float] = []
        for _ in range(3):
            start = loop.time()
            await said(chain)
            took.append(loop.time() - start)
        return took

    assert virtual.run(talk()) == [15.0, 0.0, 0.0]
    assert dead.asked == 1


def test_a_failed_model_is_asked_again_after_its_rest_and_speaks_when_it_is_back() -> None:
    first, switches = Scripted(OFFLINE), list[Switched]()
    chain = Chain([("a", first), ("b", Scripted("Dos."))], switches.append)

    async def talk() -> list[str]:
        replies = [await said(chain)]
        first.pieces = ("Uno.",)
        await asyncio.sleep(COOL_DOWN_SECONDS - 1)
        replies.append(await said(chain))
        await asyncio.sleep(1)
        replies.append(await said(chain))
        return replies

    assert virtual.run(talk()) == ["Dos.", "Dos.", "Uno."]
    assert [(s.name, s.before, s.cause) for s in switches] == [
        ("b", "a", OFFLINE),
        ("a", "b", None),
    ]


def test_rests_grow_up_to_a_limit() -> None:
    first = Scripted(OFFLINE)
    chain = Chain([("a", first), ("b", Scripted("Dos."))])

    async def talk() -> list[float]:
        loop, asked_at, seen = asyncio.get_running_loop(), list[float](), 0
        while len(asked_at) < 8:
            await said(chain)
            if first.asked > seen:
                seen = first.asked
                asked_at.append(loop.time())
            await asyncio.sleep(COOL_DOWN_SECONDS)
        return [b - a for a, b in itertools.pairwise(asked_at)]

    rests = virtual.run(talk())
    assert rests[:3] == [COOL_DOWN_SECONDS, 2 * COOL_DOWN_SECONDS, 4 * COOL_DOWN_SECONDS]
    assert max(rests) == LONGEST_COOL_DOWN_SECONDS


def test_when_every_model_rests_they_are_asked_all_the_same() -> None:
    first, second = Scripted(OFFLINE), Scripted(OFFLINE)
    chain = Chain([("a", first), ("b", second)])

    async def talk() -> str:
        with pytest.raises(BackendUnavailable):
            await said(chain)
        second.pieces = ("Hola.",)
        return await said(chain)

    assert virtual.run(talk()) == "Hola."


def test_closing_the_reply_closes_the_models() -> None:
    first = Scripted("Ha", "bía ", "una", slow=1.0)

    async def talk() -> None:
        async with aclosing(Chain([("a", first)]).stream(asked("Hola"))) as reply:
            await anext(reply)

    virtual.run(talk())
    assert first.stopped


def test_the_model_that_would_answer_is_warmed() -> None:
    first, second = Scripted(OFFLINE), Scripted("Hola.")
    chain = Chain([("a", first), ("b", second)])

    async def warm() -> None:
        await chain.warm(asked("Hola"))
        await chain.warm(asked("Hola"))

    virtual.run(warm())
    assert (first.warmed, second.warmed) == (1, 2)


def test_closing_the_chain_closes_every_model() -> None:
    models = [Scripted(), Scripted()]
    virtual.run(Chain([("a", models[0]), ("b", models[1])]).aclose())
    assert [model.closed for model in models] == [1, 1]


def test_a_chain_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Chain([])
