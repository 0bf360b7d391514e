"""The slash commands. Each is one server's own, answered to whoever gave it alone, and checked
here for who may give it: by ids, never by names."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, cast

import discord
from discord import app_commands

from mia.channels.discord import choosing, forgetting, names, status
from mia.channels.discord.host import Extent
from mia.channels.discord.policy import Person
from mia.channels.discord.room import VoiceRoom, person_of
from mia.errors import MiaError
from mia.strings import translate

if TYPE_CHECKING:
    from mia.channels.discord.bot import Bot

log = logging.getLogger(__name__)

Interaction = discord.Interaction
#: Characters of `/say` and `/mia`.
LONGEST = 500
Text = app_commands.Range[str, 1, LONGEST]


def language_of(interaction: Interaction) -> str:
    """Spanish to whoever uses Discord in Spanish, English to everybody else."""
    return "es" if str(interaction.locale.value).startswith("es") else "en"


class Given:
    """One command as it was given: who, where, and how to answer."""

    def __init__(self, bot: Bot, interaction: Interaction) -> None:
        self.bot = bot
        self.interaction = interaction
        self.language = language_of(interaction)
        self.room: VoiceRoom | None = bot.rooms.get(interaction.guild_id or 0)

    @property
    def person(self) -> Person:
        return person_of(self.interaction.user.id, self.interaction.user)

    def text(self, key: str, **parameters: object) -> str:
        return translate(f"discord.{key}", self.language, **parameters)

    async def answer(
        self, text: str, *, to_all: bool = False, view: discord.ui.View = discord.utils.MISSING
    ) -> None:
        """Say this to who gave the command (or to_all); nobody is pinged."""
        none = discord.AllowedMentions.none()
        response, followup = self.interaction.response, self.interaction.followup
        send = followup.send if response.is_done() else response.send_message
        await send(text, ephemeral=not to_all, allowed_mentions=none, view=view)

    async def say(self, key: str, **parameters: object) -> None:
        await self.answer(self.text(key, **parameters))


Action = Callable[[Given], Awaitable[None]]
Right = Literal["anybody", "listened", "owner"]


async def carry_out(
    bot: Bot,
    interaction: Interaction,
    action: Action,
    *,
    right: Right = "listened",
    in_call: bool = False,
    slow: bool = False,
) -> None:
    """Do what a command asks, if whoever gave it may.

    right: who may. in_call: only while she is in a call here. slow: takes longer than the three
    seconds within which Discord wants to hear of it.
    """
    given = Given(bot, interaction)
    policy = bot.policy
    if not policy.guild(interaction.guild_id):
        await given.say("not_here")
    elif right == "owner" and not policy.owner(interaction.user.id):
        await given.say("owner_only")
    elif right == "listened" and not policy.person(given.person):
        await given.say("not_you")
    elif in_call and given.room is None:
        await given.say("not_in_call")
    else:
        if slow:
            await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await action(given)
        except MiaError as error:
            await given.answer(error.text(given.language))


def add(bot: Bot) -> None:
    """Add every command to the bot's tree."""
    tree = bot.tree

    def described(name: str) -> str:
        return translate(f"discord.command.{name}", bot.host.language)[:100]

    def command(name: str, callback: Any) -> None:
        made: app_commands.Command[Any, ..., None] = app_commands.Command(
            name=name, description=described(name), callback=callback
        )
        made.guild_only = True
        tree.add_command(made)

    async def join(
        interaction: Interaction,
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
    ) -> None:
        await carry_out(bot, interaction, lambda given: _join(given, channel), slow=True)

    async def leave(interaction: Interaction) -> None:
        await carry_out(bot, interaction, _leave, in_call=True, slow=True)

    async def mute(interaction: Interaction) -> None:
        await carry_out(bot, interaction, lambda given: _mute(given, True), in_call=True)

    async def unmute(interaction: Interaction) -> None:
        await carry_out(bot, interaction, lambda given: _mute(given, False), in_call=True)

    async def stop(interaction: Interaction) -> None:
        await carry_out(bot, interaction, _stop, in_call=True)

    @app_commands.describe(persona=described("argument.persona"))
    async def persona(interaction: Interaction, persona: str | None = None) -> None:
        right: Right = "owner" if persona else "listened"
        await carry_out(
            bot,
            interaction,
            lambda given: choosing.persona(given, persona),
            right=right,
            slow=True,
        )

    async def voice(interaction: Interaction, voice: str | None = None) -> None:
        right: Right = "owner" if voice else "listened"
        await carry_out(
            bot, interaction, lambda given: _voice(given, voice), right=right, slow=True
        )

    async def mode(
        interaction: Interaction, mode: Literal["solo", "addressed", "always", "quiet"]
    ) -> None:
        await carry_out(bot, interaction, lambda given: _mode(given, mode), in_call=True)

    async def optout(interaction: Interaction) -> None:
        await carry_out(bot, interaction, lambda given: _opt(given, out=True), right="anybody")

    async def optin(interaction: Interaction) -> None:
        await carry_out(bot, interaction, lambda given: _opt(given, out=False), right="anybody")

    @app_commands.describe(what=described("argument.what"), person=described("argument.person"))
    @app_commands.choices(
        what=[
            app_commands.Choice(
                name=translate(f"discord.forget_{one}", bot.host.language), value=one
            )
            for one in forgetting.EXTENTS
        ]
    )
    async def forget(
        interaction: Interaction, what: str, person: discord.User | None = None
    ) -> None:
        extent = cast("Extent", what)
        await carry_out(
            bot,
            interaction,
            lambda given: forgetting.forget(given, extent, person),
            right="anybody",
            slow=True,
        )

    async def status_(interaction: Interaction) -> None:
        await carry_out(bot, interaction, _status, right="anybody")

    async def say(interaction: Interaction, text: Text) -> None:
        await carry_out(
            bot,
            interaction,
            lambda given: _say(given, text),
            right="owner",
            in_call=True,
            slow=True,
        )

    async def mia(interaction: Interaction, text: Text) -> None:
        await carry_out(bot, interaction, lambda given: _mia(given, text), slow=True)

    for name, callback in (
        ("join", join),
        ("leave", leave),
        ("mute", mute),
        ("unmute", unmute),
        ("stop", stop),
        ("persona", persona),
        ("voice", voice),
        ("mode", mode),
        ("optout", optout),
        ("optin", optin),
        ("forget", forget),
        ("status", status_),
        ("say", say),
        ("mia", mia),
    ):
        command(name, callback)

    async def voices(_interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        control = bot.host.voice()
        offered = await control.offered() if control is not None else []
        fits = [one for one in offered if current.casefold() in one["name"].casefold()]
        return [
            app_commands.Choice(name=f"{one['name']} ({one['language']})"[:100], value=one["id"])
            for one in fits[:25]
            if len(one["id"]) <= 100
        ]

    async def personas(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await choosing.offered(bot, interaction.user.id, current)

    for name, completed in (("voice", voices), ("persona", personas)):
        added = tree.get_command(name)
        assert isinstance(added, app_commands.Command)
        added.autocomplete(name)(cast("Any", completed))

    @tree.error
    async def failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        log.error("a command failed", exc_info=error)
        bot.host.report(MiaError("internal", reason=str(error)))
        try:
            await Given(bot, interaction).say("broke")
        except discord.HTTPException:
            log.info("the trouble could not be told")


# ── what each does ───────────────────────────────────────────────────────────────────────────


async def _join(given: Given, channel: discord.VoiceChannel | discord.StageChannel | None) -> None:
    user = given.interaction.user
    if channel is None and isinstance(user, discord.Member) and user.voice is not None:
        channel = user.voice.channel
    if channel is None:
        await given.say("join_where")
        return
    if not given.bot.policy.channel(channel.id):
        await given.say("channel_not_allowed", channel=channel.name)
        return
    if given.room is not None and given.room.channel.id == channel.id:
        await given.say("already_there", channel=channel.name)
        return
    # The interaction knows a channel by its outline only.
    whole = given.bot.get_channel(channel.id)
    if isinstance(whole, discord.VoiceChannel | discord.StageChannel):
        channel = whole
    room = await given.bot.enter(channel)
    await given.say("joined", channel=room.channel.name, name=given.bot.host.persona)


async def _leave(given: Given) -> None:
    await given.bot.go(given.interaction.guild_id or 0)
    await given.say("left")


async def _mute(given: Given, muted: bool) -> None:
    assert given.room is not None
    await given.room.mute(muted)
    await given.say("muted" if muted else "unmuted")


async def _stop(given: Given) -> None:
    assert given.room is not None
    given.room.stop()
    await given.say("stopped")


async def _voice(given: Given, voice: str | None) -> None:
    control = given.bot.host.voice()
    if control is None:
        await given.say("no_voice")
        return
    if voice is not None:
        offered = {one["id"]: one for one in await control.offered()}
        wanted = offered.get(voice)
        if wanted is None:
            await given.say("voice_unknown", voice=names.clean(voice, 0))
            return
        await control.change({"backend": wanted["backend"], "voice": voice})
    await given.say("voice_now", voice=await choosing.voice_named(given, control))


async def _mode(given: Given, mode: Literal["solo", "addressed", "always", "quiet"]) -> None:
    assert given.room is not None
    given.room.company.manner = mode
    await given.answer(given.text(f"status.mode_{mode}"))


async def _opt(given: Given, *, out: bool) -> None:
    try:
        await given.bot.policy.optouts.put(given.interaction.user.id, out)
    except OSError as error:
        given.bot.host.report(MiaError("discord.optout_file", reason=str(error)))
    for room in given.bot.rooms.values():
        room.people_changed()
    await given.say("opted_out" if out else "opted_in")


async def _status(given: Given) -> None:
    told = status.lines(given.room, given.bot.policy, given.interaction.user.id, given.language)
    told.append(given.text("source", source=given.bot.host.source))
    await given.answer("\n".join(told))


async def _say(given: Given, text: str) -> None:
    assert given.room is not None
    said = await given.bot.host.keep_back(names.message(text, LONGEST))
    await given.room.say(said, given.bot.host.language)
    await given.say("said")


async def _mia(given: Given, text: str) -> None:
    interaction = given.interaction
    if not given.bot.limits.take(interaction.user.id, interaction.guild_id or 0):
        await given.say("slow_down")
        return
    if given.room is not None and not given.room.conversation.muted:
        speaker = given.room.speaker(interaction.user.id, interaction.user.display_name)
        if words := await given.bot.host.admit(names.message(text, LONGEST)):
            given.room.conversation.type_as(speaker, words)
        await given.say("answers_aloud", channel=given.room.channel.name)
        return
    channel = interaction.channel_id or 0
    pieces = await given.bot.written(channel, interaction.user, text, alone=True)
    for piece in pieces or ["…"]:
        await given.answer(piece)
