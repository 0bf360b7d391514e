"""A flood of packets: the loop has its turn in between, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from mia.channels.discord.opus import SpeechDecoder
from mia.channels.discord.receiver import AT_ONCE, QUEUE, Receiver


class NoKey:
    """A call that was not agreed on yet: every packet is counted as dropped."""

    key = None
    encrypted = False

    def decrypt(self, user: int, frame: bytes) -> bytes:
        raise AssertionError

    def people(self) -> Collection[int]:
        return ()


def packet(sequence: int) -> bytes:
    head = bytes([0x80, 0x78]) + sequence.to_bytes(2, "big") + bytes(4) + (7).to_bytes(4, "big")
    return head + bytes(40)


def test_the_loop_has_its_turn_between_a_hundred_packets() -> None:
    async def story() -> list[int]:
        receiver = Receiver(NoKey(), SpeechDecoder, lambda _frame: None)
        for sequence in range(QUEUE + 5):
            receiver.datagram(packet(sequence))
        assert receiver.counts.dropped["queue_full"] == 5
        done = []
        for _ in range(QUEUE // AT_ONCE):
            await asyncio.sleep(0)
            done.append(receiver.counts.dropped["transport"])
        receiver.datagram(packet(0))
        await asyncio.sleep(0)
        done.append(receiver.counts.dropped["transport"])
        receiver.close()
        return done

    done = asyncio.run(story())
    assert done == [*range(AT_ONCE, QUEUE + 1, AT_ONCE), QUEUE + 1]
