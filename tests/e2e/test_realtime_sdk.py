"""The `openai` SDK's realtime client holds a conversation with a running MIA, unchanged."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from openai import AsyncOpenAI

from mia.audio.levels import audible
from tests.conftest import Utterance

pytestmark = pytest.mark.models

RATE = 24_000
PATIENCE = 90


def client(url: str) -> AsyncOpenAI:
    socket = url.replace("http", "ws") + "/v1"
    return AsyncOpenAI(api_key="none", base_url=f"{url}/v1", websocket_base_url=socket)


async def until_done(connection: Any) -> list[Any]:
    """Every event up to the end of the response."""
    events = []
    async with asyncio.timeout(PATIENCE):
        async for event in connection:
            events.append(event)
            assert event.type != "error", event
            if event.type == "response.done":
                break
    return events


def sound_of(events: list[Any]) -> np.ndarray:
    parts = [
        np.frombuffer(base64.b64decode(event.delta), np.int16)
        for event in events
        if event.type == "response.output_audio.delta"
    ]
    return np.concatenate(parts).astype(np.float32) / 32768 if parts else np.zeros(0, np.float32)


def test_a_typed_conversation(mia_url: str) -> None:
    async def talk() -> list[Any]:
        async with client(mia_url).realtime.connect(model="mia") as connection:
            await connection.session.update(
                session={
                    "type": "realtime",
                    "instructions": "Eres MIA. Responde con una frase corta.",
                }
            )
            await connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Hola, ¿cómo te llamas?"}],
                }
            )
            await connection.response.create()
            return await until_done(connection)

    events = asyncio.run(talk())
    done = events[-1].response
    assert done.status == "completed"
    text = done.output[0].content[0].transcript
    assert text.strip()
    assert audible(sound_of(events), RATE)


def test_a_spoken_conversation(mia_url: str, utterances: Sequence[Utterance]) -> None:
    """The recording is sent as a microphone would: in real time, with silence after it."""
    said = next(u for u in utterances if u.language == "es")
    recorded, rate = soundfile.read(said.path, dtype="float32")
    speech = soxr.resample(recorded, rate, RATE)
    quiet = np.random.default_rng(1).normal(0, 2e-4, RATE * 60).astype(np.float32)
    sound = np.concatenate([quiet[: RATE // 2], speech, quiet])

    async def talk() -> list[Any]:
        async with client(mia_url).realtime.connect(model="mia") as connection:

            async def microphone() -> None:
                loop = asyncio.get_running_loop()
                begun = loop.time()
                frame = RATE // 50
                for number in range(len(sound) // frame):
                    piece = sound[number * frame : (number + 1) * frame]
                    pcm = (np.clip(piece, -1, 1) * 32767).astype(np.int16).tobytes()
                    await asyncio.sleep(begun + (number + 1) / 50 - loop.time())
                    await connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())

            speaking = asyncio.create_task(microphone())
            try:
                return await until_done(connection)
            finally:
                speaking.cancel()

    events = asyncio.run(talk())
    kinds = [event.type for event in events]
    order = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "response.created",
        "response.output_audio.delta",
        "response.done",
    ]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order
    transcripts = [
        event.transcript
        for event in events
        if event.type == "conversation.item.input_audio_transcription.completed"
    ]
    assert transcripts
    assert transcripts[-1].strip()
    assert audible(sound_of(events), RATE)
