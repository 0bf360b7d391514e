"""What became of every packet, and whether MIA hears at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

#: Packets in a row that could not be deciphered, from which on she may be deaf: 1 s of one speaker.
#: A re-key costs about five of each speaker; discord.js counts to 24.
DEAF_AFTER = 50
#: Seconds for which nothing could be, besides: ten speakers send fifty packets in a tenth of one,
#: and a machine that was busy elsewhere reads them all before it reads of the new keys.
DEAF_SECONDS = 1.5

Drop = Literal[
    "queue_full",  # the loop did not keep up with the socket
    "transport",  # not sealed with this connection's key
    "unknown",  # nobody knows whose it is, and too many of its kind waited
    "not_heard",  # from somebody who is not listened to: opted out, or not allowed
    "e2ee",  # end-to-end encrypted, and not to be opened (yet)
    "opus",  # no opus
]


@dataclass(slots=True)
class Counts:
    """One connection's packets, counted from when MIA joined."""

    received: int = 0
    """Voice packets that reached the socket."""
    decoded: int = 0
    silent: int = 0
    """Frames of silence put in where Discord sent nothing."""
    lost: int = 0
    late: int = 0
    recovered: int = 0
    """Lost frames taken from the packet after them, or made up."""
    replayed: int = 0
    """Packets that waited until it was known whose they were."""
    learned: int = 0
    """Speakers found out by trying, because Discord had not told."""
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Health:
    """Whether what arrives can be understood. failing: packets in a row that could not. since: loop
    time of the first of them."""

    failing: int = 0
    since: float = 0.0
    reason: str = ""
    deaf: bool = False

    def well(self) -> bool:
        """A packet was deciphered; whether that ends a deafness."""
        healed, self.failing, self.deaf = self.deaf, 0, False
        return healed

    def failed(self, reason: str, now: float) -> bool:
        """A packet could not be deciphered (loop time `now`); whether MIA has just become deaf."""
        if not self.failing:
            self.since = now
        self.failing += 1
        self.reason = reason
        if self.deaf or self.failing < DEAF_AFTER or now - self.since < DEAF_SECONDS:
            return False
        self.deaf = True
        return True
