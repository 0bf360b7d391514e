"""The two systems in turn: started, spoken to, asked what they measured, and stopped."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.turns import client, facts, scoring, serving
from bench.turns.lines import INSTRUCTIONS, Line
from bench.turns.microphone import heard_of
from mia.home import Home
from mia.models import ModelStore

#: What faster-whisper and ONNX Runtime are to use; Pipecat leaves it to the environment.
ON_TWO_CORES = {"OMP_NUM_THREADS": str(serving.CORES)}
CONFIG = """\
language: en
input: {{filler: false}}
web: {{port: {port}}}
prompt: {{system: {prompt}}}
models:
  llm: {llm}
  tts: {{backend: piper}}
"""


@dataclass(frozen=True, slots=True)
class Weights:
    """The files both systems run on."""

    whisper: Path
    brain: Path
    voice: Path


def weights() -> Weights:
    """MIA's own installed models. Raises ModelUnavailable."""
    store = ModelStore(Home.find())
    return Weights(
        store.path("whisper-base"),
        store.path("smollm2-135m-instruct") / "SmolLM2-135M-Instruct.Q4_1.gguf",
        store.path("piper-en-us-joe") / "en_US-joe-medium.onnx",
    )


@dataclass(slots=True)
class Measured:
    """Of one system, over all rounds."""

    answers: list[scoring.Answer] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    told: facts.Told = field(default_factory=facts.Told)
    errors: list[str] = field(default_factory=list)

    def score(self, folder: Path) -> None:
        """Add what lies in the folder of a run."""
        notes: dict[str, Any] = json.loads((folder / "tape.json").read_text("utf-8"))
        self.answers += scoring.answers(folder / "tape.wav", notes["spoken"])
        self.said += [line["transcript"] for line in notes["spoken"]]
        self.heard += heard_of(notes["spoken"], [(at, text) for at, text in notes["texts"]])
        self.told.stages += notes.get("stages", [])
        self.errors += notes.get("errors", [])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def brain(model: Path, folder: Path) -> Iterator[str]:
    """The language model behind the forgetful proxy; the proxy's address, with /v1."""
    server, proxy = free_port(), free_port()
    with ExitStack() as stack:
        parts = (
            ("llm_server", server, [str(model), str(server)]),
            ("forgetful", proxy, [str(proxy), f"http://127.0.0.1:{server}/v1"]),
        )
        for name, port, arguments in parts:
            log = folder / f"{name}.log"
            command = [sys.executable, "-m", f"bench.turns.{name}", *arguments]
            running = stack.enter_context(serving.process(command, log))
            serving.wait_for(name, running, log, f"http://127.0.0.1:{port}/v1/models")
        yield f"http://127.0.0.1:{proxy}/v1"


def through_proxy(address: str) -> dict[str, Any]:
    """MIA's language model for the comparison: that of the peer."""
    options = {
        "base_url": address,
        "model": "local",
        "temperature": 0,
        "max_tokens": 80,
    }
    return {"backend": "openai", "openai": options}


def embedded() -> dict[str, Any]:
    """The same weights in MIA's own process, with the whole conversation in view."""
    options = {"model": "smollm2-135m-instruct", "temperature": 0, "max_tokens": 80}
    return {"backend": "llamacpp", "llamacpp": options}


def mia(llm: dict[str, Any], lines: Sequence[Line], folder: Path, measured: Measured) -> None:
    """One conversation with MIA, as a guest of her Realtime server."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = folder / "mia.yaml"
    # JSON is YAML.
    text = CONFIG.format(port=port, prompt=json.dumps(INSTRUCTIONS), llm=json.dumps(llm))
    config.write_text(text, "utf-8")
    log = folder / "mia.log"
    command = [sys.executable, "-m", "mia.main", "run", "--config", str(config)]
    with serving.process([*command, "--port", str(port)], log, ON_TWO_CORES) as running:
        address = f"http://127.0.0.1:{port}"
        serving.wait_for("MIA", running, log, f"{address}/healthz")
        try:
            asyncio.run(client.talk(f"ws://127.0.0.1:{port}/v1/realtime", lines, folder))
        except OSError as error:
            raise serving.Died(f"MIA: {error}; her log:\n{serving.tail(log)}") from error
        measured.told.add(facts.ask(address))
    measured.score(folder)


def pipecat(
    python: Path, llm: str, files: Weights, utterances: Path, folder: Path, measured: Measured
) -> None:
    """One conversation with Pipecat."""
    command = [str(python), "-m", "bench.turns.peer", "--utterances", str(utterances)]
    command += ["--whisper", str(files.whisper), "--voice", str(files.voice)]
    command += ["--llm", llm, "--out", str(folder)]
    serving.run("Pipecat", command, folder / "pipecat.log", ON_TWO_CORES, seconds=1800)
    measured.score(folder)
