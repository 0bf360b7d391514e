"""What she remembers, over HTTP: search, read in context, correct, forget, take along, switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from mia.channels.realtime.errors import RealtimeError
from mia.errors import MiaError
from mia.web import memory_shapes as shapes
from mia.web import problems
from mia.web.services import MemoryControl, Services
from mia.web.shapes import ProblemAnswer

#: Where a body may be as large as everything she remembers.
IMPORT_PATH = "/api/v1/memory/import"
LARGEST_IMPORT = 128 * 1024 * 1024
#: The stage's conversation, by the id its facts carry.
STAGE = "stage"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemAnswer},
    503: {"model": ProblemAnswer},
}


def memory_of(services: Services) -> MemoryControl:
    """What she remembers. Raises RealtimeError while there is nothing to ask."""
    found = services.memory()
    if found is None:
        raise RealtimeError("not_ready", kind="server_error")
    return found


def router(services: Services) -> APIRouter:
    """The routes of the memory."""
    routes = APIRouter(prefix="/api/v1/memory", tags=["memory"], responses=_PROBLEMS)

    @routes.get("", summary="How much she remembers, and whether")
    async def stats() -> shapes.StatsAnswer:
        told = await memory_of(services).stats()
        problem = told["problem"]
        told["problem"] = problems.describe(problem) if isinstance(problem, MiaError) else None
        told["private"] = STAGE in told["private"]
        return shapes.StatsAnswer.model_validate(told)

    @routes.get("/memories", summary="Search memories, or list the newest")
    async def memories(
        q: Annotated[str, Query(max_length=500, description="Words, or a question.")] = "",
        speaker: Annotated[str | None, Query(max_length=200)] = None,
        persona: Annotated[str | None, Query(max_length=80)] = None,
        kind: Annotated[Literal["turn", "fact", "summary"] | None, Query()] = None,
        since: Annotated[float | None, Query(description="Unix seconds.")] = None,
        until: Annotated[float | None, Query(description="Unix seconds.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[int | None, Query(description="Of the newest: older than this.")] = None,
    ) -> shapes.MemoriesAnswer:
        wanted = shapes.Wanted(
            speaker=speaker, persona=persona, kind=kind, since=since, until=until
        ).conditions()
        memory = memory_of(services)
        if q.strip():
            rows = await memory.search(q, wanted, limit)
        else:
            rows = await memory.newest(wanted, limit, before)
        return shapes.MemoriesAnswer.model_validate({"memories": rows})

    @routes.get("/memories/{memory_id}", summary="One memory among the lines it was said between")
    async def context(
        memory_id: int, reach: Annotated[int, Query(ge=0, le=50)] = 4
    ) -> shapes.ContextAnswer:
        found = await memory_of(services).context(memory_id, reach)
        return shapes.ContextAnswer.model_validate(found)

    @routes.patch("/memories/{memory_id}", summary="Correct a memory, or pin it")
    async def change(memory_id: int, wish: shapes.ChangeRequest) -> shapes.MemoryRow:
        memory = memory_of(services)
        if wish.text is not None:
            await memory.edit(memory_id, wish.text.strip())
        if wish.pinned is not None:
            await memory.pin(memory_id, wish.pinned)
        found = await memory.context(memory_id, 0)
        return shapes.MemoryRow.model_validate(found["memory"])

    @routes.post("/forget", summary="Forget for good: one, a person, a time span, everything")
    async def forget(wish: shapes.ForgetRequest) -> shapes.ForgetAnswer:
        wanted = wish.conditions()
        for name in ("everything", "only_count"):
            wanted.pop(name, None)
        if not wanted and not wish.everything and not wish.only_count:
            where, detail = "body.everything", "name a condition, or everything"
            raise MiaError("web.bad_request", where=where, detail=detail)
        memory = memory_of(services)
        count = await (memory.count(wanted) if wish.only_count else memory.forget(wanted))
        return shapes.ForgetAnswer(count=count)

    @routes.put("/switches", summary="Remember or not: at all, on the stage, a person, a persona")
    async def switch(wish: shapes.SwitchRequest) -> shapes.StatsAnswer:
        memory = memory_of(services)
        if wish.enabled is not None:
            if services.settings is None:
                memory.switch(wish.enabled)
            else:  # a setting like others: it counts at once, and stays after a restart
                await services.settings.change({"memory.enabled": wish.enabled}, (), "save")
        if wish.private is not None:
            memory.private(STAGE, wish.private)
        if wish.speaker is not None or wish.persona is not None:
            await memory.remember(
                speaker=wish.speaker, persona=wish.persona, remembered=wish.remembered
            )
        return await stats()

    @routes.get("/map", summary="The newest memories as points: what is meant alike lies together")
    async def map_() -> shapes.MapAnswer:
        return shapes.MapAnswer.model_validate(await memory_of(services).map())

    @routes.get("/export", summary="Everything, or a person, as JSON lines")
    async def export(
        speaker: Annotated[str | None, Query(max_length=200)] = None,
    ) -> StreamingResponse:
        lines = await memory_of(services).export({"speaker": speaker} if speaker else {})

        def told() -> Iterator[str]:
            yield from lines

        headers = {"content-disposition": 'attachment; filename="mia-memories.jsonl"'}
        return StreamingResponse(told(), media_type="application/x-ndjson", headers=headers)

    @routes.post(
        "/import",
        summary="Read exported JSON lines in; what is already there stays single",
        responses={422: {"model": ProblemAnswer}},
    )
    async def import_(request: Request) -> shapes.ImportAnswer:
        try:
            text = (await request.body()).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MiaError("memory.bad_line", line=1, reason="UTF-8") from error
        return shapes.ImportAnswer(added=await memory_of(services).read_in(text.split("\n")))

    @routes.post("/rebuild", summary="Make the index anew from the journal", status_code=202)
    async def rebuild() -> Response:
        await memory_of(services).rebuild()
        return Response(status_code=202)

    return routes
