"""Personas over HTTP: see them, write them, choose one, and exchange them as character cards."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from mia.blocking import run_blocking
from mia.channels.realtime.errors import RealtimeError
from mia.errors import MiaError
from mia.personas import Persona, PersonaFace, Personas, Worn, cards, read_card, to_json
from mia.personas.folder import FOLDER, NAMED, PROMPTS, files_of, write_files
from mia.web import shapes, static
from mia.web.model_file import ModelFile
from mia.web.services import Services, SettingsControl

IMPORT_PATH = "/api/v1/personas/import"
#: Where a body may be as large as a model; `?persona=` says whose.
MODEL_PATH = "/api/v1/personas/model"
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": shapes.ProblemAnswer},
    503: {"model": shapes.ProblemAnswer},
}


class PersonaRow(BaseModel):
    id: str = Field(
        description="Her folder; empty: who she is without one of these (`before` in addresses)."
    )
    name: str
    current: bool
    files: dict[str, str]
    settings: dict[str, Any]
    picture: bool = Field(description="Whether she came with one; `card.png` has it.")
    face: PersonaFace = Field(description="What she is shown as.")
    model: str = Field(description="Version of a VRM file of her own; empty without one.")


class PersonasAnswer(BaseModel):
    version: int = 1
    personas: list[PersonaRow]
    folder: str


class PersonaRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    files: dict[str, str] = Field(default_factory=dict, max_length=32)
    settings: dict[str, Any] = Field(default_factory=dict, max_length=10)
    face: PersonaFace | None = Field(None, description="null: it stays as it is.")
    like: str | None = Field(None, description="Of a new one: whose model she has a copy of.")


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

    async def before(personas: Personas) -> dict[str, Any]:
        """What the configuration said before one of ours was chosen, else how MIA comes."""
        fields = (await control().describe())["fields"]
        usual = {field["key"]: field["default"] for field in fields}
        kept = await run_blocking(personas.before)
        return {NAMED: usual[NAMED], PROMPTS: usual[PROMPTS], **kept}

    @routes.get("/api/v1/personas", summary="Every persona there is", responses=_PROBLEMS)
    async def every() -> PersonasAnswer:
        personas, values, chosen, _ = await now()
        found = await run_blocking(personas.every)
        rows = [_row(persona, persona.id == chosen, personas) for persona in found]
        here = {**values, **(await before(personas) if chosen else {})}
        _, folder = await run_blocking(_places, str(personas.root), str(here[PROMPTS]))
        files = await run_blocking(files_of, folder)
        rows.insert(0, _row(Persona("", str(here[NAMED]), files), not chosen, personas))
        return PersonasAnswer(personas=rows, folder=FOLDER)

    @routes.post("/api/v1/personas", summary="Make a new one", status_code=201, responses=_PROBLEMS)
    async def create(wish: PersonaRequest) -> PersonaRow:
        personas, *_ = await now()
        face = wish.face or PersonaFace()
        made = await run_blocking(personas.create, wish.name, wish.files, wish.settings, face)
        if wish.like:
            await run_blocking(personas.copy_model, wish.like, made.id)
        return _row(made, False, personas)

    @routes.post(
        IMPORT_PATH,
        summary="Make one out of a character card: the body is a PNG or JSON file",
        status_code=201,
        responses=_PROBLEMS,
    )
    async def take(request: Request) -> PersonaRow:
        personas, *_ = await now()
        card = await run_blocking(read_card, await request.body())
        return _row(await run_blocking(personas.take, card), False, personas)

    @routes.put("/api/v1/personas/current", summary="Write the current one", responses=_PROBLEMS)
    async def write_current(wish: PersonaRequest) -> PersonaRow:
        personas, _, chosen, prompts = await now()
        if chosen:
            return await write(chosen, wish)
        await run_blocking(write_files, prompts, wish.files)
        await control().change({"persona.name": wish.name}, (), "save")
        await services.reload()
        own = Persona("", wish.name, await run_blocking(files_of, prompts))
        return _row(own, True, personas)

    async def model_of(persona: str) -> tuple[ModelFile, bool]:
        """Her model's place, and whether she is the one who is shown."""
        personas, _, chosen, _ = await now()
        return ModelFile(await run_blocking(personas.model, persona)), persona == chosen

    @routes.get(
        MODEL_PATH,
        summary="Her own model, as it was given",
        response_class=FileResponse,
        responses={404: {"model": shapes.ProblemAnswer}},
    )
    async def download(persona: str) -> FileResponse:
        return static.model((await model_of(persona))[0].path, MODEL_PATH)

    @routes.put(
        MODEL_PATH,
        summary="Give her a model of her own: the body is a VRM file",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def upload(persona: str, request: Request) -> None:
        model, shown = await model_of(persona)
        await run_blocking(model.put, await request.body())
        if shown:
            await services.dress()

    @routes.delete(MODEL_PATH, summary="Forget her own model", status_code=204, responses=_PROBLEMS)
    async def forget(persona: str) -> None:
        model, shown = await model_of(persona)
        await run_blocking(model.remove)
        if shown:
            await services.dress()

    @routes.put("/api/v1/personas/{persona}", summary="Write one", responses=_PROBLEMS)
    async def write(persona: str, wish: PersonaRequest) -> PersonaRow:
        personas, _, chosen, _ = await now()
        before = await run_blocking(personas.read, persona)
        await run_blocking(personas.write, persona, wish.name, wish.files, wish.settings, wish.face)
        after = await run_blocking(personas.read, persona)
        if persona == chosen:
            # Another face needs no new beginning.
            if dataclasses.replace(before, face=after.face) == after:
                await services.dress()
            else:
                await choose(persona)
        return _row(after, persona == chosen, personas)

    @routes.post(
        "/api/v1/personas/before/choose",
        summary="Be again who she was before one of these was chosen",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def go_back() -> None:
        personas, *_ = await now()
        await control().change(await before(personas), (), "save")
        await (services.become or services.reload)()

    @routes.post(
        "/api/v1/personas/{persona}/choose",
        summary="Be this one from now on; she begins anew and goes on with the conversation",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def choose(persona: str) -> None:
        personas, values, chosen, _ = await now()
        wish = await run_blocking(personas.choice, persona, values, chosen)
        await control().change(wish, (), "save")
        await (services.become or services.reload)()

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


def _row(persona: Persona, current: bool, personas: Personas) -> PersonaRow:
    model = personas.model(persona.id) if persona.id else None
    return PersonaRow(
        id=persona.id,
        name=persona.name,
        current=current,
        files=dict(persona.files),
        settings=dict(persona.settings),
        picture=persona.picture,
        face=persona.face,
        model=Worn(model=model).model_version,
    )
