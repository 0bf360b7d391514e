"""The last of the traps of Discord voice: datagrams that are no voice."""

from __future__ import annotations

import asyncio

from tests.channels.discord.ears import listening
from tests.channels.discord.test_traps import ANA, FAST, near
from tests.support.discord import Discord
from tests.support.discord.opus import tone


def test_a_camera_is_not_taken_for_a_voice() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                ana.show_camera(packets=40)
                await ana.say(tone(ANA, 0.3), pace=FAST)
                ana.show_camera(packets=40)
                await ears.until_heard(ana, ana.sent)
                assert ears.receiver.counts.received == ears.receiver.counts.decoded
                assert not ears.receiver.counts.dropped

    asyncio.run(story())


def test_datagrams_of_anything_at_all_change_nothing() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                call = discord.voice
                for junk in (
                    b"",
                    b"\x80",
                    b"\x80\x78" * 8,
                    b"\x8f\x78" + b"\xff" * 40,
                    b"\0" * 200,
                ):
                    call.send(junk)
                call.send(b"\x80\xc9" + bytes(60))  # RTCP
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                assert ears.pitch(ana) == near(ANA)

    asyncio.run(story())
