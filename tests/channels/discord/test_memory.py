"""What is said to her on Discord is remembered by name, in writing and aloud alike, and forgotten
for real when its speaker says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mia.mind.memory.journal import FILE
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Choices, Memories
from mia.strings import translate
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus
from tests.channels.discord.living import Mia, answered, living
from tests.support.discord import Discord, Person
from tests.support.fakes import FakeLlm, Fakes, FakeStt
from tests.support.memory import DAY, Clock, remembering, settled

CAT = "Mi gata se llama Cleopatra."
WHICH = "¿cómo se llama mi gata?"


def text(key: str, **parameters: object) -> str:
    return translate(f"discord.{key}", "es", **parameters)


def notes(fakes: Fakes) -> str:
    """What the mind was last told besides the talk itself."""
    return "\n".join(m.content for m in fakes.llm.prompts[-1].messages[1:] if m.role == "system")


async def rows(memories: Memories, **wanted: Any) -> list[tuple[str, str, str]]:
    """(speaker, role, words) of what is remembered, the oldest first."""
    await settled(memories)
    found = await Library(memories).newest(wanted, 100, None)
    return [(row["speaker"], row["role"], row["text"]) for row in reversed(found)]


Story = Callable[[Discord, Mia, Memories], Coroutine[Any, Any, None]]


def told(
    folder: Path,
    story: Story,
    *,
    fakes: Fakes | None = None,
    join: bool = False,
    clock: Clock | None = None,
    choices: Choices | None = None,
) -> None:
    """Play a story with a MIA who remembers; in text channels unless `join`."""

    async def play() -> None:
        bus = EventBus()
        async with Discord() as discord:
            if join:
                await discord.join("Ana")
            async with (
                remembering(folder, bus, clock=clock, choices=choices) as memories,
                living(
                    discord,
                    folder,
                    bus=bus,
                    fakes=fakes or Fakes(llm=FakeLlm("Anotado.")),
                    memories=memories,
                    join=join,
                    text_channel_responses=True,
                ) as mia,
            ):
                await story(discord, mia, memories)

    asyncio.run(play())


def ana_in(discord: Discord) -> Person:
    """Who was in the call before the story began."""
    (ana,) = discord.voice.people.values()
    return ana


def test_a_mention_is_remembered_by_who_wrote_it_with_her_answer(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = discord.person("Ana")
        await mia.writes(ana, CAT)
        who = f"discord:{ana.id}"
        assert await rows(memories) == [(who, "user", CAT), (who, "assistant", "Anotado.")]
        stats = await Library(memories).stats()
        assert [(s["id"], s["name"]) for s in stats["speakers"]] == [(who, "Ana")]

    told(tmp_path, story)


def test_mia_in_a_text_channel_is_remembered_too(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = discord.person("Ana")
        assert await mia.told(ana, "mia", text=CAT) == "Anotado."
        assert (f"discord:{ana.id}", "user", CAT) in await rows(memories)

    told(tmp_path, story)


def test_what_she_remembers_of_somebody_she_is_told_in_another_channel_and_of_nobody_else(
    tmp_path: Path,
) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.told(ana, "mia", text=CAT)
        await settled(memories)
        # The same channel's lines would be in view; a new process has none.
        mia.bot._text._lines.clear()
        await mia.writes(ben, WHICH)
        assert "Cleopatra" not in notes(mia.fakes)
        mia.bot._text._lines.clear()
        await mia.writes(ana, WHICH)
        assert "Cleopatra" in notes(mia.fakes)
        assert mia.of(facts.MemoriesUsed)

    told(tmp_path, story)


def test_what_was_said_in_the_call_is_known_in_the_text_channel(tmp_path: Path) -> None:
    fakes = Fakes(stt=FakeStt([(0.0, CAT)]), llm=FakeLlm("Anotado."))

    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = ana_in(discord)
        await mia.says(ana)
        await mia.until(lambda: answered(mia))
        assert (f"discord:{ana.id}", "user", CAT) in await rows(memories)
        await mia.writes(ana, WHICH)
        assert "Cleopatra" in notes(fakes)

    told(tmp_path, story, fakes=fakes, join=True)


def test_a_second_call_in_the_same_channel_takes_no_line_of_the_first(tmp_path: Path) -> None:
    fakes = Fakes(stt=FakeStt([(0.0, CAT)]), llm=FakeLlm("Anotado."))

    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = ana_in(discord)
        for call in (1, 2):
            await mia.says(ana)
            await mia.until(lambda call=call: len(answered(mia)) == call)
            if call == 1:
                await mia.told(ana, "leave")
                await mia.told(ana, "join", channel=discord.guild.voice)
        assert [role for _, role, _ in await rows(memories)] == ["user", "assistant"] * 2

    told(tmp_path, story, fakes=fakes, join=True)


@pytest.mark.parametrize("why", ["optout", "off", "off the record"])
def test_what_is_not_to_be_remembered_is_not(tmp_path: Path, why: str) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = discord.person("Ana")
        if why == "optout":
            assert await mia.told(ana, "optout") == text("opted_out")
        said = f"Esto no lo guardes: {CAT}" if why == "off the record" else CAT
        assert await mia.writes(ana, said) == "Anotado."
        assert await rows(memories) == []
        if why == "optout":
            await mia.told(ana, "optin")
            await mia.writes(ana, CAT)
            assert len(await rows(memories)) == 2

    told(tmp_path, story, choices=Choices(enabled=why != "off"))


def test_an_answer_only_its_asker_sees_is_no_part_of_what_others_are_answered(
    tmp_path: Path,
) -> None:
    async def story(discord: Discord, mia: Mia, _memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.told(ana, "mia", text=CAT)
        await mia.writes(ben, "¿De qué hablabais?")
        assert "Cleopatra" not in str(mia.fakes.llm.prompts[-1])
        await mia.told(ana, "mia", text="¿Qué te he dicho?")
        assert "Cleopatra" in str(mia.fakes.llm.prompts[-1])

    told(tmp_path, story)


def test_forget_that_is_about_what_its_writer_wrote_and_nobody_elses(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.writes(ana, CAT)
        await mia.writes(ben, "Olvida eso.")
        assert (f"discord:{ana.id}", "user", CAT) in await rows(memories)
        await mia.writes(ana, "Olvida eso.")
        assert await rows(memories) == []
        assert "Cleopatra" not in str(mia.fakes.llm.prompts[-1])

    told(tmp_path, story)


# ── /forget ──────────────────────────────────────────────────────────────────────────────────


def test_forgotten_is_gone_from_every_file_and_from_the_talk_and_counted(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.writes(ana, CAT)
        await mia.writes(ben, "Mi perro se llama Trajano.")
        await settled(memories)
        asked, token = await mia.asked(ana, "forget", what="me")
        assert asked == text("forget_ask_me_yours", count=2)
        assert len(await rows(memories)) == 4, "nothing is deleted before it is confirmed"
        done = await mia.pressed(ana, token, text("forget_yes"))
        assert done == text("forget_done_yours", count=2)
        assert [who for who, _, _ in await rows(memories)] == [f"discord:{ben.id}"] * 2
        for path in memories.folder.rglob("*"):
            if path.is_file():
                assert b"Cleopatra" not in path.read_bytes(), path
        assert (memories.folder / FILE).exists()
        await mia.writes(ben, "¿De qué hablabais?")
        assert "Cleopatra" not in str(mia.fakes.llm.prompts[-1])
        assert "Trajano" in str(mia.fakes.llm.prompts[-1])

    told(tmp_path, story)


def test_the_question_and_its_answer_are_for_its_asker_alone_and_no_means_no(
    tmp_path: Path,
) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.writes(ana, CAT)
        await settled(memories)
        _, token = await mia.asked(ana, "forget", what="me")
        flags = [a["data"].get("flags", 0) & 64 for a in discord.rest.answers[token]]
        assert all(flags)
        await discord.press(ben, token, text("forget_yes"))
        assert await mia.pressed(ana, token, text("forget_no")) == text("forget_kept")
        assert len(await rows(memories)) == 2

    told(tmp_path, story)


def test_the_last_is_what_was_said_last_with_its_answer(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = discord.person("Ana")
        await mia.writes(ana, "Vivo en Vigo.")
        await mia.writes(ana, CAT)
        await settled(memories)
        asked, token = await mia.asked(ana, "forget", what="last")
        assert asked == text("forget_ask_last_yours", count=2)
        assert await mia.pressed(ana, token, text("forget_yes")) == text(
            "forget_done_yours", count=2
        )
        assert [words for _, _, words in await rows(memories)] == ["Vivo en Vigo.", "Anotado."]
        await mia.writes(ana, "¿Y bien?")
        assert "Cleopatra" not in str(mia.fakes.llm.prompts[-1])
        assert "Vigo" in str(mia.fakes.llm.prompts[-1])

    told(tmp_path, story)


def test_a_day_is_the_last_24_hours(tmp_path: Path) -> None:
    clock = Clock()

    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = discord.person("Ana")
        await mia.writes(ana, "Vivo en Vigo.")
        await settled(memories)
        clock.now += 2 * DAY
        await mia.writes(ana, CAT)
        await settled(memories)
        _, token = await mia.asked(ana, "forget", what="day")
        assert await mia.pressed(ana, token, text("forget_yes")) == text(
            "forget_done_yours", count=2
        )
        assert [words for _, _, words in await rows(memories)] == ["Vivo en Vigo.", "Anotado."]

    told(tmp_path, story, clock=clock)


def test_others_are_forgotten_by_the_owner_only(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben, boss = discord.person("Ana"), discord.person("Ben"), Person(discord.guild.owner)
        mia.bot.policy.app_owners = frozenset({boss.id})
        await mia.writes(ana, CAT)
        await settled(memories)
        refused, _ = await mia.asked(ben, "forget", what="me", person=ana)
        assert refused == text("forget_only_own")
        asked, token = await mia.asked(boss, "forget", what="me", person=ana)
        assert asked == text("forget_ask_me_theirs", count=2, name="Ana")
        assert await mia.pressed(boss, token, text("forget_yes")) == text(
            "forget_done_theirs", count=2, name="Ana"
        )
        assert await rows(memories) == []

    told(tmp_path, story)


def test_where_nothing_is_kept_she_says_so_and_still_lets_go_of_the_talk(tmp_path: Path) -> None:
    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana, ben = discord.person("Ana"), discord.person("Ben")
        await mia.writes(ana, CAT)
        said, _ = await mia.asked(ana, "forget", what="me")
        assert said == text("forget_nothing")
        await mia.writes(ben, "¿De qué hablabais?")
        assert "Cleopatra" not in str(mia.fakes.llm.prompts[-1])

    told(tmp_path, story, choices=Choices(enabled=False))


def test_forgotten_in_the_call_it_is_out_of_the_running_talk(tmp_path: Path) -> None:
    fakes = Fakes(stt=FakeStt([(0.0, CAT)]), llm=FakeLlm("Anotado."))

    async def story(discord: Discord, mia: Mia, memories: Memories) -> None:
        ana = ana_in(discord)
        await mia.says(ana)
        await mia.until(lambda: answered(mia))
        await settled(memories)
        assert mia.room.conversation.history
        _, token = await mia.asked(ana, "forget", what="me")
        assert await mia.pressed(ana, token, text("forget_yes")) == text(
            "forget_done_yours", count=2
        )
        assert not mia.room.conversation.history
        assert not any("Cleopatra" in str(one) for one in mia.room.conversation.history)
        assert await rows(memories) == []

    told(tmp_path, story, fakes=fakes, join=True)
