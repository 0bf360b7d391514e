"""Facts and summaries while nobody talks: a capable brain looks at what was said a while ago.

It begins once everybody has been quiet for a while, and is given up the moment somebody speaks:
the brain is theirs.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sqlite3

from mia.conversation.ports import LanguageModel
from mia.errors import MiaError
from mia.mind.memory import facts
from mia.mind.memory.memories import Memories
from mia.mind.memory.records import Memory

log = logging.getLogger(__name__)

#: Seconds of quiet before the brain is asked.
QUIET = 30.0
#: After so many seconds a line of a talk that goes on stays as it is.
SETTLED = 600.0
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
        wait = self._quiet
        while True:
            await recorder.idle.wait()
            if await self._spoken(wait):
                continue
            wait = self._quiet
            try:
                await self._memories.caught_up()
                if not await self.look():
                    await self._spoken(SETTLED)  # until then there is nothing new
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
        running, settled = memories.recorder.running(), memories.now() - SETTLED
        found = await memories.on_journal(
            lambda journal: facts.undigested(journal, running, settled)
        )
        if found is None:
            return False
        session, every = found
        made: list[facts.Made] = []
        shown: list[Memory] = []
        for person, lines in facts.by_person(every).items():
            persona = lines[-1].persona
            if not memories.remembers(person, persona):
                continue  # who is not to be remembered is not thought about either
            known = await memories.on_journal(
                functools.partial(facts.known, speaker=person, persona=persona)
            )
            request = facts.asked(lines, known, lines[-1].language)
            answer = await facts.written(self._brain, request)
            if memories.remembers(person, persona):  # still
                made += facts.understood(answer, lines, known)
                shown += known
        digest = facts.Digest(session, every[-1].id, made)
        ids = await memories.on_journal(lambda journal: facts.keep(journal, digest, every, shown))
        log.info("%d facts and summaries were made of conversation %d", len(ids), session)
        return True
