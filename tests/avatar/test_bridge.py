"""`mia osc-bridge`: what others send to port 9000 moves VTube Studio."""

from __future__ import annotations

import asyncio
import io
import socket
from pathlib import Path
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient
from rich.console import Console

from mia import backends
from mia import main as program_main
from mia.avatar.bridge import HeardFace, addresses
from mia.avatar.datagrams import message, packets
from mia.avatar.frame import Frame
from mia.avatar.outputs.osc import OscOptions, OscOutput
from mia.commands.osc_bridge import bridge
from mia.config import Config, installed
from mia.errors import MiaError
from mia.home import Home
from tests.avatar.faces import Posed, shown
from tests.avatar.vts import VTubeStudio, served
from tests.avatar.vts.doors import free_udp_port
from tests.support.virtual import run


def configured(**vts: Any) -> Config:
    return installed().model_validate({"avatar": {"outputs": {"vts": vts}}})


async def passed_on(tmp_path: Path, send: Any) -> tuple[float, float]:
    """The mouth and the left eye in VTube Studio once both have moved."""
    port = free_udp_port()
    async with VTubeStudio() as program, served(program) as place:
        config = configured(port=place.port, discover=False)
        console = Console(file=io.StringIO())
        work = asyncio.create_task(bridge(config, Home(tmp_path), "127.0.0.1", port, console))
        mouth = program.body.parameters["MouthOpen"]
        eye = program.body.parameters["EyeOpenLeft"]
        try:
            async with asyncio.timeout(120):
                while not (mouth.sent and mouth.sent[-1].value and eye.sent[-1].value < 1):
                    assert not work.done(), work.exception()
                    send(port)
                    await asyncio.sleep(0.05)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        assert mouth.sent[-1].value == 0, "the bridge leaves the mouth closed"
        return max(s.value for s in mouth.sent), min(s.value for s in eye.sent)


@pytest.mark.parametrize("prefix", ["/", "/avatar/parameters/", "/VMC/Ext/"])
def test_python_oscs_own_client_moves_the_model(tmp_path: Path, prefix: str) -> None:
    def send(port: int) -> None:
        client = SimpleUDPClient("127.0.0.1", port)
        client.send_message(f"{prefix}MouthOpen", 0.75)
        client.send_message(f"{prefix}EyeBlink", 1)  # which that client sends as an int

    assert asyncio.run(passed_on(tmp_path, send)) == (0.75, 0.0)


def test_mias_own_output_moves_the_model(tmp_path: Path) -> None:
    async def scenario() -> tuple[float, float]:
        face = Posed()
        started: list[Any] = []

        def send(port: int) -> None:
            if not started:
                output = OscOutput(OscOptions(port=port))
                started.append(asyncio.create_task(output.run(face)))

        face.pose = lambda at: Frame(at=at, mouth_open=0.5, eye_open_left=0, eye_open_right=0)
        try:
            return await passed_on(tmp_path, send)
        finally:
            for task in started:
                task.cancel()
            await asyncio.gather(*started, return_exceptions=True)

    assert asyncio.run(scenario()) == (0.5, 0.0)


def test_with_a_direct_connection_configured_it_refuses(tmp_path: Path) -> None:
    config, console = configured(enabled=True), Console(file=io.StringIO())
    with pytest.raises(MiaError) as caught:
        asyncio.run(bridge(config, Home(tmp_path), "127.0.0.1", 0, console))
    assert caught.value.code == "bridge.direct"


def test_beside_a_mia_that_has_the_model_it_refuses(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program, served(program) as place:
            config = configured(port=place.port, discover=False)
            context = program_main.context_of(config, Home(tmp_path))
            direct = await backends.load(
                "avatar", "vts", config.avatar.outputs.options("vts"), context
            )
            async with shown(direct, Posed()):
                await asyncio.sleep(0)
                console = Console(file=io.StringIO())
                port = free_udp_port()
                with pytest.raises(MiaError) as caught:
                    await bridge(config, Home(tmp_path), "127.0.0.1", port, console)
                assert caught.value.code == "vts.other_process"

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        console = Console(file=io.StringIO())
        with pytest.raises(MiaError) as caught:
            asyncio.run(bridge(configured(), Home(tmp_path), "127.0.0.1", port, console))
    assert caught.value.code == "bridge.port_taken"
    assert str(port) in str(caught.value)


def test_a_sender_that_falls_silent_leaves_eyes_open_and_mouth_closed() -> None:
    async def scenario() -> None:
        face = HeardFace()
        (data,) = packets([message("/MouthOpen", 1.0), message("/EyeBlink", 1.0)], bundle=True)
        face.datagram_received(data, None)
        assert face.lively
        assert (face.frame(0).mouth_open, face.frame(0).eye_open_left) == (1, 0)
        await asyncio.sleep(2)
        assert not face.lively
        await asyncio.sleep(2)
        assert (face.frame(0).mouth_open, face.frame(0).eye_open_left) == (0, 1)

    run(scenario())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"#bundle\0",
        b"#bundle\0" + b"\xff" * 20,
        b"/MouthOpen\0\0,f\0\0\x7f\xc0\0\0",  # not a number
        b"/MouthOpen\0\0,s\0\0open\0\0\0\0",
        b"/MouthOpen\0\0,\0\0\0",
        "ñ".encode() * 50,
    ],
)
def test_what_cannot_be_read_changes_nothing(data: bytes) -> None:
    async def scenario() -> None:
        face = HeardFace()
        face.datagram_received(data, None)
        assert face.heard == 0
        assert not face.lively

    run(scenario())


def test_values_outside_the_range_are_brought_into_it() -> None:
    async def scenario() -> None:
        face = HeardFace()
        for value, expected in ((7.0, 1), (-3.0, 0), (1, 1)):
            face.datagram_received(message("/avatar/parameters/mouthopen", value), None)
            assert face.frame(0).mouth_open == expected

    run(scenario())


def test_names_of_the_configuration_are_understood() -> None:
    assert addresses("Boca", "Ojos")["/avatar/parameters/boca"] == "mouth_open"
