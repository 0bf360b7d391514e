"""Personas over HTTP: see them, write them, choose one, and exchange them as character cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from mia.blocking import run_blocking
from mia.channels.realtime.errors import RealtimeError
from mia.errors import MiaError
from mia.personas import Persona, Personas, cards, read_card, to_json
from mia.personas.folder import FOLDER, files_of, write_files
from mia.web import shapes
from mia.web.services import Services, SettingsControl

IMPORT_PATH = "/api/v1/personas/import"
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": shapes.ProblemAnswer},
    503: {"model": shapes.ProblemAnswer},
}


class PersonaRow(BaseModel):
    id: str = Field(description="Her folder; empty: the one prompt.dir names outside of it.")
    name: str
    current: bool
    files: dict[str, str]
    settings: dict[str, Any]
    picture: bool


class PersonasAnswer(BaseModel):
    version: int = 1
    personas: list[PersonaRow]
    folder: str


class PersonaRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    files: dict[str, str] = Field(default_factory=dict, max_length=32)
    settings: dict[str, Any] = Field(default_factory=dict, max_length=10)


def router(services: Services) -> APIRouter:
    """The routes of the personas."""
    routes = APIRouter(tags=["personas"])

    def control() -> SettingsControl:
        if services.settings is None:
            raise RealtimeError("not_ready", kind="server_error")
        return services.settings

    async def now() -> tuple[Personas, dict[str, Any], str, Path]:
        """The personas, the settings' values, the current one's id and its prompt folder."""
        form = await control().describe()
        values = form["values"]
        base, prompts = await run_blocking(_places, form["file"], str(values["prompt.dir"]))
        personas = Personas(base)
        chosen = prompts.name if prompts.parent == personas.root else ""
        return personas, values, chosen, prompts

    @routes.get("/api/v1/personas", summary="Every persona there is", responses=_PROBLEMS)
    async def every() -> PersonasAnswer:
        personas, values, chosen, prompts = await now()
        found = await run_blocking(personas.every)
        rows = [_row(persona, persona.id == chosen) for persona in found]
        if not chosen:
            files = await run_blocking(files_of, prompts)
            own = Persona("", str(values["persona.name"]), files)
            rows.insert(0, _row(own, True))
        return PersonasAnswer(personas=rows, folder=FOLDER)

    @routes.post("/api/v1/personas", summary="Make a new one", status_code=201, responses=_PROBLEMS)
    async def create(wish: PersonaRequest) -> PersonaRow:
        personas, *_ = await now()
        made = await run_blocking(personas.create, wish.name, wish.files, wish.settings)
        return _row(made, False)

    @routes.post(
        IMPORT_PATH,
        summary="Make one out of a character card: the body is a PNG or JSON file",
        status_code=201,
        responses=_PROBLEMS,
    )
    async def take(request: Request) -> PersonaRow:
        personas, *_ = await now()
        card = await run_blocking(read_card, await request.body())
        return _row(await run_blocking(personas.take, card), False)

    @routes.put("/api/v1/personas/current", summary="Write the current one", responses=_PROBLEMS)
    async def write_current(wish: PersonaRequest) -> PersonaRow:
        _, _, chosen, prompts = await now()
        if chosen:
            return await write(chosen, wish)
        await run_blocking(write_files, prompts, wish.files)
        await control().change({"persona.name": wish.name}, (), "save")
        await services.reload()
        return _row(Persona("", wish.name, await run_blocking(files_of, prompts)), True)

    @routes.put("/api/v1/personas/{persona}", summary="Write one", responses=_PROBLEMS)
    async def write(persona: str, wish: PersonaRequest) -> PersonaRow:
        personas, _, chosen, _ = await now()
        await run_blocking(personas.write, persona, wish.name, wish.files, wish.settings)
        if persona == chosen:
            await choose(persona)
        return _row(await run_blocking(personas.read, persona), persona == chosen)

    @routes.post(
        "/api/v1/personas/{persona}/choose",
        summary="Be this one from now on; she begins anew and goes on with the conversation",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def choose(persona: str) -> None:
        personas, *_ = await now()
        found = await run_blocking(personas.read, persona)
        wish = {
            **found.settings,
            "persona.name": found.name,
            "prompt.dir": f"{FOLDER}/{persona}",
        }
        await control().change(wish, (), "save")
        await services.reload()

    @routes.delete(
        "/api/v1/personas/{persona}",
        summary="Delete one that is not the current one",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def remove(persona: str) -> None:
        personas, _, chosen, _ = await now()
        if persona == chosen:
            raise MiaError("persona.in_use")
        await run_blocking(personas.remove, persona)

    @routes.get(
        "/api/v1/personas/{persona}/card.json",
        summary="Her as a character card, version 3",
        responses=_PROBLEMS,
    )
    async def as_json(persona: str) -> Response:
        personas, *_ = await now()
        card = await run_blocking(personas.card, persona)
        text = json.dumps(to_json(card), ensure_ascii=False, indent=1)
        return Response(text, media_type="application/json", headers=_saved_as(f"{persona}.json"))

    @routes.get(
        "/api/v1/personas/{persona}/card.png",
        summary="Her as a character card within a picture, versions 2 and 3",
        response_class=Response,
        responses=_PROBLEMS,
    )
    async def as_png(persona: str) -> Response:
        personas, *_ = await now()
        card = await run_blocking(personas.card, persona)
        data = await run_blocking(cards.to_png, card)
        return Response(data, media_type="image/png", headers=_saved_as(f"{persona}.png"))

    return routes


def _places(file: str, prompts: str) -> tuple[Path, Path]:
    base = Path(file).absolute().parent
    return base, base / Path(prompts).expanduser()


def _saved_as(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-cache"}


def _row(persona: Persona, current: bool) -> PersonaRow:
    return PersonaRow(
        id=persona.id,
        name=persona.name,
        current=current,
        files=dict(persona.files),
        settings=dict(persona.settings),
        picture=persona.picture,
    )
