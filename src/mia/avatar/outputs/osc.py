"""Her face as plain OSC messages, to whatever listens: an address and a float each.

Addresses of preset `vrchat`: docs.vrchat.com/docs/osc-avatar-parameters and osc-eye-tracking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from mia.avatar.datagrams import message, packets
from mia.avatar.frame import Frame
from mia.avatar.udp import UdpOutput
from mia.avatar.values import value_of
from mia.backends import Backend, Context, Options

#: What OSC allows in an address: none of the signs its patterns are made of.
Address = Annotated[str, Field(pattern=r"^/[^ #*,?\[\]{}]+$", max_length=200)]
Name = Annotated[str, Field(pattern=r"^[^ #*,?\[\]{}]+$", max_length=200)]

#: Where each name goes; a name that is an address already goes there only.
PATTERNS = {
    "plain": ("/{}", "/avatar/parameters/{}"),
    "vrchat": ("/avatar/parameters/{}",),
    "custom": (),
}
#: VRChat closes the eyes of any avatar by this one, without a parameter of its maker's.
VRCHAT_BLINK = "/tracking/eye/EyesClosedAmount"


class OscOptions(Options):
    """Plain OSC, to any program that listens."""

    enabled: bool = Field(True, description="Whether her face is sent over OSC.")
    host: str = Field("127.0.0.1", min_length=1, description="Machine that listens to OSC.")
    port: int = Field(9000, ge=1, le=65_535, description="Its UDP port.")
    preset: Literal["plain", "vrchat", "custom"] = Field(
        "plain",
        description="plain: /MouthOpen and /avatar/parameters/MouthOpen; vrchat: the latter, and "
        "VRChat's own eyelids; custom: `addresses` only.",
    )
    mouth_open: Name = Field(
        "MouthOpen", description="Name of the open mouth, or its whole address."
    )
    blink: Name = Field("EyeBlink", description="Name of the closed eyes, or their whole address.")
    addresses: dict[str, list[Address]] = Field(
        default_factory=dict,
        description="Addresses of further values and expressions, such as "
        "joy: [/avatar/parameters/Joy]; for mouth_open and blink instead of the preset's.",
    )
    bundle: bool = Field(False, description="Send one bundle a frame, not single messages.")
    rate_hz: int = Field(60, ge=1, le=120, description="Frames a second while she moves.")


def addresses(options: OscOptions) -> dict[str, tuple[str, ...]]:
    """Where each value goes."""
    found = {
        "mouth_open": _preset(options.preset, options.mouth_open),
        "blink": _preset(options.preset, options.blink),
    }
    if options.preset == "vrchat":
        found["blink"] += (VRCHAT_BLINK,)
    return found | {name: tuple(wished) for name, wished in options.addresses.items()}


def _preset(preset: str, name: str) -> tuple[str, ...]:
    patterns = PATTERNS[preset]
    if name.startswith("/") and patterns:
        return (name,)
    return tuple(pattern.format(name) for pattern in patterns)


class OscOutput(UdpOutput):
    """An `AvatarOutput`."""

    def __init__(self, options: OscOptions) -> None:
        super().__init__(options.host, options.port, options.rate_hz)
        self._bundle = options.bundle
        self._sends: list[tuple[str, Callable[[Frame], float]]] = [
            (address, value_of(name))
            for name, wished in addresses(options).items()
            for address in wished
        ]

    def _packets(self, frame: Frame) -> list[bytes]:
        sent = (message(address, float(read(frame))) for address, read in self._sends)
        return packets(sent, bundle=self._bundle)

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "addresses": [address for address, _ in self._sends]}


async def load(options: OscOptions, _context: Context) -> OscOutput:
    return OscOutput(options)


BACKEND = Backend(port="avatar", name="osc", options=OscOptions, load=load, modules=("pythonosc",))
