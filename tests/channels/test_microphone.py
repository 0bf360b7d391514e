"""The ring between the loop and the sound card, and what happens without one."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from mia.channels import microphone
from mia.channels.microphone import CardLoudspeaker, Devices, Microphone, Ring
from mia.conversation.ports import PLAYING_RATE, Block
from mia.errors import DeviceUnavailable
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
