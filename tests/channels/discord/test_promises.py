"""What people get on Discord, each as one of them would try it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mia.channels.discord.host import Host
from mia.strings import translate
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus
from tests.channels.discord.living import Mia, answered, living
from tests.support.discord import Discord, Person
from tests.support.discord.opus import tone
from tests.support.fakes import FakeLlm, FakeLoudspeaker, Fakes, FakeStt
from tests.support.memory import DAY, NOON, Clock, remembering, settled


def text(key: str, **parameters: object) -> str:
    return translate(f"discord.{key}", "es", **parameters)


class Said:
    """What everybody is understood to say, changed as the story goes on."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __call__(self, _seconds: float, _now: float) -> str:
        return self.words


async def quiet(mia: Mia, turns: int) -> None:
    """Until so many of her answers are over, and she is heard no more."""
    await mia.until(lambda: len(answered(mia)) == turns)


def test_among_several_she_answers_what_calls_her_and_listens_to_the_rest(tmp_path: Path) -> None:
    said = Said("El tren sale a las ocho.")
    fakes = Fakes(stt=FakeStt(said), llm=FakeLlm("Vale."))

    async def story() -> None:
        async with Discord() as discord:
            ana, _ben = await discord.join("Ana"), await discord.join("Ben")
            async with living(discord, tmp_path, fakes=fakes) as mia:
                await mia.says(ana)
                await mia.until(lambda: mia.of(facts.Overheard))
                assert not mia.of(facts.ReplyStarted)
                said.words = "MIA, ¿a qué hora sale?"
                await mia.says(ana)
                await quiet(mia, 1)
                heard = "\n".join(m.content for m in fakes.llm.prompts[-1].messages)
                assert "Ana: El tren sale a las ocho." in heard, "what she only heard she knows"

    asyncio.run(story())


def talked_over(tmp_path: Path, **config: Any) -> list[str]:
    """How her long answer ended, over which somebody talked on."""
    said = Said("Cuéntame algo.")
    fakes = Fakes(stt=FakeStt(said), llm=FakeLlm("Había una vez una historia larga. " * 6))
    ends: list[str] = []

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, fakes=fakes, **config) as mia:
                await mia.says(ana)
                await mia.until(lambda: len(ana.heard) > 40)
                said.words = "Espera, espera, que no era eso lo que quería."
                talking = asyncio.create_task(ana.say(tone(440, 3.0)))
                await mia.until(lambda: answered(mia) or talking.done())
                ends.extend(one.status for one in answered(mia))
                talking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await talking

    asyncio.run(story())
    return ends


def test_people_can_talk_over_her(tmp_path: Path) -> None:
    assert talked_over(tmp_path) == ["interrupted"]


def test_where_nobody_may_talk_over_her_she_goes_on(tmp_path: Path) -> None:
    assert talked_over(tmp_path, barge_in="nobody") == []


def test_stop_silences_her_at_once(tmp_path: Path) -> None:
    fakes = Fakes(llm=FakeLlm("Había una vez una historia larga. " * 6))

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path, fakes=fakes) as mia:
                await mia.says(ana)
                await mia.until(lambda: len(ana.heard) > 20)
                assert await mia.told(ana, "stop") == text("stopped")
                await mia.until(lambda: answered(mia))
                assert answered(mia)[0].status != "completed"

    asyncio.run(story())


class Voice:
    """A voice that can be changed."""

    def __init__(self) -> None:
        self.chosen = {"backend": "kokoro", "voice": "ef_dora"}

    def now(self) -> Mapping[str, object]:
        return self.chosen

    async def offered(self) -> list[dict[str, str]]:
        rows = (("ef_dora", "Dora", "es"), ("em_alex", "Álex", "es"))
        return [{"id": i, "name": n, "language": lang, "backend": "kokoro"} for i, n, lang in rows]

    async def change(self, wish: Mapping[str, Any]) -> None:
        self.chosen.update(wish)


def test_the_owner_changes_her_voice_and_anybody_asks_for_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, boss = discord.person("Ana"), Person(discord.guild.owner)
            async with living(discord, tmp_path, join=False) as mia:
                mia.bot.policy.app_owners = frozenset({boss.id})
                assert await mia.told(ana, "voice") == text("no_voice")
                voice = Voice()
                mia.bot.host = with_voice(mia.bot.host, voice)
                assert await mia.told(ana, "voice") == text("voice_now", voice="Dora")
                assert await mia.told(ana, "voice", voice="em_alex") == text("owner_only")
                shown = await discord.offered(boss, "voice", "voice", "ál")
                assert shown == [{"name": "Álex (es)", "value": "em_alex"}]
                said = await mia.told(boss, "voice", voice="em_alex")
                assert said == text("voice_now", voice="Álex")
                assert voice.chosen["voice"] == "em_alex"
                said = await mia.told(boss, "voice", voice="nadie")
                assert said == text("voice_unknown", voice="nadie")

    asyncio.run(story())


def with_voice(host: Host, voice: Voice) -> Host:
    return dataclasses.replace(host, voice=lambda: voice)


def test_next_week_she_knows_by_name_who_told_her_what(tmp_path: Path) -> None:
    said = Said("Mi gata se llama Cleopatra.")

    async def week(discord: Discord, ana: Person, now: float, fakes: Fakes) -> None:
        bus = EventBus()
        async with (
            remembering(tmp_path, bus, clock=Clock(now)) as memories,
            living(discord, tmp_path, bus=bus, memories=memories, fakes=fakes) as mia,
        ):
            await mia.says(ana)
            await quiet(mia, 1)
            await settled(memories)

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            await week(discord, ana, NOON, Fakes(stt=FakeStt(said), llm=FakeLlm("Anotado.")))
            said.words = "¿Cómo se llama mi gata?"
            fakes = Fakes(stt=FakeStt(said), llm=FakeLlm("Cleopatra."))
            await week(discord, ana, NOON + 7 * DAY, fakes)
            notes = [m.content for m in fakes.llm.prompts[-1].messages if m.role == "system"]
            assert "hace 7 días, Ana: «Mi gata se llama Cleopatra.»" in notes[-1]

    asyncio.run(story())


def test_the_answer_reaches_the_call_and_whoever_looks_on(tmp_path: Path) -> None:
    """dual_audio: what plays along gets the same blocks as the call, and none where it is off."""
    for dual in (True, False):

        async def story(dual: bool = dual) -> None:
            async with Discord() as discord:
                ana = await discord.join("Ana")
                async with living(discord, tmp_path, dual_audio=dual) as mia:
                    beside = FakeLoudspeaker()
                    mia.room.conversation.attach(beside)
                    await mia.says(ana)
                    await quiet(mia, 1)
                    assert len(ana.sound()) > 0
                    assert bool(beside.heard) == dual

        asyncio.run(story())


def test_what_the_page_writes_in_a_call_is_nobodys_who_spoke_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with living(discord, tmp_path) as mia:
                await mia.says(ana)
                await quiet(mia, 1)
                mia.room.conversation.type("Soy quien cuida de ella.")
                await quiet(mia, 2)
                heard = [one for one in mia.of(facts.Heard) if one.final]
                assert [(one.speaker, one.typed) for one in heard] == [
                    (f"discord:{ana.id}", False),
                    ("", True),
                ]
                assert answered(mia)[1].speaker == ""

    asyncio.run(story())
