"""A language model on any server that speaks OpenAI's chat completions.

One class for all of them; what LM Studio and OpenRouter do differently is told by a `Dialect`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mia.conversation.ports import Prompt, Usage
from mia.errors import BackendUnavailable
from mia.mind.chat import chat_messages
from mia.mind.openai_errors import Server, translated
from mia.mind.openai_models import listed
from mia.mind.reasoning import ReasoningFilter, may_open_unseen
from mia.servers import CONNECT_SECONDS, client, wait_before

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

    Chunks = AsyncStream[ChatCompletionChunk]

log = logging.getLogger(__name__)


async def as_it_is(
    _client: AsyncOpenAI, _server: Server, error: BackendUnavailable
) -> BackendUnavailable:
    """No better reason is known."""
    return error


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of server wants, and how its model is found."""

    name: str
    """How the server is called in messages."""
    find_model: Callable[[AsyncOpenAI, Server], Awaitable[str]]
    """The id of the model to use when none is configured. Raises BackendUnavailable, or one of
    the library's own errors."""
    explain: Callable[[AsyncOpenAI, Server, BackendUnavailable], Awaitable[BackendUnavailable]] = (
        field(default=as_it_is)
    )
    """May find a better reason for a failure before the first word."""
    settled: bool = True
    """The model found once stays the one to use until something fails."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)
    """Further fields of every request."""


@dataclass(frozen=True, slots=True)
class Request:
    """How replies are asked for; see the backend's options for each field's meaning."""

    base_url: str
    model: str
    api_key: str
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    timeout_s: float
    retries: int
    retry_wait_s: float
    warm_prefix: bool


class ServerModel:
    """Implements `LanguageModel`. Replies may run side by side; the server decides how many."""

    def __init__(self, request: Request, dialect: Dialect) -> None:
        self._request = request
        self._dialect = dialect
        self._client = client(request.base_url, request.api_key, request.timeout_s, dialect.headers)
        self._found = ""
        self._opens_unseen = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def model(self) -> str:
        """The model that answers; empty until one was found."""
        return self._request.model or self._found

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """The reply without the model's thoughts. Closing this generator closes the connection,
        at which the usual servers stop computing.

        Raises BackendUnavailable with one of the `llm.*` codes.
        """
        self._usage = None
        if not self._dialect.settled:
            self._found = ""
        chunks, first = await self._open(prompt)
        reasoning = ReasoningFilter(opened=self._opens_unseen or may_open_unseen(self.model))
        spoke, finish, chunk = False, "", first
        try:
            while chunk is not None:
                for piece in self._pieces(chunk, reasoning):
                    spoke = True
                    yield piece
                finish = _finish(chunk) or finish
                chunk = await self._next(chunks)
            if finish in {"", "error"}:
                raise BackendUnavailable("llm.interrupted", name=self._dialect.name)
        except BackendUnavailable:
            self._found = ""
            raise
        finally:
            await chunks.close()
        if rest := reasoning.finish(cut_off=finish == "length"):
            spoke = True
            yield rest
        self._opens_unseen = self._opens_unseen or reasoning.unopened
        if not spoke and reasoning.thought:
            raise BackendUnavailable("llm.only_thoughts", name=self._dialect.name)

    async def warm(self, prompt: Prompt) -> None:
        """With `warm_prefix`, have the server evaluate the prompt into its cache: a reply of one
        token. What fails here fails again, and is told, when a reply is asked for."""
        if not self._request.warm_prefix:
            return
        import openai

        try:
            await self._client.chat.completions.create(
                **self._arguments(prompt, await self._model(), stream=False, max_tokens=1)
            )
        except (BackendUnavailable, openai.OpenAIError, TimeoutError, ValueError) as error:
            log.debug("the prompt could not be warmed: %s", error)

    async def models(self) -> tuple[str, ...]:
        """Ids of the models the server lists. Raises BackendUnavailable."""
        try:
            return await listed(self._client, self._server())
        except BackendUnavailable:
            raise
        except Exception as error:  # the library's border: it raises more than its own types
            raise translated(error, self._server()) from error

    async def aclose(self) -> None:
        await self._client.close()

    async def _open(self, prompt: Prompt) -> tuple[Chunks, ChatCompletionChunk | None]:
        """The stream and its first chunk that says something, after at most `retries` further
        attempts."""
        attempt = 0
        while True:
            try:
                return await self._attempt(prompt)
            except BackendUnavailable as error:
                raise await self._explained(error) from error.__cause__
            except Exception as error:  # the library's border: it raises more than its own types
                wait = self._wait(error, attempt)
                if wait is None:
                    raise await self._explained(translated(error, self._server())) from error
                attempt += 1
                log.info("%s: %s; again in %.1f s", self._dialect.name, error, wait)
                await asyncio.sleep(wait)

    async def _attempt(self, prompt: Prompt) -> tuple[Chunks, ChatCompletionChunk | None]:
        arguments = self._arguments(
            prompt, await self._model(), stream=True, max_tokens=self._max_tokens(prompt)
        )
        async with asyncio.timeout(self._request.timeout_s):
            chunks: Chunks = await self._client.chat.completions.create(**arguments)
            try:
                if "event-stream" not in chunks.response.headers.get("content-type", ""):
                    raise BackendUnavailable("llm.not_compatible", url=self._request.base_url)
                chunk = await anext(chunks, None)
                while chunk is not None and _says_nothing(chunk):
                    chunk = await anext(chunks, None)
            except BaseException:  # cancelled or failed: nobody else would close it
                await chunks.close()
                raise
            return chunks, chunk

    async def _explained(self, error: BackendUnavailable) -> BackendUnavailable:
        """`error`, or the better reason the server itself can give."""
        import openai

        server, self._found = self._server(), ""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._dialect.explain(self._client, server, error)
        except (BackendUnavailable, openai.OpenAIError, TimeoutError, ValueError):
            return error

    def _wait(self, error: Exception, attempt: int) -> float | None:
        """Seconds to wait before trying again, or None when it would not help."""
        if attempt >= self._request.retries:
            return None
        if translated(error, self._server()).code in {"llm.no_model", "llm.context_full"}:
            return None
        return wait_before(error, attempt, self._request.retry_wait_s)

    async def _next(self, chunks: Chunks) -> ChatCompletionChunk | None:
        """The next chunk, or None at the end. Comments that only keep the connection alive do
        not count: the time limit is for something written."""
        try:
            async with asyncio.timeout(self._request.timeout_s):
                return await anext(chunks, None)
        except Exception as error:  # the library's border: it raises more than its own types
            raise self._midway(error) from error

    def _midway(self, error: Exception) -> BackendUnavailable:
        problem = translated(error, self._server())
        if problem.code == "llm.not_compatible":  # it did speak the protocol until now
            return BackendUnavailable("llm.interrupted", name=self._dialect.name)
        return problem

    def _pieces(self, chunk: ChatCompletionChunk, reasoning: ReasoningFilter) -> list[str]:
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            cached = (details.cached_tokens if details else 0) or 0
            self._usage = Usage(
                evaluated=max(0, (chunk.usage.prompt_tokens or 0) - cached),
                cached=cached,
                written=chunk.usage.completion_tokens or 0,
            )
        pieces: list[str] = []
        for choice in (chunk.choices or ())[:1]:
            extra = (choice.delta.model_extra or {}) if choice.delta else {}
            if extra.get("reasoning_content") or extra.get("reasoning"):
                reasoning.thought = True
                pieces.append(reasoning.separated())
            if choice.delta and choice.delta.content:
                pieces.append(reasoning.feed(choice.delta.content))
        return [piece for piece in pieces if piece]

    async def _model(self) -> str:
        if not self.model:
            async with asyncio.timeout(self._request.timeout_s):
                self._found = await self._dialect.find_model(self._client, self._server())
        return self.model

    def _max_tokens(self, prompt: Prompt) -> int | None:
        return prompt.max_tokens if prompt.max_tokens is not None else self._request.max_tokens

    def _arguments(
        self, prompt: Prompt, model: str, *, stream: bool, max_tokens: int | None
    ) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": model,
            "messages": chat_messages(prompt),
            "stream": stream,
            "extra_body": dict(self._dialect.body),
        }
        if stream:
            arguments["stream_options"] = {"include_usage": True}
        if self._request.temperature is not None:
            arguments["temperature"] = self._request.temperature
        if self._request.top_p is not None:
            arguments["top_p"] = self._request.top_p
        if max_tokens is not None:
            # OpenAI's own newer models refuse the name that everybody else understands
            own = urlsplit(self._request.base_url).hostname == "api.openai.com"
            arguments["max_completion_tokens" if own else "max_tokens"] = max_tokens
        return arguments

    def _server(self) -> Server:
        return Server(
            name=self._dialect.name,
            url=self._request.base_url,
            model=self.model,
            timeout_s=self._request.timeout_s,
        )


def _finish(chunk: ChatCompletionChunk) -> str:
    return cast("str", chunk.choices[0].finish_reason or "") if chunk.choices else ""


def _says_nothing(chunk: ChatCompletionChunk) -> bool:
    """Whether it only announces a reply; servers send one before the model has begun."""
    if chunk.usage is not None or _finish(chunk):
        return False
    deltas = [choice.delta for choice in chunk.choices or () if choice.delta]
    return not any(delta.content or any((delta.model_extra or {}).values()) for delta in deltas)
