"""The HTTP API: state, history, strings, health, metrics, and the few buttons of a Stream Deck."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from fastapi.responses import JSONResponse

import mia
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.hub import Hub
from mia.channels.realtime.server_events import history_row
from mia.channels.realtime.stage import Stage
from mia.errors import MiaError
from mia.strings import catalogue, current, languages
from mia.telemetry.metrics import CONTENT_TYPE
from mia.web import problems, shapes
from mia.web.services import Services

_TURNS = 20
_PROBLEMS: dict[int | str, dict[str, Any]] = {503: {"model": shapes.ProblemAnswer}}


def router(services: Services, hub: Hub) -> APIRouter:
    """All routes of the API."""
    routes = APIRouter()

    def stage() -> Stage:
        if hub.stage is None:
            raise RealtimeError("not_ready", kind="server_error")
        return hub.stage

    def health() -> dict[str, Any]:
        found = services.health()
        return {
            "version": 1,
            "status": found.status,
            "waiting": list(found.waiting),
            "missing": [problems.describe(problem) for problem in found.missing],
        }

    @routes.get(
        "/healthz",
        summary="Whether MIA can talk",
        response_model=shapes.HealthAnswer,
        responses={503: {"model": shapes.HealthAnswer}},
        tags=["state"],
    )
    async def healthz() -> JSONResponse:
        found = health()
        headers = {"cache-control": "no-store"}
        return JSONResponse(found, 200 if found["status"] == "ok" else 503, headers)

    @routes.get("/metrics", summary="Counters for Prometheus", tags=["state"])
    async def metrics() -> Response:
        return Response(services.metrics.text(), media_type=CONTENT_TYPE)

    @routes.get("/api/v1/state", summary="What MIA is doing", tags=["state"])
    async def state() -> shapes.StateAnswer:
        found = hub.stage
        return shapes.StateAnswer.model_validate(
            {
                "state": found.state() if found else None,
                "turns": [turn.as_dict() for turn in services.turns.newest(_TURNS)],
                "sessions": hub.sessions,
                "config": dict(services.config()),
                "health": health(),
            }
        )

    @routes.get("/api/v1/history", summary="The stage's conversation so far", tags=["state"])
    async def history() -> shapes.HistoryAnswer:
        found = hub.stage
        rows = [history_row(item) for item in found.talk.history] if found else []
        return shapes.HistoryAnswer.model_validate({"items": rows})

    @routes.get("/api/v1/strings", summary="The languages of MIA's texts", tags=["texts"])
    async def strings() -> shapes.LanguagesAnswer:
        return shapes.LanguagesAnswer(languages=list(languages()), current=current())

    @routes.get(
        "/api/v1/strings/{language}",
        summary="All texts in one language",
        responses={404: {"model": shapes.ProblemAnswer}},
        tags=["texts"],
    )
    async def strings_of(language: str) -> shapes.StringsAnswer:
        if language not in languages():
            raise MiaError("web.not_found", path=f"strings/{language[:20]}")
        return shapes.StringsAnswer(language=language, strings=catalogue(language))

    @routes.post(
        "/api/v1/say",
        summary="Say something to MIA, as if it were typed on the stage",
        status_code=202,
        responses=_PROBLEMS,
        tags=["stage"],
    )
    async def say(wish: shapes.SayRequest) -> shapes.SayAnswer:
        return shapes.SayAnswer(turn_id=stage().talk.type(wish.text))

    @routes.post(
        "/api/v1/stop",
        summary="Be quiet at once",
        status_code=204,
        responses=_PROBLEMS,
        tags=["stage"],
    )
    async def stop() -> None:
        stage().talk.stop()

    @routes.post(
        "/api/v1/mute",
        summary="Stop or begin to listen to the microphone",
        responses=_PROBLEMS,
        tags=["stage"],
    )
    async def mute(
        wish: Annotated[shapes.MuteRequest | None, Body()] = None,
    ) -> shapes.MuteAnswer:
        found = stage()
        muted = wish.muted if wish is not None else None
        found.mute(not found.talk.muted if muted is None else muted)
        return shapes.MuteAnswer(muted=found.talk.muted)

    @routes.get("/api/v1/source", summary="Where this version's source is", tags=["texts"])
    async def source() -> shapes.SourceAnswer:
        return shapes.SourceAnswer(
            name="MIA",
            source=services.source,
            release=mia.__version__,
            licence="AGPL-3.0-only",
        )

    return routes
