"""What each client event does, and what is said to one that cannot be done."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.channels.realtime.client_events import EVENTS
from tests.channels.realtime.driver import Driver, make_stage, of, pcm, types
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


def test_typed_chat_adds_an_item_and_answers_it() -> None:
    async def scenario() -> None:
        driver = Driver()
        added = await driver(type="conversation.item.create", item=text_item("Hola", id="mine"))
        assert types(added) == ["conversation.item.added", "conversation.item.done"]
        assert added[0]["item"]["id"] == "mine"
        assert driver.talk.history[0].text == "Hola"
        events = await driver(type="response.create", response={"instructions": "Sé breve."})
        assert ("respond", "Sé breve.") in driver.talk.calls
        assert of(events, "conversation.item.added")[0]["previous_item_id"] == "mine"
        (found,) = await driver(type="conversation.item.retrieve", item_id="mine")
        assert found["item"]["content"] == [{"type": "input_text", "text": "Hola"}]
        (again,) = await driver(type="conversation.item.create", item=text_item(id="mine"))
        assert again["error"]["param"] == "item.id"
        await driver(type="conversation.item.delete", item_id="mine")
        assert "Hola" not in [item.text for item in driver.talk.history]

    asyncio.run(scenario())


def test_sound_in_an_item_is_a_whole_utterance() -> None:
    async def scenario() -> None:
        driver = Driver()
        content = [{"type": "input_audio", "audio": pcm(0.5)}]
        item = {"type": "message", "role": "user", "content": content}
        events = await driver(type="conversation.item.create", item=item)
        assert "conversation.item.input_audio_transcription.completed" in types(events)
        assert events[-1]["type"] == "response.done"

    asyncio.run(scenario())


def test_a_second_response_is_refused_to_guests_and_replaces_the_first_on_the_stage() -> None:
    async def scenario() -> None:
        guest = Driver(FakeTalk("own", holds=True))
        await guest(type="response.create")
        (answer,) = await guest(type="response.create")
        assert answer["error"]["code"] == "conversation_already_has_active_response"
        talk = FakeTalk(holds=True)
        page = Driver(talk, stage=make_stage(talk))
        await page(type="response.create")
        events = await page(type="response.create")
        assert "error" not in types(events)
        reason = of(events, "response.done")[0]["response"]["status_details"]["reason"]
        assert reason == "client_cancelled"
        assert types(events).count("response.created") == 1

    asyncio.run(scenario())


def test_cancel_stops_the_reply_and_only_the_one_it_names() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        events = await driver(type="response.create")
        response = of(events, "response.created")[0]["response"]["id"]
        (wrong,) = await driver(type="response.cancel", response_id="resp_other")
        assert wrong["error"]["code"] == "response_cancel_not_active"
        events = await driver(type="response.cancel", response_id=response)
        assert events[-1]["response"]["status"] == "cancelled"
        assert driver.talk.calls[-1] == ("stop",)

    asyncio.run(scenario())


def test_truncation_tells_the_conversation_what_was_heard() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await driver(type="response.create")
        reply = driver.talk.reply
        (told,) = await driver(
            type="conversation.item.truncate", item_id=reply, content_index=0, audio_end_ms=120
        )
        assert told["type"] == "conversation.item.truncated"
        assert ("heard_up_to", reply, 0.12) in driver.talk.calls
        (more,) = await driver(
            type="conversation.item.truncate", item_id=reply, content_index=0, audio_end_ms=5000
        )
        assert more["error"]["param"] == "audio_end_ms"

    asyncio.run(scenario())


def test_session_update_shows_what_is_in_force_and_tells_the_conversation() -> None:
    async def scenario() -> None:
        driver = Driver()
        (told,) = await driver(
            type="session.update",
            session={
                "type": "realtime",
                "model": "gpt-realtime",
                "instructions": "Sé breve.",
                "tools": [{"type": "function", "name": "f"}],
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24000},
                        "turn_detection": {"type": "server_vad", "threshold": 0.4},
                        "transcription": {"model": "whisper-1", "language": "en"},
                    },
                    "output": {"voice": "marin", "speed": 1.1},
                },
            },
        )
        session = told["session"]
        assert session["instructions"] == "Sé breve."
        assert session["tools"] == []
        assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
        assert session["audio"]["input"]["transcription"] == {"model": "mia", "language": "en"}
        assert ("instruct", "Sé breve.") in driver.talk.calls
        assert driver.talk.language == "en"

    asyncio.run(scenario())


def test_the_beta_shape_of_a_session_is_understood() -> None:
    async def scenario() -> None:
        driver = Driver(beta=True)
        (told,) = await driver(
            type="session.update",
            session={
                "modalities": ["text"],
                "input_audio_format": "pcm16",
                "turn_detection": None,
                "input_audio_transcription": None,
            },
        )
        assert told["session"]["modalities"] == ["text"]
        assert told["session"]["turn_detection"] is None
        assert told["session"]["input_audio_transcription"] is None

    asyncio.run(scenario())


def test_without_transcription_no_words_of_the_user_are_sent_as_events() -> None:
    async def scenario() -> None:
        driver = Driver()
        await driver(type="session.update", session={"audio": {"input": {"transcription": None}}})
        events = await driver(type="input_audio_buffer.append", audio=pcm(0.5))
        events += await driver(type="input_audio_buffer.append", audio=pcm(0.4, 0.0))
        assert not [name for name in types(events) if "transcription." in name]
        assert "conversation.item.done" in types(events)

    asyncio.run(scenario())


def test_an_unexpected_fault_is_told_and_survived() -> None:
    async def scenario() -> None:
        driver = Driver()

        def broken(*_: object) -> None:
            raise RuntimeError("secret details")

        driver.talk.respond = broken  # type: ignore[method-assign,assignment]
        (answer,) = await driver(type="response.create")
        assert answer["error"]["type"] == "server_error"
        assert "secret" not in answer["error"]["message"]

    asyncio.run(scenario())


def test_base64_with_line_breaks_is_refused_rather_than_guessed_at() -> None:
    broken = base64.encodebytes(b"\x00\x00" * 100).decode()
    error = refused({"type": "input_audio_buffer.append", "audio": broken})
    assert error["code"] == "invalid_base64"
