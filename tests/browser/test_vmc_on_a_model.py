"""What MIA sends over VMC, put on a model by three-vrm: the same face as her own page shows."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from mia.avatar.frame import Frame, Vowels
from mia.avatar.outputs.vmc import VmcOptions, VmcOutput
from tests.avatar.faces import Posed, shown
from tests.browser.pretend import Pretend
from tests.browser.test_models import _wearing, kept, mia, mia_url, painting
from tests.support import vrm

__all__ = ["kept", "mia", "mia_url", "painting"]

#: What receivers do: each value to its blend shape, each turn to its bone. Unity is left-handed and
#: glTF is not: coming from there, VRM 1 mirrors x, and VRM 0, which faces the other way, mirrors z;
#: the two other parts of a turn change their sign.
AS_A_RECEIVER = """({values, bones}) => {
    const {vrm, facing} = mia.stage.avatar;
    for (const name of Object.keys(vrm.expressionManager.expressionMap))
        vrm.expressionManager.setValue(name, values[name] ?? 0);
    for (const [name, [x, y, z, w]] of Object.entries(bones))
        vrm.humanoid.getNormalizedBoneNode(name)?.quaternion.set(x * facing, -y, -z * facing, w);
    vrm.update(0);
}"""
#: How the face is now: each morph's weight, and which way head and crown point.
SEEN = """() => {
    const {vrm} = mia.stage.avatar, morphs = {};
    vrm.scene.updateMatrixWorld(true);
    vrm.scene.traverse((one) => {
        for (const [name, at] of Object.entries(one.morphTargetDictionary ?? {}))
            morphs[name] = Math.max(morphs[name] ?? 0, one.morphTargetInfluences[at]);
    });
    const head = vrm.humanoid.getNormalizedBoneNode("head");
    const e = head.matrixWorld.elements;
    return {morphs, ahead: [e[8], e[9], e[10]], crown: [e[4], e[5], e[6]]};
}"""
#: The page leaves the model alone from now on.
HANDS_OFF = (
    """() => { const {avatar} = mia.stage; avatar.own = avatar.show; avatar.show = () => {}; }"""
)
OWN = "(frame) => mia.stage.avatar.own(0, frame)"

FACES = {
    "neutral": Frame(at=1),
    "aa": Frame(at=1, mouth_open=0.8, vowels=Vowels(a=0.75)),
    "ou": Frame(at=1, mouth_open=0.4, vowels=Vowels(u=0.5)),
    "wink": Frame(at=1, eye_open_left=0.0),
    "turned": Frame(at=1, head_yaw=20),
    "nodding": Frame(at=1, head_pitch=-15, head_roll=8),
    "joy": Frame(at=1, expressions={"joy": 1.0}),
}


def _received(frame: Frame) -> dict[str, Any]:
    """The first frame that comes over UDP, as a receiver reads it."""

    async def scenario() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.bind(("127.0.0.1", 0))
            door.setblocking(False)
            port = door.getsockname()[1]
            output = VmcOutput(VmcOptions(port=port, names="vrm1"))
            async with asyncio.timeout(30), shown(output, Posed(lambda _at: frame)):
                return await asyncio.get_running_loop().sock_recv(door, 65_536)

    values: dict[str, float] = {}
    bones: dict[str, list[float]] = {}
    with ThreadPoolExecutor(1) as apart:  # Playwright has a loop of its own in this thread
        packet = apart.submit(lambda: asyncio.run(scenario())).result()
    for one in OscBundle(packet):
        assert isinstance(one, OscMessage)
        match [one.address, *one.params]:
            case ["/VMC/Ext/Blend/Val", name, value]:
                values[name] = value
            case ["/VMC/Ext/Bone/Pos", ("Head" | "Neck") as name, _, _, _, *turn]:
                bones[name.lower()] = turn
    return {"values": values, "bones": bones}


def _own(frame: Frame) -> dict[str, Any]:
    """The same frame as the page has it."""
    return {
        "eyeOpenLeft": frame.eye_open_left,
        "eyeOpenRight": frame.eye_open_right,
        "gazeX": 0,
        "gazeY": 0,
        "headYaw": frame.head_yaw,
        "headPitch": frame.head_pitch,
        "headRoll": frame.head_roll,
        "breath": 0,
        "vowels": {v: getattr(frame.vowels, v) for v in "aeiou"},
        "expressions": dict(frame.expressions),
    }


@pytest.mark.parametrize("version", ["0", "1"])
def test_a_face_over_vmc_is_the_face_on_the_page(
    painting: Browser, mia: Pretend, kept: Path, version: vrm.Version
) -> None:
    received = {name: _received(frame) for name, frame in FACES.items()}
    kept.write_bytes(vrm.model(version))
    overlay = _wearing(painting, mia)
    page = overlay.page
    page.evaluate(HANDS_OFF)
    seen: dict[str, Any] = {}
    for name, frame in FACES.items():
        page.evaluate(AS_A_RECEIVER, received[name])
        seen[name] = page.evaluate(SEEN)
        page.evaluate(OWN, _own(frame))
        own = page.evaluate(SEEN)
        for way in ("ahead", "crown"):
            assert seen[name][way] == pytest.approx(own[way], abs=0.03), (name, way)
        # The page's own smile is a little softer than a full blend shape.
        assert seen[name]["morphs"] == pytest.approx(own["morphs"], abs=0.16), name
    still = seen["neutral"]
    for name in ("aa", "ou", "wink", "joy"):
        assert seen[name]["morphs"] != still["morphs"], name
    assert seen["turned"]["ahead"] != pytest.approx(still["ahead"], abs=0.1)
    assert overlay.complaints == []
    overlay.close()
