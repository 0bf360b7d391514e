"""The models on this machine and the ones that are offered, and what each voice sounds like."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile
from rich.console import Console

from mia import main as program
from mia.blocking import run_blocking
from mia.commands import say
from mia.commands.voices import available
from mia.config import Config
from mia.conversation.ports import PLAYING_RATE
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.home import Home, made
from mia.models import Model, ModelStore
from mia.panel.downloads import Downloads
from mia.panel.estimates import Estimate, estimate, recommended
from mia.panel.machine import Machine
from mia.panel.speed import Speed
from mia.strings import catalogue, languages


class Shelf:
    """Implements `mia.web.desk.Shelf`. config: the configuration in use, asked each time. store:
    the models; by default those of `home`."""

    def __init__(
        self, config: Callable[[], Config], home: Home, store: ModelStore | None = None
    ) -> None:
        self._config = config
        self._home = home
        self.store = store or ModelStore(home)
        self.downloads = Downloads(self.store)
        self._sampling = asyncio.Lock()

    async def models(self, machine: Machine, speed: Speed | None) -> list[dict[str, Any]]:
        """Every model of the catalogue as plain data."""
        return await run_blocking(self._models, machine, speed)

    def _models(self, machine: Machine, speed: Speed | None) -> list[dict[str, Any]]:
        config = self._config()
        used = set(program.models_of(config, program.languages_of(config)))
        stt, llm_size = self.measured_with(config)
        found: list[tuple[Model, Estimate | None]] = [
            (model, estimate(model, speed, machine, stt=stt, llm_size=llm_size))
            for model in self.store.catalogue.values()
        ]
        best = {
            recommended([(m, e) for m, e in found if m.kind == kind and _talks(m, config)])
            for kind in ("stt", "llm")
        }
        return [self._row(model, guess, used, best) for model, guess in found]

    def measured_with(self, config: Config) -> tuple[str, int]:
        """The recogniser's catalogue id and the mind's bytes that a timing is made with."""
        models: Any = config.models
        stt = ""
        if models.stt.backend == "faster-whisper":
            stt = f"whisper-{models.stt.options('faster-whisper').model}"
        if models.llm.backend != "llamacpp":
            return stt, 0
        options = models.llm.options("llamacpp")
        if options.path:
            try:
                return stt, Path(options.path).expanduser().stat().st_size
            except OSError:
                return stt, 0
        ids = program.models_of(config, program.languages_of(config)[:1])
        sizes = [m.size for i in ids if (m := self.store.catalogue.get(i)) and m.kind == "llm"]
        return stt, sizes[0] if sizes else 0

    def _row(
        self, model: Model, guess: Estimate | None, used: set[str], best: set[str | None]
    ) -> dict[str, Any]:
        state = self.store.state(model.id)
        return {
            "id": model.id,
            "kind": model.kind,
            "name": model.name,
            "languages": list(model.languages),
            "size": model.size,
            "needed": 0 if state == "ready" else self.store.needed((model.id,)),
            "state": state,
            "embedded": model.embedded,
            "suits": model.suits,
            "used": model.id in used,
            "monetised": model.monetised,
            "licence": model.licence_name,
            "evidence": [
                {"of": g.of, "name": g.name, "evidence": g.evidence, "monetised": g.monetised}
                for g in model.licence
            ],
            "answer_s": guess.answer_s if guess else None,
            "feel": guess.feel if guess else None,
            "recommended": model.id in best,
        }

    async def remove(self, model_id: str) -> int:
        """Delete a model; the bytes that were freed. Raises ModelUnavailable `model.in_use`,
        `model.unknown`, `model.disk_refused`."""
        self.store.model(model_id)
        config = self._config()
        if model_id in program.models_of(config, program.languages_of(config)):
            raise ModelUnavailable("model.in_use", id=model_id)
        self.downloads.stop(model_id)
        return await run_blocking(self.store.remove, model_id)

    async def sample(self, voice_id: str, language: str) -> bytes:
        """A WAV file (PCM 16) of the voice saying a sentence; kept, so that it is spoken once.

        Raises MiaError for a voice that is not to be had.
        """
        config = self._config().model_copy(deep=True)
        found, _ = await run_blocking(available, config, self.store)
        voice = next((one for one in found if one.id == voice_id), None)
        if voice is None:
            raise BackendUnavailable("tts.no_such_voice", voice=voice_id)
        spoken_in = voice.language or language
        if spoken_in not in languages():
            spoken_in = languages()[0]
        name = re.sub(r"[^\w.-]", "_", f"{voice.backend}-{voice.id}-{spoken_in}")[:120]
        path = self._home.cache / "samples" / f"{name}.wav"
        async with self._sampling:
            if path.is_file():
                return await run_blocking(path.read_bytes)
            section: Any = config.models.tts
            section.backend, section.voice, section.speed, section.pitch = (
                voice.backend,
                voice.id,
                1.0,
                0.0,
            )
            text = catalogue(spoken_in)[f"cli.voices.example.{spoken_in}"]
            silent = Console(quiet=True)
            sound = await say.speech(config, self.store, text, spoken_in, silent)
            content = io.BytesIO()
            soundfile.write(content, sound, PLAYING_RATE, format="WAV", subtype="PCM_16")
            await run_blocking(_keep, path, content.getvalue())
            return content.getvalue()


def _talks(model: Model, config: Config) -> bool:
    """Whether it can be recommended to whoever speaks this language and earns with the stream."""
    return model.speaks(program.languages_of(config)[0]) and model.monetised is not False


def _keep(path: Path, content: bytes) -> None:
    made(path.parent)
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
