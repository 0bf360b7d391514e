"""Conversations that were had, over HTTP: list, read, rename, go on, take along, delete."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from mia.errors import MiaError
from mia.web import memory_shapes as shapes
from mia.web.memory import memory_of
from mia.web.services import Services
from mia.web.shapes import ProblemAnswer

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemAnswer},
    503: {"model": ProblemAnswer},
}
_TYPES = {"md": "text/markdown", "json": "application/json", "srt": "application/x-subrip"}


def router(services: Services) -> APIRouter:
    """The routes of the conversations."""
    routes = APIRouter(prefix="/api/v1/conversations", tags=["conversations"], responses=_PROBLEMS)

    @routes.get("", summary="Every conversation, the one spoken in last first")
    async def every() -> shapes.SessionsAnswer:
        rows = await memory_of(services).sessions()
        return shapes.SessionsAnswer.model_validate({"conversations": rows})

    @routes.post("/new", summary="Let the stage begin anew", status_code=204)
    async def begin() -> None:
        await memory_of(services).begin()

    @routes.get("/{session}", summary="One conversation with all its lines")
    async def one(session: int) -> shapes.SessionAnswer:
        return shapes.SessionAnswer.model_validate(await memory_of(services).session(session))

    @routes.patch("/{session}", summary="Call a conversation something; empty: its first words")
    async def rename(session: int, wish: shapes.RenameRequest) -> shapes.SessionRow:
        row = await memory_of(services).rename(session, wish.title)
        return shapes.SessionRow.model_validate(row)

    @routes.post("/{session}/resume", summary="Let the stage go on from it", status_code=204)
    async def resume(session: int) -> None:
        await memory_of(services).resume(session)

    @routes.delete("/{session}", summary="Forget a conversation, all of it, for good")
    async def delete(session: int) -> shapes.ForgetAnswer:
        count = await memory_of(services).forget({"session": session})
        if not count:
            raise MiaError("memory.no_session", id=session)
        return shapes.ForgetAnswer(count=count)

    @routes.get("/{session}/export", summary="To read: Markdown, JSON, or subtitles")
    async def export(
        session: int, format: Annotated[Literal["md", "json", "srt"], Query()] = "md"
    ) -> Response:
        text = await memory_of(services).export_session(session, format)
        name = f"mia-{session}.{format}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type=f"{_TYPES[format]}; charset=utf-8", headers=headers)

    return routes
