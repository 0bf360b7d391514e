"""Which model a server is to use when the config names none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mia.errors import BackendUnavailable
from mia.mind.openai_errors import Server

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: How many models a message names at most.
_NAMED = 5


async def listed(client: AsyncOpenAI, server: Server) -> tuple[str, ...]:
    """Every id in `/v1/models`. Raises BackendUnavailable, or one of the library's errors."""
    # Not `client.models.list()`, which stumbles over a page that is not JSON.
    answer = await client.get("/models", cast_to=dict[str, Any])
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise BackendUnavailable("llm.not_compatible", url=server.url)
    return tuple(str(model.get("id", "")) for model in models if isinstance(model, dict))


async def first_listed(client: AsyncOpenAI, server: Server) -> str:
    """The first chat model in `/v1/models`."""
    ids = [model for model in await listed(client, server) if "embed" not in model.lower()]
    if not ids:
        raise BackendUnavailable("llm.no_model", name=server.name, available="—")
    return ids[0]


async def loaded_in_lm_studio(client: AsyncOpenAI, server: Server) -> str:
    """The chat model that LM Studio has in memory, or says why there is none."""
    models = await _states(client, server)
    if models is None:
        return await first_listed(client, server)
    for model, state in models.items():
        if state == "loaded":
            return model
    raise _nothing_loaded(models, server)


async def why_lm_studio_failed(
    client: AsyncOpenAI, server: Server, error: BackendUnavailable
) -> BackendUnavailable:
    """A better reason than `error`, where LM Studio's model list knows one.

    A model that is loaded on demand makes no sound until it is there, which looks like a time-out.
    """
    if error.code not in {"llm.timeout", "llm.no_model", "llm.model_not_found", "llm.refused"}:
        return error
    models = await _states(client, server)
    if models is None or models.get(server.model) == "loaded":
        return error
    if models.get(server.model) == "loading":
        return BackendUnavailable("llm.loading", name=server.name, model=server.model)
    return _nothing_loaded(models, server) if "loaded" not in models.values() else error


async def _states(client: AsyncOpenAI, server: Server) -> dict[str, str] | None:
    """LM Studio's chat models and their states (`loaded`, `loading`, `not-loaded`).

    `/v1/models` names what is downloaded as well, so LM Studio's own `/api/v0/models` is asked;
    versions before 0.3.6 lack it, for which this is None.
    """
    import openai

    parts = urlsplit(server.url)
    try:
        answer = await client.get(
            f"{parts.scheme}://{parts.netloc}/api/v0/models", cast_to=dict[str, Any]
        )
    except openai.NotFoundError:
        return None
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        return None
    return {
        str(entry.get("id", "")): str(entry.get("state", ""))
        for entry in entries
        if isinstance(entry, dict) and entry.get("type") != "embeddings"
    }


def _nothing_loaded(models: dict[str, str], server: Server) -> BackendUnavailable:
    for model, state in models.items():
        if state == "loading":
            return BackendUnavailable("llm.loading", name=server.name, model=model)
    available = ", ".join(list(models)[:_NAMED]) or "—"
    return BackendUnavailable("llm.no_model", name=server.name, available=available)


async def automatic(_client: AsyncOpenAI, _server: Server) -> str:
    """OpenRouter's own choice of a model."""
    return "openrouter/auto"
