"""Several outputs at once: each on its own feet, and the user told of a trouble once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mia import backends
from mia.avatar.frame import Face
from mia.avatar.output import OutputState, Shown
from mia.avatar.showing import Showing
from mia.backends import Backend, Context, Options
from mia.errors import BackendUnavailable, MiaError
from tests.avatar.faces import Posed
from tests.support.virtual import run


class Plain(Options):
    pass


class Steady(Shown):
    """Counts frames."""

    frames = 0

    async def look(self) -> OutputState:
        return self.state

    async def run(self, face: Face) -> None:
        self._show("connected")
        while True:
            face.frame(asyncio.get_running_loop().time())
            Steady.frames += 1
            await asyncio.sleep(0.1)


class Flighty(Steady):
    """Loses the other side again and again."""

    async def run(self, face: Face) -> None:
        for _ in range(20):
            self._show("connected")
            await asyncio.sleep(1)
            for _ in range(5):
                self._show("searching", MiaError("vts.lost", host="h", port=1))
                await asyncio.sleep(1)
                self._show("searching")
                await asyncio.sleep(1)


class Broken(Steady):
    async def run(self, face: Face) -> None:
        raise ZeroDivisionError("by nobody")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    kinds = {"steady": Steady, "flighty": Flighty, "broken": Broken}

    def made(name: str) -> Backend:
        async def load(options: Options, context: Context) -> Shown:
            del options, context
            return kinds[name]()

        return Backend("avatar", name, Plain, load)

    async def refuse(options: Options, context: Context) -> Shown:
        raise BackendUnavailable("llm.model_unknown", name="x", model="y")

    found = {name: made(name) for name in kinds} | {
        "refusing": Backend("avatar", "refusing", Plain, refuse)
    }
    monkeypatch.setattr(backends, "backends", lambda _port: found)
    Steady.frames = 0
    return Context(models=None, languages=("es",), cache=tmp_path)  # type: ignore[arg-type]


def shown_for(seconds: float, context: Context, *names: str) -> tuple[Showing, list[str]]:
    told: list[str] = []
    kept: list[Showing] = []

    async def scenario() -> None:
        showing = Showing(
            dict.fromkeys(names, Plain()), context, lambda problem: told.append(problem.code)
        )
        kept.append(showing)
        task = asyncio.create_task(showing.run(Posed()))
        await asyncio.sleep(seconds)
        states.update({name: state.status for name, state in showing.states.items()})
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(scenario())
    return kept[0], told


states: dict[str, str] = {}


def test_one_that_breaks_leaves_the_others_alone_and_is_told_once(context: Context) -> None:
    _, told = shown_for(300, context, "steady", "broken", "refusing")
    assert Steady.frames >= 2990
    assert states == {"steady": "connected", "broken": "failed", "refusing": "failed"}
    assert sorted(told) == ["avatar.failed", "llm.model_unknown"]


def test_each_outage_is_told_once_however_often_it_is_tried(context: Context) -> None:
    _, told = shown_for(32.5, context, "flighty")
    assert told == ["vts.lost"] * 3


def test_an_output_is_switched_on_changed_and_switched_off_while_she_is_shown(
    context: Context,
) -> None:
    seen: list[dict[str, str]] = []

    async def scenario() -> None:
        showing = Showing({}, context)
        task = asyncio.create_task(showing.run(Posed()))

        async def look() -> None:
            await asyncio.sleep(1)
            seen.append({name: state.status for name, state in showing.states.items()})

        await look()
        showing.change("steady", Plain())
        await look()
        showing.change("steady", Plain())
        await look()
        frames = Steady.frames
        showing.change("steady", None)
        await look()
        assert Steady.frames == frames
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(scenario())
    assert seen == [{}, {"steady": "connected"}, {"steady": "connected"}, {}]
    assert Steady.frames >= 19
