"""The settings over HTTP: the form, changes, secrets that only go in, and the restart."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from mia.channels.realtime.errors import RealtimeError
from mia.config.problems import InvalidConfig
from mia.strings import languages
from mia.web import problems, setting_shapes, shapes
from mia.web.services import Services, SettingsControl

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": shapes.ProblemAnswer},
    503: {"model": shapes.ProblemAnswer},
}


def router(services: Services) -> APIRouter:
    """The routes of the settings."""
    routes = APIRouter(tags=["settings"])

    def settings() -> SettingsControl:
        if services.settings is None:
            raise RealtimeError("not_ready", kind="server_error")
        return services.settings

    @routes.get(
        "/api/v1/config",
        summary="Every setting: what it is, what it may be, what it is now",
        responses=_PROBLEMS,
    )
    async def config() -> setting_shapes.ConfigAnswer:
        return setting_shapes.ConfigAnswer.model_validate(await settings().describe())

    @routes.patch(
        "/api/v1/config",
        summary="Check, try or save settings; what cannot be changed at once waits for a restart",
        responses=_PROBLEMS,
    )
    async def change(wish: setting_shapes.ConfigRequest) -> setting_shapes.ChangeAnswer:
        done = await settings().change(wish.set, wish.reset, wish.how)
        return setting_shapes.ChangeAnswer.model_validate(done)

    @routes.put(
        "/api/v1/config/secrets/{key}",
        summary="Keep a secret in the .env file; nothing ever gives it back",
        status_code=204,
        responses=_PROBLEMS,
    )
    async def secret(
        key: Annotated[str, Path(max_length=200)], wish: setting_shapes.SecretRequest
    ) -> Response:
        await settings().secret(key, wish.value.get_secret_value())
        return Response(status_code=204)

    @routes.post(
        "/api/v1/restart",
        summary="Start anew with the saved settings; pages come back by themselves",
        status_code=202,
        responses=_PROBLEMS,
    )
    async def restart() -> Response:
        await settings().check_file()
        await services.reload()
        return Response(status_code=202)

    return routes


def fields_of(problem: InvalidConfig) -> list[dict[str, Any]]:
    """What is wrong with each key, so that a page can say it where it was typed."""
    return [
        {
            "key": one.key,
            "code": one.code,
            "text": {language: one.text(language) for language in languages()},
        }
        for one in problem.problems
    ]


def body(problem: InvalidConfig) -> dict[str, Any]:
    """The API's error with its `fields`."""
    described = problems.body(problem)
    described["error"]["fields"] = fields_of(problem)
    return described
