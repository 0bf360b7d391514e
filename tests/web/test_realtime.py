"""Clients on a real socket: the `openai` SDK, our pages, and those who mean harm."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import numpy as np
import websockets
from openai import AsyncOpenAI
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from mia.conversation.ports import PLAYING_RATE
from mia.web.server import MAX_MESSAGE
from tests.channels.realtime.driver import pcm
from tests.web.conftest import Running, World, running

PATIENCE = 30


def sdk(server: Running, **headers: str) -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key="none",
        base_url=f"{server.http}/v1",
        websocket_base_url=f"ws://127.0.0.1:{server.port}/v1",
        default_headers=headers,
    )


async def until(connection: Any, last: str) -> list[Any]:
    """Events up to and with the first of this name."""
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in connection:
            events.append(event)
            if event.type == last:
                break
    return events


async def page_until(socket: Any, last: str) -> list[dict[str, Any]]:
    events = []
    async with asyncio.timeout(PATIENCE):
        async for message in socket:
            events.append(json.loads(message))
            if events[-1]["type"] == last:
                break
    return events


async def closing_code(socket: ClientConnection, message: str | None = None) -> int | None:
    """With which code the server closes, read to the end."""
    try:
        async with asyncio.timeout(PATIENCE):
            if message is not None:
                await socket.send(message)
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_the_openai_sdk_holds_a_typed_conversation(world: World) -> None:
    async def scenario() -> None:
        async with (
            running(world) as server,
            sdk(server).realtime.connect(model="gpt-realtime") as connection,
        ):
            await connection.session.update(
                session={"type": "realtime", "instructions": "Sé breve."}
            )
            await connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "¿Qué hora es?"}],
                }
            )
            await connection.response.create()
            events = await until(connection, "response.done")
            text = "".join(
                one.delta for one in events if one.type == "response.output_audio_transcript.delta"
            )
            assert text == "Son las tres. ¿Y en tu casa?"
            assert events[-1].response.status == "completed"
            assert events[-1].response.usage.total_tokens == 0
            assert world.guests[0].history[0].text == "¿Qué hora es?"
            assert ("instruct", "Sé breve.") in world.guests[0].calls

    asyncio.run(scenario())


def test_the_openai_sdk_holds_a_spoken_conversation(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server, sdk(server).realtime.connect() as connection:
            for _ in range(25):
                await connection.input_audio_buffer.append(audio=pcm(0.02))
            await connection.input_audio_buffer.append(audio=pcm(0.5, 0.0))
            events = await until(connection, "response.done")
            (heard,) = [
                one
                for one in events
                if one.type == "conversation.item.input_audio_transcription.completed"
            ]
            assert heard.transcript == "¿Qué hora es?"
            raw = b"".join(
                base64.b64decode(one.delta)
                for one in events
                if one.type == "response.output_audio.delta"
            )
            spoken = np.frombuffer(raw, "<i2") / 32768
            assert len(spoken) == PLAYING_RATE // 5
            strongest = np.abs(np.fft.rfft(spoken)).argmax() * PLAYING_RATE / len(spoken)
            assert abs(strongest - 440) < 10

    asyncio.run(scenario())


def test_the_sdk_with_push_to_talk_commits_and_asks(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server, sdk(server).realtime.connect() as connection:
            await connection.session.update(
                session={"type": "realtime", "audio": {"input": {"turn_detection": None}}}
            )
            await connection.input_audio_buffer.append(audio=pcm(0.5))
            await connection.input_audio_buffer.commit()
            events = await until(connection, "response.done")
            assert "error" not in [one.type for one in events]
            committed = [one for one in events if one.type == "input_audio_buffer.committed"]
            assert len(committed) == 1

    asyncio.run(scenario())


def test_a_client_of_the_beta_gets_the_betas_names(world: World) -> None:
    async def scenario() -> None:
        headers = {"OpenAI-Beta": "realtime=v1"}
        async with (
            running(world) as server,
            websockets.connect(server.ws, additional_headers=headers) as socket,
        ):
            await socket.send('{"type": "response.create"}')
            events = await page_until(socket, "response.done")
            assert "modalities" in events[0]["session"]
            assert "response.audio.delta" in {one["type"] for one in events}

    asyncio.run(scenario())


def test_two_guests_do_not_hear_each_other(world: World) -> None:
    async def scenario() -> None:
        async with (
            running(world) as server,
            websockets.connect(server.ws) as one,
            websockets.connect(server.ws) as other,
            websockets.connect(f"{server.ws}?conversation=stage") as page,
        ):
            await one.send('{"type": "response.create"}')
            await page_until(one, "response.done")
            await other.send('{"type": "input_audio_buffer.clear"}')
            seen = await page_until(other, "input_audio_buffer.cleared")
            assert [event["type"] for event in seen] == [
                "session.created",
                "input_audio_buffer.cleared",
            ]
            await page.send('{"type": "input_audio_buffer.clear"}')
            names = {
                event["type"] for event in await page_until(page, "input_audio_buffer.cleared")
            }
            assert "response.created" not in names

    asyncio.run(scenario())


def test_pages_share_the_stage_and_the_newest_speaks(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server:
            stage = f"{server.ws}?conversation=stage"
            async with (
                websockets.connect(f"{stage}&role=observer") as overlay,
                websockets.connect(stage) as first,
            ):
                await page_until(first, "mia.history")
                async with websockets.connect(f"{stage}&role=speaker") as second:
                    greeted = await page_until(second, "mia.history")
                    state = next(one for one in greeted if one["type"] == "mia.state")
                    assert (state["role"], state["phase"]) == ("speaker", "idle")
                    told = await page_until(first, "mia.state")
                    assert told[-1]["role"] == "observer"
                    assert world.stage is not None
                    world.stage.type("Hola")
                    for socket, hears in ((second, True), (first, False), (overlay, False)):
                        events = await page_until(socket, "response.done")
                        sound = [
                            one for one in events if one["type"] == "response.output_audio.delta"
                        ]
                        assert bool(sound) is hears
                        segments = [one for one in events if one["type"] == "mia.segment"]
                        assert len(segments) == 2

    asyncio.run(scenario())


def test_a_wrong_message_is_answered_and_the_session_goes_on(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server, websockets.connect(server.ws) as socket:
            await page_until(socket, "session.created")
            for message in ("{", "[]", '{"type": "x"}', b"\x00\x01"):
                await socket.send(message)
                (answer,) = await page_until(socket, "error")
                assert answer["error"]["code"]
            await socket.send('{"type": "session.update", "session": {}}')
            assert await page_until(socket, "session.updated")

    asyncio.run(scenario())


def test_a_frame_that_is_too_large_closes_with_its_code(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server, websockets.connect(server.ws) as socket:
            assert await closing_code(socket, "x" * (MAX_MESSAGE + 1)) == 1009
        assert world.guests[0].running == 0


def test_a_client_that_does_not_read_is_sent_away(world: World) -> None:
    async def scenario() -> None:
        world.holds = True
        # The client takes one message and then nothing: the socket fills up.
        async with (
            running(world) as server,
            websockets.connect(server.ws, max_queue=1) as socket,
            asyncio.timeout(PATIENCE),
        ):
            await socket.send('{"type": "response.create"}')
            guest = await world.made.get()
            await guest.answering.wait()
            while guest.running:
                guest.say()
                await asyncio.sleep(0)
            assert await closing_code(socket) == 4408

    asyncio.run(scenario())


def test_stopping_the_server_closes_every_socket_and_ends_every_guest(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as server:
            socket = await websockets.connect(server.ws)
            await page_until(socket, "session.created")
        assert await closing_code(socket) == 1012
        assert world.guests[0].running == 0
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "web server" not in names

    asyncio.run(scenario())
