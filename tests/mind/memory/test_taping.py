"""The sound that is kept of a conversation: what was really heard, as long as its line lives."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Samples
from mia.errors import MiaError
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Choices, Memories
from mia.mind.memory.mixing import Side
from mia.mind.memory.sounds import Record
from mia.mind.memory.taping import Taping
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support.memory import NOON, Clock, Talking, remembering, settled

LIMIT = 100_000_000


def tone(seconds: float, rate: int = PLAYING_RATE, pitch: float = 220.0) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(0.3 * np.sin(2 * np.pi * pitch * time), np.float32)


@dataclass
class Talk:
    """A conversation "c" that is told, fact by fact. `at`: seconds from its beginning."""

    memories: Memories
    taping: Taping
    bus: EventBus
    clock: Clock
    troubles: list[MiaError]
    zero: float

    def __post_init__(self) -> None:
        self.library = Library(self.memories)
        self.talking = Talking(self.bus)
        self.samples = 0

    def places(self, reply: str, begin: float, samples: Samples) -> None:
        """More of a reply's sound is there."""
        self.tell(
            facts.SoundPlaced, 0, reply=reply, begin=begin, rate=PLAYING_RATE, samples=samples
        )

    def tell(self, kind: type[Event], at: float, later: float = 0.0, **fields: Any) -> None:
        self.clock.now = NOON + at  # what is told is told when it happens
        loop = asyncio.get_running_loop()
        self.bus.publish(kind(at=loop.time() + later, conversation="c", persona="MIA", **fields))

    def says(self, text: str, at: float, sound: Samples | None = None) -> str:
        """The user says this, from `at` on; their microphone hears `sound`."""
        turn = f"u{self.talking.turn + 1}"
        if sound is not None:
            begin = self.samples
            self.taping.hear(sound, begin)
            self.samples += len(sound)
            ms = 1000 * begin // HEARING_RATE
            end = 1000 * self.samples // HEARING_RATE
            self.tell(facts.SpeechStarted, at + len(sound) / HEARING_RATE, turn=turn, audio_ms=ms)
            self.tell(facts.SpeechStopped, at + len(sound) / HEARING_RATE, turn=turn, audio_ms=end)
        return self.talking.says(text)

    def answers(self, text: str, at: float, sound: Samples, heard: float | None = None) -> None:
        """MIA answers, from `at` on; of her sound `heard` seconds are heard."""
        reply, turn = f"r{self.talking.turn}", f"u{self.talking.turn}"
        whole = len(sound) / PLAYING_RATE
        self.tell(facts.SoundPlaced, at, reply=reply, begin=0.0, rate=PLAYING_RATE, samples=sound)
        self.tell(facts.PlaybackStarted, at, turn=turn, reply=reply)
        self.ends(text, at, whole if heard is None else heard)

    def ends(self, text: str, at: float, heard: float) -> None:
        self.tell(
            facts.ReplyEnded,
            at + heard,
            turn=f"u{self.talking.turn}",
            reply=f"r{self.talking.turn}",
            text=text,
            heard=text,
            said=text,
            heard_ms=round(heard * 1000),
            status="completed",
        )

    async def kept(self) -> list[Path]:
        await self.taping.settled()
        await settled(self.memories)
        return sorted(self.taping.sounds.folder.glob("*"))

    async def wav(self, side: Side = "hers") -> npt.NDArray[np.float32]:
        await self.kept()
        (session,) = await self.library.sessions()
        mix = await self.library.sound(session["id"], side)
        data = b"".join(mix.blocks())
        assert len(data) == mix.size
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        assert rate == PLAYING_RATE
        return np.asarray(samples, np.float32)


@asynccontextmanager
async def taped(
    folder: Path, record: Record, most: int = LIMIT, choices: Choices | None = None
) -> AsyncIterator[Talk]:
    bus, clock = EventBus(), Clock()
    troubles: list[MiaError] = []
    async with remembering(folder, bus, clock=clock, choices=choices) as memories:
        taping = Taping(memories, bus, "c", record, most, troubles.append)
        async with taping.living():
            zero = asyncio.get_running_loop().time()
            yield Talk(memories, taping, bus, clock, troubles, zero)


def loud(samples: npt.NDArray[np.float32]) -> float:
    """Seconds in which something sounds."""
    frames = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    return float((np.abs(frames).max(axis=1) > 0.05).sum() * 240 / PLAYING_RATE)


