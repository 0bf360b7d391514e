"""What all tests share: strictness where it counts, a running MIA, and people's voices."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mia import strings

pytest_plugins = ["tests.support.strict"]

ROOT = Path(__file__).parent.parent
#: Recordings of people; a clone without them lets the embedded voices speak instead.
SPEECH = ROOT.parent / "shared" / "speech"


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Messages are English in every test that does not choose, whatever this machine speaks."""
    chosen = strings._chosen
    strings._chosen = "en"
    yield
    strings._chosen = chosen


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording and what is said in it."""

    path: Path
    language: str
    transcript: str


@pytest.fixture(scope="session")
def utterances(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Utterance]:
    """People's recordings where there are any, else sentences in MIA's own embedded voice."""
    if SPEECH.is_dir():
        return [
            Utterance(SPEECH / language / line["file"], language, line["transcript"])
            for language in ("en", "es")
            for line in json.loads((SPEECH / language / "truth.json").read_text("utf-8"))
        ]
    from tests.support.own_voice import speak

    return [
        Utterance(path, language, text)
        for path, language, text in speak(tmp_path_factory.mktemp("speech"))
    ]


@pytest.fixture(scope="session")
def mia_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running MIA on the real embedded models, default configuration."""
    folder = tmp_path_factory.mktemp("running")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.yaml").write_text("language: es\n", "utf-8")
    log = folder / "mia.log"
    command = [sys.executable, "-m", "mia.main", "run", "--port", str(port)]
    environment = {**os.environ, "MIA_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--config", str(folder / "config.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
        )
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line.decode())
            if line.startswith(b"Ready"):
                break
        else:
            pytest.fail("MIA did not start:\n" + "".join(said))
        drain = _drain(process)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        status = process.wait(20)
        drain.join(5)
        assert status == 0, f"MIA ended with {status}"


def _drain(process: subprocess.Popen[bytes]):  # type: ignore[no-untyped-def]
    """Read on, so that a full pipe never holds MIA up."""
    import threading

    assert process.stderr is not None
    stream = process.stderr
    thread = threading.Thread(target=lambda: [None for _ in stream], daemon=True)
    thread.start()
    return thread
