"""Servers that refuse, fail, fall silent or are not there; LM Studio's models."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mia.conversation.ports import LanguageModel, Message, Prompt
from mia.errors import BackendUnavailable
from mia.mind.llm.openai import near
from mia.servers import retry_after
from tests.mind.contract import asked
from tests.mind.replay import Answer, Replay, chunk, plain, reply
from tests.mind.test_openai import LM_STUDIO_STATES, collect, fails_with, said, served
from tests.mind.test_openai_contract import connect

# ── errors ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "bad parameter", "llm.refused"),
        (400, "This model's maximum context length is 4096 tokens", "llm.context_full"),
        (401, "No auth credentials found", "llm.unauthorized"),
        (402, "Insufficient credits", "llm.no_credit"),
        (403, "Input was flagged", "llm.forbidden"),
        (404, "No endpoints found for x", "llm.model_not_found"),
        (408, "Timed out", "llm.request_timeout"),
        (429, "Rate limit exceeded", "llm.rate_limited"),
        (500, "boom", "llm.server_error"),
        (503, "Loading model", "llm.loading"),
        (503, "No provider available", "llm.server_error"),
    ],
)
def test_each_refusal_has_its_own_code(status: int, message: str, code: str) -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"error": {"code": status, "message": message}}, status))
        error = await fails_with(code, model)
        assert error.__cause__ is not None
        assert len(replay.chats) == 1

    served("openrouter", test, retries=0)


def test_a_passing_error_is_tried_again() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        busy = plain({"error": {"message": "busy"}}, 429, Retry_After="0")
        replay.chat(busy, busy, reply("Hola."))
        assert await said(model) == "Hola."

    served("openrouter", test, retries=2)


def test_attempts_are_bounded() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"error": {"message": "busy"}}, 429, Retry_After="0"))
        await fails_with("llm.rate_limited", model)
        assert len(replay.chats) == 3

    served("openrouter", test, retries=2)


def test_a_server_that_asks_for_a_long_wait_is_given_up_at_once() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"error": {"message": "busy"}}, 429, Retry_After="3600"))
        await fails_with("llm.rate_limited", model)
        assert len(replay.chats) == 1

    served("openrouter", test, retries=2, retry_wait_s=4)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_a_lasting_error_is_not_tried_again(status: int) -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"error": {"message": "no"}}, status, Retry_After="0"))
        with pytest.raises(BackendUnavailable):
            await said(model)
        assert len(replay.chats) == 1

    served("openrouter", test, retries=2)


def test_an_error_event_before_the_first_word_is_tried_again() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        error = 'data: {"error": {"code": 502, "message": "Provider disconnected"}}\n\n'
        replay.chat(Answer(parts=[chunk("", role="assistant"), error]), reply("Hola."))
        assert await said(model) == "Hola."

    served("openrouter", test, retries=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ('{"error": {"code": 502, "message": "Provider disconnected"}}', "llm.server_error"),
        ('{"error": {"code": 402, "message": "Out of credits"}}', "llm.no_credit"),
        ('{"error": {"message": "Out of memory"}}', "llm.failed_midway"),
        ('{"error": "Model is unloaded."}', "llm.no_model"),
        ("{broken", "llm.interrupted"),
    ],
)
def test_an_error_in_the_middle_of_a_reply_ends_it_without_another_attempt(
    error: str, code: str
) -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(Answer(parts=[chunk("Había "), f"data: {error}\n\n"]))
        pieces: list[str] = []
        with pytest.raises(BackendUnavailable) as caught:
            await collect(model, pieces)
        assert (pieces, caught.value.code, len(replay.chats)) == (["Había "], code, 1)

    served("openrouter", test)


@pytest.mark.parametrize("cut", [True, False])
def test_a_reply_that_breaks_off_is_an_error_and_not_a_short_reply(cut: bool) -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(Answer(parts=[chunk("Había "), chunk("una ")], cut=cut))
        pieces: list[str] = []
        with pytest.raises(BackendUnavailable) as caught:
            await collect(model, pieces)
        assert (pieces, caught.value.code) == (["Había ", "una "], "llm.interrupted")

    served("openai", test, model="llama")


def test_silence_in_the_middle_of_a_reply_ends_it() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(Answer(parts=[chunk("Había "), asyncio.Event()]))
        await fails_with("llm.timeout", model)
        await replay.abandoned.wait()

    served("openai", test, model="llama", timeout_s=0.2)


def test_a_web_page_in_place_of_a_server_is_recognised() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        page = Answer(parts=["<html><body>Router</body></html>"], kind="text/html")
        replay.on("/v1/models", page)
        replay.chat(page)
        await fails_with("llm.not_compatible", model)

    served("openai", test)
    served("openai", test, model="llama")


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("backend", "code"), [("openai", "llm.offline"), ("lmstudio", "llm.lmstudio_off")]
)
def test_a_server_that_is_off_is_said_to_be_off(backend: str, code: str) -> None:
    async def run() -> None:
        url = f"http://127.0.0.1:{closed_port()}/v1"
        model = await connect(backend, url)
        error = await fails_with(code, model)
        assert url in error.text("es")
        await model.aclose()

    asyncio.run(run())


# ── LM Studio's models ───────────────────────────────────────────────────────────────────────


def states(**models: str) -> Answer:
    return plain({"data": [{"id": k, "type": "llm", "state": v} for k, v in models.items()]})


def test_lm_studio_is_asked_which_model_is_loaded_before_every_reply() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on(
            LM_STUDIO_STATES,
            states(llama="not-loaded", qwen="loaded"),
            states(llama="loaded", qwen="not-loaded"),
        )
        replay.chat(reply("Hola."))
        await said(model)
        await said(model)
        assert [request.body["model"] for request in replay.chats] == ["qwen", "llama"]

    served("lmstudio", test, model="default")


def test_an_older_lm_studio_without_states_is_asked_for_its_list() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on("/v1/models", plain({"data": [{"id": "text-embedding-x"}, {"id": "llama"}]}))
        replay.chat(reply("Hola."))
        await said(model)
        assert replay.chats[0].body["model"] == "llama"

    served("lmstudio", test)


def test_lm_studio_without_a_loaded_model_names_those_that_could_be() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on(LM_STUDIO_STATES, states(llama="not-loaded", qwen="not-loaded"))
        error = await fails_with("llm.no_model", model)
        assert "llama, qwen" in error.text("es")
        assert not replay.chats

    served("lmstudio", test)


def test_lm_studio_that_is_still_loading_says_so() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on(LM_STUDIO_STATES, states(llama="loading"))
        await fails_with("llm.loading", model)

    served("lmstudio", test)


def test_a_silence_while_lm_studio_loads_the_chosen_model_is_explained() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.on(LM_STUDIO_STATES, states(llama="loading"))
        replay.chat(Answer(parts=[asyncio.Event()]))
        await fails_with("llm.loading", model)

    served("lmstudio", test, model="llama", timeout_s=0.2)


@pytest.mark.parametrize("status", [400, 404])
def test_lm_studio_refusing_because_nothing_is_loaded_is_understood(status: int) -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        words = "No models loaded. Please load a model in the developer page."
        replay.chat(plain({"error": {"message": words, "type": "invalid_request_error"}}, status))
        await fails_with("llm.no_model", model)

    served("lmstudio", test, model="llama")


# ── warming and listing ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "is_near"),
    [
        ("http://localhost:1234/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.20:11434/v1", True),
        ("http://gaming-pc:1234/v1", True),
        ("http://nas.local:1234/v1", True),
        ("https://openrouter.ai/api/v1", False),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_a_server_nearby_is_known_by_its_address(url: str, is_near: bool) -> None:
    assert near(url) is is_near


def test_warming_sends_the_prompt_where_it_costs_nothing_or_was_asked_for() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"id": "1", "object": "chat.completion", "choices": []}))
        await model.warm(asked("Hola"))
        sent = [(request.body["max_tokens"], request.body["stream"]) for request in replay.chats]
        assert sent == expected

    expected: list[tuple[int, bool]] = []
    served("openai", test, model="llama", warm_prefix=False)
    expected = [(1, False)]
    served("openai", test, model="llama")


def test_a_failed_warming_is_no_error() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(plain({"error": {"message": "boom"}}, 500))
        await model.warm(asked("Hola"))
        assert replay.chats

    served("openai", test, model="llama", warm_prefix=True)


def test_late_notes_reach_strict_templates_inside_the_users_message() -> None:
    async def test(replay: Replay, model: LanguageModel) -> None:
        replay.chat(reply("Toby."))
        await said(
            model,
            Prompt(
                (
                    Message("system", "Eres MIA."),
                    Message("user", "Hola"),
                    Message("assistant", "Hola."),
                    Message("system", "Tiene un perro, Toby."),
                    Message("user", "¿Y mi perro?"),
                ),
                "es",
            ),
        )
        messages = replay.chats[0].body["messages"]
        assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
        assert messages[-1]["content"] == "Tiene un perro, Toby.\n\n¿Y mi perro?"

    served("openai", test, model="llama")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-1"}, 0.0),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 07:28:10 GMT",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            10.0,
        ),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_a_server_asks_for_is_understood(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
