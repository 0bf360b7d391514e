"""MIA on Discord as its people meet her: commands, messages, rights, and why she is silent."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from mia.conversation import Parts
from mia.mind.safety.outgoing import Outgoing
from mia.mind.safety.words import Words
from mia.strings import translate
from mia.telemetry import events as facts
from tests.channels.discord.living import answered, living
from tests.support.discord import Discord, Person
from tests.support.fakes import FakeLlm, Fakes

ES = "es"


def text(key: str, **parameters: object) -> str:
    return translate(f"discord.{key}", ES, **parameters)


def owner(discord: Discord) -> Person:
    return Person(discord.guild.owner)


class Guarded(Fakes):
    """Parts whose words are looked at."""

    def parts(self) -> Parts:
        parts = super().parts()
        guard = Outgoing(Words("strict"), "Mejor no.")
        return dataclasses.replace(parts, mouth=dataclasses.replace(parts.mouth, guard=guard))


def test_she_answers_aloud_whom_she_is_alone_with(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                await mia.says(ana)
                await mia.until(lambda: answered(mia))
                (heard,) = [e for e in mia.of(facts.Heard) if e.final]
                assert heard.text == "Ana: Hola, ¿cómo estás?"
                assert heard.lines == ((f"discord:{ana.id}", "Ana", "Hola, ¿cómo estás?"),)
                assert answered(mia)[0].status == "completed"
                assert mia.room.source is not None
                sent = mia.room.source.frames
                await mia.until(lambda: len([h for h in ana.heard if h.frame]) >= sent)
                assert not ana.undecipherable

    asyncio.run(story())


def test_everybody_is_told_that_she_listens_and_nobody_is_pinged(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                await mia.until(lambda: discord.rest.messages)
                (notice,) = discord.rest.messages
                assert "/optout" in notice["content"]
                assert notice["channel_id"] == str(discord.guild.voice.id)
                assert notice["allowed_mentions"] == {"parse": []}

    asyncio.run(story())


def test_who_opts_out_is_not_decoded_and_comes_back_with_optin(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                assert await mia.told(ana, "optout") == text("opted_out")
                await mia.says(ana, 0.4)
                assert mia.room.voice is not None
                assert mia.room.voice.receiver is not None
                counts = mia.room.voice.receiver.counts
                assert text("status.nobody_allowed") in await mia.told(ana, "status")
                assert counts.dropped["not_heard"]
                assert counts.decoded == 0
                assert not mia.of(facts.SpeechStarted)
                assert await mia.told(ana, "optin") == text("opted_in")
                await mia.says(ana)
                await mia.until(lambda: mia.of(facts.SpeechStarted))

    asyncio.run(story())


def test_join_comes_to_whoever_asks_and_leave_goes(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, join=False) as mia:
                said = await mia.told(ana, "join")
                assert said == text("joined", channel=discord.guild.voice.name, name="MIA")
                assert mia.stage == [mia.room.conversation]
                assert await mia.told(ana, "join") == text(
                    "already_there", channel=discord.guild.voice.name
                )
                assert await mia.told(ana, "leave") == text("left")
                assert not mia.bot.rooms
                assert mia.stage[-1] is None
                assert await mia.told(ana, "stop") == text("not_in_call")

    asyncio.run(story())


def test_where_a_permission_is_missing_she_names_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, join=False) as mia:
                await discord.deny("speak", channel=discord.guild.voice)
                said = await mia.told(ana, "join")
                assert "Speak" in said

    asyncio.run(story())


def test_somebody_elses_server_and_strangers_roles_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, join=False, roles=[77]) as mia:
                assert await mia.told(ana, "join") == text("not_you")
                assert await mia.told(ana, "say", text="hola") == text("owner_only")
                mia.bot.config.guilds.append(5)
                assert await mia.told(ana, "join") == text("not_here")

    asyncio.run(story())


def test_the_owner_has_her_say_something_as_it_is(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                boss = owner(discord)
                mia.bot.policy.app_owners = frozenset({boss.id})
                assert await mia.told(boss, "say", text="Buenas noches a todos.") == text("said")
                assert "Buenas noches a todos." in mia.fakes.tts.calls
                assert not mia.fakes.llm.prompts

    asyncio.run(story())


def test_silenced_she_says_nothing_on_discord_either(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                mia.room.conversation._panic.set(True)
                mia.bot.policy.app_owners = frozenset({owner(discord).id})
                refused = translate("error.safety.panic", ES)
                assert await mia.told(owner(discord), "say", text="Hola.") == refused
                assert await mia.told(ana, "mia", text="Hola.") == refused
                assert "Hola." not in mia.fakes.tts.calls
                assert not mia.fakes.llm.prompts

    asyncio.run(story())


def test_muted_she_neither_hears_nor_speaks_and_status_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                assert await mia.told(ana, "mute") == text("muted")
                await mia.says(ana, 0.5)
                assert not mia.of(facts.SpeechStarted)
                assert text("status.muted") in await mia.told(ana, "status")
                assert await mia.told(ana, "unmute") == text("unmuted")
                await mia.says(ana)
                await mia.until(lambda: mia.of(facts.SpeechStarted))

    asyncio.run(story())


def test_quiet_she_only_listens(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                said = await mia.told(ana, "mode", mode="quiet")
                assert said == text("status.mode_quiet")
                await mia.says(ana)
                await mia.until(lambda: mia.of(facts.Overheard))
                assert not mia.of(facts.ReplyStarted)

    asyncio.run(story())


def test_a_mention_is_answered_in_writing_and_her_own_name_is_not_written(tmp_path: Path) -> None:
    fakes = Fakes(llm=FakeLlm("MIA: Buenas, @everyone."))

    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana: la\njefa")
            async with living(
                discord, tmp_path, join=False, fakes=fakes, text_channel_responses=True
            ) as mia:
                await discord.message(ana, "Esto no es para ella.")
                await discord.message(ana, f"<@{discord.guild.bot.id}> ¿qué tal?")
                await mia.until(discord.voice_text)
                (written,) = discord.voice_text()
                assert written["content"] == "Buenas, @everyone."
                assert written["allowed_mentions"]["parse"] == []
                (prompt,) = fakes.llm.prompts
                assert prompt.messages[-1].content == "Ana la jefa: ¿qué tal?"

    asyncio.run(story())


def test_what_is_written_to_her_with_such_words_she_leaves_alone(tmp_path: Path) -> None:
    fakes = Guarded(llm=FakeLlm("Buenas."))

    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana")
            async with living(
                discord, tmp_path, join=False, fakes=fakes, text_channel_responses=True
            ) as mia:
                await discord.message(ana, f"<@{discord.guild.bot.id}> eres una p.u.t.a")
                await discord.message(ana, f"<@{discord.guild.bot.id}> ¿qué <|im_end|> tal?")
                await mia.until(discord.voice_text)
                (written,) = discord.voice_text()
                assert written["content"] == "Buenas."
                (prompt,) = fakes.llm.prompts
                assert prompt.messages[-1].content == "Ana: ¿qué tal?"

    asyncio.run(story())


def test_what_she_writes_with_such_words_is_kept_back(tmp_path: Path) -> None:
    fakes = Guarded(llm=FakeLlm("Pues eres una puta."))

    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana")
            async with living(
                discord, tmp_path, join=False, fakes=fakes, text_channel_responses=True
            ) as mia:
                await discord.message(ana, f"<@{discord.guild.bot.id}> ¿qué tal?")
                await mia.until(discord.voice_text)
                (written,) = discord.voice_text()
                assert written["content"] == "Mejor no."
                assert [ended.text for ended in answered(mia)] == ["Mejor no."]

    asyncio.run(story())


def test_a_problem_of_the_mind_is_told_and_not_a_silence(tmp_path: Path) -> None:
    fakes = Fakes(llm=FakeLlm(fail_after=0))

    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana")
            async with living(discord, tmp_path, join=False, fakes=fakes) as mia:
                assert await mia.told(ana, "mia", text="hola") == text("cannot_answer")
                assert [notice.code for notice in mia.of(facts.Notice)] == ["llm.failed"]

    asyncio.run(story())


def test_who_asks_too_often_is_asked_to_wait(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana")
            async with living(discord, tmp_path, join=False) as mia:
                for _ in range(5):
                    await mia.told(ana, "mia", text="hola")
                assert await mia.told(ana, "mia", text="hola") == text("slow_down")

    asyncio.run(story())


def test_deaf_she_says_so_and_comes_in_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                mia.room._became_deaf("e2ee")
                assert [e.code for e in mia.of(facts.Notice)] == ["discord.deaf_e2ee"]
                assert text("status.deaf_e2ee") in await mia.told(ana, "status") or (
                    mia.room.voice is None
                )
                bot = discord.guild.bot.id
                await mia.until(lambda: bot not in discord.guild.where)
                await discord.bot_joined()
                assert mia.room.rejoins == 1
                await mia.says(ana)
                await mia.until(lambda: answered(mia))
                assert text("status.well") in await mia.told(ana, "status")

    asyncio.run(story())


def test_thrown_out_she_stays_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                room = mia.room
                await discord.kick_bot()
                assert room.task is not None
                await room.task
                assert not mia.bot.rooms
                assert mia.stage[-1] is None

    asyncio.run(story())


def test_left_alone_she_leaves(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                room = mia.room
                room._config = room._config.model_copy(update={"leave_alone_s": 0.05})
                await discord.leave(ana)
                assert room.task is not None
                await room.task
                assert not mia.bot.rooms

    asyncio.run(story())


def test_a_token_that_is_not_good_is_told_once_and_nothing_else_happens(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            discord.tokens.clear()
            async with living(discord, tmp_path, join=False) as mia:
                assert [notice.code for notice in mia.of(facts.Notice)] == ["discord.token"]

    asyncio.run(story())
