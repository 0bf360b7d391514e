"""Backends with options but no work, so that the schema's tests depend on no real one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, SecretStr

from mia.backends import Backend, Context, Options, Port
from mia.config import Config, Loaded, compose, load


class GgufOptions(Options):
    """Models on this machine."""

    model: str = Field("auto", description="Catalogue id.")
    path: str = Field("", description="A file of your own.")
    context_size: int = Field(2048, ge=512, le=1_000_000, description="Context, in tokens.")
    gpu_layers: int = Field(-1, ge=-1, description="Layers on the GPU.")
    temperature: float = Field(0.6, ge=0, le=2, description="Freedom.")


class ServerOptions(Options):
    """An OpenAI-compatible server."""

    base_url: str = Field("http://localhost:1234/v1", description="Where it is.")
    model: str = Field("", description="Its model.")
    api_key: SecretStr | None = Field(None, description="Its key.")
    max_tokens: int = Field(100, ge=1, description="Longest reply.")


class WhisperOptions(Options):
    model: str = Field("base", description="Size.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where it runs.")
    compute_type: str = Field("auto", description="Number format.")


class EdgeOptions(Options):
    voice: str = Field("es-MX-DaliaNeural", pattern="Neural$", description="Voice.")
    rate: str = Field("+0%", pattern=r"^[+-]\d+%$", description="Speed.")
    speed: float = Field(1.0, ge=0.5, le=2, description="Factor.")
    semitones: float = Field(0.0, ge=-12, le=12, description="Pitch.")
    pitch: str = Field("+0Hz", pattern=r"^[+-]\d+Hz$", description="Pitch.")


class EnergyOptions(Options):
    threshold: float = Field(0.01, gt=0, lt=1, description="Loudness of speech.")


class OscOptions(Options):
    enabled: bool = Field(True, description="Whether it is sent.")
    host: str = Field("127.0.0.1", description="Where to.")
    port: int = Field(9000, ge=1, le=65_535, description="Its port.")
    mouth_open: str = Field("MouthOpen", description="The mouth.")
    blink: str = Field("EyeBlink", description="The eyes.")


class DemandingOptions(Options):
    address: str = Field(description="Where it is.")


class EmbedderOptions(Options):
    model: str = Field("", description="Its model.")


class NoOptions(Options):
    pass


async def _load(options: Options, context: Context) -> object:
    del options, context
    return object()


def _all(port: Port, **options: type[Options]) -> dict[str, Backend]:
    names = {key.replace("_", "-"): kind for key, kind in options.items()}
    return {name: Backend(port, name, kind, _load) for name, kind in names.items()}


@pytest.fixture(scope="session")
def schema() -> type[Config]:
    return compose(
        {
            "llm": _all(
                "llm",
                llamacpp=GgufOptions,
                lmstudio=ServerOptions,
                openai=ServerOptions,
                openrouter=ServerOptions,
            ),
            "stt": _all("stt", faster_whisper=WhisperOptions),
            "tts": _all("tts", edge=EdgeOptions, far=DemandingOptions, piper=NoOptions),
            "avatar": _all("avatar", osc=OscOptions),
            "vad": _all("vad", energy=EnergyOptions, silero=NoOptions),
            "embedding": _all("embedding", use=NoOptions, sentence_transformers=EmbedderOptions),
        }
    )


class Files:
    """A folder with a config in it."""

    def __init__(self, folder: Path, schema: type[Config]) -> None:
        self.path = folder / "config.yaml"
        self.schema = schema

    def load(self, text: str | bytes, **env: str) -> Loaded:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(self.path, env=env, schema=self.schema)


@pytest.fixture
def files(tmp_path: Path, schema: type[Config]) -> Files:
    return Files(tmp_path, schema)
