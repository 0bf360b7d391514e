"""The Virtual Motion Capture protocol: VSeeFace, Warudo, VNyan and others show her on a VRM.

Specification: github.com/sh-akira/VirtualMotionCaptureProtocol at f41f427 (v3.1). MIA is what it
calls an Assistant: she sends a face, and with `rest_pose` a body at rest as well.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mia.avatar.datagrams import message, packets
from mia.avatar.frame import Frame
from mia.avatar.skeleton import REST, face_bones
from mia.avatar.udp import UdpOutput
from mia.avatar.vrm import NAMES, Shapes, blend_shapes
from mia.backends import Backend, Context, Options

#: How often "I am here" is said, in seconds.
ALIVE_EVERY = 1.0


class VmcOptions(Options):
    """VMC, for programs that show a VRM."""

    enabled: bool = Field(False, description="Whether her face is sent over VMC.")
    host: str = Field("127.0.0.1", min_length=1, description="Machine of the program.")
    port: int = Field(
        39539, ge=1, le=65_535, description="Its UDP port; 39540 where it takes part of a body."
    )
    names: Literal["vrm0", "vrm1", "arkit"] = Field(
        "vrm0", description="Blend shape names of the model: VRM 0, VRM 1, or ARKit's."
    )
    expressions: dict[str, str] = Field(
        default_factory=dict,
        description="Blend shape for an expression of hers, such as shy: Blush.",
    )
    head: bool = Field(True, description="Turn head and eyes; false sends blend shapes only.")
    rest_pose: bool = Field(
        False, description="Send a body at rest, for programs that else show a T-pose."
    )
    bundle: bool = Field(
        True, description="One packet a frame; false for programs that cannot read bundles."
    )
    rate_hz: int = Field(60, ge=1, le=120, description="Frames a second while she moves.")


class VmcOutput(UdpOutput):
    """An `AvatarOutput`."""

    def __init__(self, options: VmcOptions) -> None:
        super().__init__(options.host, options.port, options.rate_hz)
        self._options = options
        self._shapes: Shapes = NAMES[options.names]
        self._alive_at = float("-inf")
        self._began: float | None = None
        self._stuck: set[str] = set()

    def _packets(self, frame: Frame) -> list[bytes]:
        if self._began is None:
            self._began = frame.at
        shapes = blend_shapes(frame, self._shapes, self._options.expressions)
        # One that was sent is sent until it was 0 once: otherwise it would stay on the model.
        for name in self._stuck - shapes.keys():
            shapes[name] = 0.0
        self._stuck = {name for name, value in shapes.items() if value}
        sent = [message("/VMC/Ext/Blend/Val", name, float(value)) for name, value in shapes.items()]
        sent.append(message("/VMC/Ext/Blend/Apply"))
        bones = dict(REST) if self._options.rest_pose else {}
        if self._options.head:
            bones |= face_bones(frame)
        if self._options.rest_pose:
            sent.append(message("/VMC/Ext/Root/Pos", "root", *(0.0,) * 3, *(0.0, 0.0, 0.0, 1.0)))
        sent += [
            message("/VMC/Ext/Bone/Pos", name, *place, *turn)
            for name, (place, turn) in bones.items()
        ]
        if not 0 <= frame.at - self._alive_at < ALIVE_EVERY:
            self._alive_at = frame.at
            sent.append(message("/VMC/Ext/OK", 1))
        sent.append(message("/VMC/Ext/T", max(0.0, frame.at - self._began)))
        return packets(sent, bundle=self._options.bundle)


async def load(options: VmcOptions, _context: Context) -> VmcOutput:
    return VmcOutput(options)


BACKEND = Backend(port="avatar", name="vmc", options=VmcOptions, load=load, modules=("pythonosc",))
