"""MIA's own connection to the pretend Discord: logged in, in the call, listening."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import discord as discord_py
import numpy as np

from mia.channels.discord.client import make_client
from mia.channels.discord.receiver import Frame, Receiver
from mia.channels.discord.voice_client import HearingVoiceClient
from mia.conversation.ports import HEARING_RATE, Samples
from tests.support.discord import Discord, Person
from tests.support.discord.opus import RATE, pitch


@contextlib.asynccontextmanager
async def logged_in(discord: Discord) -> AsyncIterator[discord_py.Client]:
    """MIA's client on the pretend Discord, ready."""
    client = make_client(connector=discord.connector())
    # Guilds come at once here; nothing waits for more of them.
    client._connection.guild_ready_timeout = 0.05
    running = asyncio.create_task(client.start(discord.token))
    ready = asyncio.create_task(client.wait_until_ready())
    try:
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        yield client
    finally:
        ready.cancel()
        await client.close()
        with contextlib.suppress(discord_py.DiscordException):
            await running


@dataclass
class Ears:
    """What MIA heard of each person."""

    discord: Discord
    client: discord_py.Client
    voice: HearingVoiceClient
    frames: dict[int, list[Frame]] = field(default_factory=lambda: defaultdict(list))
    troubles: list[str] = field(default_factory=list)
    """Reasons for which she became deaf; "healed" where that ended."""

    @property
    def receiver(self) -> Receiver:
        assert self.voice.receiver is not None
        return self.voice.receiver

    def hear(self, frame: Frame) -> None:
        self.frames[frame.user].append(frame)
        self.discord.bell.ring()

    def count(self, person: Person, kind: str = "voice") -> int:
        return sum(frame.kind == kind for frame in self.frames[person.id])

    def sound(self, person: Person) -> Samples:
        """All of it, silence that was put in left out; 16 kHz."""
        found = [f.samples for f in self.frames[person.id] if f.kind != "silence"]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def pitch(self, person: Person) -> float:
        """The strongest frequency in what was heard of somebody, hertz."""
        sound = self.sound(person)
        return pitch(sound) * HEARING_RATE / RATE

    async def until_heard(self, person: Person, frames: int) -> None:
        """Wait for so many frames of somebody's own sound."""
        try:
            await self.discord.until(lambda: self.count(person) >= frames)
        except TimeoutError:
            heard = f"{self.count(person)} of {frames} frames of {person.name}"
            raise AssertionError(f"heard {heard}; {self.receiver.counts}") from None

    async def until(self, so: Callable[[], object]) -> None:
        await self.discord.until(so)


@contextlib.asynccontextmanager
async def listening(discord: Discord, **how: Any) -> AsyncIterator[Ears]:
    """MIA in the first voice channel, hearing everybody. how: see `HearingVoiceClient.listen`."""
    async with logged_in(discord) as client:
        channel = client.get_channel(discord.guild.voice.id)
        assert isinstance(channel, discord_py.VoiceChannel)
        voice = await channel.connect(cls=HearingVoiceClient)
        await discord.bot_joined()
        ears = Ears(discord, client, voice)
        voice.listen(
            ears.hear,
            deaf=ears.troubles.append,
            healed=lambda: ears.troubles.append("healed"),
            **how,
        )
        loop = asyncio.get_running_loop()

        def arrived(_datagram: bytes) -> None:
            # Told after the receiver: what is waited for may be a packet that is not heard.
            loop.call_soon_threadsafe(discord.bell.ring)

        voice._connection.add_socket_listener(arrived)
        yield ears
        if voice.is_connected():
            await voice.disconnect(force=True)
