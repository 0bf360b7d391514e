"""The way from the voice server to the bot: it may lose, delay and swap packets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds until a heartbeat is answered. An answer that is there at once is counted by discord.py
#: from the heartbeat before, as 5 or 41 seconds.
ROUND_TRIP = 0.03


@dataclass
class Wire:
    """loss: share of packets that vanish. swaps: share that arrive after the next one.
    jitter: seconds by which a packet is late at most."""

    loss: float = 0.0
    swaps: float = 0.0
    jitter: float = 0.0
    cut: bool = False
    """Nothing arrives any more."""
    sent: int = 0
    lost: int = 0
    swapped: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(5))
    _held: bytes | None = None

    def carry(self, packet: bytes, deliver: Callable[[bytes], None]) -> bool:
        """Whether the packet will arrive."""
        self.sent += 1
        if self.cut or self._chance.random() < self.loss:
            self.lost += 1
            return False
        if self._held is None and self._chance.random() < self.swaps:
            self._held = packet
            self.swapped += 1
            return True
        self._on_its_way(packet, deliver)
        if self._held is not None:
            held, self._held = self._held, None
            self._on_its_way(held, deliver)
        return True

    def _on_its_way(self, packet: bytes, deliver: Callable[[bytes], None]) -> None:
        if self.jitter:
            late = self._chance.random() * self.jitter
            asyncio.get_running_loop().call_later(late, deliver, packet)
        else:
            deliver(packet)
