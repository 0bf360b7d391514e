"""Language models on servers: any OpenAI-compatible one, LM Studio, and OpenRouter."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mia.backends import Backend, Context, Options
from mia.errors import BackendUnavailable
from mia.mind.openai_models import (
    automatic,
    first_listed,
    loaded_in_lm_studio,
    why_lm_studio_failed,
)
from mia.mind.openai_server import Dialect, Request, ServerModel
from mia.servers import address

#: The name that configs of the original system use for "whichever is there".
ANY_MODEL = "default"


class OpenAIOptions(Options):
    base_url: str = Field(
        "http://localhost:8080/v1",
        description="Address of an OpenAI-compatible server, usually ending in /v1 "
        "(Ollama: http://localhost:11434/v1).",
    )
    model: str = Field(
        "", description='Model id as the server names it; empty or "default": the one it has.'
    )
    api_key: SecretStr = Field(
        SecretStr(""), description="Access key; empty where the server wants none."
    )
    temperature: float | None = Field(
        0.7, ge=0, le=2, description="How freely words are chosen; null: the server's own value."
    )
    top_p: float | None = Field(
        0.9,
        gt=0,
        le=1,
        description="Share of probability words are chosen from; null: the server's own value.",
    )
    max_tokens: int | None = Field(
        None, ge=1, le=32_768, description="Longest reply, in tokens; null: no limit of ours."
    )
    timeout_s: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Longest silence of the server before and between words, in seconds.",
    )
    retries: int = Field(
        2, ge=0, le=5, description="Further attempts after a passing error, before the first word."
    )
    retry_wait_s: float = Field(
        4.0,
        ge=0,
        le=60,
        description="Longest wait before a further attempt, in seconds; a server that asks for "
        "more is given up at once.",
    )
    warm_prefix: bool | None = Field(
        None,
        description="Let the server read the prompt while the user still speaks, so that it "
        "answers sooner; null: where the server is on this machine or in this network, and so "
        "costs nothing.",
    )
    cache_prompt: bool = Field(
        False, description="Send `cache_prompt: true`, which older llama.cpp servers want."
    )

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return address(value)


class LMStudioOptions(OpenAIOptions):
    base_url: str = Field(
        "http://localhost:1234/v1", description="Address of LM Studio's server, ending in /v1."
    )


class OpenRouterOptions(OpenAIOptions):
    base_url: str = Field("https://openrouter.ai/api/v1", description="Address of OpenRouter.")
    model: str = Field(
        "openrouter/auto",
        description='Model id such as "mistralai/mistral-small-3.2-24b-instruct".',
    )
    api_key: SecretStr = Field(
        SecretStr(""), description="Access key; empty: the variable OPENROUTER_API_KEY."
    )
    fallback_models: tuple[str, ...] = Field(
        (),
        max_length=3,
        description="Models OpenRouter asks, in order, when the first is not available.",
    )
    app_url: str = Field(
        "https://github.com/mia-ai/mia", description="Sent as HTTP-Referer; empty: not sent."
    )
    app_name: str = Field("MIA", description="Sent as X-Title; empty: not sent.")


def near(url: str) -> bool:
    """Whether a server is on this machine or in this network, by its address alone."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost")) or "." not in host
    return address.is_private


def _request(options: OpenAIOptions, key: str) -> Request:
    return Request(
        base_url=options.base_url,
        model="" if options.model == ANY_MODEL else options.model,
        api_key=key,
        temperature=options.temperature,
        top_p=options.top_p,
        max_tokens=options.max_tokens,
        timeout_s=options.timeout_s,
        retries=options.retries,
        retry_wait_s=options.retry_wait_s,
        warm_prefix=near(options.base_url) if options.warm_prefix is None else options.warm_prefix,
    )


def _key(options: OpenAIOptions, host: str, variable: str) -> str:
    """The configured key, or the variable's, which is only ever sent to the host it is for."""
    key = options.api_key.get_secret_value().strip()
    if not key and urlsplit(options.base_url).hostname == host:
        key = os.environ.get(variable, "").strip()
        if not key:
            raise BackendUnavailable("llm.key_missing", name=host, variable=variable)
    return key


def _body(options: OpenAIOptions) -> dict[str, object]:
    return {"cache_prompt": True} if options.cache_prompt else {}


async def load_openai(options: OpenAIOptions, _context: Context) -> ServerModel:
    """Raises BackendUnavailable `llm.key_missing` for OpenAI itself without a key."""
    key = _key(options, "api.openai.com", "OPENAI_API_KEY")
    name = urlsplit(options.base_url).netloc
    return ServerModel(_request(options, key), Dialect(name, first_listed, body=_body(options)))


async def load_lmstudio(options: LMStudioOptions, _context: Context) -> ServerModel:
    """LM Studio may be started later: whether it runs is seen when it is asked."""
    key = options.api_key.get_secret_value().strip()
    dialect = Dialect(
        "LM Studio",
        loaded_in_lm_studio,
        explain=why_lm_studio_failed,
        settled=False,  # whoever loads another model there wants it used
        body=_body(options),
    )
    return ServerModel(_request(options, key), dialect)


async def load_openrouter(options: OpenRouterOptions, _context: Context) -> ServerModel:
    """Raises BackendUnavailable `llm.key_missing`."""
    key = _key(options, "openrouter.ai", "OPENROUTER_API_KEY")
    headers = {"HTTP-Referer": options.app_url, "X-Title": options.app_name}
    body = _body(options)
    if options.fallback_models:
        body["models"] = [options.model, *options.fallback_models]
    dialect = Dialect(
        "OpenRouter",
        automatic,
        headers={header: value for header, value in headers.items() if value},
        body=body,
    )
    return ServerModel(_request(options, key), dialect)


BACKENDS = (
    Backend(
        port="llm",
        name="openai",
        options=OpenAIOptions,
        load=load_openai,
        modules=("openai",),
    ),
    Backend(
        port="llm",
        name="lmstudio",
        options=LMStudioOptions,
        load=load_lmstudio,
        modules=("openai",),
    ),
    Backend(
        port="llm",
        name="openrouter",
        options=OpenRouterOptions,
        load=load_openrouter,
        modules=("openai",),
    ),
)
