"""What is forgotten is gone, whatever else goes on; and what is said afterwards is kept."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from mia.errors import MiaError
from mia.mind.memory import forgetting, keeping, reading, tidying
from mia.mind.memory.changing import Engine
from mia.mind.memory.journal import FILE, Journal, connect
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Memories
from mia.mind.memory.ports import TextKind, Vectors
from mia.mind.memory.records import Wanted
from mia.mind.memory.retrieval import Retriever
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus
from tests.support.memory import NOON, Clock, Talking, WordsEmbedder, line, remembering, settled

SECRET = "Quetzalcóatl"
EVERYTHING: dict[str, object] = {}


def kept(folder: Path) -> list[str]:
    with reading.opened(folder) as connection:
        return [row.text for row in reading.every(connection, Wanted())]


def found_in(folder: Path, word: str) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


async def until(there: Callable[[], bool]) -> None:
    """Return once it is so, or after a long time."""
    for _ in range(1000):
        if there():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never was")


def test_after_everything_was_forgotten_in_a_talk_it_goes_on_being_kept(tmp_path: Path) -> None:
    async def test() -> None:
        bus, troubles = EventBus(), list[MiaError]()
        async with remembering(tmp_path, bus, troubles=troubles) as memories:
            talking = Talking(bus)
            talking.says("Vivo en Sevilla.")
            await settled(memories)
            assert await Library(memories).forget(EVERYTHING) == 1
            talking.says("Ahora vivo en Oviedo.")
            talking.hears("¡Qué bien!")
            await settled(memories)
        assert kept(tmp_path) == ["Ahora vivo en Oviedo.", "¡Qué bien!"]
        assert not troubles

    asyncio.run(test())


def test_a_reply_to_a_line_that_is_forgotten_meanwhile_is_not_kept(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says(f"Mi perra se llama {SECRET}.")
            await settled(memories)
            await Library(memories).forget(EVERYTHING)
            talking.hears(f"¡Qué nombre, {SECRET}!")
            talking.says("Hola otra vez.")
            talking.hears(f"Hola, {SECRET}.")
            await settled(memories)
            (reply,) = (one for one in kept(tmp_path) if SECRET in one)
            assert reply == f"Hola, {SECRET}.", "of that turn nothing; the next one is another"
            await Library(memories).forget(EVERYTHING)
            bus.publish(
                facts.HeardReported(
                    at=0.0, conversation="c", persona="MIA", turn="u2", reply="r2", heard=reply
                )
            )
            await settled(memories)
        assert kept(tmp_path) == []

    asyncio.run(test())


def test_what_a_killed_forgetting_left_is_cleared_away_at_the_next_start(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    session = journal.begin("c", "MIA", "es", NOON)
    for number in range(50):
        journal.keep(session, line(f"i{number}", f"{SECRET} {number} come hierba", NOON))
    forgetting.erase(journal, Wanted())
    journal.close()
    assert found_in(tmp_path, "quetzalcoatl"), "or this test shows nothing"

    async def test() -> None:
        async with remembering(tmp_path, EventBus()):
            pass

    asyncio.run(test())
    assert not found_in(tmp_path, "quetzalcoatl")
    assert not found_in(tmp_path, SECRET)


def test_one_that_a_reader_kept_from_its_end_is_told_and_finished_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    session = journal.begin("c", "MIA", "es", NOON)
    journal.keep(session, line("a", f"Mi perra se llama {SECRET}.", NOON))
    journal.connection.execute("PRAGMA busy_timeout = 10")
    with closing(connect(tmp_path / FILE, write=False)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM memory").fetchone()
        with pytest.raises(MiaError, match="traces are left"):
            forgetting.forget(journal, Wanted())
    assert forgetting.finish(journal)
    assert not forgetting.finish(journal), "once"
    journal.close()
    assert not found_in(tmp_path, SECRET)


def test_what_runs_lets_go_also_where_traces_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[list[int], list[str]]] = []

    def refuse(_journal: Journal) -> None:
        raise MiaError("memory.forget_unfinished", reason="busy")

    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            turn = Talking(bus).says("Vivo en Sevilla.")
            await settled(memories)
            library = Library(memories, lambda ids, items: told.append(([*ids], [*items])))
            monkeypatch.setattr(forgetting, "scrub", refuse)
            with pytest.raises(MiaError):
                await library.forget(EVERYTHING)
            assert told == [([1], [turn])]
            monkeypatch.undo()

    asyncio.run(test())


class Moody(WordsEmbedder):
    """Embeds until it is told not to."""

    broken = False

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        if self.broken:
            raise ValueError("another number of dimensions")
        return super().embed(texts, kind)


def test_an_embedder_that_breaks_ends_neither_the_memory_nor_a_forgetting(tmp_path: Path) -> None:
    async def test() -> None:
        bus, troubles, embedder = EventBus(), list[MiaError](), Moody()
        async with remembering(tmp_path, bus, troubles=troubles, embedder=embedder) as memories:
            talking = Talking(bus)
            talking.says(f"Mi perra se llama {SECRET}.")
            await settled(memories)
            await memories.delivered()
            embedder.broken = True
            for number in range(20):
                talking.says(f"Hoy hablamos del asunto {number}.")
            talking.says("Ayer vi un ornitorrinco.")
            await memories.recorder.settled()
            with pytest.raises(MiaError):
                await memories.delivered()
            assert memories.index is not None
            assert 1 in memories.index.ids()
            assert await Library(memories).forget({"ids": (1,)}) == 1
            assert 1 not in memories.index.ids(), "its vector left at once"
            assert memories.status == "ready"
            found = await Library(memories).search("ornitorrinco", {}, 3)
            assert "ornitorrinco" in found[0]["text"], "words are there still"
            talking.says("Y esto se guarda también.")
            await memories.recorder.settled()
        assert kept(tmp_path)[-1] == "Y esto se guarda también."
        assert [error.code for error in troubles] == ["backend.fault"]

    asyncio.run(test())


def test_there_is_a_copy_again_after_a_forgetting_and_each_day(tmp_path: Path) -> None:
    async def test() -> None:
        bus, clock = EventBus(), Clock()
        async with remembering(tmp_path, bus, clock=clock) as memories:
            copy = keeping.copy_of(tmp_path / FILE)
            talking = Talking(bus)
            for said in ("Vivo en Sevilla.", "Trabajo de noche."):
                talking.says(said)
                await settled(memories)
            await Library(memories).forget({"ids": (1,)})
            assert not copy.exists()
            clock.now += tidying.PAUSE
            talking.says("Y los sábados también.")
            await settled(memories)
            await until(lambda: copy.exists() and b"Trabajo de noche." in copy.read_bytes())
            assert b"Sevilla" not in copy.read_bytes()
            clock.now = copy.stat().st_mtime + keeping.DAY + 1
            talking.says("Me gusta el mar.")
            await settled(memories)
            await until(lambda: b"Me gusta el mar." in copy.read_bytes())

    asyncio.run(test())


def test_what_is_said_to_come_makes_the_talk_private_and_says_so(tmp_path: Path) -> None:
    async def test() -> None:
        bus, notices = EventBus(), list[str]()
        bus.listen(lambda e: notices.append(e.code) if isinstance(e, facts.Notice) else None)
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Hola, soy Ana.")
            talking.says("Lo que te voy a decir no lo guardes.")
            talking.hears("De acuerdo.")
            talking.says("Me mudo a Quetzaltenango.")
            await settled(memories)
            assert memories.recorder.private() == ["c"]
        assert kept(tmp_path) == ["Hola, soy Ana."]
        assert notices == ["memory.private_now"]

    asyncio.run(test())


def test_in_company_it_is_only_who_asked_that_is_not_kept(tmp_path: Path) -> None:
    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            for turn, said in enumerate(
                [
                    (("discord:1", "Ana", "No guardes lo que voy a decir."),),
                    (("discord:1", "Ana", "Me mudo."), ("discord:2", "Ben", "Yo no.")),
                ]
            ):
                bus.publish(
                    facts.Heard(
                        at=1.0,
                        conversation="c",
                        persona="MIA",
                        speaker=said[-1][0],
                        turn=f"u{turn}",
                        revision=turn,
                        text="",
                        language="es",
                        final=True,
                        lines=said,
                    )
                )
            await settled(memories)
            assert memories.recorder.private() == []
        assert kept(tmp_path) == ["Yo no."]

    asyncio.run(test())


def test_a_journal_whose_pages_are_damaged_is_said_to_be_and_nobody_waits(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    session = journal.begin("c", "MIA", "es", NOON)
    for number in range(400):
        journal.keep(session, line(f"i{number}", f"Vivo en la calle {number} de Lugo", NOON))
    journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = [
        row[0]
        for row in journal.connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name IN ('speaker', 'memory')"
        )
    ]
    (size,) = journal.connection.execute("PRAGMA page_size").fetchone()
    journal.close()
    with (tmp_path / FILE).open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)

    async def test() -> None:
        troubles: list[MiaError] = []
        async with asyncio.timeout(60):
            memories = Memories(tmp_path, EventBus(), Retriever, nothing, trouble=troubles.append)
            async with memories.living():
                await memories.opened()
                assert memories.status == "failed"
                with pytest.raises(MiaError):
                    await Library(memories).forget(EVERYTHING)
        assert [error.code for error in troubles] == ["memory.damaged"]

    async def nothing() -> Engine:
        return None, None

    asyncio.run(test())


def test_what_was_said_in_another_run_is_no_line_of_this_one(tmp_path: Path) -> None:
    """Turns and replies are called alike in every run."""

    async def test() -> None:
        bus = EventBus()
        async with remembering(tmp_path, bus) as memories:
            talking = Talking(bus)
            talking.says("Vivo en Sevilla.")
            talking.hears("¡Qué calor!")
            await settled(memories)
        bus, told = EventBus(), list[str]()
        async with remembering(tmp_path, bus) as memories:
            library = Library(memories, lambda _ids, items: told.extend(items))
            talking = Talking(bus)
            talking.says("Hola otra vez.")
            await settled(memories)
            await library.edit(1, "Vivo en Huelva.")
            await library.forget({"ids": (1, 2)})
            assert told == []
            talking.hears("¡Hola!")
            await settled(memories)
        assert kept(tmp_path) == ["Hola otra vez.", "¡Hola!"]

    asyncio.run(test())


def test_one_that_was_interrupted_ends_also_where_nothing_can_be_embedded(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    session = journal.begin("c", "MIA", "es", NOON)
    for number in range(30):
        journal.keep(session, line(f"i{number}", f"{SECRET} {number} come hierba", NOON))
    forgetting.erase(journal, Wanted(ids=tuple(range(1, 30))))
    journal.close()
    embedder = Moody()
    embedder.broken = True

    async def test() -> None:
        async with remembering(tmp_path, EventBus(), embedder=embedder):
            pass

    asyncio.run(test())
    with reading.opened(tmp_path) as connection:
        assert reading.noted(connection, "forgetting") is None
    assert keeping.copy_of(tmp_path / FILE).exists()


def filled(folder: Path, lines: int = 4000) -> Journal:
    journal = Journal(folder)
    session = journal.begin("c", "MIA", "es", NOON)
    journal.meet("owner", "Ana", NOON)
    with journal.transaction():
        for number in range(lines):
            journal.insert("turn", session, line(f"i{number}", f"Línea {number}. " * 40, NOON))
    return journal


def test_a_copy_gives_way_to_somebody_who_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path)
    monkeypatch.setattr(keeping, "PAGES", 1)
    under_way = threading.Event()
    go_on = keeping._go_on

    def noticed(*given: int) -> None:
        under_way.set()
        time.sleep(0.001)
        go_on(*given)

    monkeypatch.setattr(keeping, "_go_on", noticed)
    with ThreadPoolExecutor(1) as beside:
        copying = beside.submit(keeping.copy, journal.path, NOON)
        assert under_way.wait(30)
        with keeping.no_copying():
            assert copying.done() or not list(tmp_path.glob("*.copy*"))
        assert copying.result() is False
    assert not list(tmp_path.glob("*.copy*"))
    assert keeping.copy(journal.path, NOON), "the next time it is made"
    journal.close()


def test_a_copy_that_would_fill_the_disk_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 10)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000_000))
    assert not keeping.copy(journal.path, NOON)
    assert not list(tmp_path.glob("*.copy*"))
    journal.close()


def test_a_copy_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 10)

    def full(*_given: int) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(keeping, "_go_on", full)
    with pytest.raises(sqlite3.OperationalError):
        keeping.copy(journal.path, NOON)
    assert not list(tmp_path.glob("*.copy*"))
    journal.close()


def test_what_a_killed_copy_left_is_deleted_also_where_none_is_made(tmp_path: Path) -> None:
    journal = filled(tmp_path, 10)
    assert keeping.copy(journal.path, NOON)
    left = keeping.copy_of(journal.path).with_suffix(".copy.part")
    left.write_bytes(b"half")
    assert not keeping.copy(journal.path, NOON), "there is one"
    assert not left.exists()
    journal.close()
