"""What client events do: messages, answers, cancelling, truncating, settings."""

from __future__ import annotations

import asyncio
import base64

from tests.channels.realtime.driver import Driver, make_stage, of, pcm, types
from tests.channels.realtime.fakes import FakeTalk
from tests.channels.realtime.test_requests import refused, text_item


def test_typed_chat_adds_an_item_and_answers_it() -> None:
    async def scenario() -> None:
        driver = Driver()
        added = await driver(type="conversation.item.create", item=text_item("Hola", id="mine"))
        assert types(added) == ["conversation.item.added", "conversation.item.done"]
        assert added[0]["item"]["id"] == "mine"
        assert driver.talk.history[0].text == "Hola"
        events = await driver(type="response.create", response={"instructions": "Sé breve."})
        assert ("respond", "Sé breve.") in driver.talk.calls
        # The message is a turn now, and goes by the name the client gave it.
        (answer,) = of(events, "conversation.item.added")
        assert (answer["item"]["role"], answer["previous_item_id"]) == ("assistant", "mine")
        assert driver.talk.history[0].id == driver.talk.turn
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
