"""Guessing at what is being said: the newest guess only, and never two at once.

A recogniser call cannot be taken back and takes most of two cores. So there is one slot: while a
call runs, only the newest request waits, and older ones are forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from mia.conversation.ports import Samples, SpeechToText, Transcript, TurnDetector
from mia.errors import MiaError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    revision: int
    samples: Samples
    language: str | None


class Recogniser:
    """Runs the recogniser and the turn detector beside each other, on the newest request."""

    def __init__(
        self,
        stt: SpeechToText,
        turn_detector: TurnDetector | None,
        understood: Callable[[Request, Transcript | None, float], None],
        judged: Callable[[Request, float], None],
        trouble: Callable[[MiaError], None],
    ) -> None:
        """understood: the transcript (None when the recogniser failed) and the seconds it took."""
        self._stt = stt
        self._turn_detector = turn_detector
        self._understood = understood
        self._judged = judged
        self._trouble = trouble
        self._newest: Request | None = None
        self._arrived = asyncio.Event()

    def ask(self, request: Request) -> None:
        """Transcribe this next, instead of whatever was waiting."""
        self._newest = request
        self._arrived.set()

    async def run(self) -> None:
        """Serve requests until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            request, self._newest = self._newest, None
            if request is not None:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._judge(request))
                    group.create_task(self._transcribe(request))

    async def _transcribe(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        transcript: Transcript | None = None
        try:
            transcript = await self._stt.transcribe(request.samples, language=request.language)
        except MiaError as error:
            self._trouble(error)
        except Exception as error:  # a fault in a recogniser costs this guess, never the talk
            log.exception("the recogniser failed")
            self._trouble(MiaError("internal", reason=f"{type(error).__name__}: {error}"))
        self._understood(request, transcript, loop.time() - begun)

    async def _judge(self, request: Request) -> None:
        if self._turn_detector is None:
            return
        try:
            score = await self._turn_detector.completeness(request.samples)
        except MiaError as error:
            self._trouble(error)
            return
        except Exception as error:  # likewise: the words and the silence still tell
            log.exception("the turn detector failed")
            self._trouble(MiaError("internal", reason=f"{type(error).__name__}: {error}"))
            return
        self._judged(request, score)
