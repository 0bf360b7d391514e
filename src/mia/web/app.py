"""The web application: routes, pages and the realtime socket behind one gate."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

import mia
from mia.channels.realtime.hub import Hub
from mia.config.problems import InvalidConfig
from mia.errors import MiaError
from mia.personas import cards
from mia.web import (
    api,
    avatar,
    conversations,
    describe,
    devices,
    logs,
    memory,
    models,
    personas,
    phone,
    problems,
    settings,
    setup,
    timings,
)
from mia.web.limits import LimitsMiddleware
from mia.web.model_file import LARGEST
from mia.web.security import SecurityMiddleware
from mia.web.services import Services
from mia.web.sockets import realtime
from mia.web.static import TYPES, Pages

log = logging.getLogger(__name__)


def create_app(services: Services) -> FastAPI:
    """The application, ready for `mia.web.server.serve`; `app.state.hub` has its clients."""
    app = FastAPI(
        title="MIA",
        version=mia.__version__,
        docs_url=None,  # FastAPI's own page loads its scripts from another host
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        license_info={"name": "AGPL-3.0-only", "url": services.source},
    )
    hub = Hub(
        services.bus,
        services.stage,
        services.make_talk,
        usage=services.usage,
        pages=services.max_pages,
        guests=services.max_sessions,
        sounds_here=services.sounds_here,
        recording=lambda talk: sound.record_of(talk) if (sound := services.sound()) else "none",
        face=lambda: avatar.shown(services),
    )
    app.state.hub = hub
    services.metrics.sessions("page", lambda: hub.pages)
    services.metrics.sessions("guest", lambda: hub.guests)

    _errors(app)
    app.include_router(api.router(services, hub))
    app.include_router(avatar.router(services))
    app.include_router(settings.router(services))
    app.include_router(devices.router(services))
    app.include_router(personas.router(services))
    app.include_router(timings.router(services))
    app.include_router(logs.router(services))
    app.include_router(phone.router(services))
    app.include_router(models.router(services))
    app.include_router(setup.router(services))
    app.include_router(memory.router(services))
    app.include_router(conversations.router(services))

    @app.get("/api/v1/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(describe.page(app.openapi()))

    @app.websocket("/v1/realtime")
    async def realtime_socket(websocket: WebSocket) -> None:
        await realtime(websocket, hub)

    @app.get("/", include_in_schema=False)
    async def index(
        begun: Annotated[str | None, Query(alias="setup")] = None,
    ) -> Response:
        headers = {"cache-control": "no-cache"}
        if begun is None and services.desk is not None and services.desk.fresh:
            return RedirectResponse("/?setup=1#/setup", 303, headers=headers)
        return FileResponse(services.ui / "index.html", media_type=TYPES[".html"], headers=headers)

    app.mount("/ui", Pages(directory=services.ui, html=True), name="ui")
    # The last one added is the first one asked: nothing passes the gate unseen.
    app.add_middleware(_Faults)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    large = {
        avatar.MODEL_PATH: LARGEST,
        personas.IMPORT_PATH: cards.LARGEST,
        personas.MODEL_PATH: LARGEST,
        memory.IMPORT_PATH: memory.LARGEST_IMPORT,
    }
    app.add_middleware(SecurityMiddleware, access=services.access, larger=large)
    app.add_middleware(LimitsMiddleware, large=frozenset(large))
    return app


def _errors(app: FastAPI) -> None:
    """Every error in the API's one shape."""

    @app.exception_handler(MiaError)
    async def ours(_: Request, problem: MiaError) -> JSONResponse:
        if isinstance(problem, InvalidConfig):
            return JSONResponse(settings.body(problem), 422)
        return _answer(problem)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        kind = request.headers.get("content-type", "")
        if request.headers.get("content-length", "0") != "0" and "json" not in kind:
            return _answer(MiaError("web.not_json"))
        first: dict[str, Any] = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _answer(MiaError("web.bad_request", where=where, detail=first["msg"]))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        path = request.url.path[:200]
        if error.status_code == 405:
            return _answer(
                MiaError("web.method_not_allowed", method=request.method, path=path),
                headers=error.headers,
            )
        if error.status_code == 404:
            return _answer(MiaError("web.not_found", path=path))
        problem = MiaError("web.bad_request", where=path, detail=error.detail)
        return JSONResponse(problems.body(problem), error.status_code)


class _Faults:
    """The last resort: a fault of ours is logged, and told in the API's one shape without a word
    of what went wrong inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noticing)
        except Exception:  # the border to strangers: none of our faults may be shown to them
            if scope["type"] != "http" or begun:
                raise
            log.exception("a request failed: %s %s", scope["method"], scope["path"])
            await _answer(MiaError("web.fault"))(scope, receive, send)


def _answer(problem: MiaError, headers: Any = None) -> JSONResponse:
    return JSONResponse(problems.body(problem), problems.status(problem), headers)
