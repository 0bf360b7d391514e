"""What a client is told of a spoken turn and its reply."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai._models import construct_type
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from mia.telemetry import events as bus
from tests.channels.realtime.driver import Driver, make_stage, of, pcm, types
from tests.channels.realtime.fakes import FakeTalk

SPOKEN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.done",
]
REPLY = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


async def spoken_turn(driver: Driver) -> list[dict[str, Any]]:
    events = await driver(type="input_audio_buffer.append", audio=pcm(0.5))
    return events + await driver(type="input_audio_buffer.append", audio=pcm(0.4, 0.0))


def test_a_foreign_client_is_told_of_turn_and_reply_in_the_protocols_order() -> None:
    async def scenario() -> None:
        driver = Driver()
        events = await spoken_turn(driver)
        assert types(events) == SPOKEN + REPLY
        (done,) = of(events, "response.done")
        assert done["response"]["status"] == "completed"
        assert done["response"]["output"][0]["content"] == [
            {"type": "output_audio", "transcript": "Son las tres. ¿Y en tu casa?"}
        ]
        deltas = of(events, "response.output_audio_transcript.delta")
        assert "".join(one["delta"] for one in deltas) == "Son las tres. ¿Y en tu casa?"

    asyncio.run(scenario())


def test_ids_link_the_events_of_a_turn_and_its_reply() -> None:
    async def scenario() -> None:
        events = await spoken_turn(Driver())
        turn = of(events, "input_audio_buffer.speech_started")[0]["item_id"]
        added = of(events, "conversation.item.added")
        assert [one["item"]["role"] for one in added] == ["user", "assistant"]
        assert added[0]["item"]["id"] == turn
        assert added[1]["previous_item_id"] == turn
        reply = added[1]["item"]["id"]
        response = of(events, "response.created")[0]["response"]["id"]
        for one in of(events, "response.output_audio.delta"):
            assert (one["item_id"], one["response_id"]) == (reply, response)
        assert len({one["event_id"] for one in events}) == len(events)

    asyncio.run(scenario())


def server_events(*, beta: bool) -> list[dict[str, Any]]:
    """One of everything a server may send, from real exchanges."""

    async def scenario() -> list[dict[str, Any]]:
        driver = Driver(beta=beta)
        driver.session.emit({"type": "session.created", "session": driver.session.describe()})
        await driver(type="session.update", session={"type": "realtime", "instructions": "x"})
        await spoken_turn(driver)
        driver.talk.holds = True
        await spoken_turn(driver)
        driver.talk.interrupt()
        reply = driver.talk.history[-1].id
        await driver(type="conversation.item.truncate", item_id=reply, audio_end_ms=40)
        await driver(type="conversation.item.retrieve", item_id=reply)
        await driver(type="conversation.item.delete", item_id=reply)
        await driver(type="input_audio_buffer.clear")
        await driver(type="input_audio_buffer.append", audio=pcm(0.2, 0.0))
        await driver(type="input_audio_buffer.commit")
        await driver(
            type="conversation.item.create",
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hola"}],
            },
        )
        await driver(
            type="session.update", session={"type": "realtime", "output_modalities": ["text"]}
        )
        await driver(type="response.create")
        driver.talk.fail()
        await driver(type="output_audio_buffer.clear")
        await driver(type="nonsense")
        return driver.messages

    return asyncio.run(scenario())


def test_the_openai_sdk_knows_every_event_we_send() -> None:
    events = server_events(beta=False)
    names = {event["type"] for event in events}
    assert {"session.updated", "response.output_text.done", "error"} <= names
    adapter: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
    for event in events:
        parsed = adapter.validate_python(event)
        assert parsed.type == event["type"]
        unknown = set(parsed.model_extra or {})
        assert not unknown, (event["type"], unknown)
        told: Any = construct_type(type_=RealtimeServerEvent, value=event)
        assert told.type == event["type"]


def test_the_beta_sdk_knows_every_event_a_beta_client_gets() -> None:
    events = server_events(beta=True)
    adapter: TypeAdapter[Any] = TypeAdapter(BetaServerEvent)
    for event in events:
        if event["type"] == "output_audio_buffer.cleared":
            continue  # the beta's types have it for WebRTC alone
        assert adapter.validate_python(event).type == event["type"]
    names = {event["type"] for event in events}
    assert {"response.audio.delta", "response.audio_transcript.done", "response.text.done"} <= names
    assert "conversation.item.created" in names
    assert not {name for name in names if name.startswith("response.output_audio")}


def test_an_interruption_is_told_before_the_end_of_the_reply_it_stopped() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await spoken_turn(driver)
        driver.took()
        driver.talk.interrupt()
        events = driver.took()
        assert types(events)[0] == "input_audio_buffer.speech_started"
        done = events[-1]["response"]
        assert done["status"] == "cancelled"
        assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        item = of(events, "conversation.item.done")[0]["item"]
        assert item["status"] == "incomplete"
        assert item["content"][0]["transcript"] == "Son las tres."

    asyncio.run(scenario())


def test_speech_over_a_reply_that_is_not_stopped_is_not_told() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await spoken_turn(driver)
        driver.took()
        driver.talk.tell(bus.SpeechStarted, turn="t2", audio_ms=1000)
        driver.talk.tell(bus.SpeechStopped, turn="t2", audio_ms=1200)
        driver.talk.tell(bus.TurnDropped, turn="t2", reason="backchannel")
        assert driver.took() == []

    asyncio.run(scenario())


def test_speech_that_outlasts_the_reply_is_told_when_the_reply_is_over() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await spoken_turn(driver)
        driver.took()
        driver.talk.tell(bus.SpeechStarted, turn="t2", audio_ms=1000)
        driver.talk.finish()
        names = types(driver.took())
        assert names[-2:] == ["response.done", "input_audio_buffer.speech_started"]

    asyncio.run(scenario())


def test_a_cough_ends_as_a_cleared_buffer() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", says=""))
        events = await spoken_turn(driver)
        assert types(events) == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.cleared",
        ]

    asyncio.run(scenario())


@pytest.mark.parametrize("says", ["", "quiet"])
def test_a_client_that_commits_silence_learns_that_nobody_spoke(says: str) -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", says=""))
        await driver(type="session.update", session={"audio": {"input": {"turn_detection": None}}})
        await driver(type="input_audio_buffer.append", audio=pcm(0.3, 0.5 if says == "" else 0.0))
        events = await driver(type="input_audio_buffer.commit")
        (failed,) = of(events, "conversation.item.input_audio_transcription.failed")
        assert failed["error"]["code"] == "no_speech"
        assert of(events, "input_audio_buffer.committed")

    asyncio.run(scenario())


def test_after_a_commit_response_create_asks_for_the_same_answer() -> None:
    async def scenario() -> None:
        driver = Driver()
        await driver(type="session.update", session={"audio": {"input": {"turn_detection": None}}})
        await driver(type="input_audio_buffer.append", audio=pcm(0.5))
        driver.talk.says = "slow"
        commit, driver.talk.commit_audio = driver.talk.commit_audio, lambda: None  # type: ignore[method-assign]
        driver.talk.phase = "pausing"
        await driver(type="input_audio_buffer.commit")
        assert await driver(type="response.create", response={"metadata": {"a": "b"}}) == []
        commit()
        assert ("respond", None) not in driver.talk.calls
        events = driver.took()
        assert of(events, "response.created")[0]["response"]["metadata"] == {"a": "b"}

    asyncio.run(scenario())


def test_a_turn_that_goes_on_after_its_end_keeps_its_item() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await spoken_turn(driver)
        talk = driver.talk
        turn = talk.turn
        talk.stop()
        driver.took()
        talk.tell(bus.SpeechStarted, turn=turn, audio_ms=900)
        talk.tell(bus.SpeechStopped, turn=turn, audio_ms=1900)
        talk.tell(
            bus.Heard, turn=turn, revision=2, text="¿Qué hora es allá?", language="es", final=True
        )
        events = driver.took()
        assert "input_audio_buffer.committed" not in types(events)
        (completed,) = of(events, "conversation.item.input_audio_transcription.completed")
        assert completed["transcript"] == "¿Qué hora es allá?"
        assert completed["usage"] == {"type": "duration", "seconds": 1.0}

    asyncio.run(scenario())


def test_a_failed_reply_says_what_failed() -> None:
    async def scenario() -> None:
        driver = Driver(FakeTalk("own", holds=True))
        await spoken_turn(driver)
        driver.talk.fail("llm.stalled")
        done = driver.took()[-1]["response"]
        assert done["status"] == "failed"
        assert done["status_details"]["error"] == {"type": "server_error", "code": "llm.stalled"}

    asyncio.run(scenario())


def test_a_page_that_comes_in_the_middle_of_a_reply_is_told_of_it_from_the_start() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        talk.type("Hola")
        late = Driver(talk, stage=stage)
        talk.say()
        assert types(late.took()) == [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.delta",
        ]
        talk.finish()
        assert "response.done" in types(late.took())
        talk.tell(bus.ReplyText, turn="x", reply=talk.history[-1].id, sequence=9, text="too late")
        assert late.took() == []

    asyncio.run(scenario())


def test_text_replies_carry_no_sound() -> None:
    async def scenario() -> None:
        driver = Driver()
        await driver(type="session.update", session={"output_modalities": ["text"]})
        await driver(
            type="conversation.item.create",
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hola"}],
            },
        )
        events = await driver(type="response.create")
        assert not of(events, "response.output_audio.delta")
        assert of(events, "response.output_text.done")[0]["text"] == "Son las tres. ¿Y en tu casa?"

    asyncio.run(scenario())
