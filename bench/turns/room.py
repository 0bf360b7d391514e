"""A conversation with MIA in this process, on the real loop: one microphone, a tape a scene."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import numpy as np

from mia.audio.tap import Tap
from mia.channels.recording import FRAME, FRAME_SECONDS, ROOM_TONE, TapLoudspeaker
from mia.conversation import Conversation, Parts
from mia.conversation.ports import HEARING_RATE, Samples
from mia.telemetry.events import Event, EventBus, Heard

LANGUAGE = "en"


class Room:
    def __init__(self, parts: Parts) -> None:
        self.bus = EventBus()
        self.conversation = Conversation("room", parts, self.bus, language=LANGUAGE)
        self.told: list[Event] = []
        """What MIA told since the newest scene began."""
        self.tape = Tap()
        self._loudspeaker = TapLoudspeaker(self.tape)
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._frames = 0
        self._scene_frame = 0
        self._speech: Samples = np.zeros(0, np.float32)
        self._random = np.random.default_rng(2)
        self._told = asyncio.Event()
        self.bus.listen(self._note)

    @property
    def seconds(self) -> float:
        """The end of the newest frame on the scene's tape."""
        return (self._frames - self._scene_frame) * FRAME_SECONDS

    @property
    def scene_begun(self) -> float:
        """Seconds of sound MIA had heard when the scene began."""
        return self._scene_frame * FRAME_SECONDS

    def scene(self) -> None:
        """A new tape, from the next frame on."""
        self.told.clear()
        self.tape = Tap()
        self._scene_frame = self._frames
        self._loudspeaker = TapLoudspeaker(self.tape)
        self._loudspeaker.begin(self._begun + self._frames * FRAME_SECONDS)
        self.conversation.attach(self._loudspeaker)

    def say(self, samples: Samples) -> float:
        """The user says this, from the next frame on; where that is on the tape, seconds."""
        self._speech = samples
        return self.seconds

    async def until(self, what: Callable[[], bool], seconds: float) -> bool:
        """Wait until it is so, looking at each fact that is told; whether it came to be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not what():
                    self._told.clear()
                    await self._told.wait()
        return what()

    def of(self, kind: type[Event]) -> list[Event]:
        """The facts of this kind in this scene."""
        return [event for event in self.told if isinstance(event, kind)]

    def understood(self) -> str:
        """What MIA took the user's newest words for."""
        heard = [e.text for e in self.told if isinstance(e, Heard) and not e.typed]
        return heard[-1] if heard else ""

    async def listen(self) -> None:
        """The microphone, until cancelled."""
        while True:
            said, self._speech = self._speech[:FRAME], self._speech[FRAME:]
            end = self._begun + (self._frames + 1) * FRAME_SECONDS
            await asyncio.sleep(end - self._loop.time())
            self._frames += 1
            frame = self._random.normal(0, ROOM_TONE, FRAME).astype(np.float32)
            frame[: len(said)] += said
            self.tape.user(frame)
            self.conversation.hear(frame)

    def channels(self) -> tuple[Samples, Samples, int]:
        """The scene's tape so far, user and MIA, and its rate."""
        left, right = self.tape.channels()
        return left, right, HEARING_RATE

    def _note(self, event: Event) -> None:
        self.told.append(event)
        self._told.set()


@contextlib.asynccontextmanager
async def room(parts: Parts) -> AsyncIterator[Room]:
    """A room in which MIA lives and listens."""
    made = Room(parts)
    made.scene()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(made.conversation.run()), group.create_task(made.listen())]
        await asyncio.sleep(FRAME_SECONDS)  # until she lives; what is said before is lost
        yield made
        for task in tasks:
            task.cancel()
