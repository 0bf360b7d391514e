"""From the journal to the index: what is owed is delivered, in the background, more than once if
need be.

Writing a line puts one row into the outbox, in the same transaction. A delivery embeds the text,
keeps the vector in the journal, puts it into the index, and only then strikes the row out; so
whatever a killed process had not finished is done again, and doing it twice changes nothing. At
start the index is compared with the journal's vectors, id by id, and what differs is put right.

Three threads, so that none ever waits for another's work: the journal's (the only writer), the
index's (embedding and indexing), and the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from mia.blocking import Worker
from mia.mind.memory import reading
from mia.mind.memory.journal import FILE, Journal, connect
from mia.mind.memory.ports import Embedder, VectorIndex

log = logging.getLogger(__name__)

#: Rows delivered at once; embedding them takes 20 to 200 ms, after which she may be spoken to.
BATCH = 16
#: Vectors put into the index at once when it is filled from the journal.
FILL = 2048


class Outbox:
    """Delivers to one index. `quiet`: returns once nobody is talking."""

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

    @property
    def folder(self) -> Path:
        return self._journal.path.parent

    async def agree(self) -> int:
        """Make the index equal to the journal's vectors of this embedder; returns how many it
        lacked or had too many."""
        embedder, index = self.embedder, self.index
        if embedder is None or index is None:
            return 0
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
        done = 0
        while True:
            if not hurry:
                await self._quiet()
            async with self._delivering:
                rows = await self._writer.run(self._journal.owed, BATCH)
                if not rows:
                    return done
                await self._deliver(rows)
                done += len(rows)

    async def _deliver(self, rows: list[tuple[int, str, int]]) -> None:
        newest = {memory: op for _, op, memory in rows}
        if self.embedder is not None and self.index is not None:
            gone = [memory for memory, op in newest.items() if op == "remove"]
            if gone:
                await self._indexer.run(self.index.remove, gone)
            await self._embed([memory for memory, op in newest.items() if op == "add"])
        await self._writer.run(self._journal.settle, [number for number, _, _ in rows])

    async def _embed(self, ids: list[int]) -> None:
        embedder, index = self.embedder, self.index
        if embedder is None or index is None or not ids:
            return
        texts = await self._writer.run(self._texts, ids)
        if not texts:
            return
        here = list(texts)
        vectors = await self._indexer.run(embedder.embed, list(texts.values()), "passage")
        await self._writer.run(self._journal.keep_vectors, embedder.name, here, vectors)
        await self._indexer.run(index.add, here, vectors)
        # Forgotten meanwhile: its row was not there to be kept, and must not stay in the index.
        still = await self._writer.run(self._texts, here)
        if gone := [memory for memory in here if memory not in still]:
            await self._indexer.run(index.remove, gone)

    def _texts(self, ids: list[int]) -> dict[int, str]:
        rows = reading.by_ids(self._journal.connection, ids)
        return {row.id: row.text for row in rows if not row.dormant}

    async def catch_up(self) -> int:
        """Embed what has no vector of this embedder yet (another one was used until now, or none);
        returns how many."""
        done = 0
        while self.embedder is not None:
            lacking = await self._indexer.run(self._lacking, self.embedder.name)
            if not lacking:
                break
            await self._quiet()
            await self._embed(lacking)
            done += len(lacking)
        return done

    def _lacking(self, embedder: str) -> list[int]:
        with closing(connect(self.folder / FILE, write=False)) as connection:
            return [memory for memory, _ in reading.lacking(connection, embedder, BATCH)]
