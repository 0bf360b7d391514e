"""Conversations that were had, over HTTP: list, read, rename, go on, take along, delete."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from mia.channels.realtime.errors import RealtimeError
from mia.errors import MiaError
from mia.web import memory_shapes as shapes
from mia.web.memory import memory_of
from mia.web.services import Services, SoundControl
from mia.web.shapes import ProblemAnswer

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemAnswer},
    409: {"model": ProblemAnswer},
    503: {"model": ProblemAnswer},
}
_TYPES = {"md": "text/markdown", "json": "application/json", "srt": "application/x-subrip"}


def sound_of(services: Services) -> SoundControl:
    """What keeps sound. Raises RealtimeError `realtime.not_ready`."""
    sound = services.sound()
    if sound is None:
        raise RealtimeError("not_ready", kind="server_error")
    return sound


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

    @routes.get("/recording", summary="Whose sound is kept of the running conversation")
    async def recording() -> shapes.RecordingAnswer:
        sound = sound_of(services)
        return shapes.RecordingAnswer(
            record=sound.record, possible=sound.possible, used=sound.used, most=sound.most
        )

    @routes.put("/recording", summary="Keep the sound of the running conversation, or do not")
    async def record(wish: shapes.RecordingRequest) -> shapes.RecordingAnswer:
        sound_of(services).choose(wish.record)
        return await recording()

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

    @routes.delete("/{session}/sound", summary="Delete the kept sound; the words stay")
    async def forget_sound(session: int) -> Response:
        await memory_of(services).forget_sound(session)
        if (sound := services.sound()) is not None:
            await sound.count()
        return Response(status_code=204)

    @routes.get("/{session}/export", summary="To take along: Markdown, JSON, subtitles, or sound")
    async def export(
        session: int,
        format: Annotated[Literal["md", "json", "srt", "wav"], Query()] = "md",
        side: Annotated[
            Literal["hers", "both"],
            Query(description="Of a WAV: MIA alone, or the user left and MIA right."),
        ] = "hers",
    ) -> Response:
        name = f"mia-{session}.{format}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        if format == "wav":
            mix = await memory_of(services).sound(session, side)
            headers["content-length"] = str(mix.size)
            return StreamingResponse(mix.blocks(), media_type="audio/wav", headers=headers)
        text = await memory_of(services).export_session(session, format)
        return Response(text, media_type=f"{_TYPES[format]}; charset=utf-8", headers=headers)

    return routes
