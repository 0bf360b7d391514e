"""`mia discord check`: what is there and what is missing, in the order in which one sets it up.

Everything after the token is asked of Discord itself, by logging in as the bot would.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import davey
import discord
import discord.opus

from mia.channels.discord import client, opus
from mia.config.discord import Discord

#: Seconds within which Discord has told everything.
PATIENCE = 30.0
#: What the bot is invited with; never more.
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    read_message_history=True,
    connect=True,
    speak=True,
    use_voice_activation=True,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """state: there, missing (she does not work like that), or worth knowing. key: the text
    `cli.discord.<key>`."""

    state: Literal["ok", "missing", "note"]
    key: str
    parameters: dict[str, object] = field(default_factory=dict)


def _ok(key: str, **parameters: object) -> Finding:
    return Finding("ok", key, parameters)


def _missing(key: str, **parameters: object) -> Finding:
    return Finding("missing", key, parameters)


async def check(
    config: Discord, *, connector: aiohttp.BaseConnector | None = None
) -> AsyncGenerator[Finding, None]:
    """Every finding, as soon as it is made. The extra must be installed."""
    if opus.available():
        yield _ok("opus", version=discord.opus.Decoder.get_opus_version())
    else:
        yield _missing("no_opus")
    yield _ok("dave", version=davey.DAVE_PROTOCOL_VERSION)
    if config.token is None:
        yield _missing("no_token")
        return
    bot = discord.Client(**client.options(connector))
    try:
        async for finding in _on_discord(bot, config):
            yield finding
    finally:
        await bot.close()


async def _on_discord(bot: discord.Client, config: Discord) -> AsyncGenerator[Finding, None]:
    assert config.token is not None
    try:
        async with asyncio.timeout(PATIENCE):
            await bot.login(config.token.get_secret_value())
    except discord.LoginFailure:
        yield _missing("bad_token")
        return
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        # A TimeoutError is an OSError.
        yield _missing("unreachable", reason=str(error) or type(error).__name__)
        return
    yield _ok("token", name=str(bot.user))
    app = bot.application
    assert app is not None
    intent = app.flags.gateway_message_content or app.flags.gateway_message_content_limited
    yield _ok("intent") if intent else _missing("no_intent")
    if app.bot_public and not config.guilds:
        yield Finding("note", "public")
    if not intent:
        return
    try:
        async with asyncio.timeout(PATIENCE), _connected(bot):
            for guild in bot.guilds:
                if config.guilds and guild.id not in config.guilds:
                    continue
                yield await _commands(bot, app.id, guild)
                for finding in _in_guild(guild, config):
                    yield finding
            for finding in _named(bot, config):
                yield finding
            if not bot.guilds:
                yield _missing("no_guild")
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        yield _missing("unreachable", reason=str(error) or type(error).__name__)
    url = discord.utils.oauth_url(
        app.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )
    yield Finding("note", "invite", {"url": url})


@asynccontextmanager
async def _connected(bot: discord.Client) -> AsyncGenerator[None, None]:
    """With the gateway, once it has told of every server. Raises what ended the connection."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_run(bot))
        ready = group.create_task(bot.wait_until_ready())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        failed = running.result() if running.done() else None
        if failed is not None:
            raise failed
        yield
        running.cancel()


async def _run(bot: discord.Client) -> Exception | None:
    try:
        await bot.connect(reconnect=False)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return error
    return None


async def _commands(bot: discord.Client, app: int, guild: discord.Guild) -> Finding:
    """Whether the bot may have commands there: it was invited with their scope."""
    with contextlib.suppress(discord.HTTPException):
        try:
            await bot.http.get_guild_commands(app, guild.id)
        except discord.Forbidden:
            return _missing("no_commands", guild=guild.name)
    return _ok("commands", guild=guild.name)


def _in_guild(guild: discord.Guild, config: Discord) -> Iterator[Finding]:
    """What she may in this server's channels."""
    rooms = [*guild.voice_channels, *guild.stage_channels]
    wanted = [room for room in rooms if not config.channels or room.id in config.channels]
    open_ = [room for room in wanted if not missing(room)]
    if open_:
        yield _ok("rooms", guild=guild.name, count=len(open_), all=len(wanted))
    elif wanted:
        lacking = ", ".join(missing(wanted[0]))
        yield _missing("no_rooms", guild=guild.name, channel=wanted[0].name, missing=lacking)
    if not config.text_channel_responses:
        return
    texts = [t for t in guild.text_channels if not config.channels or t.id in config.channels]
    if any(not missing(text) for text in texts):
        yield _ok("texts", guild=guild.name)
    elif texts:
        lacking = ", ".join(missing(texts[0]))
        yield _missing("no_texts", guild=guild.name, channel=texts[0].name, missing=lacking)


def _named(bot: discord.Client, config: Discord) -> Iterator[Finding]:
    """The ids that the configuration names."""
    for wanted in config.guilds:
        if bot.get_guild(wanted) is None:
            yield _missing("guild_unknown", id=wanted)
    for wanted in (*config.channels, *((config.join,) if config.join else ())):
        channel: Any = bot.get_channel(wanted)
        if channel is None:
            yield _missing("channel_unknown", id=wanted)
        elif lacking := missing(channel):
            yield _missing("channel_lacks", channel=channel.name, missing=", ".join(lacking))


def missing(channel: Any) -> list[str]:
    """What she would need in this channel and has not, as Discord's settings name it in English."""
    may = channel.permissions_for(channel.guild.me)
    needed = {"View Channel": may.view_channel}
    if isinstance(channel, discord.VoiceChannel | discord.StageChannel):
        needed |= {"Connect": may.connect, "Speak": may.speak}
    else:
        needed |= {
            "Send Messages": may.send_messages,
            "Read Message History": may.read_message_history,
        }
    return [name for name, given in needed.items() if not given]
