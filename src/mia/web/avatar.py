"""The page's avatar over HTTP: the overlay, and the user's own model for it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from mia.blocking import run_blocking
from mia.channels.realtime.errors import RealtimeError
from mia.errors import MiaError
from mia.web import problems, shapes, static
from mia.web.model_file import ModelFile
from mia.web.services import Services

#: Where a body may be as large as a model.
MODEL_PATH = "/api/v1/avatar/model"
_PROBLEM: dict[int | str, dict[str, Any]] = {422: {"model": shapes.ProblemAnswer}}


#: Of a persona's own model.
OWN_MODEL = "/api/v1/personas/model?persona={persona}&version={version}"


def shown(services: Services) -> dict[str, Any]:
    """What her persona wears, for pages."""
    return services.worn().shown(OWN_MODEL)


def router(services: Services) -> APIRouter:
    """The routes of the avatar."""
    routes = APIRouter()
    model: ModelFile | None = services.model

    @routes.get("/overlay", include_in_schema=False)
    async def overlay() -> Response:
        headers = {"cache-control": "no-cache"}
        path = services.ui / "overlay.html"
        return FileResponse(path, media_type=static.TYPES[".html"], headers=headers)

    @routes.get("/api/v1/avatar", summary="Where her face is shown, and as what", tags=["avatar"])
    async def avatar() -> shapes.AvatarAnswer:
        rows = [
            {
                "name": name,
                "status": shown.status,
                "problem": problems.describe(shown.problem) if shown.problem else None,
                "details": dict(shown.details),
            }
            for name, shown in services.avatar().items()
        ]
        found = await run_blocking(model.describe) if model else None
        fixed = model is not None and model.fixed is not None
        return shapes.AvatarAnswer.model_validate({"outputs": rows, "model": found, "fixed": fixed})

    @routes.get(
        "/api/v1/avatar/face",
        summary="What the persona she is wears in page and overlay",
        tags=["avatar"],
    )
    async def face() -> shapes.FaceAnswer:
        return shapes.FaceAnswer.model_validate(await run_blocking(shown, services))

    @routes.post(
        "/api/v1/avatar/look",
        summary="Show an expression for some seconds",
        status_code=204,
        responses={503: {"model": shapes.ProblemAnswer}},
        tags=["avatar"],
    )
    async def look(wish: shapes.LookRequest) -> None:
        if services.feel is None:
            raise RealtimeError("not_ready", kind="server_error")
        services.feel(wish.expression, wish.seconds)

    @routes.get(
        MODEL_PATH,
        summary="Your own model, as it was given",
        response_class=FileResponse,
        responses={404: {"model": shapes.ProblemAnswer}},
        tags=["avatar"],
    )
    async def download() -> FileResponse:
        return static.model(model.path if model else None, MODEL_PATH)

    @routes.put(
        MODEL_PATH,
        summary="Wear this model: the body is a VRM file",
        responses=_PROBLEM,
        tags=["avatar"],
    )
    async def upload(request: Request) -> shapes.AvatarAnswer:
        if model is None:
            raise MiaError("web.not_found", path=MODEL_PATH)
        await run_blocking(model.put, await request.body())
        return await avatar()

    @routes.delete(MODEL_PATH, summary="Forget the model", status_code=204, tags=["avatar"])
    async def forget() -> None:
        if model is not None:
            await run_blocking(model.remove)

    return routes
