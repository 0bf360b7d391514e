"""The pretend Discord's calls prove themselves: discord.py joins, is heard, and is thrown out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import discord as discord_py
import numpy as np
import pytest

from tests.channels.discord.ears import logged_in
from tests.support.discord import Discord, LibdaveSession, Person
from tests.support.discord.dave import DaveySession
from tests.support.discord.opus import encode, pitch, tone
from tests.support.discord.transport import AES, XCHACHA, Broken, Rtp, seal, unseal

MIA = 300.0


class Tone(discord_py.AudioSource):
    """A tone at 300 Hz, as opus."""

    def __init__(self, seconds: float) -> None:
        self.frames = encode(tone(MIA, seconds))
        self.count = len(self.frames)

    def read(self) -> bytes:
        return self.frames.pop(0) if self.frames else b""

    def is_opus(self) -> bool:
        return True


@contextlib.asynccontextmanager
async def in_call(discord: Discord) -> AsyncIterator[discord_py.VoiceClient]:
    """The unmodified client in the first voice channel."""
    async with logged_in(discord) as client:
        channel = client.get_channel(discord.guild.voice.id)
        assert isinstance(channel, discord_py.VoiceChannel)
        voice: discord_py.VoiceClient = await channel.connect()
        await discord.bot_joined()
        yield voice
        if voice.is_connected():
            await voice.disconnect(force=True)


async def play(discord: Discord, voice: discord_py.VoiceClient, *people: Person) -> None:
    """A tone of MIA's, to its end, heard by these people."""
    source = Tone(0.3)
    voice.play(source)
    for person in people:
        await discord.until(lambda person=person: len(person.heard) >= source.count)  # type: ignore[misc]


@pytest.mark.parametrize("version", [0, 1])
def test_everybody_hears_what_the_client_plays(version: int) -> None:
    async def story() -> None:
        async with Discord(dave=version) as discord:
            ana = await discord.join("Ana")
            ben = await discord.join("Ben", encryption=LibdaveSession)
            async with in_call(discord) as voice:
                await play(discord, voice, ana, ben)
                for person in (ana, ben):
                    assert pitch(person.sound()) == pytest.approx(MIA, abs=6)
                    assert person.undecipherable == 0
                assert discord.voice.unopened == 0

    asyncio.run(story())


def test_the_privacy_code_is_the_same_for_all_and_another_when_somebody_comes() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with in_call(discord) as voice:
                first = voice.voice_privacy_code
                assert first
                hers = discord.voice.group.sessions[ana.id]
                assert isinstance(hers, DaveySession)
                assert first == hers.dave.voice_privacy_code
                ben = await discord.join("Ben")
                assert voice.voice_privacy_code != first
                await play(discord, voice, ana, ben)
                assert not ana.undecipherable
                assert not ben.undecipherable

    asyncio.run(story())


def test_a_stage_is_not_encrypted_end_to_end() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            stage = client.get_channel(discord.guild.stage.id)
            assert isinstance(stage, discord_py.StageChannel)
            voice: discord_py.VoiceClient = await stage.connect()
            await discord.bot_joined(discord.guild.stage)
            assert voice.voice_privacy_code is None
            await voice.disconnect()

    asyncio.run(story())


def test_a_client_that_cannot_do_dave_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_py.voice_state, "has_dave", False)

    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            discord.required = True
            channel = client.get_channel(discord.guild.voice.id)
            assert isinstance(channel, discord_py.VoiceChannel)
            with pytest.raises(discord_py.ConnectionClosed) as closed:
                await channel.connect(reconnect=False)
            assert closed.value.code == 4017

    asyncio.run(story())


def test_a_resumed_voice_websocket_says_again_what_was_not_acknowledged() -> None:
    # By hand: discord.py 2.7 waits for a new key after it has resumed, and none comes.
    async def story() -> None:
        async with (
            Discord() as discord,
            aiohttp.ClientSession(connector=discord.connector()) as session,
        ):
            call = await discord.call()
            call.tokens["s"] = "t"
            me = {"session_id": "s", "token": "t"}
            async with session.ws_connect(f"wss://{call.endpoint}/?v=8") as first:
                assert (await first.receive_json())["op"] == 8
                await first.send_json({"op": 0, "d": me})
                ready = await first.receive_json()
                assert (ready["op"], ready["seq"]) == (2, 0)
            ana = await discord.join("Ana")
            async with session.ws_connect(f"wss://{call.endpoint}/?v=8") as second:
                await second.receive_json()
                await second.send_json({"op": 7, "d": me | {"seq_ack": 0}})
                assert (await second.receive_json())["op"] == 9
                told = await second.receive_json()
                assert (told["op"], told["d"]) == (11, {"user_ids": [str(ana.id)]})
            assert (call.identified, call.resumed) == (1, 1)

    asyncio.run(story())


def test_who_is_thrown_out_of_the_call_stays_out() -> None:
    async def story() -> None:
        async with Discord() as discord:
            await discord.join("Ana")
            async with in_call(discord) as voice:
                call = discord.voice
                await discord.kick_bot()
                await voice._connection._disconnected.wait()
                assert call.client is None
                assert discord.guild.bot.id not in call.group.members

    asyncio.run(story())


def test_a_client_that_is_moved_goes_on_in_the_other_channel() -> None:
    async def story() -> None:
        async with Discord() as discord:
            await discord.join("Ana")
            ben = await discord.join("Ben", discord.guild.other_voice)
            async with in_call(discord) as voice:
                await discord.drag_bot(discord.guild.other_voice)
                await discord.bot_joined(discord.guild.other_voice)
                await voice._connection.wait_async(5)
                await play(discord, voice, ben)
                assert not ben.undecipherable
                assert voice.channel.id == discord.guild.other_voice.id

    asyncio.run(story())


@pytest.mark.parametrize("mode", [AES, XCHACHA])
def test_a_sealed_packet_opens_whole_with_its_key_and_not_at_all_without(mode: str) -> None:
    key = bytes(range(32))
    packet = Rtp(7, 960, 42, b"frame", extension=b"\x10\x85\0\0" * 2, sources=(1, 2), padding=4)
    sealed = seal(packet, mode, key, 5)
    opened = unseal(sealed, mode, key)
    assert (opened.payload, opened.sequence, opened.ssrc) == (b"frame", 7, 42)
    assert opened.extension == packet.extension
    with pytest.raises(Broken):
        unseal(sealed, mode, bytes(32))
    with pytest.raises(Broken):
        unseal(bytes([sealed[0], sealed[1] ^ 0x80]) + sealed[2:], mode, key)


def test_a_sound_survives_its_frames() -> None:
    assert np.isclose(pitch(tone(440, 0.5)), 440, atol=3)
