"""The HTTP API: state, history, strings, health, metrics, and the few buttons of a Stream Deck."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import JSONResponse

import mia
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.hub import Hub
from mia.channels.realtime.server_events import history_row
from mia.channels.realtime.stage import Stage
from mia.errors import MiaError
from mia.strings import catalogue, current, languages
from mia.telemetry.eventlog import KEPT
from mia.telemetry.metrics import CONTENT_TYPE
from mia.web import problems, shapes
from mia.web.services import Services, VoiceControl

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
                "panic": services.panic.on,
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
        "/api/v1/panic",
        summary="Silence her everywhere at once, until she is released",
        tags=["stage"],
    )
    async def panic(
        wish: Annotated[shapes.PanicRequest | None, Body()] = None,
    ) -> shapes.PanicAnswer:
        services.panic.set(wish is None or wish.on)
        return shapes.PanicAnswer(panic=services.panic.on)

    @routes.post(
        "/api/v1/again",
        summary="Say the last reply once more",
        responses={**_PROBLEMS, 409: {"model": shapes.ProblemAnswer}},
        status_code=204,
        tags=["stage"],
    )
    async def again() -> None:
        if not stage().again():
            raise MiaError("web.nothing_said")

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

    @routes.post(
        "/api/v1/pause",
        summary="Hold her breath, or go on from the same word",
        responses=_PROBLEMS,
        tags=["stage"],
    )
    async def pause(
        wish: Annotated[shapes.PauseRequest | None, Body()] = None,
    ) -> shapes.PauseAnswer:
        talk = stage().talk
        paused = wish.paused if wish is not None else None
        talk.pause(not talk.paused if paused is None else paused)
        return shapes.PauseAnswer(paused=talk.paused)

    @routes.post(
        "/api/v1/input",
        summary="Set how MIA is spoken to: mode, mute, pause, the push-to-talk key, stop",
        responses=_PROBLEMS,
        tags=["stage"],
    )
    async def input_(wish: shapes.InputRequest) -> shapes.InputAnswer:
        talk = stage().talk
        if wish.mode is not None:
            talk.set_mode(wish.mode)
        if wish.muted is not None:
            talk.mute(wish.muted)
        if wish.paused is not None:
            talk.pause(wish.paused)
        if wish.pressed is not None:
            (talk.press if wish.pressed else talk.release)()
        if wish.stop:
            talk.stop()
        return shapes.InputAnswer(mode=talk.mode, muted=talk.muted, paused=talk.paused)

    def voice_control() -> VoiceControl:
        found = services.voice()
        if found is None:
            raise RealtimeError("not_ready", kind="server_error")
        return found

    @routes.get(
        "/api/v1/voice", summary="Whose voice she has now", responses=_PROBLEMS, tags=["voice"]
    )
    async def voice() -> shapes.VoiceAnswer:
        return shapes.VoiceAnswer.model_validate(dict(voice_control().now()))

    @routes.patch(
        "/api/v1/voice",
        summary="Change her voice, its speed or its pitch, from the next clause on",
        responses={**_PROBLEMS, 422: {"model": shapes.ProblemAnswer}},
        tags=["voice"],
    )
    async def change_voice(wish: shapes.VoiceRequest) -> shapes.VoiceAnswer:
        found = voice_control()
        said = {name: getattr(wish, name) for name in wish.model_fields_set}
        for name in ("backend", "speed", "semitones"):
            if said.get(name, ...) is None:
                del said[name]
        await found.change(said)
        return shapes.VoiceAnswer.model_validate(dict(found.now()))

    @routes.get(
        "/api/v1/voices", summary="The voices she could have", responses=_PROBLEMS, tags=["voice"]
    )
    async def voices(
        language: Annotated[str | None, Query(max_length=3, description="ISO 639-1.")] = None,
    ) -> shapes.VoicesAnswer:
        rows = await voice_control().offered()
        chosen = [row for row in rows if not language or row["language"] in ("", language)]
        return shapes.VoicesAnswer.model_validate({"voices": chosen})

    @routes.get(
        "/api/v1/events", summary="What happened, fact by fact, the oldest first", tags=["state"]
    )
    async def events(
        after: Annotated[int, Query(ge=0, description="Only facts after this `seq`.")] = 0,
        conversation: Annotated[str | None, Query(max_length=200)] = None,
        kinds: Annotated[
            list[str] | None, Query(max_length=50, description="Only these: A,B or one each.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=KEPT)] = KEPT,
    ) -> shapes.EventsAnswer:
        log = services.log
        wanted = [kind.strip() for some in kinds or () for kind in some.split(",")]
        found = log.after(after, conversation=conversation, kinds=wanted, limit=limit)
        rows = [entry.as_dict() for entry in found]
        return shapes.EventsAnswer.model_validate({"events": rows, "newest": log.newest})

    @routes.get("/api/v1/source", summary="Where this version's source is", tags=["texts"])
    async def source() -> shapes.SourceAnswer:
        return shapes.SourceAnswer(
            name="MIA",
            source=services.source,
            release=mia.__version__,
            licence="AGPL-3.0-only",
        )

    return routes
