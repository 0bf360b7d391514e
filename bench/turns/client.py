"""A client of the OpenAI Realtime API that speaks the lines and tapes the answers.

It plays as players do: each piece of sound at once or after the one before, and nothing more when
the server says that the user has begun to speak. Its own figures are wall times of events on the
wire, for the stages; latency is read off the tape alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import websockets

from bench.turns.lines import INSTRUCTIONS, RATE, Line
from bench.turns.microphone import Microphone, keep
from bench.turns.tape import PLAYED_RATE, Tape

SETTLE = 3.0
"""Seconds before the first frame, for whatever a new conversation does first."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one message."""


def _session() -> dict[str, Any]:
    pcm = {"type": "audio/pcm", "rate": PLAYED_RATE}
    return {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": INSTRUCTIONS,
            "audio": {
                "input": {"format": pcm, "turn_detection": {"type": "server_vad"}},
                "output": {"format": pcm},
            },
        },
    }


async def talk(url: str, lines: Sequence[Line], folder: Path) -> None:
    """Speak all lines and write `tape.wav` and `tape.json` to the folder. Raises OSError."""
    tape = Tape()
    microphone = Microphone(lines, tape)
    loop = asyncio.get_running_loop()
    texts: dict[str, tuple[float, str]] = {}
    """By item: whoever goes on after all has the words of before in the new transcript."""
    errors: list[str] = []
    async with websockets.connect(url, max_size=LARGEST) as socket:
        await socket.send(json.dumps(_session()))
        await asyncio.sleep(SETTLE)
        begun = loop.time()

        async def listen() -> None:
            async for message in socket:
                event = json.loads(message)
                now = loop.time() - begun
                match event["type"]:
                    case "response.output_audio.delta":
                        tape.play(now, np.frombuffer(base64.b64decode(event["delta"]), np.int16))
                    case "input_audio_buffer.speech_started" | "output_audio_buffer.cleared":
                        tape.hush(now)
                    case "conversation.item.input_audio_transcription.completed":
                        texts[event["item_id"]] = (now, event["transcript"].strip())
                    case "error":
                        errors.append(json.dumps(event["error"]))

        listening = asyncio.create_task(listen())
        to_wire = soxr.ResampleStream(RATE, PLAYED_RATE, 1, dtype="int16", quality="QQ")
        try:
            while (samples := microphone.frame()) is not None:
                await asyncio.sleep(begun + microphone.seconds - loop.time())
                audio = base64.b64encode(to_wire.resample_chunk(samples).tobytes()).decode()
                message = {"type": "input_audio_buffer.append", "audio": audio}
                await socket.send(json.dumps(message))
        except websockets.ConnectionClosed as error:
            raise ConnectionError(f"the conversation was closed ({error})") from error
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    keep(folder, tape, microphone, texts=list(texts.values()), errors=errors)
