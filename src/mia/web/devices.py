"""The sound devices of the machine MIA runs on, over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mia.blocking import run_blocking
from mia.errors import DeviceUnavailable
from mia.web import problems, shapes
from mia.web.services import Services


class DeviceRow(BaseModel):
    value: str = Field(description="For `audio.input_device` and `audio.output_device`.")
    name: str
    api: str = Field(description="The system's way to it; Windows has several.")
    number: int
    inputs: int = Field(description="Channels it hears; 0: no microphone.")
    outputs: int = Field(description="Channels it plays; 0: no loudspeaker.")
    default_input: bool
    default_output: bool


class DevicesAnswer(BaseModel):
    version: int = 1
    devices: list[DeviceRow]
    problem: shapes.Problem | None = Field(description="Why none can be found; null: all is well.")


def router(services: Services) -> APIRouter:
    """The routes of the sound devices."""
    routes = APIRouter(tags=["settings"])

    @routes.get(
        "/api/v1/devices", summary="Microphones and loudspeakers of her machine, looked for anew"
    )
    async def devices() -> DevicesAnswer:
        try:
            found = await run_blocking(services.devices)
        except DeviceUnavailable as error:
            told = {"devices": [], "problem": problems.describe(error)}
            return DevicesAnswer.model_validate(told)
        rows = [DeviceRow.model_validate(one, from_attributes=True) for one in found]
        return DevicesAnswer(devices=rows, problem=None)

    return routes
