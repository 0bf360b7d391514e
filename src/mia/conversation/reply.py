"""One reply: written, cut into clauses, synthesised ahead, played in order.

Everything a reply does is one task group: cancelling it cancels the language model, every
synthesis and the playing. Before its gate opens nothing of it is shown or heard.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from mia.conversation.cores import FIRST_CLAUSE, LATER_CLAUSE, WRITING, Cores
from mia.conversation.heard import Clause, cued, laid_out
from mia.conversation.playback import Track
from mia.conversation.ports import (
    PLAYING_RATE,
    Guard,
    KeptBack,
    LanguageModel,
    Prompt,
    Recollection,
    Resampler,
    Samples,
    Sound,
    SpeechSynthesizer,
    Word,
    Wording,
)
from mia.conversation.remembering import NOTHING as NOTHING_RECALLED
from mia.conversation.remembering import awaited, with_memories
from mia.conversation.script import pieces_of
from mia.conversation.segment import Segment
from mia.conversation.tuning import Tuning
from mia.errors import BackendUnavailable, MiaError, fault
from mia.strings import translate

T = TypeVar("T")

log = logging.getLogger(__name__)

NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Mouth:
    """What a reply needs to become sound."""

    llm: LanguageModel
    tts: SpeechSynthesizer
    wording: Wording
    resampler: Callable[[int, int], Resampler]
    """From and to a rate in samples a second."""
    guard: Guard | None = None
    """Keeps back what is not to be said; None: nothing is."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a reply reports while it goes on."""

    text: Callable[[int, str], None]
    """A clause is part of the reply: its sequence and its text."""
    placed: Callable[[Clause, tuple[tuple[str, float, float], ...]], None]
    """A clause has its place in the sound; phonemes in the reply's seconds."""
    ready: Callable[[], None]
    """The first clause has its sound, or will have none; told once."""
    sounding: Callable[[bool], None]
    """The first sample is heard: of a filler (False), of the reply itself (True)."""
    trouble: Callable[[MiaError], None]
    """Something failed; the reply goes on as well as it can."""
    kept_back: Callable[[KeptBack], None]
    """A clause is not said; the reply ends with what is said instead."""
    recalled: Callable[[Recollection], None] = lambda _recollection: None
    """What came to mind for it and is told to the mind; told only where there is something."""
    kept: Callable[[], Awaitable[None]] | None = None
    """Returns once the words it answers are written down: before that it is not heard."""


