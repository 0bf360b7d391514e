"""Models and voices over HTTP: what there is, downloads with their progress, samples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from mia.errors import MiaError
from mia.web import problems
from mia.web.desk import Desk, DownloadState
from mia.web.services import Services
from mia.web.shapes import Problem, ProblemAnswer
from mia.web.streams import Told, stream

_PROBLEM: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemAnswer},
    409: {"model": ProblemAnswer},
}


class GrantRow(BaseModel):
    of: Literal["weights", "base", "data"]
    name: str
    evidence: str = Field(description="A page that says so.")
    monetised: bool | None


class ModelRow(BaseModel):
    id: str
    kind: str
    name: str
    languages: list[str] = Field(description="Empty: any.")
    size: int = Field(description="Bytes on disk.")
    needed: int = Field(description="Bytes still to be downloaded.")
    state: Literal["ready", "missing", "damaged"]
    embedded: bool
    suits: str
    used: bool = Field(description="The configuration needs it now.")
    monetised: bool | None = Field(
        description="Whether a stream that earns money may use it; null: its makers do not say."
    )
    licence: str
    evidence: list[GrantRow]
    answer_s: float | None = Field(description="Expected: your last word to her first, with it.")
    feel: Literal["fluent", "bearable", "slow", "too_large"] | None
    recommended: bool


class DownloadRow(BaseModel):
    model: str
    status: Literal["queued", "running", "done", "stopped", "failed"]
    stage: str
    done: int
    total: int
    problem: Problem | None


class ModelsAnswer(BaseModel):
    version: Literal[1] = 1
    models: list[ModelRow]
    downloads: list[DownloadRow]
    measured: bool = Field(description="Whether this machine was timed; no `answer_s` without.")
    disk_free: int


class FreedAnswer(BaseModel):
    version: Literal[1] = 1
    freed: int


def router(services: Services) -> APIRouter:
    """The routes of the models."""
    routes = APIRouter(tags=["models"])

    def desk() -> Desk:
        if services.desk is None:
            raise MiaError("web.not_found", path="models")
        return services.desk

    @routes.get("/api/v1/models", summary="Every model: size, licence, state, speed")
    async def models() -> ModelsAnswer:
        found = desk()
        machine, speed = await found.machine(), await found.speed()
        rows = await found.shelf.models(machine, speed)
        return ModelsAnswer.model_validate(
            {
                "models": rows,
                "downloads": [_row(one) for one in found.shelf.downloads.now],
                "measured": speed is not None,
                "disk_free": machine.disk_free,
            }
        )

    @routes.post(
        "/api/v1/models/{model_id}/download",
        summary="Fetch a model, or go on where it was stopped",
        status_code=202,
        responses=_PROBLEM,
    )
    async def download(model_id: str) -> DownloadRow:
        return DownloadRow.model_validate(_row(desk().shelf.downloads.start(model_id)))

    @routes.delete(
        "/api/v1/models/{model_id}/download",
        summary="Stop fetching; what has come stays for the next time",
        status_code=204,
    )
    async def cancel(model_id: str) -> None:
        desk().shelf.downloads.stop(model_id)

    @routes.get(
        "/api/v1/downloads/stream",
        summary="Downloads as they go on (server-sent events, each the list of all)",
        response_class=StreamingResponse,
    )
    async def follow() -> StreamingResponse:
        found = desk().shelf.downloads

        async def told() -> AsyncIterator[Told]:
            async for downloads in found.follow():
                yield Told([_row(one) for one in downloads])

        return stream(told())

    @routes.delete("/api/v1/models/{model_id}", summary="Remove a model", responses=_PROBLEM)
    async def remove(model_id: str) -> FreedAnswer:
        return FreedAnswer(freed=await desk().shelf.remove(model_id))

    @routes.get(
        "/api/v1/voices/{voice_id:path}/sample",
        summary="What a voice sounds like: a WAV file",
        response_class=Response,
        responses={200: {"content": {"audio/wav": {}}}, 422: {"model": ProblemAnswer}},
    )
    async def sample(
        voice_id: str,
        language: Annotated[str, Query(max_length=3, description="For who knows many.")] = "",
    ) -> Response:
        sound = await desk().shelf.sample(voice_id, language)
        return Response(sound, media_type="audio/wav", headers={"cache-control": "no-cache"})

    return routes


def _row(download: DownloadState) -> dict[str, Any]:
    problem = download.problem
    return {
        "model": download.model,
        "status": download.status,
        "stage": download.stage,
        "done": download.done,
        "total": download.total,
        "problem": problems.describe(problem) if problem else None,
    }
