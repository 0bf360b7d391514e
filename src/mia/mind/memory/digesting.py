"""Facts and summaries while nobody talks: a capable brain looks at conversations that are over.

It begins once everybody has been quiet for a while, and is given up the moment somebody speaks:
the brain is theirs.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from mia.conversation.ports import LanguageModel
from mia.errors import MiaError
from mia.mind.memory import facts
from mia.mind.memory.memories import Memories

log = logging.getLogger(__name__)

#: Seconds of quiet before the brain is asked.
QUIET = 30.0
#: After a brain that failed, as many times longer.
LATER = 20


class Digesting:
    def __init__(self, memories: Memories, brain: LanguageModel, quiet: float = QUIET) -> None:
        self._memories = memories
        self._brain = brain
        self._quiet = quiet

    async def run(self) -> None:
        """Live until cancelled."""
        recorder = self._memories.recorder
        await self._memories.caught_up()
        wait = self._quiet
        while True:
            await recorder.idle.wait()
            if await self._spoken(wait):
                continue
            wait = self._quiet
            try:
                if not await self.look():
                    await recorder.busy.wait()  # until somebody speaks there is nothing new
            except (MiaError, sqlite3.Error) as error:
                log.info("no facts and summaries were made: %s", getattr(error, "code", error))
                wait = self._quiet * LATER

    async def _spoken(self, seconds: float) -> bool:
        """Whether somebody speaks within this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._memories.recorder.busy.wait()
        except TimeoutError:
            return False
        return True

    async def look(self) -> bool:
        """Look at one conversation; whether there was one. Given up when somebody speaks."""
        memories = self._memories
        looking = asyncio.ensure_future(self._digest())
        busy = asyncio.ensure_future(memories.recorder.busy.wait())
        try:
            await asyncio.wait((looking, busy), return_when=asyncio.FIRST_COMPLETED)
            return await looking if looking.done() else True
        finally:
            for task in (looking, busy):
                task.cancel()
            await asyncio.gather(looking, busy, return_exceptions=True)

    async def _digest(self) -> bool:
        memories = self._memories
        if not memories.choices.enabled:
            return False
        running = frozenset(
            talk.session for talk in memories.recorder.talks.values() if talk.session is not None
        )
        found = await memories.on_journal(lambda journal: facts.undigested(journal, running))
        if found is None:
            return False
        session, every = found
        upto, persona, language = every[-1].id, every[-1].persona, every[-1].language
        # Who is not to be remembered is not thought about either.
        lines = [line for line in every if memories.remembers(line.speaker, line.persona)]
        people = facts.people_of(lines)
        known = await memories.on_journal(lambda journal: facts.known(journal, people, persona))
        answer = ""
        if people:
            answer = await facts.written(self._brain, facts.asked(lines, known, language))
        digest = facts.Digest(session, upto, facts.understood(answer, lines, known))
        made = await memories.on_journal(lambda journal: facts.keep(journal, digest, lines, known))
        log.info("%d facts and summaries were made of conversation %d", len(made), session)
        return True
