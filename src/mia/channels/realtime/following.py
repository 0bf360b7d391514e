"""For those who look on: where the playhead is, and what a reply has said before they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from mia.channels.realtime.talk import Talk
from mia.telemetry import events as bus

#: Seconds between two words on the playhead; a page's own clock carries it on in between.
EVERY = 0.25
#: Facts of one reply that are kept for those who come in the middle of it; a clause has about six.
_KEPT = 2048


class Following:
    """Watches the replies of the stage's conversation.

    tell: where `mia.playhead` goes, the event of the protocol. Nothing is told while nobody is
    heard.
    """

    def __init__(self, talk: Talk, tell: Callable[[dict[str, Any]], None]) -> None:
        self._talk = talk
        self._say = tell
        self._reply = ""
        self._facts: deque[bus.Event] = deque(maxlen=_KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._unlisten = talk.bus.listen(self._tell)

    @property
    def facts(self) -> tuple[bus.Event, ...]:
        """What was told so far of the reply that is running, for who missed it."""
        return tuple(self._facts)

    def playhead(self) -> dict[str, Any] | None:
        """`mia.playhead` for this moment; None while no reply is heard."""
        place = self._talk.playhead if self._timer is not None else None
        if place is None:
            return None
        return _shape(place[0], place[1] * 1000, playing=True)

    def close(self) -> None:
        self._stop()
        self._unlisten()

    def _tell(self, event: bus.Event) -> None:
        if event.conversation != self._talk.id:
            return
        match event:
            case bus.ReplyStarted():
                self._reply = event.reply
                self._facts.clear()
                self._facts.append(event)
            case bus.ReplyText() | bus.SegmentPlaced() if event.reply == self._reply:
                self._facts.append(event)
            case bus.PlaybackStarted() if event.reply == self._reply:
                self._tick()
            case bus.Unducked() if event.reply == self._reply:
                self._tick()
            case bus.Paused():
                self._end(event.reply, event.heard_ms)
            case bus.ReplyEnded() if event.reply == self._reply:
                self._facts.clear()
                self._end(event.reply, event.heard_ms)
            case _:
                pass

    def _tick(self) -> None:
        self._stop()
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._tick)
        told = self.playhead()
        if told is None:
            self._stop()
        else:
            self._say(told)

    def _end(self, reply: str, heard_ms: float) -> None:
        self._stop()
        self._say(_shape(reply, heard_ms, playing=False))

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _shape(reply: str, ms: float, *, playing: bool) -> dict[str, Any]:
    return {
        "type": "mia.playhead",
        "version": 1,
        "item_id": reply,
        "audio_ms": round(ms),
        "playing": playing,
    }
