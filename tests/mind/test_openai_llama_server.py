"""The `openai` backend against a real llama.cpp server with a real model."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from mia.conversation.ports import Message, Prompt
from mia.errors import BackendUnavailable
from mia.home import Home
from mia.models.store import ModelStore
from tests.mind.contract import LanguageModelContract, Opened, asked
from tests.mind.test_openai_contract import connect

pytestmark = pytest.mark.models

MODEL = "smollm2-135m-instruct"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(next(ModelStore(Home.find()).path(MODEL).glob("*.gguf")))
    params.hostnames = ["127.0.0.1"]
    params.port = free_port()
    params.n_ctx = 1024
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    running = xllamacpp.Server(params)
    yield f"{running.listening_address}/v1"
    del running


class TestLlamaServer(LanguageModelContract):
    @pytest.fixture(autouse=True)
    def _served(self, server: str) -> None:
        self.url = server

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return self._connected()

    def endless(self) -> AbstractAsyncContextManager[Opened]:
        return self._connected()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        return self._connected(model="x", base=f"{self.url}/nowhere")

    @asynccontextmanager
    async def _connected(self, base: str = "", **options: object) -> AsyncIterator[Opened]:
        model = await connect("openai", base or self.url, **options)
        yield Opened(model)
        await model.aclose()


def test_the_prefix_of_a_warmed_prompt_is_not_evaluated_again(server: str) -> None:
    async def check() -> None:
        model = await connect("openai", server, warm_prefix=True, cache_prompt=True)
        system = Message("system", "You are MIA. " + "You like cats and dogs. " * 20)
        await model.warm(Prompt((system, Message("user", "Hello")), "en", max_tokens=4))
        prompt = Prompt((system, Message("user", "How are you?")), "en", max_tokens=4)
        assert "".join([piece async for piece in model.stream(prompt)])
        assert model.usage is not None
        assert model.usage.cached > 100
        assert model.usage.evaluated < 40
        assert 0 < model.usage.written <= 4
        await model.aclose()

    asyncio.run(check())


def test_a_prompt_too_long_for_the_model_is_understood(server: str) -> None:
    async def check() -> None:
        model = await connect("openai", server)
        with pytest.raises(BackendUnavailable) as caught:
            async for _ in model.stream(asked("word " * 4000)):
                pass
        assert caught.value.code == "llm.context_full"
        await model.aclose()

    asyncio.run(check())
