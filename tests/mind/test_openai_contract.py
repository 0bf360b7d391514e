"""The shared contract, kept by each of the server backends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mia.backends import Context, backends
from mia.conversation.ports import LanguageModel
from tests.mind.contract import LanguageModelContract, Opened
from tests.mind.replay import Answer, Replay, chunk, plain, replaying, reply

LOADED = {"data": [{"id": "llama", "type": "llm", "state": "loaded"}]}


class NoModels:
    def path(self, model_id: str) -> Path:
        raise AssertionError(f"a server backend asked for the files of {model_id}")


async def connect(name: str, url: str, **options: object) -> LanguageModel:
    backend = backends("llm")[name]
    context = Context(NoModels(), ("es",), Path("unused"))
    chosen = backend.options.model_validate({"base_url": url, "api_key": "secret", **options})
    model: LanguageModel = await backend.load(chosen, context)
    return model


class ServerContract(LanguageModelContract):
    backend: str

    @asynccontextmanager
    async def _connected(self, *answers: Answer) -> AsyncIterator[tuple[Replay, LanguageModel]]:
        async with replaying() as replay:
            replay.on("/api/v0/models", plain(LOADED))
            replay.on("/v1/models", plain({"object": "list", "data": [{"id": "llama"}]}))
            replay.chat(*answers)
            model = await connect(self.backend, replay.url, retries=0)
            try:
                yield replay, model
            finally:
                await model.aclose()

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def answering() -> AsyncIterator[Opened]:
            async with self._connected(reply("Claro, ", "¿qué ", "tal? 🦜 Ñandú.")) as (_, model):
                yield Opened(model, expected="Claro, ¿qué tal? 🦜 Ñandú.")

        return answering()

    def endless(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def talking() -> AsyncIterator[Opened]:
            answer = Answer(parts=[chunk("Érase "), chunk("una "), asyncio.Event()])
            async with self._connected(answer) as (replay, model):
                yield Opened(model, stopped=replay.abandoned)

        return talking()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def failing() -> AsyncIterator[Opened]:
            async with self._connected(plain({"error": {"message": "boom"}}, 500)) as (_, model):
                yield Opened(model)

        return failing()


class TestOpenAI(ServerContract):
    backend = "openai"


class TestLMStudio(ServerContract):
    backend = "lmstudio"


class TestOpenRouter(ServerContract):
    backend = "openrouter"


@pytest.mark.parametrize("name", ["openai", "lmstudio", "openrouter"])
def test_server_backends_are_found_by_name_and_describe_their_options(name: str) -> None:
    backend = backends("llm")[name]
    assert backend.missing() == ()
    assert all(field.description for field in backend.options.model_fields.values())
