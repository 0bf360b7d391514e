"""The real turn engine behind the real socket; only the models are scripted."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import websockets

from mia.channels.realtime.talk import Talk
from mia.conversation import Conversation
from tests.channels.realtime.driver import of, pcm, types
from tests.support.fakes import FakeLlm, Fakes, FakeTts
from tests.web.conftest import World, running
from tests.web.test_realtime import page_until, sdk, until


def use_real_guests(world: World) -> Fakes:
    """Guests get conversations of the real engine from here on."""
    fakes = Fakes(llm=FakeLlm("Sí."), tts=FakeTts(takes=lambda _: 0.0))
    count = 0

    async def make() -> Talk:
        nonlocal count
        count += 1
        return Conversation(f"guest-{count}", fakes.parts(), world.bus)

    world.make = make  # type: ignore[method-assign]
    return fakes


def test_the_sdk_speaks_with_the_real_engine_and_then_types(world: World) -> None:
    async def scenario() -> None:
        fakes = use_real_guests(world)
        async with running(world) as server, sdk(server).realtime.connect() as connection:
            await connection.input_audio_buffer.append(audio=pcm(1.0))
            await connection.input_audio_buffer.append(audio=pcm(1.0, 0.0))
            events = await until(connection, "response.done")
            names = [one.type for one in events]
            assert names.index("input_audio_buffer.speech_started") < names.index(
                "input_audio_buffer.committed"
            )
            assert names.index("conversation.item.done") < names.index("response.created")
            assert events[-1].response.status == "completed"
            assert events[-1].response.output[0].content[0].transcript == "Sí."
            sound = [one for one in events if one.type == "response.output_audio.delta"]
            assert sound
            await connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "¿Y mañana?"}],
                }
            )
            await connection.response.create()
            await until(connection, "response.done")
            asked = [message.content for message in fakes.llm.prompts[-1].messages]
            assert asked[-3:] == ["Hola, ¿cómo estás?", "Sí.", "¿Y mañana?"]

    asyncio.run(scenario())


def test_push_to_talk_with_the_real_engine_answers_once(world: World) -> None:
    async def scenario() -> None:
        fakes = use_real_guests(world)
        async with running(world) as server, sdk(server).realtime.connect() as connection:
            await connection.session.update(
                session={"type": "realtime", "audio": {"input": {"turn_detection": None}}}
            )
            await connection.input_audio_buffer.append(audio=pcm(0.8))
            await connection.input_audio_buffer.commit()
            await connection.response.create()
            events = await until(connection, "response.done")
            assert [one.type for one in events].count("response.created") == 1
            assert len(fakes.llm.prompts) == 1

    asyncio.run(scenario())


def test_a_spoken_interruption_of_the_real_engine_ends_the_reply_first_heard_first(
    world: World,
) -> None:
    async def scenario() -> None:
        fakes = use_real_guests(world)
        fakes.llm.reply = "Uno dos tres cuatro cinco seis siete ocho nueve diez. Y once y doce."
        async with running(world) as server, websockets.connect(server.ws) as socket:

            async def send(**event: Any) -> None:
                await socket.send(json.dumps(event))

            await send(type="response.create")
            await page_until(socket, "response.output_audio.delta")
            events: list[dict[str, Any]] = []
            while "response.done" not in types(events):
                # Somebody talks over MIA for as long as it takes.
                await send(type="input_audio_buffer.append", audio=pcm(0.2))
                await send(type="session.update", session={})
                events += await page_until(socket, "session.updated")
            names = types(events)
            assert names.index("input_audio_buffer.speech_started") < names.index("response.done")
            (done,) = of(events, "response.done")
            assert done["response"]["status_details"]["reason"] == "turn_detected"
            assert fakes.llm.running == 0

    asyncio.run(scenario())
