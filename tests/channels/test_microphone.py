"""The ring between the loop and the sound card, and what happens without one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mia.audio import echo
from mia.audio.recording import read_recording
from mia.channels import microphone
from mia.channels.microphone import CardLoudspeaker, Devices, Microphone, Ring
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Block, Samples
from mia.errors import DeviceUnavailable
from tests.conftest import Utterance
from tests.support import virtual

RATE = 24_000


def test_the_card_gets_sound_in_order_and_silence_after_it() -> None:
    ring = Ring(RATE)
    ring.put(np.full(300, 0.1, np.float32))
    ring.put(np.full(300, 0.2, np.float32))
    taken = np.concatenate([ring.take(240), ring.take(240), ring.take(240)])
    expected = np.concatenate([np.full(300, 0.1), np.full(300, 0.2), np.zeros(120)])
    np.testing.assert_allclose(taken, expected, atol=1e-6)


def test_a_hushed_sound_fades_and_is_gone() -> None:
    ring = Ring(RATE)
    ring.put(np.ones(RATE, np.float32))
    ring.take(240)
    ring.hush()
    rest = ring.take(RATE)
    assert rest[0] == pytest.approx(1, abs=0.01)
    assert np.all(np.diff(rest[:240]) <= 0)
    assert not rest[240:].any()


def test_ducking_is_a_ramp_not_a_step() -> None:
    ring = Ring(RATE)
    ring.put(np.ones(RATE, np.float32))
    ring.duck(0.125, 0.02)
    taken = ring.take(960)
    assert taken[0] == pytest.approx(1, abs=0.01)
    assert taken[479] == pytest.approx(0.125, abs=0.01)
    assert np.abs(np.diff(taken)).max() < 0.01
    assert taken[-1] == pytest.approx(0.125)


def test_a_card_of_another_rate_gets_sound_of_its_own() -> None:
    ring = Ring(48_000)
    speaker = CardLoudspeaker(ring, 48_000, 0.01)
    wave = np.sin(2 * np.pi * 440 * np.arange(PLAYING_RATE) / PLAYING_RATE).astype(np.float32)
    for at in range(0, len(wave), 480):
        speaker.play(Block("r", at, wave[at : at + 480]))
    taken = ring.take(40_000)
    assert np.argmax(np.abs(np.fft.rfft(taken))) * 48_000 / 40_000 == pytest.approx(440, abs=2)


def test_a_machine_without_portaudio_says_so_once_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> None:
        raise DeviceUnavailable("device.no_portaudio")

    monkeypatch.setattr(microphone, "portaudio", missing)
    told: list[DeviceUnavailable] = []
    virtual.run(Microphone(Devices(), told.append).run(None))  # type: ignore[arg-type]
    assert [error.code for error in told] == ["device.no_portaudio"]
    assert "apt install libportaudio2" in str(told[0])


class Pulled:
    """PortAudio with devices that can be unplugged; it looks for them only when initialised.

    `cards` are the open streams' callbacks. silent: an unplugged device just falls silent, as on
    some systems; else its streams end.
    """

    PortAudioError = OSError

    def __init__(self, *, silent: bool) -> None:
        self.plugged = {"in": True, "out": True}
        self.known = dict(self.plugged)
        self.silent = silent
        self.open: list[SimpleNamespace] = []

    def _stream(self, way: str, *, callback: Any, finished_callback: Any, **_: Any) -> Any:
        if not (self.known[way] and self.plugged[way]):
            raise OSError("no such device")
        stream = SimpleNamespace(way=way, callback=callback, finished=finished_callback)
        stream.latency, stream.start, stream.abort = 0.01, lambda: None, lambda: None
        stream.close = lambda: self.open.remove(stream)
        self.open.append(stream)
        return stream

    def InputStream(self, **options: Any) -> Any:
        return self._stream("in", **options)

    def OutputStream(self, **options: Any) -> Any:
        return self._stream("out", **options)

    def _terminate(self) -> None:
        assert not self.open, "PortAudio ends under an open stream"

    def _initialize(self) -> None:
        self.known = dict(self.plugged)

    def pull(self, way: str) -> None:
        self.plugged[way] = False
        if not self.silent:
            for stream in [one for one in self.open if one.way == way]:
                stream.finished()

    async def work(self) -> None:
        """What the cards' threads do: 20 ms in, 20 ms out."""
        while True:
            for stream in [one for one in self.open if self.plugged[one.way]]:
                stream.callback(np.zeros((320, 1), np.float32), 320, None, None)
            await asyncio.sleep(0.02)


async def at_once(function: Any, *args: Any) -> Any:
    return function(*args)