class Reply:
    def __init__(
        self,
        reply_id: str,
        turn: str,
        revision: int,
        prompt: Prompt,
        mouth: Mouth,
        track: Track,
        told: Told,
        cores: Cores,
        tuning: Tuning,
        thinking: asyncio.Task[Recollection] | None = None,
    ) -> None:
        """thinking: what comes to mind for the prompt's newest message, where anything may."""
        self.id = reply_id
        self.turn = turn
        self.revision = revision
        self.prompt = prompt
        self.track = track
        self.clauses: list[Clause] = []
        """Placed clauses, in order."""
        self.recollection = NOTHING_RECALLED
        """What came to mind for it, once that is known."""
        self.failed = False
        """The language model gave nothing at all; what is said instead is no part of the
        conversation."""
        self.times: dict[str, float] = {}
        """Loop times of: started, memory (where there is one: it was asked), first_piece,
        first_clause, first_sound, opened, sounding."""
        self.worked = {"llm": 0.0, "tts": 0.0}
        """Seconds the models worked on it."""
        self._mouth = mouth
        self._told = told
        self._cores = cores
        self._tuning = tuning
        self._thinking = thinking
        self._gate = asyncio.Event()
        self._sounded = asyncio.Event()
        """The first clause has a sound, or will have none."""
        self._texts: list[tuple[int, str]] = []
        self._kept_back = False
        """What was to come after is not said either."""
        self._looks: tuple[tuple[str, int], ...] = ()
        """Looks that came before any word."""
        self._clauses: asyncio.Queue[str | None] = asyncio.Queue(tuning.clauses_waiting)
        self._segments: asyncio.Queue[Segment | None] = asyncio.Queue(tuning.clauses_waiting)
        self._loop = asyncio.get_running_loop()

    @property
    def text(self) -> str:
        """All that was written so far, as it is shown."""
        return " ".join(text for _, text in self._texts)

    @property
    def opened(self) -> bool:
        return self._gate.is_set()

    def open(self) -> None:
        """Let the reply be shown and heard."""
        if not self._gate.is_set():
            self._stamp("opened")
            self._gate.set()
            for sequence, text in self._texts:
                self._told.text(sequence, text)

    def fill(self, samples: Samples) -> bool:
        """Have this heard while the reply's own sound is not there; whether it was not."""
        late = self.opened and not self._sounded.is_set() and not self.track.seconds
        if late:
            self.track.fill(samples)
        return late

    async def run(self) -> None:
        """The reply's whole life; returns when all of it was heard."""
        self._stamp("started")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            group.create_task(self._synthesise(group))
            group.create_task(self._place())
            group.create_task(self._play())

    def _stamp(self, what: str) -> None:
        self.times.setdefault(what, self._loop.time())

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    async def _write(self) -> None:
        cutter = self._mouth.wording.cutter(self.prompt.language)
        written = 0
        problem: MiaError | None = None
        if self._thinking is not None:
            self.recollection = await awaited(self._thinking)
            self._stamp("memory")
            if self.recollection.note:
                self._told.recalled(self.recollection)
        prompt = with_memories(self.prompt, self.recollection)
        try:
            async with (
                self._cores.claim(WRITING),
                aclosing(pieces_of(self._mouth.llm, prompt)) as pieces,
            ):
                patience = self._tuning.first_piece
                while (piece := await self._next("llm", pieces, patience)) is not None:
                    self._stamp("first_piece")
                    patience = self._tuning.next_piece
                    written += len(piece)
                    for clause in cutter.feed(piece):
                        await self._clause(clause)
                        await self._first_voice_first()
                    if written > self._tuning.longest_reply or self._kept_back:
                        break
        except TimeoutError:
            problem = BackendUnavailable("llm.stalled")
        except Exception as error:  # noqa: BLE001 - whatever it is, an answer is owed
            problem = self._fault(error, "llm")
        if not written and problem is None:
            problem = BackendUnavailable("llm.empty")
        if problem is not None:
            self._trouble(problem)
        for clause in cutter.finish():
            await self._clause(clause)
        if not written:
            self.failed = True
            await self._clause(translate("spoken.no_answer", self.prompt.language))
        await self._clauses.put(None)

    async def _first_voice_first(self) -> None:
        """Nothing more is read until the first clause has a sound. A model in this process writes
        no further than it is read, and leaves the cores to the voice meanwhile."""
        if not self._sounded.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tuning.first_voice):
                    await self._sounded.wait()

    async def _clause(self, clause: str) -> None:
        if clause.strip():
            self._stamp("first_clause")
            await self._clauses.put(clause)

    @staticmethod
    def _fault(error: Exception, part: str) -> MiaError:
        problem = fault(error, part)
        if problem is not error:
            log.error("the %s failed", part, exc_info=error)
        return problem

    def _trouble(self, error: MiaError) -> None:
        self._told.trouble(error)

    # ── synthesising ─────────────────────────────────────────────────────────────────────────

    async def _synthesise(self, group: asyncio.TaskGroup) -> None:
        slots = asyncio.Semaphore(self._tuning.jobs)
        previous: Segment | None = None
        sequence = 0
        wording, language, guard = self._mouth.wording, self.prompt.language, self._mouth.guard
        watch = await guard.begin(language) if guard is not None else None
        while (clause := await self._clauses.get()) is not None:
            if self._kept_back:
                continue
            shown, spoken = wording.shown(clause), wording.spoken(clause, language)
            if watch is not None and (kept := watch.check(shown, spoken)) is not None:
                self._kept_back = True
                self._told.kept_back(kept)
                clause = kept.instead
                shown, spoken = wording.shown(clause), wording.spoken(clause, language)
            if sequence >= self._tuning.ahead_of_gate:
                await self._gate.wait()
            if shown:
                self._texts.append((sequence, shown))
                if self._gate.is_set():
                    self._told.text(sequence, shown)
            segment = Segment(sequence, shown, spoken, wording.cues(clause))
            if spoken:
                await self.track.below(self._tuning.buffered)
                if previous is not None:
                    await self._turn_for(previous)
                await slots.acquire()
                group.create_task(self._sound(segment, slots))
                previous = segment
            else:
                segment.pieces.put_nowait(None)
                self._has_sound()
            await self._segments.put(segment)
            sequence += 1
        await self._segments.put(None)

    async def _turn_for(self, previous: Segment) -> None:
        """A clause alone is ready sooner than two at once: begin the next one when the one
        before is done, or when the sound is running out."""
        done = asyncio.ensure_future(previous.done.wait())
        low = asyncio.ensure_future(self._running_out())
        try:
            await asyncio.wait((done, low), return_when=asyncio.FIRST_COMPLETED)
        finally:
            done.cancel()
            low.cancel()
            await asyncio.gather(done, low, return_exceptions=True)

    async def _running_out(self) -> None:
        await self._gate.wait()
        await self.track.below(self._tuning.hurry)
        if not self.clauses:
            # Nothing is being heard yet: the first clause needs all there is.
            await asyncio.Event().wait()

    async def _sound(self, segment: Segment, slots: asyncio.Semaphore) -> None:
        heard = 0
        waited_for = not self._sounded.is_set() or self.track.buffered() < self._tuning.hurry
        try:
            async with (
                self._cores.claim(FIRST_CLAUSE if waited_for else LATER_CLAUSE),
                aclosing(
                    self._mouth.tts.stream(segment.spoken, language=self.prompt.language)
                ) as pieces,
            ):
                patience = self._tuning.synthesis
                while (piece := await self._next("tts", pieces, patience)) is not None:
                    self._stamp("first_sound")
                    self._has_sound()
                    heard += len(piece.samples)
                    await segment.pieces.put(piece)
            if not heard:
                self._trouble(BackendUnavailable("tts.silent", text=segment.shown))
        except TimeoutError:
            self._trouble(BackendUnavailable("tts.stalled", text=segment.shown))
        except Exception as error:  # noqa: BLE001 - the other clauses are owed
            self._trouble(self._fault(error, "tts"))
        finally:
            slots.release()
            segment.done.set()
            self._has_sound()
        await segment.pieces.put(None)

    def _has_sound(self) -> None:
        if not self._sounded.is_set():
            self._sounded.set()
            self._told.ready()

    async def _next(self, part: str, stream: AsyncGenerator[T, None], seconds: float) -> T | None:
        """The next item, None at the end. Raises TimeoutError when it does not come."""
        begun = self._loop.time()
        try:
            async with asyncio.timeout(seconds):
                return await anext(stream, None)
        finally:
            self.worked[part] += self._loop.time() - begun

    # ── playing, in order ────────────────────────────────────────────────────────────────────

    async def _place(self) -> None:
        await self._gate.wait()
        while (segment := await self._segments.get()) is not None:
            begin = 0.0
            words: tuple[Word, ...] = ()
            resampler: Resampler | None = None
            rate = PLAYING_RATE
            while (piece := await segment.pieces.get()) is not None:
                if resampler is None:
                    # Not before: until now a filler may have been said.
                    begin = self.track.seconds
                    rate = piece.rate
                    resampler = self._mouth.resampler(rate, PLAYING_RATE)
                words += piece.words
                self.track.add(resampler.feed(piece.samples))
                self._placed(segment, begin, words, piece)
            if resampler is not None:
                self.track.add(resampler.feed(NOTHING, last=True))
            elif segment.cues:
                self._look(segment)
        self.track.close()

    def _look(self, segment: Segment) -> None:
        """A look without a word: it is due after the clause before, or with the first one."""
        if not self.clauses:
            self._looks += tuple((name, 0) for name, _ in segment.cues)
            return
        last = self.clauses[-1]
        due = (*last.cues, *cued(segment.cues, (), self.track.seconds))
        self.clauses[-1] = replace(last, cues=due)
        self._told.placed(self.clauses[-1], ())

    def _placed(
        self, segment: Segment, begin: float, words: tuple[Word, ...], piece: Sound
    ) -> None:
        finish = self.track.seconds
        if words:
            on_shown = self._mouth.wording.align(segment.shown, segment.spoken, words)
            placed = tuple(
                Word(w.start, w.end, begin + w.begin, begin + w.finish) for w in on_shown
            )
        else:
            placed = laid_out(segment.shown, begin, finish)
        first = self.clauses[0].sequence if self.clauses else segment.sequence
        looks = self._looks if segment.sequence == first else ()
        cues = cued((*looks, *segment.cues), placed, finish)
        clause = Clause(segment.sequence, segment.shown, begin, finish, placed, bool(words), cues)
        if self.clauses and self.clauses[-1].sequence == segment.sequence:
            self.clauses[-1] = clause
        else:
            self.clauses.append(clause)
        phonemes = tuple((p.symbol, begin + p.begin, begin + p.finish) for p in piece.phonemes)
        self._told.placed(clause, phonemes)

    async def _play(self) -> None:
        await self._gate.wait()
        if self._told.kept is not None:
            await self._told.kept()
        await self.track.play(self._sounding)

    def _sounding(self, own: bool) -> None:
        if own:
            self._stamp("sounding")
        self._told.sounding(own)

    # ── afterwards ───────────────────────────────────────────────────────────────────────────

    def stages(self, since: float) -> Mapping[str, float]:
        """Milliseconds each stage took, for a turn whose last voiced sample was at `since`."""
        asked = ("memory",) if "memory" in self.times else ()
        order = ("started", *asked, "first_piece", "first_clause", "first_sound")
        stages: dict[str, float] = {}
        for before, after in itertools.pairwise(order):
            if before in self.times and after in self.times:
                stages[after] = (self.times[after] - self.times[before]) * 1000
        if "opened" in self.times:
            stages["gate"] = (self.times["opened"] - since) * 1000
        if "sounding" in self.times:
            stages["v2v"] = (self.times["sounding"] - since) * 1000
        return stages
