"""The log over HTTP: what there is, what comes, and one turn's story for a bug report."""

from __future__ import annotations

import platform
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel

import mia
from mia.errors import MiaError
from mia.telemetry.journal import KEPT, Filter, Journal, Level
from mia.telemetry.story import story
from mia.web.services import Services
from mia.web.shapes import ProblemAnswer
from mia.web.streams import Told, stream


class LineRow(BaseModel):
    seq: int
    time: str
    level: Level
    part: str
    message: str
    conversation: str
    turn: str


class LinesAnswer(BaseModel):
    version: Literal[1] = 1
    lines: list[LineRow]
    newest: int
    parts: list[str]


def _filter(
    level: Annotated[Level, Query(description="This, and what is more important.")] = "debug",
    part: Annotated[str, Query(max_length=100)] = "",
    turn: Annotated[str, Query(max_length=200)] = "",
    text: Annotated[str, Query(max_length=200, description="Found in the line, in any case.")] = "",
) -> Filter:
    return Filter(level, part, turn, text)


Wanted = Annotated[Filter, Depends(_filter)]


def router(services: Services) -> APIRouter:
    """The routes of the log."""
    routes = APIRouter(tags=["logs"])

    def journal() -> Journal:
        if services.journal is None:
            raise MiaError("web.not_found", path="logs")
        return services.journal

    @routes.get("/api/v1/logs", summary="The newest log lines, the oldest first")
    async def lines(
        wanted: Wanted,
        after: Annotated[int, Query(ge=0, description="Only lines after this `seq`.")] = 0,
        limit: Annotated[int, Query(ge=1, le=KEPT)] = 500,
    ) -> LinesAnswer:
        log = journal()
        found = [LineRow(**asdict(line)) for line in log.after(after, wanted, limit)]
        parts = sorted({line.part for line in log.after(0)})
        return LinesAnswer(lines=found, newest=log.newest, parts=parts)

    @routes.get(
        "/api/v1/logs/stream",
        summary="Log lines as they come (server-sent events, each a list of lines)",
        response_class=StreamingResponse,
    )
    async def follow(
        wanted: Wanted,
        after: Annotated[int | None, Query(ge=0, description="Default: from now on.")] = None,
        last_event_id: Annotated[str, Header(max_length=20)] = "",
    ) -> StreamingResponse:
        log = journal()
        seen = int(last_event_id) if last_event_id.isdecimal() else after
        begin = log.newest if seen is None else seen

        async def told() -> AsyncIterator[Told]:
            async for found in log.follow(begin, wanted):
                yield Told([asdict(line) for line in found], id=str(found[-1].seq))

        return stream(told())

    @routes.get(
        "/api/v1/turns/{turn}/story",
        summary="All about one turn for a bug report, without secrets",
        response_class=PlainTextResponse,
        responses={404: {"model": ProblemAnswer}},
    )
    async def turn_story(turn: str) -> PlainTextResponse:
        log = journal()
        report = services.turns.find(turn)
        if report is None and not log.after(0, Filter(turn=turn), 1):
            raise MiaError("web.not_found", path=f"turns/{turn[:100]}")
        about = {
            "MIA": mia.__version__,
            "Python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        }
        shown = services.config()
        about |= {
            name: str(shown[name]) for name in ("stt", "llm", "tts", "language") if name in shown
        }
        return PlainTextResponse(story(turn, report, log, about))

    return routes
