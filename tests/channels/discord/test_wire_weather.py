"""A call over a bad network, and a full one: what arrives is heard, in order, and each apart."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from tests.channels.discord.ears import listening
from tests.support.discord import Discord
from tests.support.discord.opus import encode, tone

ANA, BEN = 440.0, 880.0
FRAME = 320
"""Samples of 20 ms at 16 kHz."""


def test_swapped_packets_are_heard_in_their_order_and_none_is_missed() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                discord.voice.wire.swaps = 0.3
                # A rising tone: put in another order it would jump.
                await ana.say(rising(1.0), pace=0.01)
                await ears.until_heard(ana, ana.sent)
                assert discord.voice.wire.swapped > 5
                counts = ears.receiver.counts
                assert (counts.lost, counts.late) == (0, 0)
                assert not counts.dropped
                heights = [crossings(f.samples) for f in ears.frames[ana.id] if f.kind == "voice"]
                steps = np.diff(heights[2:48])
                assert steps.min() >= -2

    asyncio.run(story())


def test_nothing_is_lost_while_the_models_have_the_processor() -> None:
    """Nobody reads the socket for a while: the system keeps more than it would by itself."""

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.1), pace=0.01)
                await ears.until_heard(ana, ana.sent)
                held, free = threading.Event(), threading.Event()

                def hold(_datagram: bytes) -> None:
                    held.set()
                    free.wait(30)

                ears.voice._connection.add_socket_listener(hold)
                await ana.say(tone(ANA, 0.02), pace=0)
                assert await asyncio.to_thread(held.wait, 30)
                await ana.say(tone(ANA, 7.9), pace=0)
                ears.voice._connection.remove_socket_listener(hold)
                free.set()
                await ears.until_heard(ana, ana.sent)
                assert not ears.receiver.counts.dropped

    asyncio.run(story())


def test_of_a_wire_that_loses_five_in_a_hundred_every_other_frame_is_heard() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                wire = discord.voice.wire
                wire.loss = 0.05
                await ana.say(tone(ANA, 3.0), pace=0.01)
                arrived = ana.sent - wire.lost
                await ears.until(lambda: ears.count(ana) >= arrived)
                assert wire.lost > 3
                assert ears.count(ana) == arrived
                # What was lost in the midst of speech is made up, so that words keep their length.
                made_up = ears.count(ana, "concealed")
                assert made_up <= wire.lost
                assert made_up >= wire.lost - 5  # all but what was lost of the silence at the end
                assert ears.pitch(ana) == pytest.approx(ANA, abs=6)
                assert not ears.receiver.counts.dropped

    asyncio.run(story())


def test_packets_that_come_at_uneven_times_are_all_heard() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                discord.voice.wire.jitter = 0.03
                await ana.say(tone(ANA, 1.0))
                # A machine that is busy elsewhere may be too late for one; then it is counted.
                counts = ears.receiver.counts
                await ears.until(lambda: ears.count(ana) + counts.late == ana.sent)
                assert counts.late <= counts.lost
                assert not counts.dropped
                assert ears.pitch(ana) == pytest.approx(ANA, abs=6)

    asyncio.run(story())


def test_ten_people_at_once_are_heard_whole_each_with_their_own_voice() -> None:
    async def story() -> None:
        async with Discord() as discord:
            people = [await discord.join(f"P{number}") for number in range(10)]
            pitches = [300.0 + 60 * number for number in range(10)]
            async with listening(discord) as ears:
                sounds = [encode(tone(hertz, 1.0)) for hertz in pitches]
                for person in people:
                    await discord.voice.speaking(person)
                for frames in zip(*sounds, strict=True):
                    for person, frame in zip(people, frames, strict=True):
                        person.send(frame)
                    # All at once, and no sooner than they are heard: a busy machine loses none.
                    for person in people:
                        await ears.until_heard(person, person.sent)
                for person, hertz in zip(people, pitches, strict=True):
                    assert ears.pitch(person) == pytest.approx(hertz, abs=8)
                assert not ears.receiver.counts.dropped
                assert ears.receiver.counts.lost == 0

    asyncio.run(story())


def test_who_may_not_be_heard_is_not_opened() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, ben = await discord.join("Ana"), await discord.join("Ben")
            async with listening(discord, may_hear=lambda user: user != ben.id) as ears:
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(tone(ANA, 0.4), pace=0.005))
                    talk.create_task(ben.say(tone(BEN, 0.4), pace=0.005))
                await ears.until_heard(ana, ana.sent)
                await ears.until(lambda: ears.receiver.counts.dropped["not_heard"] >= ben.sent - 1)
                assert not ears.frames[ben.id]

    asyncio.run(story())


def rising(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    at = np.arange(int(48_000 * seconds)) / 48_000
    made = 0.3 * np.sin(2 * np.pi * (300 + 600 * at / seconds) * at)
    return made.astype(np.float32)


def crossings(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> int:
    """How often a frame changes its sign: its pitch, roughly."""
    return int(np.count_nonzero(np.diff(np.signbit(samples))))
