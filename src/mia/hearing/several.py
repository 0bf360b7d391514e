"""Several recognisers in a row: when one fails, the next hears the same utterance."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from mia.conversation.ports import Samples, SpeechToText, Transcript
from mia.errors import BackendUnavailable, MiaError, fault

log = logging.getLogger(__name__)

#: A recogniser that failed is asked last for this long, in seconds: a server that is off must
#: not cost every utterance a time-out.
REST_SECONDS = 30.0
#: A recogniser that has not said what it heard within this has failed, if another one could. The
#: slowest that anybody talks with takes 6 s for the longest utterance (27 s) on two cores.
PATIENCE_SECONDS = 12.0
#: … and if it is the only one: below the engine's own patience, so that it is loaded anew, since
#: whatever hangs in it would hang the next utterance too.
LAST_PATIENCE_SECONDS = 25.0

Load = Callable[[], Awaitable[SpeechToText]]
Report = Callable[[MiaError], None]


class _One:
    def __init__(self, name: str, load: Load) -> None:
        self.name = name
        self.rests_until = 0.0
        self.loaded: SpeechToText | None = None
        self._load = load
        self._lock = asyncio.Lock()
        self._error: MiaError | None = None

    async def get(self) -> SpeechToText:
        """Raises MiaError, the same one again for one that cannot be loaded."""
        async with self._lock:
            if self._error is not None:
                raise self._error
            if self.loaded is None:
                try:
                    self.loaded = await self._load()
                except MiaError as error:
                    self._error = error
                    raise
            return self.loaded

    async def discard(self) -> None:
        """It hangs: whoever is asked next is loaded anew."""
        hung, self.loaded = self.loaded, None
        if hung is not None:
            await hung.aclose()


class Recognisers:
    """Implements `SpeechToText` with the first of several that can hear.

    recognisers: name and loader, best first; at least one. Each is loaded when it is needed.
    report: told of a failure once, and who hears instead, until the better one is back.
    """

    def __init__(self, recognisers: Sequence[tuple[str, Load]], report: Report) -> None:
        if not recognisers:
            raise ValueError("somebody has to hear")
        self._ones = [_One(name, load) for name, load in recognisers]
        self._report = report
        self._reported: set[tuple[str, str]] = set()
        self._hears = self._ones[0]

    @property
    def name(self) -> str:
        """Who heard last, or would hear first."""
        return self._hears.name

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        """The first one's text. Raises the best one's error when nobody can hear."""
        first: MiaError | None = None
        for one in self._order():
            try:
                heard = await self._heard(one, samples, language)
            except Exception as error:  # a fault in one recogniser is no reason to be deaf
                problem = fault(error, one.name)
                if problem is not error:
                    log.exception("recogniser %s failed", one.name)
                first = first or problem
                self._failed(one, problem)
            else:
                self._well(one)
                return heard
        assert first is not None
        raise first

    async def _heard(self, one: _One, samples: Samples, language: str | None) -> Transcript:
        recogniser = await one.get()
        patience = PATIENCE_SECONDS if len(self._ones) > 1 else LAST_PATIENCE_SECONDS
        try:
            async with asyncio.timeout(patience):
                return await recogniser.transcribe(samples, language=language)
        except TimeoutError as error:
            await one.discard()
            raise BackendUnavailable("stt.slow", name=one.name) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody cancelled us: it was discarded under our hands, for hanging.
            raise BackendUnavailable("stt.slow", name=one.name) from error

    def _order(self) -> list[_One]:
        now = asyncio.get_running_loop().time()
        return sorted(self._ones, key=lambda one: one.rests_until > now)

    def _failed(self, one: _One, error: MiaError) -> None:
        one.rests_until = asyncio.get_running_loop().time() + REST_SECONDS
        if (one.name, error.code) not in self._reported:
            self._reported.add((one.name, error.code))
            self._report(error)

    def _well(self, one: _One) -> None:
        one.rests_until = 0.0
        self._reported = {known for known in self._reported if known[0] != one.name}
        before, self._hears = self._hears, one
        if before is not one:
            self._report(BackendUnavailable("stt.switched", name=one.name, before=before.name))

    async def aclose(self) -> None:
        for one in self._ones:
            if one.loaded is not None:
                await one.loaded.aclose()
