"""`/persona`: anybody sees who she is; her owner has her be somebody else, in the same call."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mia.channels.discord.host import Between
from mia.config import installed, load
from mia.panel.settings import Settings
from mia.people import Characters
from mia.personas import Personas
from mia.strings import translate
from tests.channels.discord.living import answered, living
from tests.support.discord import Discord, Person


def text(key: str, **parameters: object) -> str:
    return translate(f"discord.{key}", "es", **parameters)


class Programme:
    """The settings of a real file, and a beginning anew that is only noted."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"
        self.file.write_text("persona: {name: MIA}\n", "utf-8")
        self.personas = Personas(folder)
        self.anew = asyncio.Event()

        async def apply(_names: object, _config: object) -> list[str]:
            return []

        async def reload() -> None:
            self.anew.set()

        loaded = load(self.file, env={}, schema=installed())
        settings = Settings(lambda: loaded, {}, lambda _key: False, apply)
        self.characters = Characters(settings, "MIA", reload)


def boss_of(discord: Discord) -> Person:
    return Person(discord.guild.owner)


def test_the_owner_chooses_and_it_is_settled_as_on_the_page(tmp_path: Path) -> None:
    program = Programme(tmp_path)
    made = program.personas.create("Luna", {"10-who.md": "Eres Luna."}, {"models.tts.speed": 1.2})

    async def story() -> None:
        async with Discord() as discord:
            boss = boss_of(discord)
            async with living(discord, tmp_path, join=False, characters=program.characters) as mia:
                mia.bot.policy.app_owners = frozenset({boss.id})
                shown = await discord.offered(boss, "persona", "persona", "lu")
                assert shown == [{"name": "Luna", "value": made.id}]
                token = await discord.slash(boss, "persona", persona=made.id)
                _, told, notice = await discord.answered(token, 3)
                assert told["data"]["content"] == text("persona_chosen", name="Luna")
                assert told["data"]["flags"] & 64
                assert notice["data"]["content"] == text("persona_now", name="Luna")
                assert not notice["data"].get("flags", 0) & 64, "everybody there is told"
                await program.anew.wait()
                config = load(program.file, env={}, schema=installed()).config
                assert config.persona.name == "Luna"
                assert config.prompt.dir.name == made.id
                assert config.models.tts.speed == 1.2

    asyncio.run(story())


def test_who_she_was_before_can_be_chosen_again(tmp_path: Path) -> None:
    program = Programme(tmp_path)
    made = program.personas.create("Luna", {})

    async def story() -> None:
        async with Discord() as discord:
            boss = boss_of(discord)
            async with living(discord, tmp_path, join=False, characters=program.characters) as mia:
                mia.bot.policy.app_owners = frozenset({boss.id})
                await mia.told(boss, "persona", persona=made.id)
                await program.anew.wait()
                shown = await discord.offered(boss, "persona", "persona", "")
                assert [one["name"] for one in shown] == ["MIA", "Luna"]
                await mia.told(boss, "persona", persona="MIA")
                config = load(program.file, env={}, schema=installed()).config
                assert config.persona.name == "MIA"

    asyncio.run(story())


def test_nobody_else_chooses_nor_is_shown_whom_there_is(tmp_path: Path) -> None:
    program = Programme(tmp_path)
    made = program.personas.create("Luna", {})

    async def story() -> None:
        async with Discord() as discord:
            ana = discord.person("Ana")
            async with living(discord, tmp_path, join=False, characters=program.characters) as mia:
                mia.bot.policy.app_owners = frozenset({discord.guild.owner.id})
                assert await discord.offered(ana, "persona", "persona", "") == []
                refused = await mia.told(ana, "persona", persona=made.id)
                assert refused == text("owner_only")
                assert text("persona", name="MIA", language="Español", voice="–") == await mia.told(
                    ana, "persona"
                )
                assert not program.anew.is_set()

    asyncio.run(story())


def test_whom_there_is_not_and_whom_she_is_already_change_nothing(tmp_path: Path) -> None:
    program = Programme(tmp_path)
    before = program.file.read_text("utf-8")

    async def story() -> None:
        async with Discord() as discord:
            boss = boss_of(discord)
            async with living(discord, tmp_path, join=False, characters=program.characters) as mia:
                mia.bot.policy.app_owners = frozenset({boss.id})
                said = await mia.told(boss, "persona", persona="Sol")
                assert said == text("persona_unknown", name="Sol")
                said = await mia.told(boss, "persona", persona="mia")
                assert said == text("persona_already", name="MIA")
                assert not program.anew.is_set()
                assert program.file.read_text("utf-8") == before

    asyncio.run(story())


def test_begun_anew_she_is_back_in_the_call_says_who_she_is_and_goes_on(tmp_path: Path) -> None:
    program = Programme(tmp_path)
    made = program.personas.create("Luna", {})
    between = Between()

    async def story() -> None:
        async with Discord() as discord:
            ana, boss = await discord.join("Ana"), boss_of(discord)
            async with living(
                discord, tmp_path, join=False, characters=program.characters, between=between
            ) as mia:
                mia.bot.policy.app_owners = frozenset({boss.id})
                await mia.told(ana, "join")
                await mia.told(ana, "mode", mode="always")
                await mia.says(ana)
                await mia.until(lambda: answered(mia))
                said = [item.text for item in mia.room.conversation.history]
                told = await mia.told(boss, "persona", persona=made.id)
                assert told == text("persona_chosen_in_call", name="Luna")
                await program.anew.wait()
            written = len(discord.rest.messages)
            async with living(
                discord, tmp_path, join=False, between=between, persona="Luna"
            ) as luna:
                await luna.until(lambda: len(discord.rest.messages) > written)
                (notice,) = discord.rest.messages[written:]
                assert notice["content"] == text("persona_now", name="Luna")
                assert notice["channel_id"] == str(discord.guild.voice.id)
                assert luna.room.company.manner == "always"
                assert [item.text for item in luna.room.conversation.history] == said
                await luna.says(ana)
                await luna.until(lambda: answered(luna))
                history = luna.room.conversation.history
                assert [item.text for item in history[: len(said)]] == said
                assert len(history) > len(said)

    asyncio.run(story())


def test_told_to_go_she_does_not_come_back(tmp_path: Path) -> None:
    between = Between()

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, join=False, between=between) as mia:
                await mia.told(ana, "join")
                await mia.told(ana, "leave")
            assert between.stays == {}

    asyncio.run(story())


def test_notices_are_in_the_servers_language_where_it_chose_one() -> None:
    from types import SimpleNamespace

    from mia.channels.discord.choosing import language_there

    def guild(locale: str) -> object:
        return SimpleNamespace(preferred_locale=SimpleNamespace(value=locale))

    spoken = {"es-ES": "es", "es-419": "es", "en-GB": "en", "en-US": "fr", "de": "fr"}
    for locale, language in spoken.items():
        assert language_there(guild(locale), "fr") == language  # type: ignore[arg-type]
