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


def options(connector: aiohttp.BaseConnector | None = None) -> dict[str, Any]:
    """What a `discord.Client` of MIA's is made with.

    connector: what every connection of REST, gateway and voice gateway goes through; None: the
    system's own. Tests give one with their own resolver and certificates.
    """
    wanted = intents()
    chosen: dict[str, Any] = {
        "intents": wanted,
        "allowed_mentions": discord.AllowedMentions.none(),
        # Only answers to messages of the day are looked up in these.
        "max_messages": 200,
        "member_cache_flags": discord.MemberCacheFlags.from_intents(wanted),
        "chunk_guilds_at_startup": False,
    }
    if connector is not None:
        chosen["connector"] = connector
    return chosen


def make_client(*, connector: aiohttp.BaseConnector | None = None) -> discord.Client:
    """A client that is not logged in and does nothing by itself; see `options`."""
    return discord.Client(**options(connector))