def test_nothing_is_recorded_unless_somebody_wants_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "none") as talk:
            talk.says("Hola.", 0, tone(1, HEARING_RATE))
            talk.answers("Hola, ¿qué tal?", 2, tone(2))
            assert await talk.kept() == []
            (session,) = await talk.library.sessions()
            assert session["sound"] == "none"
            with pytest.raises(MiaError, match=r"sound|sonido") as refused:
                await talk.library.sound(session["id"], "hers")
            assert refused.value.code == "conversations.no_sound"

    asyncio.run(run())


def test_a_reply_that_was_cut_short_ends_where_it_was_cut(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers") as talk:
            talk.says("Cuéntame algo.", 0, tone(1, HEARING_RATE))
            talk.answers("Érase una vez", 2, tone(5), heard=1.5)
            assert len(await talk.kept()) == 1, "her side alone"
            sound = await talk.wav()
            assert sound.shape[1] == 1
            assert 1.45 <= loud(sound[:, 0]) <= 1.55

    asyncio.run(run())


def test_what_was_held_is_silent_and_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers") as talk:
            talk.says("Cuéntame algo.", 0)
            reply, turn = "r1", "u1"
            talk.tell(
                facts.SoundPlaced, 1, reply=reply, begin=0.0, rate=PLAYING_RATE, samples=tone(2)
            )
            talk.tell(facts.PlaybackStarted, 1, turn=turn, reply=reply)
            talk.tell(facts.Paused, 2, turn=turn, reply=reply, heard_ms=1000)
            talk.tell(facts.Unducked, 6, turn=turn, reply=reply, heard_ms=800)
            talk.ends("Érase una vez", 5.2, 2.0)
            pieces = await talk.kept()
            assert sorted(round(soundfile.info(one).duration, 2) for one in pieces) == [1.0, 1.2]

    asyncio.run(run())


def test_a_filler_is_heard_and_no_word_of_the_subtitle(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers") as talk:
            talk.says("¿Qué hora es?", 0)
            sound, about = tone(3), dict[str, Any](turn="u1", reply="r1")
            talk.places("r1", 0.0, sound[:PLAYING_RATE])
            talk.tell(facts.FillerStarted, 1, **about, text="A ver…")
            talk.places("r1", 1.0, sound[PLAYING_RATE:])
            talk.tell(facts.PlaybackStarted, 1, **about, later=2.5)
            talk.ends("Son las tres.", 4, 3.0)
            pieces = await talk.kept()
            assert {path.stem[-1] == "f" for path in pieces} == {True, False}
            (session,) = await talk.library.sessions()
            subtitles = await talk.library.export_session(session["id"], "srt")
            stamps = re.findall(r"00:00:(\d\d),(\d{3})", subtitles)[-2:]
            begin, end = (int(seconds) * 1000 + int(ms) for seconds, ms in stamps)
            assert abs(end - begin - 2000) <= 2, "her own words alone"

    asyncio.run(run())


def test_both_sides_are_in_time_with_the_subtitles(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both") as talk:
            talk.says("¿Qué hora es?", 0, tone(2, HEARING_RATE))
            talk.answers("Son las tres.", 4, tone(1.5))
            sound = await talk.wav("both")
            assert sound.shape[1] == 2
            assert 1.9 <= loud(sound[:, 0]) <= 2.1, "the user, left"
            assert 1.4 <= loud(sound[:, 1]) <= 1.6, "MIA, right"
            (session,) = await talk.library.sessions()
            assert session["sound"] == "both"
            subtitles = await talk.library.export_session(session["id"], "srt")
            begin = np.flatnonzero(np.abs(sound[:, 1]) > 0.05)[0] / PLAYING_RATE
            stamp = f"00:00:{int(begin):02},"
            assert stamp in subtitles.split("\n\n")[1], subtitles

    asyncio.run(run())


def test_a_forgotten_conversation_leaves_no_sound(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both") as talk:
            talk.says("Mi clave es azul.", 0, tone(1, HEARING_RATE))
            talk.answers("Vale.", 2, tone(1))
            assert len(await talk.kept()) == 2
            (session,) = await talk.library.sessions()
            await talk.library.forget({"session": session["id"]})
            assert await talk.kept() == []

    asyncio.run(run())


def test_each_way_to_forget_takes_the_sound_along(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both") as talk:
            talk.says("Mi perra se llama Luna.", 0, tone(1, HEARING_RATE))
            talk.answers("¡Qué bonito!", 2, tone(1))
            talk.says("Olvida eso.", 4, tone(1, HEARING_RATE))
            assert await talk.kept() == [], "said aloud"
            talk.says("Vivo en Sevilla.", 6, tone(1, HEARING_RATE))
            (path,) = await talk.kept()
            line = int(path.name.partition("-")[0])
            await talk.library.edit(line, "Vivo en Granada.")
            assert await talk.kept() == [], "a line with other words"
            talk.says("Hoy llueve.", 8, tone(1, HEARING_RATE))
            await talk.kept()
            await talk.library.forget({"ids": (await rows(talk))})
            assert await talk.kept() == [], "one line"
            talk.says("Esto no lo guardes: hoy llueve.", 9, tone(1, HEARING_RATE))
            assert await talk.kept() == [], "never kept"

    async def rows(talk: Talk) -> tuple[int, ...]:
        newest = await talk.library.newest({}, 1, None)
        return (newest[0]["id"],)

    asyncio.run(run())


def test_a_turn_that_was_taken_back_leaves_no_sound(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both") as talk:
            turn = talk.says("Pon música…", 0, tone(1, HEARING_RATE))
            assert len(await talk.kept()) == 1
            talk.tell(facts.Reopened, 2, turn=turn)
            assert await talk.kept() == []

    asyncio.run(run())


def test_sound_alone_can_be_deleted(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers") as talk:
            talk.says("Hola.", 0)
            talk.answers("Hola.", 1, tone(1))
            assert await talk.kept()
            (session,) = await talk.library.sessions()
            await talk.library.forget_sound(session["id"])
            assert await talk.kept() == []
            assert len((await talk.library.session(session["id"]))["lines"]) == 2

    asyncio.run(run())


def test_a_conversations_own_choice_counts_and_is_known_when_it_is_taken_up(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both") as talk:
            told: list[str] = []

            def listen(event: Event) -> None:
                if isinstance(event, facts.RecordingChanged):
                    told.append(event.record)

            talk.bus.listen(listen)
            talk.taping.choose("none")
            talk.says("Hola.", 0, tone(1, HEARING_RATE))
            assert await talk.kept() == []
            (session,) = await talk.library.sessions()

            await talk.library.begin_anew("c")
            talk.tell(facts.HistoryReplaced, 2)
            assert told[-1] == "both", "a new one does as configured"

            await talk.library.take_up(session["id"], "c")
            talk.tell(facts.HistoryReplaced, 3)
            await talk.kept()
            assert told == ["none", "both", "none"]

    asyncio.run(run())


def test_without_memory_there_is_no_sound(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "both", choices=Choices(enabled=False)) as talk:
            assert talk.taping.record == "none"
            with pytest.raises(MiaError, match=r"sound|sonido") as refused:
                talk.taping.choose("hers")
            assert refused.value.code == "conversations.not_kept"

    asyncio.run(run())


def test_a_full_store_takes_no_more_and_says_so_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers", most=10) as talk:
            for number in range(4):
                talk.says("Hola.", number * 3)
                talk.answers("Hola.", number * 3 + 1, tone(1))
                await talk.kept()
            assert len(await talk.kept()) == 1
            assert [error.code for error in talk.troubles] == ["conversations.sound_full"]

    asyncio.run(run())


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    async def run() -> None:
        folder = tmp_path / "sound"
        folder.mkdir()
        (folder / "abc.part").write_bytes(b"half")
        (folder / "77-1793534400000.flac").write_bytes(b"of no line")
        async with taped(tmp_path, "none") as talk:
            await asyncio.sleep(0)
            async with asyncio.timeout(10):
                await talk.taping.begun.wait()
            assert await talk.kept() == []

    asyncio.run(run())


def test_days_of_silence_are_cut_short(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path, "hers") as talk:
            talk.says("Hola.", 0)
            talk.answers("Hola.", 1, tone(1))
            talk.says("Ya estoy aquí.", 3 * 86_400)
            talk.answers("Qué alegría.", 3 * 86_400 + 1, tone(1))
            sound = await talk.wav()
            assert len(sound) < 15 * PLAYING_RATE
            assert 1.9 <= loud(sound[:, 0]) <= 2.1

    asyncio.run(run())
