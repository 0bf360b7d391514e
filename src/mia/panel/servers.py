"""Which programs on this machine could be her mind, or show her: found by knocking at their doors.

Ports: the makers' defaults (LM Studio 1234, Ollama 11434, Jan 1337, KoboldCpp 5001, vLLM 8000,
llama.cpp's server 8080; VTube Studio's plugin API 8001).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mia.errors import BackendUnavailable, MiaError
from mia.mind.llm.openai import LMStudioOptions, OpenAIOptions, load_lmstudio, load_openai
from mia.mind.openai_errors import Server, translated
from mia.mind.openai_server import ServerModel
from mia.servers import address, client

#: A server on this machine answers at once or is not there.
PATIENCE_S = 2.5
OPENROUTER = "https://openrouter.ai/api/v1"


@dataclass(frozen=True, slots=True)
class Known:
    """One program and where it usually listens."""

    name: str
    backend: str
    url: str


KNOWN = (
    Known("LM Studio", "lmstudio", "http://localhost:1234/v1"),
    Known("Ollama", "openai", "http://localhost:11434/v1"),
    Known("Jan", "openai", "http://localhost:1337/v1"),
    Known("KoboldCpp", "openai", "http://localhost:5001/v1"),
    Known("vLLM", "openai", "http://localhost:8000/v1"),
    Known("llama.cpp", "openai", "http://localhost:8080/v1"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered, and its models; one without any needs one to be loaded there."""

    name: str
    backend: str
    url: str
    models: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "backend": self.backend,
            "url": self.url,
            "models": list(self.models),
        }


async def look(own_port: int, known: tuple[Known, ...] = KNOWN) -> list[Found]:
    """Every known server that answers now. own_port: MIA's, which is none of them."""
    asked = [one for one in known if urlsplit(one.url).port != own_port]
    answers = await asyncio.gather(*(_ask(one) for one in asked))
    return [found for found in answers if found is not None]


async def ask(url: str) -> Found:
    """The models of the server at an address the user gave. Raises BackendUnavailable."""
    try:
        url = address(url)
    except ValueError as error:
        raise BackendUnavailable("setup.no_address") from error
    model = await load_openai(OpenAIOptions(base_url=url, timeout_s=10, retries=0), _NO_CONTEXT)
    try:
        return Found(urlsplit(url).netloc, "openai", url, _chat(await model.models()))
    finally:
        await model.aclose()


async def _ask(known: Known) -> Found | None:
    if not await _answers(known.url):
        return None
    model: ServerModel
    if known.backend == "lmstudio":
        options = LMStudioOptions(base_url=known.url, timeout_s=PATIENCE_S, retries=0)
        model = await load_lmstudio(options, _NO_CONTEXT)
    else:
        plain = OpenAIOptions(base_url=known.url, timeout_s=PATIENCE_S, retries=0)
        model = await load_openai(plain, _NO_CONTEXT)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return Found(known.name, known.backend, known.url, _chat(await model.models()))
    except (MiaError, TimeoutError):
        return None  # something else listens there
    finally:
        await model.aclose()


def _chat(models: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in models if name and "embed" not in name.lower())


async def _answers(url: str) -> bool:
    """Whether anybody listens there at all; cheaper than loading an HTTP client for it."""
    parts = urlsplit(url)
    return await listens(parts.hostname or "", parts.port or 80)


async def listens(host: str, port: int) -> bool:
    """Whether a TCP connection can be made."""
    try:
        async with asyncio.timeout(1.0):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def vtube_studio() -> bool:
    """Whether VTube Studio's plugin API listens on this machine."""
    return await listens("localhost", 8001)


async def check_key(key: str, url: str = OPENROUTER) -> dict[str, Any]:
    """What OpenRouter says of a key: `{"label", "remaining", "free"}`; remaining in dollars, None
    without a limit (openrouter.ai/docs/api-reference/limits). Raises BackendUnavailable."""
    api = client(url, key, 15.0)
    server = Server("OpenRouter", url, "", 15.0)
    try:
        async with asyncio.timeout(15.0):
            answer = await api.get("/key", cast_to=dict[str, Any])
    except Exception as error:  # the library's border: it raises more than its own types
        raise translated(error, server) from error
    finally:
        await api.close()
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise BackendUnavailable("llm.not_compatible", url=url)
    remaining = data.get("limit_remaining")
    return {
        "remaining": float(remaining) if isinstance(remaining, int | float) else None,
        "free": bool(data.get("is_free_tier")),
    }


#: These backends look at nothing of it.
_NO_CONTEXT: Any = None
