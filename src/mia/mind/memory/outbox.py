"""From the journal to the index: what is owed is delivered, in the background, more than once if
need be.

Writing a line puts one row into the outbox, in the same transaction. A delivery embeds the text,
keeps the vector in the journal, puts it into the index, and only then strikes the row out; so
whatever a killed process had not finished is done again, and doing it twice changes nothing. At
start the index is compared with the journal's vectors, id by id, and what differs is put right.

While one embedder takes another's place (`changing`), there are two indexes, and both are delivered
to: whichever answers knows what was said a moment ago.

Three threads, so that none ever waits for another's work: the journal's (the only writer), the
index's (embedding and indexing), and the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

from mia.blocking import Worker
from mia.errors import MiaError, fault
from mia.mind.memory import reading
from mia.mind.memory.journal import FILE, Journal, connect
from mia.mind.memory.ports import Embedder, Loaded, VectorIndex
from mia.mind.memory.reading import NEWEST

log = logging.getLogger(__name__)

#: Rows delivered at once; embedding them takes 20 to 200 ms, after which she may be spoken to.
BATCH = 16
#: Vectors put into the index at once when it is filled from the journal.
FILL = 2048


class Outbox:
    """Delivers to the index of the chosen embedder, and to the one of before while it is still
    needed. `quiet`: returns once nobody is talking."""

    def __init__(
        self,
        journal: Journal,
        writer: Worker,
        indexer: Worker,
        quiet: Callable[[], Awaitable[object]],
    ) -> None:
        """writer: the journal's thread. indexer: where embedding and indexing happen."""
        self._journal = journal
        self._writer = writer
        self._indexer = indexer
        self._quiet = quiet
        self._delivering = asyncio.Lock()
        self.embedder: Embedder | None = None
        self.index: VectorIndex | None = None
        self.before: Loaded | None = None
        """The embedder whose place the chosen one is about to take, and its index."""

    @property
    def _chosen(self) -> Loaded | None:
        if self.embedder is None or self.index is None:
            return None
        return self.embedder, self.index

    def _both(self) -> list[Loaded]:
        return [one for one in (self.before, self._chosen) if one is not None]

    async def clear(self) -> None:
        """Empty every index; `agree` fills them again."""
        for _, index in self._both():
            await self._indexer.run(index.clear)

    @property
    def folder(self) -> Path:
        return self._journal.path.parent

    async def agree(self) -> int:
        """Make each index equal to the journal's vectors of its embedder; returns how many they
        lacked or had too many."""
        return sum([await self.agree_with(one) for one in self._both()])

    async def agree_with(self, loaded: Loaded) -> int:
        """The same for one of them."""
        embedder, index = loaded
        extra, missing = await self._indexer.run(self._compare, embedder, index)
        if extra:
            await self._indexer.run(index.remove, extra)
        for at in range(0, len(missing), FILL):
            await self._quiet()
            await self._indexer.run(self._fill, embedder, index, missing[at : at + FILL])
        if extra or missing:
            log.info("the index lacked %d memories and had %d too many", len(missing), len(extra))
        return len(extra) + len(missing)

    def _compare(self, embedder: Embedder, index: VectorIndex) -> tuple[list[int], list[int]]:
        with reading.opened(self.folder) as connection:
            wanted = reading.vector_ids(connection, embedder.name)
        there = index.ids()
        return sorted(there - wanted), sorted(wanted - there)

    def _fill(self, embedder: Embedder, index: VectorIndex, ids: list[int]) -> None:
        with reading.opened(self.folder) as connection:
            for some, vectors in reading.vectors(connection, embedder.name, ids):
                index.add(some, vectors)

    async def deliver(self, *, hurry: bool = False) -> int:
        """Deliver what is owed now; returns how many rows were. hurry: also while somebody
        talks."""
        # What is to go needs no embedder: it is not to wait for one that is out of order.
        async with self._delivering:
            done = await self._remove()
        while True:
            if not hurry:
                await self._quiet()
            async with self._delivering:
                rows = await self._writer.run(self._journal.owed, BATCH)
                if not rows:
                    return done
                await self._deliver(rows)
                done += len(rows)

    async def _remove(self) -> int:
        rows = await self._writer.run(self._journal.owed, NEWEST, "remove")
        if rows:
            for _, index in self._both():
                await self._indexer.run(index.remove, [memory for _, _, memory in rows])
            await self._writer.run(self._journal.settle, [number for number, _, _ in rows])
        return len(rows)

    async def _deliver(self, rows: list[tuple[int, str, int]]) -> None:
        newest = {memory: op for _, op, memory in rows}
        gone = [memory for memory, op in newest.items() if op == "remove"]  # a moment ago
        added = [memory for memory, op in newest.items() if op == "add"]
        if self.before is not None:
            try:
                await self._give(self.before, added, gone)
            except MiaError as error:
                # It is on its way out, and a server that is off may be why. Words find these.
                log.info("the embedder of before did not take what was said: %s", error.code)
        if self._chosen is not None:
            await self._give(self._chosen, added, gone)
        await self._writer.run(self._journal.settle, [number for number, _, _ in rows])

    async def _give(self, loaded: Loaded, added: list[int], gone: list[int]) -> None:
        _, index = loaded
        if gone:
            await self._indexer.run(index.remove, gone)
        await self._embed(loaded, added)

    async def _embed(self, loaded: Loaded, ids: Sequence[int]) -> None:
        embedder, index = loaded
        if not ids:
            return
        texts = await self._writer.run(self._texts, ids)
        if not texts:
            return
        here = list(texts)
        try:
            vectors = await self._indexer.run(embedder.embed, list(texts.values()), "passage")
        except MiaError:
            raise
        except Exception as error:  # a plug-in's embedder may raise anything
            raise fault(error, "memory") from error
        await self._writer.run(self._journal.keep_vectors, embedder.name, here, vectors)
        await self._indexer.run(index.add, here, vectors)
        # Forgotten or rewritten meanwhile: what was embedded is no more, and must not stay.
        still = await self._writer.run(self._texts, here)
        if gone := [memory for memory in here if still.get(memory) != texts[memory]]:
            await self._indexer.run(index.remove, gone)

    def _texts(self, ids: Sequence[int]) -> dict[int, str]:
        rows = reading.by_ids(self._journal.connection, ids)
        return {row.id: row.text for row in rows if not row.dormant}

    async def release(self) -> Loaded | None:
        """Deliver to the embedder of before no more; returns it, to be closed."""
        async with self._delivering:
            before, self.before = self.before, None
        return before

    async def catch_up(self, between: Callable[[], Awaitable[object]] | None = None) -> int:
        """Embed what has no vector of the chosen embedder yet (another one was used until now, or
        none), the newest first; returns how many. between: what is done after each few of them."""
        done, below = 0, None
        while (chosen := self._chosen) is not None:
            lacking = await self._indexer.run(self._lacking, chosen[0].name, below)
            if not lacking and below is None:
                break
            if not lacking:
                below = None  # once more from the top: something may have changed meanwhile
                continue
            await self._quiet()
            await self._embed(chosen, lacking)
            done, below = done + len(lacking), lacking[-1]
            if between is not None:
                await between()
        return done

    def _lacking(self, embedder: str, below: int | None) -> list[int]:
        with closing(connect(self.folder / FILE, write=False)) as connection:
            return [memory for memory, _ in reading.lacking(connection, embedder, BATCH, below)]
