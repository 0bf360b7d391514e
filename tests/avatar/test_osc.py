"""Plain OSC: the addresses of each preset, always floats, as programs of others read them."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Any

import pytest
from pydantic import ValidationError

from mia.avatar.frame import Frame
from mia.avatar.output import AvatarOutput
from mia.avatar.outputs.osc import OscOptions, OscOutput, addresses
from tests.avatar.faces import Posed, shown
from tests.avatar.others import HERE, node, running
from tests.avatar.vts.doors import free_udp_port

TALKING = Frame(mouth_open=1, eye_open_left=0.25, eye_open_right=0.25, expressions={"joy": 0.5})


async def dumped_lines(
    output: AvatarOutput, port: int, lines: int, frame: Frame
) -> list[list[str]]:
    """What liblo's oscdump prints: address, types and values of so many messages."""
    program = shutil.which("oscdump")
    assert program, "apt install liblo-tools"
    found: list[list[str]] = []
    async with (
        running(program, "-L", str(port)) as child,
        shown(output, Posed(lambda _at: frame)),
        asyncio.timeout(120),
    ):
        assert child.stdout
        while len(found) < lines:
            words = (await child.stdout.readline()).decode().split()
            start = next(n for n, word in enumerate(words) if word.startswith("/"))
            found.append(words[start:])
    return found


def sent(frame: Frame, **options: Any) -> dict[str, float]:
    """Address → value of one frame, read by our own library."""
    from pythonosc.osc_message import OscMessage

    packets = OscOutput(OscOptions(bundle=False, **options))._packets(frame)
    messages = [OscMessage(packet) for packet in packets]
    assert all(packet.count(b",f\0\0") == 1 for packet in packets)
    return {message.address: message.params[0] for message in messages}


@pytest.mark.parametrize("bundle", [False, True])
def test_oscdump_reads_mouth_and_eyes_as_floats(bundle: bool) -> None:
    port = free_udp_port()
    output = OscOutput(OscOptions(port=port, bundle=bundle))
    lines = asyncio.run(dumped_lines(output, port, 40, TALKING))
    assert {line[0] for line in lines} == {
        "/MouthOpen",
        "/EyeBlink",
        "/avatar/parameters/MouthOpen",
        "/avatar/parameters/EyeBlink",
    }
    assert {line[1] for line in lines} == {"f"}
    values = {line[0]: float(line[2]) for line in lines}
    assert values["/MouthOpen"] == 1
    assert values["/EyeBlink"] == pytest.approx(0.75)


@pytest.mark.parametrize("bundle", [False, True])
def test_node_osc_reads_the_same(bundle: bool) -> None:
    async def scenario() -> list[Any]:
        port = free_udp_port()
        output = OscOutput(OscOptions(port=port, bundle=bundle, preset="vrchat"))
        script = str(HERE / "osc_listener.mjs")
        async with running(node("node-osc"), script, str(port)) as child:
            assert child.stdout
            assert child.stderr
            async with asyncio.timeout(120):
                assert await child.stderr.readline() == b"ready\n"
                async with shown(output, Posed(lambda _at: TALKING)):
                    packets = [json.loads(await child.stdout.readline()) for _ in range(9)]
        return [m for p in packets for m in (p["bundle"] if bundle else [p["message"]])]

    messages = asyncio.run(scenario())
    assert dict(messages) == {
        "/avatar/parameters/MouthOpen": 1,
        "/avatar/parameters/EyeBlink": pytest.approx(0.75),
        "/tracking/eye/EyesClosedAmount": pytest.approx(0.75),
    }


def test_the_originals_addresses_can_be_had_back() -> None:
    wished = {"mouth_open": ["/VMC/Ext/MouthOpen"], "blink": ["/VMC/Ext/EyeBlink"]}
    assert sent(TALKING, preset="custom", addresses=wished) == {
        "/VMC/Ext/MouthOpen": 1,
        "/VMC/Ext/EyeBlink": 0.75,
    }


def test_names_of_the_users_go_into_the_presets_addresses() -> None:
    found = addresses(OscOptions(mouth_open="Boca", blink="/eyes"))
    assert found == {"mouth_open": ("/Boca", "/avatar/parameters/Boca"), "blink": ("/eyes",)}


def test_expressions_and_further_values_go_where_they_are_wanted() -> None:
    wished = {"joy": ["/avatar/parameters/Joy"], "head_yaw": ["/a", "/b"], "sad": ["/sad"]}
    values = sent(Frame(head_yaw=7, expressions={"joy": 0.5}), addresses=wished)
    assert values["/avatar/parameters/Joy"] == 0.5
    assert (values["/a"], values["/b"], values["/sad"]) == (7, 7, 0)
    assert values["/MouthOpen"] == 0


def test_custom_sends_nothing_that_was_not_asked_for() -> None:
    assert sent(TALKING, preset="custom") == {}


@pytest.mark.parametrize("address", ["MouthOpen", "/a b", "/a*", "/{a}", "/", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        OscOptions(addresses={"blink": [address]})


def test_it_goes_on_without_a_listener_and_shows_that_there_is_none() -> None:
    async def scenario() -> None:
        port = free_udp_port()
        output = OscOutput(OscOptions(port=port))
        said = asyncio.Queue[str](100)
        output.changed = lambda: said.put_nowait(output.state.status)
        async with shown(output, Posed()), asyncio.timeout(60):
            while await said.get() != "searching":
                pass
            assert output.state.problem is None
        assert output.state.status == "off"

    asyncio.run(scenario())


def test_a_host_that_does_not_exist_is_a_problem_of_this_output() -> None:
    async def scenario() -> None:
        output = OscOutput(OscOptions(host="nobody.invalid"))
        told = asyncio.Event()
        output.changed = told.set
        async with shown(output, Posed()), asyncio.timeout(60):
            await told.wait()
            assert output.state.problem
            assert output.state.problem.code == "avatar.unknown_host"

    asyncio.run(scenario())


def test_she_leaves_with_mouth_closed_and_eyes_open() -> None:
    async def scenario() -> list[Any]:
        port = free_udp_port()
        output = OscOutput(OscOptions(port=port, mouth_open="/m", blink="/b"))
        script = str(HERE / "osc_listener.mjs")
        async with running(node("node-osc"), script, str(port)) as child:
            assert child.stdout
            assert child.stderr
            async with asyncio.timeout(120):
                assert await child.stderr.readline() == b"ready\n"
                async with shown(output, Posed(lambda _at: TALKING)):
                    await child.stdout.readline()
                found: list[Any] = []
                while found[-2:] != [["/m", 0], ["/b", 0]]:
                    found.append(json.loads(await child.stdout.readline())["message"])
        return found

    assert asyncio.run(scenario())
