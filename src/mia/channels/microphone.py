"""This machine's own microphone and loudspeaker, through PortAudio (`sounddevice`).

The sound card's callbacks run on threads of their own and must never wait: they only move
samples. What the microphone hears goes to the loop; the loudspeaker takes from a short ring of
blocks, so that little has to be taken back when somebody interrupts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mia.audio import echo
from mia.audio.resample import StreamResampler
from mia.blocking import run_blocking
from mia.conversation import Conversation
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Block, Samples
from mia.errors import DeviceUnavailable

log = logging.getLogger(__name__)

BLOCK_SECONDS = 0.01
#: Ramp of a sound that is cut off, against clicks.
FADE_SECONDS = 0.01
#: How long to wait before a lost device is looked for again, seconds: doubled up to the last, which
#: is what somebody who has just plugged it in again waits at most.
FIRST_RETRY, LAST_RETRY = 1.0, 5.0
#: A card whose callbacks stop for this long, in seconds, is gone: some systems say nothing when a
#: device is unplugged. The longest blocks come every 0.2 s; a busy machine is late by less than 1.
STALLED = 3.0


@dataclass(frozen=True, slots=True)
class Devices:
    """Which devices, and how they are opened. None: the system's own choice.

    rates in samples a second, chunk in ms."""

    input_device: int | str | None = None
    output_device: int | str | None = None
    input_rate: int = HEARING_RATE
    input_channels: int = 1
    chunk_ms: int = 20
    output_rate: int = PLAYING_RATE
    cancel_echo: bool = True
    """Take what the loudspeaker plays out of what the microphone hears."""


class Ring:
    """Sound on its way to the card: the loop puts blocks in, the card's thread takes samples.

    Samples are at the card's rate. All methods are safe from both sides.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._blocks: deque[Samples] = deque(maxlen=500)
        self._gain = self._target = 1.0
        self._step = 0.0
        self._last = 0.0

    def put(self, samples: Samples) -> None:
        if len(samples):
            with self._lock:
                self._blocks.append(samples)

    def hush(self) -> None:
        """Forget what was not taken yet, but for a fade to silence."""
        count = int(FADE_SECONDS * self._rate)
        with self._lock:
            rest = self._taken(count)
            self._blocks.clear()
            if len(rest):
                self._blocks.append(rest * np.linspace(1, 0, len(rest), dtype=np.float32))

    def duck(self, gain: float, seconds: float) -> None:
        with self._lock:
            self._target = gain
            self._step = abs(gain - self._gain) / max(1.0, seconds * self._rate)

    def take(self, count: int) -> Samples:
        """The next `count` samples; silence where there are none."""
        with self._lock:
            taken = self._taken(count)
            if len(taken) < count:
                taken = np.pad(taken, (0, count - len(taken)))
            played: Samples = taken * self._ramp(count)
            return played

    def _taken(self, count: int) -> Samples:
        parts: list[Samples] = []
        while count > 0 and self._blocks:
            block = self._blocks.popleft()
            parts.append(block[:count])
            if len(block) > count:
                self._blocks.appendleft(block[count:])
            count -= len(parts[-1])
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _ramp(self, count: int) -> Samples:
        if self._gain == self._target:
            return np.full(count, self._gain, np.float32)
        sign = 1.0 if self._target > self._gain else -1.0
        ramp = self._gain + sign * self._step * np.arange(1, count + 1, dtype=np.float32)
        low, high = sorted((self._gain, self._target))
        clipped: Samples = np.clip(ramp, low, high).astype(np.float32)
        self._gain = float(clipped[-1])
        return clipped


class CardLoudspeaker:
    """A sound card as a `Loudspeaker`."""

    lead = 0.06

    def __init__(self, ring: Ring, rate: int, latency: float) -> None:
        self.latency = latency
        self._ring = ring
        self._rate = rate
        self._reply = ""
        self._resampler = StreamResampler(PLAYING_RATE, rate)

    def play(self, block: Block) -> None:
        if block.reply != self._reply:
            self._reply = block.reply
            self._resampler = StreamResampler(PLAYING_RATE, self._rate)
        self._ring.put(self._resampler.feed(block.samples))

    def hush(self) -> None:
        self._ring.hush()
        self._resampler = StreamResampler(PLAYING_RATE, self._rate)

    def duck(self, gain: float, seconds: float) -> None:
        self._ring.duck(gain, seconds)


def portaudio() -> Any:
    """The `sounddevice` module. Raises DeviceUnavailable where it or PortAudio is missing."""
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceUnavailable("device.no_module") from error
    except OSError as error:
        raise DeviceUnavailable("device.no_portaudio") from error
    return sounddevice


@contextlib.asynccontextmanager
async def loudspeaker(devices: Devices) -> AsyncGenerator[CardLoudspeaker, None]:
    """This machine's loudspeaker alone. Raises DeviceUnavailable."""
    module = portaudio()
    ring = Ring(devices.output_rate)

    def spoken(data: Any, frames: int, _time: Any, _status: Any) -> None:
        data[:, 0] = ring.take(frames)

    def opened() -> Any:
        stream = module.OutputStream(
            samplerate=devices.output_rate,
            channels=1,
            device=devices.output_device,
            blocksize=int(devices.output_rate * BLOCK_SECONDS),
            dtype="float32",
            latency="low",
            callback=spoken,
        )
        stream.start()
        return stream

    try:
        stream = await run_blocking(opened)
    except (module.PortAudioError, ValueError, OSError) as error:
        raise DeviceUnavailable("device.cannot_open", reason=str(error)) from error
    try:
        yield CardLoudspeaker(ring, devices.output_rate, float(stream.latency))
    finally:
        await asyncio.shield(run_blocking(stream.abort))
        await asyncio.shield(run_blocking(stream.close))


