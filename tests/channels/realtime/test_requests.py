"""What each client event does, and what is said to one that cannot be done."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.channels.realtime.client_events import EVENTS
from tests.channels.realtime.driver import Driver, pcm, types
from tests.channels.realtime.fakes import FakeTalk


def text_item(text: str = "Hola", **more: Any) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content, **more}


def refused(event: dict[str, Any], *, talk: FakeTalk | None = None) -> dict[str, Any]:
    """The error a client event is answered with; checks that it is the only answer."""

    async def scenario() -> dict[str, Any]:
        driver = Driver(talk)
        before = driver.session.settings
        (answer,) = await driver(**event)
        assert answer["type"] == "error"
        assert driver.session.settings == before
        error: dict[str, Any] = answer["error"]
        return error

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({}, "missing_required_parameter", "type"),
        ({"type": 5}, "unknown_event", "type"),
        ({"type": "response.destroy"}, "unknown_event", "type"),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": []}, "invalid_value", "session"),
        (
            {"type": "session.update", "session": {"type": "transcription"}},
            "unsupported_value",
            "session.type",
        ),
        (
            {"type": "session.update", "session": {"output_modalities": ["smell"]}},
            "unsupported_value",
            "session.output_modalities",
        ),
        (
            {
                "type": "session.update",
                "session": {
                    "instructions": "changed",
                    "audio": {"input": {"format": {"type": "audio/pcm", "rate": 8000}}},
                },
            },
            "unsupported_value",
            "session.audio.input.format.rate",
        ),
        (
            {"type": "session.update", "session": {"input_audio_format": "g711_ulaw"}},
            "unsupported_value",
            "session.input_audio_format",
        ),
        (
            {
                "type": "session.update",
                "session": {
                    "audio": {
                        "input": {
                            "turn_detection": {"type": "server_vad", "create_response": False}
                        }
                    }
                },
            },
            "unsupported_value",
            "session.audio.input.turn_detection.create_response",
        ),
        (
            {
                "type": "session.update",
                "session": {"audio": {"input": {"transcription": {"language": "tlh"}}}},
            },
            "unsupported_value",
            "session.audio.input.transcription.language",
        ),
        (
            {"type": "session.update", "session": {"audio": {"output": {"speed": 9.0}}}},
            "invalid_value",
            "session.audio.output.speed",
        ),
        ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
        ({"type": "input_audio_buffer.append", "audio": "*"}, "invalid_base64", "audio"),
        ({"type": "input_audio_buffer.append", "audio": "AAAA"}, "invalid_audio", "audio"),
        ({"type": "input_audio_buffer.append", "audio": "ñ"}, "invalid_base64", "audio"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty", None),
        (
            {"type": "conversation.item.create", "item": {"type": "function_call_output"}},
            "unsupported_value",
            "item.type",
        ),
        (
            {"type": "conversation.item.create", "item": text_item(role="tool")},
            "unsupported_value",
            "item.role",
        ),
        (
            {"type": "conversation.item.create", "item": text_item("  ")},
            "invalid_value",
            "item.content",
        ),
        (
            {"type": "conversation.item.create", "item": text_item("\ud800")},
            "invalid_value",
            "item.content.0.text",
        ),
        (
            {"type": "conversation.item.create", "item": text_item(), "previous_item_id": "no"},
            "item_not_found",
            "previous_item_id",
        ),
        (
            {"type": "conversation.item.retrieve", "item_id": "no"},
            "item_not_found",
            "item_id",
        ),
        ({"type": "conversation.item.delete", "item_id": "no"}, "item_not_found", "item_id"),
        (
            {"type": "conversation.item.truncate", "item_id": "no", "audio_end_ms": 5},
            "item_not_found",
            "item_id",
        ),
        (
            {"type": "conversation.item.truncate", "item_id": "no", "audio_end_ms": -5},
            "invalid_value",
            "audio_end_ms",
        ),
        ({"type": "response.cancel"}, "response_cancel_not_active", None),
        (
            {"type": "response.create", "response": {"conversation": "none"}},
            "unsupported_value",
            "response.conversation",
        ),
        (
            {"type": "response.create", "response": {"output_modalities": ["text"]}},
            "unsupported_value",
            "response.output_modalities",
        ),
        ({"type": "mia.session.update", "language": "tlh"}, "invalid_value", "language"),
        ({"type": "mia.playhead", "item_id": "x", "audio_ms": "5"}, "invalid_value", "audio_ms"),
    ],
)
def test_a_wrong_event_is_an_error_that_names_the_field_and_changes_nothing(
    event: dict[str, Any], code: str, param: str | None
) -> None:
    error = refused({**event, "event_id": "mine"})
    assert (error["code"], error["param"], error["event_id"]) == (code, param, "mine")
    assert error["message"]
    assert "{" not in error["message"]


@pytest.mark.parametrize(
    "message", ["", "{", "[]", "5", "null", '{"type": NaN}', "[" * 100_000, b"\x00\x01", "1" * 9999]
)
def test_what_is_not_an_event_is_an_error(message: str | bytes) -> None:
    async def scenario() -> None:
        driver = Driver()
        (answer,) = await driver.raw(message)
        assert answer["error"]["code"] in ("invalid_json", "invalid_event")
        assert types(await driver(type="session.update", session={})) == ["session.updated"]

    asyncio.run(scenario())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "session",
        "item",
        "response",
        "audio",
        "item_id",
        "audio_end_ms",
        "content_index",
        "previous_item_id",
        "event_id",
        "audio_ms",
        "language",
        "muted",
        "role",
    ]
)
SESSIONS = st.dictionaries(
    st.sampled_from(["type", "audio", "modalities", "turn_detection", "instructions", "voice"]),
    JSON,
    max_size=4,
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "x"]), "role": JSON | st.just("user")},
    optional={
        "content": JSON
        | st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["input_text", "input_audio", "x"])},
                optional={"text": JSON, "audio": JSON},
            ),
            max_size=3,
        )
    },
)
EVENT = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from(sorted(EVENTS)),
    st.dictionaries(FIELDS, JSON | SESSIONS | ITEMS | st.just(pcm(0.01)), max_size=4),
)


@given(st.lists(EVENT | JSON, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_messages_ends_a_session(messages: list[Any]) -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", answers=("Sí.",)))
        for message in messages:
            for answer in await driver.raw(json.dumps(message)):
                fault = answer["type"] == "error" and answer["error"]["code"] == "server_error"
                assert not fault, message
        answers = await driver(type="session.update", session={"type": "realtime"})
        assert types(answers) == ["session.updated"]

    asyncio.run(scenario())


@given(st.text(max_size=200) | st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_message_at_all_ends_a_session(message: str | bytes) -> None:
    async def scenario() -> None:
        driver = Driver()
        (answer,) = await driver.raw(message)
        assert answer["type"] == "error"

    asyncio.run(scenario())


def test_sound_arrives_at_16_khz_one_millisecond_late() -> None:
    async def scenario() -> None:
        driver = Driver()
        for _ in range(10):
            assert await driver(type="input_audio_buffer.append", audio=pcm(0.02, 0.05)) == []
        assert 0.2 * 16_000 - 2 <= len(driver.talk.heard) <= 0.2 * 16_000

    asyncio.run(scenario())


def test_a_recording_sent_at_once_is_heard_whole() -> None:
    async def scenario() -> None:
        driver = Driver()
        await driver(type="input_audio_buffer.append", audio=pcm(5.0, 0.05))
        assert len(driver.talk.heard) == 5 * 16_000

    asyncio.run(scenario())


def test_without_turn_detection_uncommitted_sound_is_bounded() -> None:
    async def scenario() -> None:
        driver = Driver()
        await driver(type="session.update", session={"audio": {"input": {"turn_detection": None}}})
        driver.session._requests._pending = 600 * 16_000 - 100
        (answer,) = await driver(type="input_audio_buffer.append", audio=pcm(0.02))
        assert answer["error"]["code"] == "input_audio_buffer_full"
        await driver(type="input_audio_buffer.clear")
        assert await driver(type="input_audio_buffer.append", audio=pcm(0.02, 0.0)) == []

    asyncio.run(scenario())
