"""The first start over HTTP: what was found here, what is chosen, how fast it would be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mia.errors import MiaError
from mia.web.desk import Desk
from mia.web.services import Services
from mia.web.shapes import ProblemAnswer

_PROBLEM: dict[int | str, dict[str, Any]] = {422: {"model": ProblemAnswer}}
Feel = Literal["fluent", "bearable", "slow", "too_large"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MachineRow(BaseModel):
    system: str
    processor: str
    cores: int
    memory: int = Field(description="Bytes; 0: not known.")
    graphics: str
    disk_free: int


class SpeedRow(BaseModel):
    """Seconds on this machine (`mia.panel.speed.Speed`)."""

    stt_s: float
    speech_s: float
    llm_first_s: float
    llm_rate: float
    tts_s: float
    clause_s: float


class BrainRow(BaseModel):
    backend: str
    model: str
    url: str
    embedded: bool


class ChosenVoice(BaseModel):
    backend: str
    voice: str | None


class SetupAnswer(BaseModel):
    version: Literal[1] = 1
    fresh: bool = Field(description="Nobody has set anything up yet.")
    language: str
    machine: MachineRow
    speed: SpeedRow | None = Field(description="None until it was measured.")
    answer_s: float | None = Field(description="Expected: your last word to her first.")
    feel: Feel | None
    brain: BrainRow
    voice: ChosenVoice
    can_measure: bool


class ServerRow(BaseModel):
    name: str
    backend: str
    url: str
    models: list[str]


class FoundAnswer(BaseModel):
    version: Literal[1] = 1
    servers: list[ServerRow]
    vtube_studio: bool


class KeyAnswer(BaseModel):
    version: Literal[1] = 1
    remaining: float | None = Field(description="Dollars; null: no limit.")
    free: bool


class UrlRequest(_Body):
    url: Annotated[str, Field(min_length=1, max_length=500)]


class KeyRequest(_Body):
    key: Annotated[SecretStr, Field(min_length=1, max_length=500)]


class BrainRequest(_Body):
    kind: Literal["embedded", "catalogue", "file", "server", "openrouter"]
    model: Annotated[str, Field(max_length=300)] = ""
    path: Annotated[str, Field(max_length=2000)] = ""
    url: Annotated[str, Field(max_length=500)] = ""
    backend: Annotated[str, Field(max_length=50)] = ""
    key: SecretStr | None = Field(default=None, description="Goes to `.env`; never comes back.")


class EarsRequest(_Body):
    model: Annotated[str, Field(max_length=100)]


class ChoicesRequest(_Body):
    """What is left out stays as it is."""

    language: Literal["es", "en", "auto"] | None = None
    voice: ChosenVoice | None = None


def router(services: Services) -> APIRouter:
    """The routes of the set-up."""
    routes = APIRouter(tags=["setup"])

    def desk() -> Desk:
        if services.desk is None:
            raise MiaError("web.not_found", path="setup")
        return services.desk

    @routes.get("/api/v1/setup", summary="This machine, and what she is made of now")
    async def state() -> SetupAnswer:
        return SetupAnswer.model_validate(await desk().state())

    @routes.post("/api/v1/setup/done", summary="Do not show the set-up again", status_code=204)
    async def done() -> None:
        await desk().done()

    @routes.post(
        "/api/v1/setup/measure",
        summary="Time her ears, mind and voice on this machine; takes a few seconds",
        responses=_PROBLEM,
    )
    async def measure() -> SetupAnswer:
        await desk().measure()
        return await state()

    @routes.get("/api/v1/setup/found", summary="Programs on this machine that she could use")
    async def found() -> FoundAnswer:
        return FoundAnswer.model_validate(await desk().found())

    @routes.post(
        "/api/v1/setup/server", summary="The models of a server you name", responses=_PROBLEM
    )
    async def server(wish: UrlRequest) -> ServerRow:
        return ServerRow.model_validate(await desk().ask(wish.url))

    @routes.post(
        "/api/v1/setup/key", summary="Whether OpenRouter takes this key", responses=_PROBLEM
    )
    async def key(wish: KeyRequest) -> KeyAnswer:
        return KeyAnswer.model_validate(await desk().check_key(wish.key.get_secret_value().strip()))

    @routes.put(
        "/api/v1/setup/brain", summary="Choose her mind; she begins anew", responses=_PROBLEM
    )
    async def brain(wish: BrainRequest) -> SetupAnswer:
        said = {name: getattr(wish, name) for name in ("model", "path", "url", "backend")}
        said["key"] = wish.key.get_secret_value().strip() if wish.key else ""
        await desk().choose_brain(wish.kind, said)
        return await state()

    @routes.put(
        "/api/v1/setup/ears", summary="Choose her recogniser; she begins anew", responses=_PROBLEM
    )
    async def ears(wish: EarsRequest) -> SetupAnswer:
        await desk().choose_ears(wish.model)
        return await state()

    @routes.patch(
        "/api/v1/setup",
        summary="Keep a language or a voice in the configuration",
        responses=_PROBLEM,
    )
    async def choices(wish: ChoicesRequest) -> SetupAnswer:
        changes: dict[str, object] = {}
        if wish.language is not None:
            changes["language"] = wish.language
        if wish.voice is not None:
            voice = services.voice()
            if voice is not None:
                await voice.change({"backend": wish.voice.backend, "voice": wish.voice.voice})
            changes["models.tts.backend"] = wish.voice.backend
            changes["models.tts.voice"] = wish.voice.voice
        if changes:
            await desk().choose(changes, begin_anew=False)
        return await state()

    return routes
