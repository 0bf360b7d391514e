"""`/persona`: who she is, and by her owner, whom she is to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from mia.channels.discord import names
from mia.channels.discord.host import Character, Voice
from mia.strings import catalogue, translate

if TYPE_CHECKING:
    from mia.channels.discord.bot import Bot
    from mia.channels.discord.slash import Given

#: Choices Discord shows at once, and the longest value of one.
MOST_CHOICES, LONGEST_VALUE = 25, 100


def language_there(guild: discord.Guild | None, spoken: str) -> str:
    """What a notice to all is written in: the server's language where it is Spanish, otherwise
    what she speaks. (A server that never chose one counts as American English.)"""
    locale = str(guild.preferred_locale.value) if guild is not None else ""
    if locale.startswith("es"):
        return "es"
    return "en" if locale.startswith("en") and locale != "en-US" else spoken


async def persona(given: Given, wanted: str | None) -> None:
    """Tell who she is, or be somebody else from now on."""
    host = given.bot.host
    if wanted is None:
        control = host.voice()
        shown = await voice_named(given, control) if control is not None else "–"
        key = f"choice.language.{host.language}"
        known = key in catalogue(given.language)
        spoken = translate(key, given.language) if known else host.language
        await given.say("persona", name=host.persona, language=spoken, voice=shown)
        return
    if host.characters is None:
        await given.say("persona_none")
        return
    found = _named(await host.characters.every(), wanted)
    if found is None:
        await given.say("persona_unknown", name=names.clean(wanted, 0))
        return
    if found.current:
        await given.say("persona_already", name=names.clean(found.name, 0))
        return
    chosen = await host.characters.choose(found.id)
    name = names.clean(chosen.name, 0)
    if given.room is not None:
        # In the call itself it is said once she is back as whom she then is.
        await given.say("persona_chosen_in_call", name=name)
    else:
        await given.say("persona_chosen", name=name)
        language = language_there(given.interaction.guild, host.language)
        told = translate("discord.persona_now", language, name=name)
        await given.answer(told, to_all=True)
    await host.characters.begin_anew()


async def voice_named(given: Given, control: Voice) -> str:
    """What her voice is called."""
    now = control.now()
    chosen = now.get("voice")
    if not chosen:
        backend = str(now.get("backend") or "auto")
        return given.text("voice_usual") if backend == "auto" else backend
    offered = {one["id"]: one["name"] for one in await control.offered()}
    return offered.get(str(chosen), str(chosen))


def _named(every: list[Character], wanted: str) -> Character | None:
    """The one with this id, or else with this name."""
    for one in every:
        if one.id == wanted:
            return one
    return next((one for one in every if one.name.casefold() == wanted.strip().casefold()), None)


async def offered(bot: Bot, user: int, typed: str) -> list[app_commands.Choice[str]]:
    """What fits what is being typed; only an owner is shown whom there is."""
    characters = bot.host.characters
    if characters is None or not bot.policy.owner(user):
        return []
    return [
        app_commands.Choice(name=names.clean(one.name, 0), value=one.id)
        for one in await characters.every()
        if one.id and len(one.id) <= LONGEST_VALUE and typed.casefold() in one.name.casefold()
    ][:MOST_CHOICES]