class Microphone:
    """Microphone and loudspeaker of this machine, attached to a conversation."""

    def __init__(self, devices: Devices, trouble: Callable[[DeviceUnavailable], None]) -> None:
        self._devices = devices
        self._trouble = trouble
        self._wait = FIRST_RETRY
        self._reported = False

    async def run(self, conversation: Conversation) -> None:
        """Listen and speak until cancelled. A device that is missing or unplugged is reported
        once, and looked for again until it is back."""
        while True:
            try:
                await self._attached(conversation)
            except DeviceUnavailable as error:
                if not self._reported:
                    self._trouble(error)
                    self._reported = True
                if error.code in ("device.no_module", "device.no_portaudio"):
                    return
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, LAST_RETRY)

    def _well(self) -> None:
        """The devices are there: the next loss is news again."""
        self._wait, self._reported = FIRST_RETRY, False

    def _canceller(self) -> echo.EchoCanceller | None:
        """None where none is wanted, or none is there, which is reported."""
        if not self._devices.cancel_echo:
            return None
        if not echo.available():
            self._trouble(DeviceUnavailable("device.no_echo_canceller"))
            return None
        return echo.EchoCanceller(self._devices.output_rate)

    async def _attached(self, conversation: Conversation) -> None:
        """Until the device is lost. Raises DeviceUnavailable when it cannot be opened."""
        module = portaudio()
        chosen = self._devices
        loop = asyncio.get_running_loop()
        lost = asyncio.Event()
        ring = Ring(chosen.output_rate)
        hearing = StreamResampler(chosen.input_rate, HEARING_RATE, "LQ")
        canceller = self._canceller()
        pulse = [loop.time(), loop.time()]
        """When microphone and loudspeaker were last at work."""

        def beat(which: int) -> None:
            pulse[which] = loop.time()

        def heard(data: Any, _frames: int, _time: Any, status: Any) -> None:
            if status:
                log.debug("microphone: %s", status)
            mono = data.mean(axis=1, dtype=np.float32)
            loop.call_soon_threadsafe(hear, mono)

        def hear(mono: Samples) -> None:
            beat(0)
            samples = hearing.feed(mono)
            conversation.hear(canceller.heard(samples) if canceller else samples)

        def spoken(data: Any, frames: int, _time: Any, status: Any) -> None:
            if status:
                log.debug("loudspeaker: %s", status)
            data[:, 0] = played = ring.take(frames)
            loop.call_soon_threadsafe(play, played)

        def play(played: Samples) -> None:
            beat(1)
            if canceller:
                canceller.played(played)

        def finished() -> None:
            loop.call_soon_threadsafe(lost.set)

        def open_streams() -> tuple[Any, Any]:
            opened: list[Any] = []
            try:
                opened.append(listening())
                opened.append(speaking())
                for stream in opened:
                    stream.start()
            except (module.PortAudioError, ValueError, OSError):
                for stream in opened:
                    stream.close()
                raise
            return opened[0], opened[1]

        def listening() -> Any:
            return module.InputStream(
                samplerate=chosen.input_rate,
                channels=chosen.input_channels,
                device=chosen.input_device,
                blocksize=chosen.input_rate * chosen.chunk_ms // 1000,
                dtype="float32",
                callback=heard,
                finished_callback=finished,
            )

        def speaking() -> Any:
            return module.OutputStream(
                samplerate=chosen.output_rate,
                channels=1,
                device=chosen.output_device,
                blocksize=int(chosen.output_rate * BLOCK_SECONDS),
                dtype="float32",
                latency="low",
                callback=spoken,
                finished_callback=finished,
            )

        try:
            if self._reported:
                await run_blocking(_look_again, module)
            streams = await run_blocking(open_streams)
        except (module.PortAudioError, ValueError, OSError) as error:
            raise DeviceUnavailable("device.cannot_open", reason=str(error)) from error
        speaker = CardLoudspeaker(ring, chosen.output_rate, float(streams[1].latency))
        conversation.attach(speaker)
        self._well()
        try:
            await _stalled(lost, pulse)
        finally:
            conversation.detach(speaker)
            for stream in streams:
                with contextlib.suppress(module.PortAudioError, OSError):  # it is gone, after all
                    await asyncio.shield(run_blocking(stream.abort))
                    await asyncio.shield(run_blocking(stream.close))
        raise DeviceUnavailable("device.lost")


async def _stalled(lost: asyncio.Event, pulse: list[float]) -> None:
    """Until the devices are said to be lost, or one of them has not been at work for `STALLED`.
    pulse: when each was, on the loop's clock."""
    loop = asyncio.get_running_loop()
    pulse[:] = [loop.time()] * len(pulse)
    while (left := min(pulse) + STALLED - loop.time()) > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await lost.wait()
                return


def _look_again(module: Any) -> None:
    """Let PortAudio look which devices there are: it only does so when it is initialised, and
    what was plugged in since would not be found. No stream may be open."""
    module._terminate()
    module._initialize()
