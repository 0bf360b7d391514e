"""The client that logs in to Discord."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord


def intents() -> discord.Intents:
    """What MIA asks Discord to tell her: guilds, who is in which voice channel, and messages.
    Only `message_content` must be allowed in the developer portal; members are not needed."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.voice_states = True
    wanted.guild_messages = True
    wanted.message_content = True
    return wanted


def make_client(
    *, connector: aiohttp.BaseConnector | None = None, kind: type[discord.Client] = discord.Client
) -> discord.Client:
    """A client that is not logged in.

    connector: what every connection of REST, gateway and voice gateway goes through; None: the
    system's own. Tests give one with their own resolver and certificates.
    """
    options: dict[str, Any] = {"connector": connector} if connector is not None else {}
    return kind(
        intents=intents(),
        allowed_mentions=discord.AllowedMentions.none(),
        # Only what the messages of the day need; nothing is looked up in old ones.
        max_messages=200,
        member_cache_flags=discord.MemberCacheFlags.from_intents(intents()),
        chunk_guilds_at_startup=False,
        **options,
    )