@pytest.mark.parametrize("way", ["in", "out"])
@pytest.mark.parametrize("silent", [True, False])
def test_a_device_pulled_twice_is_told_twice_and_each_time_she_is_back(
    monkeypatch: pytest.MonkeyPatch, way: str, silent: bool
) -> None:
    card = Pulled(silent=silent)
    monkeypatch.setattr(microphone, "portaudio", lambda: card)
    monkeypatch.setattr(microphone, "run_blocking", at_once)
    told: list[str] = []
    speakers: list[CardLoudspeaker] = []
    attached = asyncio.Event()

    def attach(speaker: CardLoudspeaker) -> None:
        speakers.append(speaker)
        attached.set()

    conversation: Any = SimpleNamespace(hear=lambda _: None, attach=attach, detach=speakers.remove)
    mic = Microphone(
        Devices(cancel_echo=False, output_rate=16_000), lambda error: told.append(error.code)
    )
    seconds: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        running = [asyncio.create_task(mic.run(conversation)), asyncio.create_task(card.work())]
        for pulled in (1, 2):
            await asyncio.sleep(10)
            assert len(speakers) == 1
            card.pull(way)
            await asyncio.sleep(10)
            assert not speakers
            assert not card.open
            assert told == ["device.lost"] * pulled
            back = loop.time()
            card.plugged[way] = True
            attached.clear()
            await attached.wait()
            seconds.append(loop.time() - back)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    virtual.run(main())
    assert max(seconds) <= 5, "she is back soon after the device is"
    assert not card.open


def test_a_device_that_is_gone_is_looked_for_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[float] = []
    told: list[DeviceUnavailable] = []
    mic = Microphone(Devices(), told.append)

    async def attached(_conversation: object) -> None:
        tries.append(asyncio.get_running_loop().time())
        raise DeviceUnavailable("device.lost")

    monkeypatch.setattr(mic, "_attached", attached)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await mic.run(None)  # type: ignore[arg-type]

    virtual.run(main())
    assert len(told) == 1
    assert tries[:4] == pytest.approx([0, 1, 3, 7])
    assert np.diff(tries).max() <= 30


class Card:
    """PortAudio's streams without a card: the callbacks are called by hand."""

    PortAudioError = OSError

    def __init__(self) -> None:
        self.callbacks: list[Any] = []
        self.open = asyncio.Event()

    def stream(self, *, callback: Any, **_: Any) -> Any:
        self.callbacks.append(callback)
        return SimpleNamespace(
            latency=0.01, start=lambda: None, abort=lambda: None, close=lambda: None
        )

    InputStream = OutputStream = stream


@pytest.mark.parametrize(("cancels", "least", "most"), [(True, -120, -45), (False, -40, 0)])
def test_her_own_voice_from_the_loudspeaker_does_not_reach_her_ears(
    monkeypatch: pytest.MonkeyPatch,
    utterances: Sequence[Utterance],
    cancels: bool,
    least: float,
    most: float,
) -> None:
    card = Card()
    monkeypatch.setattr(microphone, "portaudio", lambda: card)
    voice = np.concatenate([read_recording(u.path) for u in utterances])[: 12 * HEARING_RATE]
    devices = Devices(output_rate=HEARING_RATE, cancel_echo=cancels)
    speakers: list[CardLoudspeaker] = []
    heard: list[Samples] = []
    conversation: Any = SimpleNamespace(detach=lambda _: None, hear=heard.append)
    attached = asyncio.Event()
    told: list[DeviceUnavailable] = []

    async def main() -> None:
        def attach(speaker: CardLoudspeaker) -> None:
            speakers.append(speaker)
            attached.set()

        conversation.attach = attach
        running = asyncio.create_task(Microphone(devices, told.append).run(conversation))
        await attached.wait()
        hear, speak = card.callbacks
        for at in range(0, len(voice) - 320, 320):
            speakers[0]._ring.put(voice[at : at + 320])
            played = np.zeros((320, 1), np.float32)
            speak(played, 320, None, None)
            hear(played * 0.5, 320, None, None)
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    rest = np.concatenate(heard)[4 * HEARING_RATE :]
    level = 20 * np.log10(np.sqrt(np.mean(rest**2)) + 1e-9)
    assert least <= level <= most
    assert not told


def test_without_a_canceller_she_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "available", lambda: False)
    told: list[DeviceUnavailable] = []
    assert Microphone(Devices(), told.append)._canceller() is None
    assert [error.code for error in told] == ["device.no_echo_canceller"]
    assert Microphone(Devices(cancel_echo=False), told.append)._canceller() is None
    assert len(told) == 1
