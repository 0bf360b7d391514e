"""A clause between the mind and the loudspeaker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from mia.conversation.ports import Sound


@dataclass(slots=True)
class Segment:
    """A clause on its way: `pieces` arrive, `done` when no more will."""

    sequence: int
    shown: str
    spoken: str
    cues: tuple[tuple[str, int], ...] = ()
    pieces: asyncio.Queue[Sound | None] = field(default_factory=lambda: asyncio.Queue(256))
    done: asyncio.Event = field(default_factory=asyncio.Event)
