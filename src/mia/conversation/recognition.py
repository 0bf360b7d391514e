"""Guessing at what is being said: the newest guess only, and never two at once.

A recogniser takes most of two cores for a few tenths of a second. So there is one slot: while a
call runs, only the newest request waits, and older ones are forgotten.

A request is made at the first sign of a pause, before it is known to be one. If it proves to be
one, that request is *adopted* as the guess at the pause, and most of its work is already done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from mia.conversation.cores import FINAL_STT, SPECULATION, Cores
from mia.conversation.ports import Samples, SpeechToText, Transcript, TurnDetector
from mia.conversation.tuning import DEFAULT
from mia.errors import BackendUnavailable, MiaError, fault

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Request:
    """Transcribe `samples`, the utterance up to sample `upto` of the sound received."""

    upto: int
    samples: Samples
    language: str | None
    revision: int | None = None
    """The guess this became, if it did."""
    transcript: Transcript | None = None
    """The answer; None until there is one, and where the recogniser failed."""
    seconds: float = 0.0
    """How long the recogniser worked on it."""
    done: bool = False


class Recogniser:
    """The recogniser's one slot."""

    def __init__(
        self,
        stt: SpeechToText,
        cores: Cores,
        understood: Callable[[Request], None],
        spent: Callable[[Request], None],
        trouble: Callable[[MiaError], None],
        patience: float = DEFAULT.recognition,
    ) -> None:
        """understood: called with each request that is done. spent: with each that the recogniser
        worked on, also where it was given up."""
        self._stt = stt
        self._cores = cores
        self._understood = understood
        self._spent = spent
        self._trouble = trouble
        self._patience = patience
        self._waiting: Request | None = None
        self._newest: Request | None = None
        """Running or done."""
        self._running: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()

    def ask(self, request: Request) -> None:
        """Transcribe this next, instead of whatever was waiting; a guess at nothing that is
        being worked on is given up for it."""
        self._waiting = request
        self._arrived.set()
        if self._running is not None and self._newest is not None and self._newest.revision is None:
            self._running.cancel()

    def adopt(self, since: int, revision: int) -> bool:
        """Make the newest request that heard at least up to sample `since` the guess `revision`;
        whether there is one. Its transcript is reported (again) with that revision."""
        for request in (self._waiting, self._newest):
            if request is not None and request.upto >= since and request.revision is None:
                request.revision = revision
                if request.done:
                    asyncio.get_running_loop().call_soon(self._understood, request)
                return True
        return False

    def forget(self) -> None:
        """What was heard so far is no part of what comes next."""
        if self._waiting is not None and self._waiting.revision is None:
            self._waiting = None
        if self._newest is not None and self._newest.done:
            self._newest = None

    async def run(self) -> None:
        """Serve requests until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                request, self._waiting = self._waiting, None
                if request is None:
                    continue
                self._newest = request
                self._running = group.create_task(self._transcribe(request))
                await asyncio.wait((self._running,))
                self._running = None

    async def _transcribe(self, request: Request) -> None:
        rank = SPECULATION if request.revision is None else FINAL_STT
        async with self._cores.claim(rank):
            loop = asyncio.get_running_loop()
            begun = loop.time()
            try:
                async with asyncio.timeout(self._patience):
                    request.transcript = await self._stt.transcribe(
                        request.samples, language=request.language
                    )
            except TimeoutError:
                self._trouble(BackendUnavailable("stt.slow", name="stt"))
            except Exception as error:  # a fault in a recogniser costs this guess, never the talk
                problem = fault(error, "stt")
                if problem is not error:
                    log.exception("the recogniser failed")
                self._trouble(problem)
            finally:
                request.seconds = loop.time() - begun
                self._spent(request)
        request.done = True
        self._understood(request)


@dataclass(eq=False, slots=True)
class Judgement:
    """How complete `samples` are, the utterance up to sample `upto` of the sound received."""

    upto: int
    samples: Samples
    revision: int | None = None
    """The guess this became, if it did."""
    score: float | None = None


class Judge:
    """The turn detector's slot: like the recogniser's, the newest question only.

    It, too, is asked at the first sign of a pause: there it works on the core that the recogniser
    leaves free, and when the pause is sure the mind has that core to itself.
    """

    def __init__(
        self,
        detector: TurnDetector | None,
        judged: Callable[[int, float], None],
        trouble: Callable[[MiaError], None],
        patience: float = DEFAULT.judgement,
    ) -> None:
        self._detector = detector
        self._judged = judged
        self._trouble = trouble
        self._patience = patience
        self._waiting: Judgement | None = None
        self._newest: Judgement | None = None
        """Running or done."""
        self._arrived = asyncio.Event()

    def ask(self, judgement: Judgement) -> bool:
        """Judge this next, instead of whatever was waiting; whether there is anybody to."""
        self._waiting = judgement
        self._arrived.set()
        return self._detector is not None

    def adopt(self, since: int, revision: int) -> bool:
        """Make the newest judgement of the sound at least up to sample `since` that of the guess
        `revision`; whether there is one. It is told (again) with that revision."""
        for found in (self._waiting, self._newest):
            if found is not None and found.upto >= since and found.revision is None:
                found.revision = revision
                if found.score is not None:
                    asyncio.get_running_loop().call_soon(self._tell, found)
                return self._detector is not None
        return False

    async def run(self) -> None:
        """Serve requests until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._waiting is not None and self._detector is not None:
                self._newest, self._waiting = self._waiting, None
                await self._judge(self._detector, self._newest)

    async def _judge(self, detector: TurnDetector, judgement: Judgement) -> None:
        try:
            async with asyncio.timeout(self._patience):
                judgement.score = await detector.completeness(judgement.samples)
        except TimeoutError:
            log.warning("the turn detector did not answer within %g s", self._patience)
        except Exception as error:  # likewise: the words and the silence still tell
            problem = fault(error, "turn")
            if problem is not error:
                log.exception("the turn detector failed")
            self._trouble(problem)
        else:
            self._tell(judgement)

    def _tell(self, judgement: Judgement) -> None:
        if judgement.revision is not None and judgement.score is not None:
            self._judged(judgement.revision, judgement.score)
