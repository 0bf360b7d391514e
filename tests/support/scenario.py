"""A conversation played on the virtual clock, told as a timeline in plain text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mia.conversation import Conversation
from mia.conversation.ports import HEARING_RATE, InputMode
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support import virtual
from tests.support.fakes import FakeLoudspeaker, Fakes

FRAME_SECONDS = 0.02
Action = Callable[[Conversation], Any]


@dataclass
class Told:
    """What happened: the events with their times, the loudspeaker, the conversation."""

    events: list[Event] = field(default_factory=list)
    speaker: FakeLoudspeaker = field(default_factory=FakeLoudspeaker)
    conversation: Conversation | None = None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def lines(self) -> str:
        """The timeline, one event a line: seconds, what, and what of it matters."""
        return "\n".join(line for event in self.events if (line := _line(event))) + "\n"


def voice(start: float, end: float) -> tuple[float, float]:
    """The user is audible from `start` to `end` seconds."""
    return (start, end)


def play(
    *,
    voices: Sequence[tuple[float, float]] = (),
    at: Sequence[tuple[float, Action]] = (),
    until: float = 20.0,
    fakes: Fakes | None = None,
    language: str = "es",
    speaker: FakeLoudspeaker | None = None,
    mode: InputMode = "hands-free",
    filler: bool = False,
) -> Told:
    """Run a conversation until `until` seconds, with these voices and these calls."""
    told = Told(speaker=speaker or FakeLoudspeaker())
    parts = fakes or Fakes()

    async def microphone(conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        count = int(HEARING_RATE * FRAME_SECONDS)
        for frame in range(int(until / FRAME_SECONDS)):
            begin, end = frame * FRAME_SECONDS, (frame + 1) * FRAME_SECONDS
            await asyncio.sleep(end - loop.time())
            loud = any(start <= begin + 1e-9 and begin < stop - 1e-9 for start, stop in voices)
            conversation.hear(np.full(count, 0.5 if loud else 0.0, np.float32))

    async def script(conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        for when, action in sorted(at, key=lambda entry: entry[0]):
            await asyncio.sleep(max(0.0, when - loop.time()))
            action(conversation)

    async def main() -> None:
        bus = EventBus()
        bus.listen(told.events.append)
        conversation = Conversation(
            "c", parts.parts(), bus, language=language, mode=mode, filler=filler
        )
        told.conversation = conversation
        conversation.attach(told.speaker)
        async with asyncio.TaskGroup() as group:
            life = group.create_task(conversation.run())
            group.create_task(script(conversation))
            await group.create_task(microphone(conversation))
            life.cancel()

    virtual.run(main())
    return told


def _line(event: Event) -> str:
    at = f"{event.at:7.3f}  "
    match event:
        case facts.PhaseChanged():
            return at + f"{event.before} -> {event.phase}"
        case facts.SpeechStarted():
            return at + f"speech started ({event.turn}, at {event.audio_ms} ms)"
        case facts.SpeechStopped():
            return at + f"speech stopped ({event.turn}, at {event.audio_ms} ms)"
        case facts.Heard():
            guess = f"guess {event.revision}" if event.revision else "so far"
            kind = "understood" if event.final else guess
            return at + f"{kind}: {event.text!r}"
        case facts.TurnDropped():
            return at + f"dropped {event.turn}: {event.reason}"
        case facts.Speculated():
            return at + f"reply to guess {event.revision} begun"
        case facts.SpeculationEnded():
            return at + f"guess {event.revision} {'committed' if event.committed else 'dropped'}"
        case facts.ReplyStarted():
            return at + f"reply {event.reply} may be heard"
        case facts.ReplyText():
            return at + f"clause {event.sequence}: {event.text!r}"
        case facts.SegmentPlaced():
            return at + f"sound {event.sequence}: {event.begin:.3f} to {event.finish:.3f} s"
        case facts.PlaybackStarted():
            return at + f"heard from here: {event.reply}"
        case facts.Ducked():
            return at + "ducked"
        case facts.Paused():
            return at + f"paused at {event.heard_ms} ms"
        case facts.Unducked():
            return at + f"goes on from {event.heard_ms} ms"
        case facts.Reopened():
            return at + f"reopened {event.turn}"
        case facts.FillerStarted():
            return at + f"meanwhile: {event.text!r}"
        case facts.ModeChanged():
            shown = [event.mode, *(n for n in ("muted", "paused") if getattr(event, n))]
            return at + ", ".join(shown)
        case facts.Interrupted():
            return at + f"interrupted after {event.heard_ms} ms"
        case facts.ReplyEnded():
            return at + f"reply {event.reply} {event.status}: heard {event.heard!r}"
        case facts.Notice():
            return at + f"{event.level} {event.code}"
        case _:
            return ""
