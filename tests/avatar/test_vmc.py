"""VMC: what its specification asks for, as programs of others read it."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from mia.avatar.datagrams import LARGEST
from mia.avatar.frame import Frame, Vowels
from mia.avatar.outputs.vmc import VmcOptions, VmcOutput
from mia.avatar.skeleton import turned
from tests.avatar.faces import Posed, shown
from tests.avatar.others import HERE, node, running
from tests.avatar.test_osc import dumped_lines
from tests.avatar.vts.doors import free_udp_port

FRAME = Frame(
    at=5.0,
    mouth_open=0.8,
    vowels=Vowels(a=0.5, o=0.25),
    eye_open_left=0,
    eye_open_right=0.5,
    head_yaw=10,
    expressions={"joy": 0.75},
)


def messages(packets: list[bytes]) -> list[list[Any]]:
    """Address and arguments of each message, bundled or not."""
    found: list[list[Any]] = []
    for packet in packets:
        inner = list(OscBundle(packet)) if OscBundle.dgram_is_bundle(packet) else None
        for one in inner if inner is not None else [OscMessage(packet)]:
            assert isinstance(one, OscMessage)
            found.append([one.address, *one.params])
    return found


def shapes(frame: Frame, **options: Any) -> dict[str, Any]:
    sent = messages(VmcOutput(VmcOptions(**options))._packets(frame))
    return {m[1]: pytest.approx(m[2]) for m in sent if m[0] == "/VMC/Ext/Blend/Val" if m[2]}


def test_oscdump_reads_types_as_the_specification_has_them() -> None:
    port = free_udp_port()
    lines = asyncio.run(dumped_lines(VmcOutput(VmcOptions(port=port)), port, 60, FRAME))
    types = {line[0]: "".join(line[1:2]) for line in lines}
    assert types["/VMC/Ext/OK"] == "i"
    assert types["/VMC/Ext/T"] == "f"
    assert types["/VMC/Ext/Blend/Val"] == "sf"
    assert types["/VMC/Ext/Bone/Pos"] == "sfffffff"
    assert types["/VMC/Ext/Blend/Apply"] == ""


def test_node_osc_gets_one_bundle_a_frame_and_apply_after_the_values() -> None:
    async def scenario() -> list[Any]:
        port = free_udp_port()
        script = str(HERE / "osc_listener.mjs")
        async with running(node("node-osc"), script, str(port)) as child:
            assert child.stdout
            assert child.stderr
            async with asyncio.timeout(120):
                assert await child.stderr.readline() == b"ready\n"
                async with shown(VmcOutput(VmcOptions(port=port)), Posed(lambda _at: FRAME)):
                    lines = [json.loads(await child.stdout.readline()) for _ in range(5)]
        return [line["bundle"] for line in lines]

    for bundle in asyncio.run(scenario()):
        names = [message[0] for message in bundle]
        assert names.index("/VMC/Ext/Blend/Apply") > max(
            n for n, name in enumerate(names) if name == "/VMC/Ext/Blend/Val"
        )
        assert ["/VMC/Ext/Blend/Val", "A", 0.5] in bundle
        assert ["/VMC/Ext/Blend/Val", "Joy", 0.75] in bundle


def test_vrm0_is_the_default_and_names_are_exact() -> None:
    assert shapes(FRAME) == {"A": 0.5, "O": 0.25, "Blink": 0.5, "Blink_L": 0.5, "Joy": 0.75}


def test_vrm1_names() -> None:
    assert shapes(FRAME, names="vrm1") == {
        "aa": 0.5,
        "oh": 0.25,
        "blink": 0.5,
        "blinkLeft": 0.5,
        "happy": 0.75,
    }


def test_arkit_names_each_eye_and_smiles_with_joy() -> None:
    found = shapes(FRAME, names="arkit")
    assert found["EyeBlinkLeft"] == 1
    assert found["EyeBlinkRight"] == 0.5
    assert found["JawOpen"] == 0.56
    assert found["MouthSmileLeft"] == 0.6


def test_an_open_mouth_without_vowels_is_an_a() -> None:
    assert shapes(Frame(mouth_open=0.4)) == {"A": 0.4}


def test_blend_shapes_of_the_users_and_none_at_all() -> None:
    frame = Frame(expressions={"shy": 1, "joy": 1})
    assert shapes(frame, expressions={"shy": "Blush", "joy": ""}) == {"Blush": 1}


def test_an_expression_that_is_over_is_taken_back() -> None:
    output = VmcOutput(VmcOptions())
    output._packets(Frame(at=1, expressions={"joy": 1}))
    after = messages(output._packets(Frame(at=1.1)))
    assert ["/VMC/Ext/Blend/Val", "Joy", 0.0] in after
    later = messages(output._packets(Frame(at=1.2)))
    assert not any("Joy" in message for message in later)


def test_ok_once_a_second_and_time_with_every_frame() -> None:
    output = VmcOutput(VmcOptions())
    sent = [messages(output._packets(Frame(at=100 + n / 60))) for n in range(180)]
    alive = [n for n, frame in enumerate(sent) if ["/VMC/Ext/OK", 1] in frame]
    assert alive == [0, 60, 120]
    times = [m[1] for frame in sent for m in frame if m[0] == "/VMC/Ext/T"]
    assert len(times) == 180
    assert times[0] == 0
    assert times[60] == pytest.approx(1)


@pytest.mark.parametrize("names", ["vrm0", "vrm1", "arkit"])
@pytest.mark.parametrize("rest_pose", [False, True])
def test_no_packet_is_larger_than_the_network_carries(names: str, rest_pose: bool) -> None:
    options = VmcOptions(names=names, rest_pose=rest_pose)
    packets = VmcOutput(options)._packets(FRAME)
    assert all(len(packet) <= LARGEST for packet in packets)
    assert len(packets) <= 3
    if names == "vrm0" and not rest_pose:
        assert len(packets) == 1
    loose = VmcOutput(options.model_copy(update={"bundle": False}))._packets(FRAME)
    assert messages(loose) == messages(packets)


def test_a_body_at_rest_stands_with_its_arms_down() -> None:
    sent = messages(VmcOutput(VmcOptions(rest_pose=True))._packets(FRAME))
    bones = {m[1]: m[2:] for m in sent if m[0] == "/VMC/Ext/Bone/Pos"}
    assert {"Hips", "Spine", "LeftUpperArm", "RightFoot", "Head", "LeftEye"} <= bones.keys()
    # Unity: a turn about z lifts her right arm's end (+x) towards +y; downwards is against it.
    assert bones["RightUpperArm"][5] < 0 < bones["LeftUpperArm"][5]
    assert any(m[0] == "/VMC/Ext/Root/Pos" and len(m) == 9 for m in sent)


def test_without_head_only_blend_shapes_are_sent() -> None:
    sent = messages(VmcOutput(VmcOptions(head=False))._packets(FRAME))
    assert not any(m[0] == "/VMC/Ext/Bone/Pos" for m in sent)


def rotated(q: tuple[float, ...], v: tuple[float, float, float]) -> list[float]:
    """`v` turned by the quaternion (x, y, z, w): v + 2w(q×v) + 2q×(q×v)."""
    x, y, z, w = q

    def cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
        return (
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        )

    once = cross((x, y, z), v)
    twice = cross((x, y, z), once)
    return [v[n] + 2 * w * once[n] + 2 * twice[n] for n in range(3)]


def test_the_head_turns_where_it_says() -> None:
    ahead, up = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
    assert rotated(turned(30, 0, 0), ahead)[0] > 0.4, "to her right, which is +x"
    assert rotated(turned(0, 30, 0), ahead)[1] > 0.4, "up"
    assert rotated(turned(0, 0, 30), up)[0] > 0.4, "the crown towards her right shoulder"
    assert math.hypot(*turned(20, -10, 5)) == pytest.approx(1)
