"""`python -m bench.discord.cost`: processor time of hearing one person, frame by frame.

Processor time, not time: what else the machine does hardly changes it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

import davey
import numpy as np

from bench.machine import file
from mia.channels.discord import opus
from mia.channels.discord.receiver import Receiver
from mia.conversation.ports import Samples
from mia.hearing.vad import silero
from mia.home import Home
from mia.models import ModelStore
from tests.support.discord.dave import DaveySession, Group
from tests.support.discord.opus import encode, tone
from tests.support.discord.transport import AUDIO_LEVEL, XCHACHA, Rtp, seal

FRAMES = 3000
"""One minute."""
FRAME_SECONDS, WINDOW_SECONDS = 0.02, 0.032
ME, ANA, SSRC = 1, 2, 7
KEY = bytes(range(32))


class Keys:
    """The call as the receiver sees it. A `Call`."""

    key: bytes | None = KEY
    encrypted = True

    def __init__(self, session: DaveySession) -> None:
        self._session = session

    def decrypt(self, user: int, frame: bytes) -> bytes:
        return bytes(self._session.dave.decrypt(user, davey.MediaType.audio, frame))

    def people(self) -> Collection[int]:
        return [ANA]


async def packets() -> tuple[DaveySession, list[bytes]]:
    """MIA's end of the encryption, and a minute of somebody's sealed packets."""
    group = Group(1)
    mine, hers = (DaveySession(user, 1, group.sender) for user in (ME, ANA))
    group.sessions |= {ME: mine, ANA: hers}
    await group.change(add={ME: mine.key_package, ANA: hers.key_package})
    made = []
    for number, frame in enumerate(encode(tone(300, FRAMES * FRAME_SECONDS))):
        payload = hers.encrypt(frame, SSRC)
        packet = Rtp(number, number * 960, SSRC, payload, extension=AUDIO_LEVEL)
        made.append(seal(packet, XCHACHA, KEY, number))
    return mine, made


async def hear() -> tuple[float, Samples]:
    """Seconds of processor time a frame, and the sound."""
    mine, sealed = await packets()
    heard: list[Samples] = []
    receiver = Receiver(Keys(mine), opus.SpeechDecoder, lambda frame: heard.append(frame.samples))
    receiver.speaking(ANA, SSRC)
    before = time.process_time()
    for at in range(0, FRAMES, 10):
        for packet in sealed[at : at + 10]:
            receiver.datagram(packet)
        await asyncio.sleep(0)
    spent = time.process_time() - before
    assert receiver.counts.decoded >= FRAMES - 10
    receiver.close()
    return spent / FRAMES, np.concatenate(heard)


def judge(sound: Samples) -> float:
    """Seconds of processor time a window of the voice detector."""
    model = silero.SileroModel(ModelStore(Home.find()).path(silero.MODEL) / "silero_vad.onnx")
    detector = model.detector()
    size = detector.frame_samples
    windows = [sound[at : at + size] for at in range(0, len(sound) - size, size)]
    before = time.process_time()
    for window in windows:
        detector.probability(window)
    return (time.process_time() - before) / len(windows)


def main() -> None:
    assert opus.available()
    frame, sound = asyncio.run(hear())
    window = judge(sound)
    share = frame / FRAME_SECONDS + window / WINDOW_SECONDS
    rows = [
        "| | processor time | samples |",
        "|---|---|---|",
        "| A frame of 20 ms: unsealed, deciphered (DAVE), in order, decoded "
        f"| {frame * 1e6:.0f} µs | {FRAMES} frames |",
        "| 32 ms judged by the voice detector "
        f"| {window * 1e6:.0f} µs | {len(sound) // 512} windows |",
        f"| Ten people who all talk at once | {1000 * share:.0f} % of one core | of the above |",
    ]
    note = "Recognising speech comes on top; `python -m bench.discord --only crowd` has it all."
    file(
        "discord-cost",
        "What hearing a Discord call costs",
        "python -m bench.discord.cost --file",
        "\n".join([*rows, "", note]),
    )


if __name__ == "__main__":
    main()
