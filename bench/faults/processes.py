"""MIA as a process, on her real models: killed without a word, out of disk, her mind's server
stopped in its tracks. Real seconds; the machine's load is in them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.faults.outcome import Outcome
from bench.long.real import free_port
from bench.turns import serving
from tests.support import servers

CONFIG = """\
language: es
input: {filler: false}
avatar: {outputs: {osc: {enabled: false}, vts: {enabled: false}}}
"""
LOOKS = 1200
"""Looks at her events, a tenth of a second apart, before she is given up."""


class Mia:
    """A running MIA, seen through her HTTP API."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        if not self.config.exists():
            self.config.write_text(config, "utf-8")
        self.process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    def start(self) -> None:
        """Until she can talk."""
        self.port = free_port()
        self._seen = 0
        command = [sys.executable, "-m", "mia.main", "run", "--port", str(self.port)]
        log = self.folder / "out.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "MIA_LANGUAGE": "en", "MIA_HOME": str(self.home)},
            )
        health = f"http://127.0.0.1:{self.port}/healthz"
        serving.wait_for("MIA", self.process, log, health, seconds=300)

    @property
    def home(self) -> Path:
        """Her own files, but for the models, which are this machine's."""
        from mia.home import Home

        home = self.folder / "home"
        if not (home / "models").exists():
            home.mkdir(parents=True, exist_ok=True)
            (home / "models").symlink_to(Home.find().models)
        return home

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        request = urllib.request.Request(url, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        """The first fact after the newest one seen that is wanted; None: it never came."""
        for _ in range(LOOKS):
            for fact in self.ask(f"events?after={self._seen}")["events"]:
                self._seen = fact["seq"]
                if wanted(fact):
                    return dict(fact)
            time.sleep(0.1)
        return None

    def answers(self, text: str) -> bool:
        """Whether she answers this, to its end or until she is told to stop."""
        self.ask("say", {"text": text})
        sounded = self.until(lambda fact: fact["kind"] == "PlaybackStarted")
        return sounded is not None

    def notices(self) -> tuple[str, ...]:
        return tuple(notice["code"] for notice in self.ask("state")["state"]["notices"])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def running(config: str = CONFIG) -> Iterator[Mia]:
    with tempfile.TemporaryDirectory() as place:
        mia = Mia(Path(place), config)
        mia.start()
        try:
            yield mia
        finally:
            mia.stop()


def killed(rounds: int = 3, seed: int = 4) -> Outcome:
    """kill -9 at random moments of an answer; she is started again each time."""
    dice = random.Random(seed)
    slowest = 0.0
    well = True
    with running() as mia:
        before = mia.config.read_bytes()
        for _ in range(rounds):
            mia.ask("say", {"text": "Cuéntame una historia larga."})
            time.sleep(dice.uniform(0, 3))
            mia.kill()
            struck = time.monotonic()
            mia.start()
            well &= mia.answers("¿Sigues ahí?")
            slowest = max(slowest, time.monotonic() - struck)
        well &= mia.config.read_bytes() == before
    return Outcome(
        "process",
        f"kill -9 at random moments, {rounds} times, started again",
        well,
        (),
        "configuration, models",
        slowest,
        "real",
    )


def disk_full() -> Outcome:
    """No file can grow any more (the limit of a full disk's error): log file, caches, uploads."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "mia.log"
        with running(CONFIG + f'log: {{level: debug, file: "{log}"}}\n') as mia:
            assert mia.process is not None
            well = mia.answers("Hola.")
            mia.ask("stop", {})
            size = log.stat().st_size
            resource.prlimit(mia.process.pid, resource.RLIMIT_FSIZE, (size, size))
            struck = time.monotonic()
            well &= mia.answers("¿Y ahora?")
            seconds = time.monotonic() - struck
            mia.ask("stop", {})
            well &= mia.answers("¿Sigues ahí?")
            well &= log.stat().st_size <= size
    return Outcome(
        "disk", "full: no file grows any more", well, (), "the talk goes on", seconds, "real"
    )


def mind_stopped() -> Outcome:
    """The mind's server is stopped (SIGSTOP) in mid-answer: its socket stays open, and silent."""
    with servers.running("mind") as mind:
        llm = (
            f"models: {{llm: {{backend: openai, fallback: [llamacpp], openai: "
            f'{{base_url: "{mind.url}", retries: 0, timeout_s: 5}}}}}}\n'
        )
        with running(CONFIG + llm) as mia:
            well = mia.answers("Cuéntame una historia.")
            os.kill(mind.process.pid, signal.SIGSTOP)
            struck = time.monotonic()
            over = mia.until(lambda fact: fact["kind"] == "ReplyEnded")
            well &= over is not None
            well &= mia.answers("¿Sigues ahí?")
            seconds = time.monotonic() - struck
            seen = mia.notices()
            os.kill(mind.process.pid, signal.SIGCONT)
    return Outcome(
        "mind's server",
        "stopped in mid-answer (time-out set to 5 s)",
        well and "llm.switched" in seen,
        seen,
        "every turn",
        seconds,
        "real",
    )


FAULTS: dict[str, Callable[[], Outcome]] = {
    "killed": killed,
    "disk_full": disk_full,
    "mind_stopped": mind_stopped,
}
