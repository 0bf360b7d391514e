"""A speech server on loopback: OpenAI's two audio endpoints in front of MIA's own models.

It is what `mia` meets at home (Kokoro-FastAPI, speaches): HTTP by another library, a real voice
and a real recogniser behind it.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soundfile
import soxr
from aiohttp import web

from mia.conversation.ports import HEARING_RATE, SpeechSynthesizer, SpeechToText

RATE = 24_000
NAMES = {"es": "spanish", "en": "english"}


@dataclass
class SpeechService:
    voice: SpeechSynthesizer | None = None
    ears: SpeechToText | None = None
    spoken: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away before its clause was over."""
    url: str = ""

    async def speak(self, request: web.Request) -> web.StreamResponse:
        wish = await request.json()
        self.spoken.append(wish)
        if wish["model"] != "tts-1":
            error = {"error": {"message": f"no model {wish['model']}", "type": "not_found"}}
            return web.json_response(error, status=404)
        assert self.voice is not None
        answer = web.StreamResponse(headers={"content-type": "audio/pcm"})
        await answer.prepare(request)
        try:
            language = "en" if wish["voice"].startswith("a") else "es"
            async with aclosing(self.voice.stream(wish["input"], language=language)) as sounds:
                async for sound in sounds:
                    samples = soxr.resample(sound.samples, sound.rate, RATE)
                    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
                    await answer.write(pcm)
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise
        return answer

    async def hear(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        self.heard.append(fields)
        if fields["model"] != "whisper-1":
            error = {"error": {"message": f"no model {fields['model']}"}}
            return web.json_response(error, status=404)
        file = form["file"]
        assert isinstance(file, web.FileField)
        samples, rate = soundfile.read(io.BytesIO(file.file.read()), dtype="float32")
        assert rate == HEARING_RATE
        assert self.ears is not None
        try:
            found = await self.ears.transcribe(samples, language=fields.get("language"))
        except asyncio.CancelledError:
            self.left.set()
            raise
        if fields.get("response_format") != "verbose_json":
            return web.json_response({"text": found.text})
        language = NAMES.get(found.language, found.language)
        return web.json_response(
            {
                "text": found.text,
                "language": language,
                "duration": len(samples) / rate,
                "segments": [],
            }
        )


@asynccontextmanager
async def serving(service: SpeechService) -> AsyncIterator[SpeechService]:
    """The running service; `url` is its address with /v1."""
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/audio/speech", service.speak)
    app.router.add_post("/v1/audio/transcriptions", service.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield service
    finally:
        await runner.cleanup()
