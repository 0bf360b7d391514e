"""The pretend Discord proves itself: the unmodified discord.py logs in, talks, and is refused."""

from __future__ import annotations

import asyncio

import discord as discord_py
import pytest
from discord import app_commands

from tests.channels.discord.ears import logged_in
from tests.support.discord import Discord


def test_a_client_logs_in_registers_its_commands_and_answers_one() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            tree = app_commands.CommandTree(client)
            guild = discord_py.Object(discord.guild.id)

            @tree.command(name="di", guild=guild)
            async def say(
                interaction: discord_py.Interaction, who: discord_py.Member, what: str
            ) -> None:
                await interaction.response.defer(ephemeral=True)
                await interaction.followup.send(f"{who.display_name}: {what}")

            await tree.sync(guild=guild)
            ana = await discord.join("Ana")
            token = await discord.slash(ana, "di", who=ana, what="hola")
            deferred, answer = await discord.answered(token, 2)
            assert deferred["type"] == 5
            assert answer["data"]["content"] == "Ana: hola"

    asyncio.run(story())


def test_messages_go_both_ways_and_mentions_are_seen() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            ana = discord.person("Ana")
            heard = asyncio.create_task(client.wait_for("message"))
            await asyncio.sleep(0)
            await discord.message(ana, f"<@{discord.guild.bot.id}> ¿qué tal?")
            message = await heard
            assert client.user in message.mentions
            await message.reply("bien")
            assert [made["content"] for made in discord.rest.messages] == ["bien"]
            assert discord.rest.to(r"^POST /channels/\d+/messages$")

    asyncio.run(story())


def test_a_direct_message_comes_from_no_guild() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            client._connection._intents.dm_messages = True
            ana = discord.person("Ana")
            heard = asyncio.create_task(client.wait_for("message"))
            await asyncio.sleep(0)
            await discord.direct_message(ana, "hola")
            assert (await heard).guild is None

    asyncio.run(story())


def test_what_is_asked_too_often_is_asked_again_later() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            channel = client.get_channel(discord.guild.text.id)
            assert isinstance(channel, discord_py.TextChannel)
            discord.rest.too_many("POST /channels", times=2, retry_after=0.01)
            await channel.send("uno")
            assert discord.rest.turned_away == 2
            assert len(discord.rest.messages) == 1

    asyncio.run(story())


def test_a_missing_permission_is_refused_by_name() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            channel = client.get_channel(discord.guild.text.id)
            assert isinstance(channel, discord_py.TextChannel)
            await discord.deny("send_messages", channel=discord.guild.text)
            with pytest.raises(discord_py.Forbidden, match="Missing Permissions"):
                await channel.send("uno")
            await discord.until(lambda: not channel.permissions_for(channel.guild.me).send_messages)

    asyncio.run(story())


def test_into_a_channel_without_the_permission_there_is_no_way() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            await discord.deny("connect")
            channel = client.get_channel(discord.guild.voice.id)
            assert isinstance(channel, discord_py.VoiceChannel)
            with pytest.raises(TimeoutError):
                await channel.connect(timeout=0.2, reconnect=False)

    asyncio.run(story())


def test_a_wrong_token_is_refused_at_the_door() -> None:
    async def story() -> None:
        async with Discord() as discord:
            discord.token = "wrong"
            with pytest.raises(discord_py.LoginFailure):
                async with logged_in(discord):
                    pass

    asyncio.run(story())


def test_a_revoked_token_ends_the_connection_with_4004() -> None:
    async def story() -> None:
        async with Discord() as discord:
            client = discord_py.Client(
                intents=discord_py.Intents.default(), connector=discord.connector()
            )
            running = asyncio.create_task(client.start(discord.token))
            await discord.gateway.ready()
            await discord.revoke_token()
            with pytest.raises(discord_py.ConnectionClosed) as closed:
                await running
            assert closed.value.code == 4004
            await client.close()

    asyncio.run(story())


def test_an_intent_that_is_not_switched_on_is_refused_by_name() -> None:
    async def story() -> None:
        async with Discord() as discord:
            discord.gateway.privileged = discord_py.Intents.default().value
            with pytest.raises(discord_py.PrivilegedIntentsRequired):
                async with logged_in(discord):
                    pass

    asyncio.run(story())


@pytest.mark.parametrize("how", ["asked", "cut", "invalid"])
def test_what_happened_while_the_gateway_was_away_is_told_when_it_resumes(how: str) -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            heard = asyncio.create_task(client.wait_for("message"))
            await asyncio.sleep(0)
            if how == "asked":
                await discord.gateway.reconnect()
            elif how == "invalid":
                await discord.gateway.invalidate(resumable=True)
            else:
                await discord.gateway.hang_up()
            await discord.message(discord.person("Ana"), "¿me lees?")
            assert (await heard).content == "¿me lees?"
            await discord.until(lambda: discord.gateway.resumes == 1)
            assert discord.gateway.logins == 1

    asyncio.run(story())


def test_no_other_host_can_be_reached() -> None:
    async def story() -> None:
        async with Discord() as discord, logged_in(discord) as client:
            with pytest.raises(OSError):
                await client.http.get_from_cdn("https://cdn.discordapp.com/x.png")
            assert discord.resolver.refused == ["cdn.discordapp.com"]

    asyncio.run(story())
