"""What is said is kept; what fits comes to mind; what is private does neither."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from mia.conversation.ports import Asking
from mia.errors import MiaError
from mia.mind.memory import reading
from mia.mind.memory.journal import Journal
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Choices, Memories
from mia.mind.memory.records import Memory, Wanted
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus
from tests.support.memory import Talking, remembering, settled

QUESTION = "¿Cómo se llama mi perra?"


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def asking(speaker: str = "", persona: str = "MIA") -> Asking:
    return Asking("c", speaker, persona, "es")


def kept(folder: Path) -> list[Memory]:
    with reading.opened(folder) as connection:
        return list(reading.every(connection, Wanted()))


async def small_talk(bus: EventBus, memories: Memories) -> None:
    """Enough lines that not every word is a rare one."""
    talking = Talking(bus)
    for number in range(30):
        talking.says(f"Hoy hablamos del asunto {number} y del tiempo que hace.")
        talking.hears("Qué cosas tiene el tiempo.")
    await settled(memories)


def test_a_turn_is_on_the_disk_once_kept_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mia.mind.memory.recorder.PATIENCE", 30.0)  # a busy machine is no subject

    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            turn = Talking(bus).says("Mi perra se llama Luna.")
            await memories.kept("c", turn)
            assert [row.text for row in kept(tmp_path)] == ["Mi perra se llama Luna."]

    run(test())


def test_she_remembers_what_was_said_in_another_run(tmp_path: Path) -> None:
    async def first() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            await small_talk(bus, memories)
            talking = Talking(bus)
            talking.turn = 100
            talking.says("Mi perra se llama Luna.")
            talking.hears("¡Qué nombre tan bonito!")

    async def second() -> None:
        async with remembering(tmp_path, EventBus()) as memories:
            found = await memories.recall(QUESTION, asking())
            assert "Mi perra se llama Luna." in [text for _, _, text in found.memories]
            assert "«Mi perra se llama Luna.»" in found.note

    run(first())
    run(second())


def test_of_a_reply_only_what_was_heard_is_kept(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Cuéntame algo.")
            talking.hears("Había una vez un gato con botas.", "Había una vez—", "interrupted")
            await settled(memories)
            bus.publish(
                facts.HeardReported(
                    at=0, conversation="c", persona="MIA", turn="u1", reply="r1", heard="Había—"
                )
            )
            await settled(memories)
        assert [(row.text, row.status) for row in kept(tmp_path)] == [
            ("Cuéntame algo.", "completed"),
            ("Había—", "interrupted"),
        ]

    run(test())


def test_a_guess_and_a_turn_taken_back_leave_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            who: dict[str, Any] = {"at": 0, "conversation": "c", "persona": "MIA"}
            guess: dict[str, Any] = {"turn": "u1", "revision": 1, "language": "es", "final": False}
            bus.publish(facts.Heard(text="Quiero un", **guess, **who))
            talking = Talking(bus)
            talking.says("Quiero un café.")
            bus.publish(facts.Reopened(turn="u1", **who))
            await settled(memories)
            assert kept(tmp_path) == []
            talking.turn = 0
            talking.says("Quiero un café y un té.")
            await settled(memories)
        assert [row.text for row in kept(tmp_path)] == ["Quiero un café y un té."]

    run(test())


def test_what_is_private_is_never_kept_nor_its_reply(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Esto no lo guardes: me mudo a Quetzaltenango.")
            talking.hears("¿A Quetzaltenango? Qué lejos.")
            memories.attend("c").private = True
            talking.says("Y dejo el trabajo en Quetzaltenango.")
            talking.hears("Vaya.")
            memories.attend("c").private = False
            talking.says("Hablemos de otra cosa.")
            await settled(memories)
        assert [row.text for row in kept(tmp_path)] == ["Hablemos de otra cosa."]

    run(test())
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"quetzal" not in path.read_bytes().lower()


def test_forget_that_takes_the_exchange_before_along(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Me gusta el té.")
            talking.hears("Y a mí.")
            talking.says("Mi clave es Quetzal.")
            talking.hears("Anotada.")
            talking.says("Olvida eso.")
            await settled(memories)
        assert [row.text for row in kept(tmp_path)] == ["Me gusta el té.", "Y a mí."]

    run(test())


def test_of_what_is_forgotten_nothing_comes_back_with_a_late_word(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Mi clave es Quetzal.")
            talking.hears("Anotada: Quetzal.", "Anotada:", "interrupted")
            talking.says("Olvida eso.")
            late: dict[str, Any] = {"turn": "u1", "reply": "r1", "heard": "Anotada: Quetzal."}
            bus.publish(facts.HeardReported(at=0, conversation="c", persona="MIA", **late))
            await settled(memories)
        assert kept(tmp_path) == []

    run(test())


def test_lines_of_another_run_are_forgotten_where_she_went_on_from_them(tmp_path: Path) -> None:
    told: list[int] = []

    async def first() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus):
            talking = Talking(bus)
            talking.says("Me gusta el té.")
            talking.says("Mi clave es Quetzal.")

    async def second() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus, forgot=told.extend) as memories:
            lines = await Library(memories).take_up(None, "c")
            gone: dict[str, Any] = {"turn": "u1", "items": (f"memory-{lines[-1].id}",)}
            Talking(bus).says("Olvida eso.")
            bus.publish(facts.Forgotten(at=0, conversation="c", persona="MIA", **gone))
            await settled(memories)
            assert [row.text for row in kept(tmp_path)] == ["Me gusta el té."]
            assert told == [lines[-1].id]

    run(first())
    run(second())


def test_she_knows_the_wish_to_forget_in_company_too(tmp_path: Path) -> None:
    async def test() -> None:
        async with remembering(tmp_path, EventBus()) as memories:
            for wish in ("Olvida eso.", "Forget that!", "Ana: Hola.\nBen: Olvida lo que te dije."):
                assert memories.forgets(wish)
            for other in ("Olvida eso de ahí y sigue.", "Ana: Olvida eso.\nBen: Yo no.", "Hola."):
                assert not memories.forgets(other)

    run(test())


def test_off_she_neither_keeps_nor_recalls(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            await small_talk(bus, memories)
            talking = Talking(bus)
            talking.turn = 100
            talking.says("Mi perra se llama Luna.")
            await memories.take_up("c", None)
            await settled(memories)
            assert "Luna" in (await memories.recall(QUESTION, asking())).note
            memories.switch(False)
            assert not (await memories.recall(QUESTION, asking())).memories
            before = len(kept(tmp_path))
            talking.says("Esto no se guarda.")
            await settled(memories)
            assert len(kept(tmp_path)) == before

    run(test())


def test_a_person_or_a_persona_can_be_left_out(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            library = Library(memories)
            await library.remember(speaker="discord:1", remembered=False)
            await library.remember(persona="Villana", remembered=False)
            Talking(bus, speaker="discord:1").says("No me guardes, digo yo.")
            Talking(bus, persona="Villana").says("Ni a mí.")
            Talking(bus, speaker="discord:2").says("A mí sí.")
            await settled(memories)
        assert [row.text for row in kept(tmp_path)] == ["A mí sí."]

    run(test())


def test_in_company_everybody_s_lines_are_their_own(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        ana, ben = "discord:1", "discord:2"
        async with remembering(tmp_path, bus) as memories:
            await Library(memories).remember(speaker="discord:3", remembered=False)
            bus.publish(
                facts.Heard(
                    at=1.0,
                    conversation="c",
                    persona="MIA",
                    speaker=ben,
                    turn="u1",
                    revision=1,
                    text="Ana: Vivo en León.\nEva: Nada.\nBen: Yo en Vigo.",
                    language="es",
                    final=True,
                    lines=(
                        (ana, "Ana", "Vivo en León."),
                        ("discord:3", "Eva", "Nada."),
                        (ben, "Ben", "Yo en Vigo."),
                    ),
                )
            )
            await settled(memories)
            found = {(row.speaker, row.text) for row in kept(tmp_path)}
            assert found == {(ana, "Vivo en León."), (ben, "Yo en Vigo.")}
            bus.publish(facts.Reopened(at=2.0, conversation="c", persona="MIA", turn="u1"))
            await settled(memories)
            assert kept(tmp_path) == [], "taken back, all of it"

    run(test())


def test_one_person_never_hears_of_another_ones_memories(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            await small_talk(bus, memories)
            talking = Talking(bus, speaker="discord:1")
            talking.turn = 100
            talking.says("Mi perra se llama Luna.")
            await memories.take_up("c", None)
            await settled(memories)
            assert "Luna" in (await memories.recall(QUESTION, asking("discord:1"))).note
            for other in ("discord:2", ""):
                assert "Luna" not in (await memories.recall(QUESTION, asking(other))).note

    run(test())


def test_what_is_still_in_view_is_not_told_again(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            await small_talk(bus, memories)
            await memories.take_up("c", None)
            talking = Talking(bus)
            talking.turn = 100
            talking.says("Mi perra se llama Luna.")
            await settled(memories)
            assert "Luna" not in (await memories.recall(QUESTION, asking())).note
            await memories.take_up("c", None)
            assert "Luna" in (await memories.recall(QUESTION, asking())).note

    run(test())


def test_a_disk_that_hangs_is_told_once_and_holds_nobody_up(tmp_path: Path) -> None:
    async def test() -> None:
        bus, troubles = EventBus(), list[MiaError]()
        async with remembering(tmp_path, bus, troubles=troubles) as memories:
            hanging = threading.Event()
            stuck = asyncio.create_task(memories.on_journal(lambda _journal: hanging.wait(30)))
            await asyncio.sleep(0)
            talking = Talking(bus)
            for text in ("Uno.", "Dos."):
                await memories.kept("c", talking.says(text))
            hanging.set()
            await stuck
            await settled(memories)
        assert [error.code for error in troubles] == ["memory.slow"]
        assert [row.text for row in kept(tmp_path)] == ["Uno.", "Dos."]

    run(test())


def test_a_full_disk_is_told_once_and_the_talk_goes_on(tmp_path: Path) -> None:
    async def test() -> None:
        bus, troubles = EventBus(), list[MiaError]()
        async with remembering(tmp_path, bus, troubles=troubles) as memories:

            def fill(journal: Journal) -> None:
                pages = journal.connection.execute("PRAGMA page_count").fetchone()[0]
                journal.connection.execute(f"PRAGMA max_page_count = {pages}")

            await memories.on_journal(fill)
            talking = Talking(bus)
            for _ in range(3):
                await memories.kept("c", talking.says("palabra " * 20_000))
            await memories.recorder.settled()
            assert [error.code for error in troubles] == ["memory.unwritable"]

    run(test())


def test_the_index_holds_what_the_journal_holds_after_it_was_lost(tmp_path: Path) -> None:
    async def talk() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            await small_talk(bus, memories)

    async def again() -> None:
        async with remembering(tmp_path, EventBus()) as memories:
            assert memories.index is not None
            assert memories.index.ids() == {row.id for row in kept(tmp_path)}

    run(talk())
    for path in (tmp_path / "index").iterdir():
        path.unlink()
    run(again())


def test_a_conversation_of_before_goes_on_and_keeps_its_lines(tmp_path: Path) -> None:
    async def first() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus):
            Talking(bus).says("Primera charla.")

    async def second() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            lines = await Library(memories).take_up(None, "c")
            assert [line.text for line in lines] == ["Primera charla."]
            Talking(bus).says("Seguimos.")  # its turn has the same id as the first one's had
            await settled(memories)
            (session,) = await Library(memories).sessions()
            assert session["lines"] == 2
            assert session["running"]

    run(first())
    run(second())


def test_no_more_than_the_configured_number_is_recalled_or_awake(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus, choices=Choices(most=10)) as memories:
            await small_talk(bus, memories)
            for _ in range(200):
                if sum(not row.dormant for row in kept(tmp_path)) == 10:
                    break
                await asyncio.sleep(0.05)
            assert sum(not row.dormant for row in kept(tmp_path)) == 10
            assert len(kept(tmp_path)) == 60, "what rests can still be read"

    async def again() -> None:
        async with remembering(tmp_path, EventBus(), choices=Choices(most=20)) as memories:
            awake = [row.id for row in kept(tmp_path) if not row.dormant]
            assert awake == list(range(41, 61)), "the newest wake where there is room"
        async with remembering(tmp_path, EventBus()) as memories:
            assert not any(row.dormant for row in kept(tmp_path)), "all of them where all may"
            assert memories.index is not None
            assert len(memories.index.ids()) == 60

    run(test())
    run(again())
