"""When the next frame is due: often while much moves, seldom while little does."""

from __future__ import annotations

import asyncio
import math

from mia.avatar.frame import Face, Frame

#: Frames a second while nothing moves. VTube Studio takes a parameter back that was not sent for
#: a second, and users saw drop-outs at two a second (its issue 12).
IDLE_HERTZ = 10.0


class Pace:
    """Hands out frames of a face at a steady rate.

    rate: frames a second while the face is lively. lead: how far ahead of now each frame is for,
    in seconds, to make up for a slow way to the screen.
    """

    def __init__(self, face: Face, rate: float, *, lead: float = 0.0) -> None:
        self._face = face
        self._step = 1 / rate
        self._rest = max(self._step, 1 / IDLE_HERTZ)
        self._lead = lead
        self._loop = asyncio.get_running_loop()
        self._due = self._sent = self._loop.time()

    async def frame(self) -> Frame:
        """The next frame, once it is due.

        Frames are due at whole multiples of their length: waits that last too long do not add up,
        one that was missed altogether is not made up for, and outputs of the same rate wake the
        loop together.
        """
        while True:
            now = self._loop.time()
            beat = max(math.floor(now / self._step), round(self._due / self._step)) + 1
            self._due = beat * self._step
            await asyncio.sleep(self._due - now)
            now = self._loop.time()
            # Half a step of tolerance: a tick that comes a moment early is not put off to the next.
            if self._face.lively or now - self._sent >= self._rest - self._step / 2:
                self._sent = now
                return self._face.frame(now + self._lead)
