"""From one embedder to another, while the one of before goes on answering.

The journal notes which embedder has a vector of every memory, and how it is loaded. Where another
one is chosen, both are loaded: the one of before answers, with its own index, and the chosen one
embeds what there is while nobody talks; what is said meanwhile goes to both. Once nothing lacks,
the chosen one answers from one question to the next, the note is changed, and the other's vectors
are deleted.

A process that ends in the middle finds the note and all vectors made so far, and goes on there. An
embedder that only stands in for the chosen one, because that one cannot be had today, changes no
note and deletes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from mia.blocking import Worker
from mia.errors import MiaError
from mia.mind.memory import reading
from mia.mind.memory.journal import Journal
from mia.mind.memory.outbox import Outbox
from mia.mind.memory.ports import Embedder, Loaded, VectorIndex

log = logging.getLogger(__name__)

Engine = tuple[Embedder | None, VectorIndex | None]
#: Vectors deleted in one transaction: a few milliseconds, so that a turn can be written between.
FEW = 200


class Former(Protocol):
    """What is known of embedders that were chosen before."""

    def recipe(self) -> str | None:
        """How the embedder that was loaded is loaded another time, without any secret; None: it
        only stands in for the chosen one."""
        ...

    async def again(self, recipe: str) -> Engine:
        """An embedder of before and its index. Raises MiaError."""
        ...

    async def index(self, embedder: str, dimensions: int) -> VectorIndex | None:
        """The index of an embedder's vectors; None: it cannot be opened."""
        ...


class Changing:
    """show: lets memories be found by these from the next question on."""

    def __init__(
        self,
        journal: Journal,
        writer: Worker,
        indexer: Worker,
        outbox: Outbox,
        former: Former | None,
        show: Callable[[Engine], Awaitable[None]],
        quiet: Callable[[], Awaitable[object]],
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._indexer = indexer
        self._outbox = outbox
        self._former = former
        self._show = show
        self._quiet = quiet
        self._recipe: str | None = None
        self.finished = False
        """Every memory there was has a vector of the chosen embedder, and nothing else is left."""

    @property
    def under_way(self) -> bool:
        """Whether the embedder of before answers still."""
        return self._outbox.before is not None

    async def begin(self, chosen: Engine) -> None:
        """Let memories be found by the chosen embedder, or by the one of before as long as that
        one knows more. Raises MiaError, OSError, sqlite3.Error."""
        outbox, former = self._outbox, self._former
        outbox.embedder, outbox.index = embedder, index = chosen
        if embedder is None or index is None:
            self.finished = True
            await self._show(chosen)
            return
        self._recipe = former.recipe() if former is not None else None
        if former is not None and self._recipe is not None:
            outbox.before = await self._before(former, embedder.name)
        if (before := outbox.before) is not None:
            await outbox.agree_with(before)
            await self._show(before)
        await outbox.agree_with((embedder, index))
        if before is None:
            await self._show(chosen)

    async def _before(self, former: Former, chosen: str) -> Loaded | None:
        """The embedder that knows every memory, if it is another one; and note that it goes."""

        def look() -> tuple[str | None, str | None]:
            connection = self._journal.connection
            known = reading.noted(connection, reading.EMBEDDER)
            recipe = reading.noted(connection, reading.RECIPE)
            lacks = bool(reading.lacking(connection, chosen, 1))
            goes = known is not None and known != chosen and lacks
            self._journal.put_values({reading.COMING: chosen if goes else None})
            return (known, recipe) if goes else (None, None)

        name, recipe = await self._writer.run(look)
        if name is None or recipe is None:
            return None
        try:
            embedder, index = await former.again(recipe)
        except MiaError as error:
            # Its server may be off, or its model deleted: that may be why another was chosen.
            log.info("the embedder of before cannot answer meanwhile: %s", error.code)
            return None
        if embedder is not None and index is not None and embedder.name == name:
            return embedder, index
        await self._close(embedder, index)
        return None

    async def finish(self, between: Callable[[], Awaitable[object]] | None = None) -> None:
        """Have everything embedded, then let the chosen embedder answer alone. between: done
        after each few memories. Raises MiaError, OSError, sqlite3.Error."""
        if self.finished:
            return
        await self._outbox.catch_up(between)
        embedder, index = self._outbox.embedder, self._outbox.index
        assert embedder is not None
        if self.under_way:
            await self._show((embedder, index))
            before = await self._outbox.release()
            if before is not None:
                log.info(
                    "memories are found by %s now, no more by %s", embedder.name, before[0].name
                )
                await self._close(*before)
        if self._recipe is not None:
            notes = {
                reading.EMBEDDER: embedder.name,
                reading.RECIPE: self._recipe,
                reading.COMING: None,
            }
            await self._writer.run(self._journal.put_values, notes)
            await self._drop_others(embedder.name)
        self.finished = True

    async def _drop_others(self, chosen: str) -> None:
        """Delete the vectors of every other embedder, and what their indexes hold."""
        assert self._former is not None
        kept = await self._writer.run(reading.embedders, self._journal.connection)
        for name, dimensions in kept.items():
            if name == chosen:
                continue
            index = await self._former.index(name, dimensions)
            if index is not None:
                await self._indexer.run(index.clear)
                await self._indexer.run(index.close)
            gone = FEW
            while gone == FEW:
                await self._quiet()
                gone = await self._writer.run(self._journal.drop_vectors, name, FEW)

    async def close(self) -> None:
        """Close whatever is open."""
        if (before := self._outbox.before) is not None:
            await self._close(*before)
        await self._close(self._outbox.embedder, self._outbox.index)

    async def _close(self, embedder: Embedder | None, index: VectorIndex | None) -> None:
        def close() -> None:
            if index is not None:
                index.close()
            if embedder is not None:
                embedder.close()

        await self._indexer.run(close)
