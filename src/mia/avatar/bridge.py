"""OSC in, a face out: what other programs send moves her avatar. Behind `mia osc-bridge`.

VTube Studio has no OSC receiver, though many programs send its parameters to port 9000; this is
the receiver they take for granted.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable, Mapping

from pythonosc import osc_bundle, osc_message
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.parsing import osc_types

from mia.avatar.frame import Frame
from mia.errors import MiaError

MOUTH, BLINK = "mouth_open", "blink"
#: The prefixes under which names arrive: ours, VRChat's, and the original MIA's.
PREFIXES = ("/", "/avatar/parameters/", "/VMC/Ext/")
BLINKS = ("/tracking/eye/EyesClosedAmount",)
#: After a value the face counts as lively for this long, in seconds.
LIVELY = 1.0
#: Without a value for this long the sender is taken to have ended: mouth closed, eyes open.
SILENCE = 3.0


#: What the parser raises for bytes that are no OSC.
UNREADABLE = (
    osc_message.ParseError,
    osc_bundle.ParseError,
    osc_types.ParseError,
    ValueError,
    IndexError,
    struct.error,
)


def addresses(mouth: str = "MouthOpen", blink: str = "EyeBlink") -> dict[str, str]:
    """Address → what it is about; names in lower case, for senders differ in that."""
    found = {f"{prefix}{mouth}".lower(): MOUTH for prefix in PREFIXES}
    found |= {f"{prefix}{blink}".lower(): BLINK for prefix in PREFIXES}
    return found | {address.lower(): BLINK for address in BLINKS}


class HeardFace(asyncio.DatagramProtocol):
    """A `Face` made of the newest values that arrived."""

    def __init__(self, meanings: Mapping[str, str] | None = None) -> None:
        self._meanings = meanings or addresses()
        self._values = {MOUTH: 0.0, BLINK: 0.0}
        self._at = float("-inf")
        self._loop = asyncio.get_running_loop()
        self.heard = 0
        """Values that meant something."""

    @property
    def lively(self) -> bool:
        return self._loop.time() - self._at < LIVELY

    def frame(self, at: float) -> Frame:
        if self._loop.time() - self._at > SILENCE:
            return Frame(at=at)
        mouth, eyes = self._values[MOUTH], 1 - self._values[BLINK]
        return Frame(
            at=at,
            speaking=mouth > 0,
            mouth_open=mouth,
            eye_open_left=eyes,
            eye_open_right=eyes,
        )

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Whatever arrives from the network is data: what cannot be read is passed over."""
        try:
            if OscBundle.dgram_is_bundle(data):
                self._take_bundle(OscBundle(data), 0)
            else:
                self._take(OscMessage(data))
        except UNREADABLE:
            return

    def _take_bundle(self, bundle: OscBundle, depth: int) -> None:
        for part in bundle:
            if isinstance(part, OscMessage):
                self._take(part)
            elif depth < 4:
                self._take_bundle(part, depth + 1)

    def _take(self, message: OscMessage) -> None:
        meaning = self._meanings.get(message.address.lower())
        value = next(iter(message.params), None)
        if meaning is None or not isinstance(value, bool | int | float):
            return
        number = float(value)
        if not math.isfinite(number):
            return
        self._values[meaning] = min(1.0, max(0.0, number))
        self._at = self._loop.time()
        self.heard += 1


async def listening(
    host: str, port: int, make: Callable[[], HeardFace] = HeardFace
) -> tuple[asyncio.DatagramTransport, HeardFace]:
    """A face that is moved by what arrives at `host`:`port`. Raises MiaError: the port is taken."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_datagram_endpoint(make, local_addr=(host, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise MiaError("bridge.port_taken", port=port, reason=reason) from error
