"""A call takes the stage, and gives it back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from mia import calling
from mia.channels.discord.conversation import RoomConversation
from mia.config import installed
from mia.config.loading import Loaded
from mia.conversation import Company, Conversation, Speaker
from mia.conversation.history import Item
from mia.conversation.ports import Block
from mia.home import Home
from mia.memory import StageMemory, item_of
from mia.serving import Serving
from mia.telemetry.events import EventBus, Heard
from tests.support import virtual
from tests.support.fakes import FakeLoudspeaker, Fakes
from tests.support.memory import Talking, remembering, settled


def room(bus: EventBus, **more: bool) -> RoomConversation:
    loop = asyncio.get_running_loop()
    company = Company(loop.time, ("MIA",), 18.0)
    return RoomConversation("discord:1", Fakes().parts(), bus, company=company, **more)


def test_a_call_is_shown_and_her_own_microphone_rests_meanwhile() -> None:
    async def story() -> None:
        bus = EventBus()
        own = Conversation("stage", Fakes().parts(), bus)
        shown: list[str] = []
        async with asyncio.TaskGroup() as group:
            light = calling.Limelight(own, lambda talk: shown.append(talk.id), None, bus, group)
            light(room(bus))
            assert own.muted
            light(None)
            assert not own.muted
            light(None)
        assert shown == ["discord:1", "stage"]

    virtual.run(story())


@pytest.mark.parametrize("dual", [True, False])
def test_who_looks_on_hears_her_where_that_is_wanted(dual: bool) -> None:
    async def story() -> None:
        talk = room(EventBus(), dual=dual)
        call, page = FakeLoudspeaker(), FakeLoudspeaker()
        talk.in_call(call)
        talk.attach(page)
        async with asyncio.TaskGroup() as group:
            life = group.create_task(talk.run())
            await asyncio.sleep(0)
            talk.type_as(Speaker("discord:2", "Ana"), "Hola")
            await asyncio.sleep(8)
            life.cancel()
        assert call.heard
        assert bool(page.heard) is dual
        assert all(isinstance(block, Block) for _, block in call.heard)

    virtual.run(story())


def test_memory_learns_what_people_are_called() -> None:
    async def story() -> None:
        bus = EventBus()
        met: list[tuple[str, str]] = []

        def meet(speaker: str, name: str) -> None:
            met.append((speaker, name))

        life = asyncio.create_task(calling.acquaint(bus, meet))
        await asyncio.sleep(0)
        bus.publish(
            Heard(
                at=0.0,
                conversation="discord:1",
                turn="u1",
                revision=1,
                text="Ana: Hola",
                language="es",
                final=True,
                lines=(("discord:2", "Ana", "Hola"),),
            )
        )
        await asyncio.sleep(0.1)
        life.cancel()
        assert met == [("discord:2", "Ana")]

    virtual.run(story())


def test_without_the_extra_everything_else_is_there() -> None:
    hidden = "import sys; sys.modules.update(discord=None, davey=None, nacl=None)"
    code = f"{hidden}; import mia.serving, mia.commands.discord, mia.cli"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_private_talk_is_private_in_the_call_that_has_the_stage_too(tmp_path: Path) -> None:
    async def story() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            library = StageMemory(memories)
            library.stage = Conversation("stage", Fakes().parts(), bus)
            library.private("stage", True)
            library.shows("discord:1")
            assert memories.attend("discord:1").private
            library.private("stage", False)
            assert not memories.attend("discord:1").private
            library.shows("stage")
            library.private("stage", True)
            assert not memories.attend("discord:1").private

    asyncio.run(story())


def test_a_private_talk_is_still_private_when_she_has_begun_anew(tmp_path: Path) -> None:
    serving = Serving(Loaded(installed()(), (), tmp_path / "config.yaml", {}), Home(tmp_path))
    serving._memory.private("stage", True)
    serving._memory.memories.attend("discord:1").hushed.add("discord:42")
    after = serving._remembering(serving._memory).memories
    assert after.recorder.private() == ["stage"]
    assert after.attend("discord:1").hushed == {"discord:42"}


def test_a_corrected_line_is_what_a_running_talk_goes_on_from(tmp_path: Path) -> None:
    async def story() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            library = StageMemory(memories)
            stage = library.stage = Conversation("c", Fakes().parts(), bus)
            here = Talking(bus).says("Mi perra se llama Luma.")
            stage.restore(
                [Item(here, "user", "Mi perra se llama Luma."), Item("r1", "assistant", "¡Luma!")]
            )
            await settled(memories)
            await library.edit(1, "Mi perra se llama Luna.")
            assert [item.text for item in stage.history] == ["Mi perra se llama Luna.", "¡Luma!"]
            (line,) = await library.take_up(None, "c")
            stage.restore([Item(item_of(line.id), "user", line.text)])
            await library.edit(1, "Mi perra se llama Lúa.")
            assert [item.text for item in stage.history] == ["Mi perra se llama Lúa."]

    asyncio.run(story())
