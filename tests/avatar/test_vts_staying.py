"""VTube Studio goes and comes back; MIA finds it again and makes no noise about it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from mia.avatar.outputs.vts import VtsOptions, VtsOutput
from mia.avatar.outputs.vts.discovery import Ear, announcement
from tests.avatar.faces import Posed, Studio, shown
from tests.avatar.vts import Door, Model, VTubeStudio, served
from tests.avatar.vts.doors import free_udp_port
from tests.support.virtual import run


def test_without_vtube_studio_nothing_is_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        door = Door()
        studio = Studio(tmp_path, door)
        async with shown(studio.output, Posed()):
            await asyncio.sleep(3600)
            assert studio.status == "searching"
            assert not studio.problems
            gaps = [b - a for a, b in zip(door.knocks, door.knocks[1:], strict=False)]
            assert gaps[:6] == pytest.approx([1, 2, 4, 8, 16, 30])
            assert max(gaps) <= 30.1, "it never gives up"

    run(scenario())


def test_who_asked_for_it_is_told_that_it_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        studio = Studio(tmp_path, Door(), enabled=True)
        async with shown(studio.output, Posed()):
            await asyncio.sleep(600)
        assert studio.problems == ["vts.not_there"]

    run(scenario())


def test_after_a_loss_she_moves_again_and_there_was_one_word_about_it(
    tmp_path: Path, akari: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            door = Door(program)
            studio = Studio(tmp_path, door)
            async with shown(studio.output, Posed()):
                await asyncio.sleep(5)
                for _ in range(3):
                    door.program = None
                    await program.drop()
                    await asyncio.sleep(2.5)
                    door.program = program
                    await asyncio.sleep(3)
                    sent = program.body.parameters["MouthOpen"].sent
                    now = asyncio.get_running_loop().time()
                    assert now - sent[-1].at < 0.1, "moving again"
            assert studio.problems == ["vts.allow"] + ["vts.lost"] * 3
            assert program.prompts == 1

    run(scenario())


def test_one_that_hangs_counts_as_gone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(2)
                program.mute = True
                await asyncio.sleep(7)
                assert studio.status == "searching"
                program.mute = False
                await asyncio.sleep(15)
                assert studio.status == "connected"

    run(scenario())


def test_an_api_that_is_off_is_told_from_a_program_that_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.api_on = False
            ear_port = free_udp_port()
            studio = Studio(tmp_path, Door(program))
            studio.output = VtsOutput(
                VtsOptions(),
                tmp_path,
                connect=Door(program).open,
                discovery_port=ear_port,
                tokens=studio.pocket,
            )
            studio.output.changed = studio._note
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                announce(program, ear_port)
                await asyncio.sleep(60)
                announce(program, ear_port)
                await asyncio.sleep(3)
                assert set(studio.problems) == {"vts.api_off"}
                program.api_on = True
                announce(program, ear_port)
                await asyncio.sleep(1)
                assert studio.status == "connected"

    run(scenario())


def test_another_port_is_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.port = 8123
            ear_port = free_udp_port()
            door = Door(program)
            output = VtsOutput(
                VtsOptions(),
                tmp_path,
                connect=door.open,
                discovery_port=ear_port,
                tokens=Studio(tmp_path, door).pocket,
            )
            async with shown(output, Posed()):
                await asyncio.sleep(20)
                assert not program.plugins
                announce(program, ear_port)
                await asyncio.sleep(1)
                assert output.state.status == "connected"

    run(scenario())


def announce(program: VTubeStudio, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(program.announcement(), ("127.0.0.1", port))


def test_announcements_from_elsewhere_are_not_believed() -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            near, far = Ear("127.0.0.1", 0), Ear("192.0.2.7", 0)
            async with near, far:
                for ear in (near, far):
                    ear.datagram_received(program.announcement(), ("203.0.113.5", 1))
                    assert ear.newest is None
                far.datagram_received(program.announcement(), ("192.0.2.7", 1))
                assert far.newest
                assert far.newest.active
                near.datagram_received(program.announcement(), ("127.0.0.1", 1))
                assert near.newest
                await asyncio.sleep(10)
                assert near.newest is None, "it has fallen silent"

    run(scenario())


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"apiName":"VTubeStudioPublicAPI","messageType":"VTubeStudioAPIStateBroadcast"}',
        b'{"apiName":"VTubeStudioPublicAPI","messageType":"VTubeStudioAPIStateBroadcast",'
        b'"data":{"active":true,"port":99999}}',
        b'{"apiName":"VTubeStudioPublicAPI","messageType":"VTubeStudioAPIStateBroadcast",'
        b'"data":{"active":"yes","port":8001}}',
    ],
)
def test_what_is_no_announcement_is_passed_over(datagram: bytes) -> None:
    assert announcement(datagram) is None


def test_two_listeners_on_one_machine_hear_the_same_announcement() -> None:
    async def scenario() -> None:
        port = free_udp_port()
        async with Ear("127.0.0.1", port), Ear("127.0.0.1", port):
            pass  # the second one could bind as well

    asyncio.run(scenario())


def test_over_a_real_websocket_it_is_found_left_and_found_again(
    tmp_path: Path, akari: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            arrived, lost = asyncio.Event(), asyncio.Event()
            async with served(program) as place:
                output = VtsOutput(
                    VtsOptions(port=1), tmp_path, discovery_port=place.discovery_port
                )

                def changed() -> None:
                    here = output.state.status == "connected"
                    (arrived if here else lost).set()
                    (lost if here else arrived).clear()

                output.changed = changed
                task = asyncio.create_task(output.run(Posed()))
                async with asyncio.timeout(30):
                    await arrived.wait()  # by the announced port: port 1 is nobody's
            await program.drop()
            async with asyncio.timeout(30):
                await lost.wait()
            async with served(program, discovery_port=place.discovery_port):
                async with asyncio.timeout(30):
                    await arrived.wait()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert program.prompts == 1
            assert output.state.status == "off"

    asyncio.run(scenario())


def test_something_else_at_the_port_is_no_vtube_studio(tmp_path: Path) -> None:
    async def scenario() -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            output = VtsOutput(VtsOptions(port=port, discover=False, enabled=True), tmp_path)
            told = asyncio.Event()
            output.changed = lambda: told.set() if output.state.problem else None
            async with shown(output, Posed()), asyncio.timeout(30):
                await told.wait()
                assert output.state.problem
                assert output.state.problem.code == "vts.not_there"

    asyncio.run(scenario())


def test_a_look_asks_the_user_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program, served(program) as place:
            options = VtsOptions(port=place.port)
            output = VtsOutput(options, tmp_path, discovery_port=place.discovery_port)
            state = await output.look()
            assert state.status == "waiting"
            assert state.problem
            assert state.problem.code == "vts.allow"
            assert program.prompts == 0
            program.api_on = False
            nobody = VtsOptions(port=1)
            off = await VtsOutput(nobody, tmp_path, discovery_port=place.discovery_port).look()
            assert off.problem
            assert off.problem.code == "vts.api_off"

    asyncio.run(scenario())
