"""Servers as they really answer, replayed through the real client library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pydantic import ValidationError

from mia.backends import backends
from mia.conversation.ports import LanguageModel, Prompt, Usage
from mia.errors import BackendUnavailable
from mia.mind.llm.openai import OpenAIOptions
from tests.mind.contract import asked
from tests.mind.replay import DONE, Answer, Replay, chunk, plain, replaying, reply, usage
from tests.mind.test_openai_contract import connect

LM_STUDIO_STATES = "/api/v0/models"


def served(
    name: str, test: Callable[[Replay, LanguageModel], Awaitable[None]], **options: object
) -> None:
    """Run `test` with a replaying server and the backend `name` connected to it."""

    async def run() -> None:
        async with replaying() as replay:
            model = await connect(name, replay.url, **options)
            try:
                await test(replay, model)
            finally:
                await model.aclose()

    asyncio.run(run())


async def said(model: LanguageModel, prompt: Prompt | None = None) -> str:
    return "".join([piece async for piece in model.stream(prompt or asked("Hola"))])


async def collect(model: LanguageModel, pieces: list[str]) -> None:
    async for piece in model.stream(asked("Hola")):
        pieces.append(piece)


async def fails_with(code: str, model: LanguageModel) -> BackendUnavailable:
    with pytest.raises(BackendUnavailable) as caught:
        await said(model)
    assert caught.value.code == code
    return caught.value


# ── what is sent ─────────────────────────────────────────────────────────────────────────────


def test_the_request_carries_the_prompt_and_the_options() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Hola."))
        assert await said(model, asked("¿Qué tal?", max_tokens=40)) == "Hola."
        request = replay.chats[0]
        assert request.headers["authorization"] == "Bearer secret"
        assert request.body["model"] == "llama"
        assert request.body["messages"] == [
            {"role": "system", "content": "Eres MIA."},
            {"role": "user", "content": "¿Qué tal?"},
        ]
        assert request.body["stream_options"] == {"include_usage": True}
        assert (request.body["temperature"], request.body["max_tokens"]) == (0.3, 40)
        assert "top_p" not in request.body
        assert "cache_prompt" not in request.body

    served("openai", test, model="llama", temperature=0.3, top_p=None)


def test_without_a_limit_none_is_sent() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Hola."))
        await said(model, asked("Hola", max_tokens=None))
        assert "max_tokens" not in replay.chats[0].body

    served("openai", test, model="llama")


def test_without_a_configured_model_the_first_chat_model_is_used() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on("/v1/models", plain({"data": [{"id": "nomic-embed"}, {"id": "qwen"}]}))
        replay.chat(reply("Hola."))
        await said(model)
        await said(model)
        assert [request.body["model"] for request in replay.chats] == ["qwen", "qwen"]
        assert len(replay.requests) == 3

    served("openai", test, model="default")


def test_openrouter_gets_the_app_headers_and_the_fallback_models() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Hola."))
        await said(model)
        request = replay.chats[0]
        assert request.headers["http-referer"] == "https://example.org"
        assert request.headers["x-title"] == "MIA"
        assert request.body["models"] == ["a/one", "b/two", "c/three"]

    served(
        "openrouter",
        test,
        model="a/one",
        fallback_models=("b/two", "c/three"),
        app_url="https://example.org",
    )


def test_openrouter_without_a_key_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    options = backends("llm")["openrouter"].options()
    with pytest.raises(BackendUnavailable) as caught:
        asyncio.run(connect("openrouter", options.model_dump()["base_url"], api_key=""))
    assert caught.value.code == "llm.key_missing"
    assert "OPENROUTER_API_KEY" in caught.value.text("es")


def test_a_key_from_the_environment_goes_only_to_the_host_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-private")

    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Hola."))
        await said(model)
        assert "sk-private" not in str(replay.chats[0].headers)

    served("openai", test, model="llama", api_key="")


@pytest.mark.parametrize("url", ["localhost:1234/v1", "ftp://host/v1", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValidationError):
        OpenAIOptions(base_url=url)


def test_the_key_is_not_shown_with_the_options() -> None:
    assert "geheim" not in repr(OpenAIOptions.model_validate({"api_key": "geheim"}))


# ── what comes back ──────────────────────────────────────────────────────────────────────────


def test_keep_alive_comments_and_empty_chunks_are_not_the_reply() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        comment = ": OPENROUTER PROCESSING\n\n"
        replay.chat(
            Answer(
                parts=[
                    comment,
                    chunk("", role="assistant"),
                    comment,
                    chunk("Ho"),
                    comment,
                    chunk("la."),
                    chunk(finish="stop"),
                    usage(30, 4, 20),
                    DONE,
                ]
            )
        )
        assert await said(model) == "Hola."
        assert model.usage == Usage(evaluated=10, cached=20, written=4)

    served("openrouter", test)


def test_comments_alone_do_not_keep_mia_waiting_for_ever() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(Answer(parts=[": OPENROUTER PROCESSING\n\n", 0.05] * 200))
        await fails_with("llm.timeout", model)
        await replay.abandoned.wait()

    served("openrouter", test, timeout_s=0.2, retries=0)


def test_a_character_split_over_two_packets_arrives_whole() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        event = chunk("año")
        half = event.index("a\\u00f1o") + 4
        replay.chat(Answer(parts=[event[:half], 0.01, event[half:], chunk(finish="stop"), DONE]))
        assert await said(model) == "año"

    served("openai", test, model="llama")


def test_thoughts_are_never_part_of_the_reply() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(
            Answer(
                parts=[
                    chunk(reasoning_content="A ver, "),
                    chunk(reasoning="me saludan."),
                    chunk("<thi"),
                    chunk("nk>otra vez</think>\n\nHola."),
                    chunk(finish="stop"),
                    DONE,
                ]
            )
        )
        assert await said(model) == "Hola."

    served("lmstudio", test, model="qwen")


def test_a_reasoning_model_whose_template_opens_the_thought_is_understood() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Me saludan, así que saludo.", "</think>", "Hola."))
        assert await said(model) == "Hola."

    served("openai", test, model="deepseek-r1-distill")


def test_a_model_that_gave_itself_away_is_understood_from_then_on() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Pienso.", "</think>", "Hola."))
        await said(model)
        assert await said(model) == "Hola."

    served("openai", test, model="mystery")


def test_a_reply_of_nothing_but_thoughts_is_an_error() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("<think>hmm, hmm", finish="length"))
        await fails_with("llm.only_thoughts", model)

    served("openai", test, model="llama")


def test_an_empty_reply_is_no_error() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply())
        assert await said(model) == ""

    served("openai", test, model="llama")
