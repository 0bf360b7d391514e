"""`python -m bench.browser [--file]`: what a user meets who talks to MIA in a browser.

Starts `mia run`, opens her page in Chromium with a recording as its microphone (a person's
question, "sí, claro" while she answers, and a person who cuts her short), and prints the event
log as a timeline with a check of each behaviour. Ears, voice and page are the real ones. Her mind
is a script, because the embedded one is too brief to be spoken over; `--mind` leaves it there.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr
from playwright.sync_api import Page, WebSocket, sync_playwright

from bench.machine import file
from bench.start import start
from mia.audio.levels import audible

SPEECH = Path(__file__).parent.parent.parent / "shared" / "speech" / "es"
RATE = 48_000
#: (pause before it in seconds, what is said): the recording the browser hears.
SCRIPT = ((1.5, "mexico.wav"), (8.0, "Sí, claro."), (7.0, "regalos.wav"), (25.0, ""))
LOUDNESS = 0.06
ROOM_TONE = 3e-4
PATIENCE = 75.0
STORY = (
    "Claro que sí, te lo cuento con calma. Hace muchos años vivía junto al mar una niña que "
    "guardaba sonidos en frascos de vidrio. Tenía el canto de los gallos, la lluvia sobre el "
    "tejado y la risa de su abuelo. Cada noche abría uno de los frascos y el sonido llenaba toda "
    "la casa. Un día llegó al pueblo un pescador que no podía dormir. La niña le regaló el frasco "
    "de las olas tranquilas. El pescador lo puso junto a su cama y durmió tres días seguidos. "
    "Cuando despertó, le llevó a la niña el sonido más raro de todos, el de una estrella que cae. "
    "Desde entonces, en ese pueblo, nadie volvió a tener miedo de la oscuridad. "
)
SHOWN = {
    "ModeChanged": ("mode", "muted", "paused"),
    "SpeechStarted": ("turn",),
    "Heard": ("text",),
    "TurnDropped": ("turn", "reason"),
    "Speculated": ("turn", "revision"),
    "SpeculationEnded": ("revision", "committed"),
    "Reopened": ("turn",),
    "FillerStarted": ("text",),
    "ReplyStarted": ("reply",),
    "PlaybackStarted": ("reply",),
    "Ducked": ("reply",),
    "Paused": ("heard_ms",),
    "Unducked": ("heard_ms",),
    "Interrupted": ("heard_ms",),
    "ReplyEnded": ("status", "heard_ms", "heard"),
    "TurnTimed": ("stages",),
    "Notice": ("level", "code"),
}


# ── what is heard ────────────────────────────────────────────────────────────────────────────


def spoken(text: str, folder: Path) -> Path:
    """A recording of these words in an embedded voice."""
    path = folder / "said.wav"
    command = [sys.executable, "-m", "mia.main", "say", text, "--out", str(path)]
    done = subprocess.run(
        [*command, "--language", "es"], capture_output=True, text=True, timeout=180
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return path


def microphone(folder: Path) -> tuple[Path, list[float]]:
    """The whole recording, 48 kHz, at one loudness, over a quiet room; and the seconds at which
    each thing in it is begun to be said, from the first."""
    parts: list[Any] = []
    onsets = []
    for pause, what in SCRIPT:
        parts.append(np.zeros(int(pause * RATE)))
        if not what:
            continue
        path = SPEECH / what if what.endswith(".wav") else spoken(what, folder)
        samples, rate = sf.read(path, dtype="float32", always_2d=True)
        said = soxr.resample(samples[:, 0], rate, RATE)
        loud = said[np.abs(said) > np.abs(said).max() / 20]
        begin = audible(said.astype(np.float32), RATE)[0][0]
        onsets.append(sum(map(len, parts)) / RATE + begin)
        parts.append(said * (LOUDNESS / np.sqrt((loud**2).mean())))
    sound = np.concatenate(parts)
    sound += np.random.default_rng(3).normal(0, ROOM_TONE, len(sound))
    path = folder / "microphone.wav"
    sf.write(path, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
    return path, [onset - onsets[0] for onset in onsets]


# ── who answers ──────────────────────────────────────────────────────────────────────────────


class _Mind(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that always tells the same story."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("application/json", json.dumps({"data": [{"id": "story"}]}).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        words = [{"choices": [{"index": 0, "delta": {"content": f"{w} "}}]} for w in STORY.split()]
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        events = [json.dumps(chunk) for chunk in (*words, end)] + ["[DONE]"]
        body = "".join(f"data: {event}\n\n" for event in events).encode()
        self._answer("text/event-stream", body)

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextlib.contextmanager
def storyteller() -> Iterator[str]:
    """The address of a scripted mind, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ── what happens ─────────────────────────────────────────────────────────────────────────────


def events(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/events?conversation=stage", timeout=10) as answer:
        found: list[dict[str, Any]] = json.loads(answer.read())["events"]
        return found


def over(told: list[dict[str, Any]]) -> bool:
    """She was interrupted, and what interrupted her is being answered."""
    kinds = [event["kind"] for event in told]
    return "Interrupted" in kinds and "PlaybackStarted" in kinds[kinds.index("Interrupted") :]


def visit(url: str, recording: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Talk to her in a browser: the event log, and what the page did and shows."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is missing")
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-audio-capture={recording}%noloop"]
    gains: list[float] = []

    def frame(message: str | bytes) -> None:
        event = json.loads(message)
        if event["type"] == "mia.duck":
            gains.append(event["gain"])

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", frame)

    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=flags) as browser,
    ):
        page: Page = browser.new_page(locale="es-ES")
        page.on("websocket", opened)
        page.goto(url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_selector("#mute:not([disabled])")
        page.click("#mic")
        page.wait_for_selector("#mic[data-state=on]")
        until = time.monotonic() + PATIENCE
        while not over(told := events(url)) and time.monotonic() < until:
            page.wait_for_timeout(500)
        page.wait_for_timeout(1500)
        told = events(url)
        shown = page.evaluate(
            "({messages: mia.store.state.messages, played: mia.player.playedSamples})"
        )
    return told, {**shown, "gains": gains}


def checks(
    told: list[dict[str, Any]], page: dict[str, Any], onsets: list[float]
) -> dict[str, bool]:
    """Each behaviour, and whether it was seen."""

    def of(kind: str, **wanted: object) -> list[dict[str, Any]]:
        return [
            event
            for event in told
            if event["kind"] == kind and all(event[name] == value for name, value in wanted.items())
        ]

    began = of("PlaybackStarted")
    reply = began[0]["reply"] if began else ""
    cut = of("ReplyEnded", reply=reply, status="interrupted")
    cut_at = cut[0]["seq"] if cut else sys.maxsize
    first = next((event["at"] for event in told if event["kind"] == "SpeechStarted"), 0.0)
    _, _, meant = (first + onset for onset in onsets)
    ducked = [event for event in of("Ducked", reply=reply) if event["seq"] < cut_at]
    resumed = [event for event in of("Unducked", reply=reply) if event["seq"] < cut_at]
    shown = {message["id"]: message["text"] for message in page["messages"]}
    return {
        "the question is answered aloud": bool(began) and page["played"] > 0,
        "“sí, claro” lowers her voice": bool(ducked) and min(page["gains"], default=1.0) < 1,
        "and she goes on with the same reply": bool(resumed) and 1.0 in page["gains"],
        "who means it interrupts her, and nobody else": bool(cut)
        and all(one["at"] > meant for one in of("Interrupted")),
        "she remembers what was heard, not what was written": bool(cut)
        and len(cut[0]["heard"]) < len(cut[0]["text"])
        and shown.get(reply, "") == cut[0]["heard"],
        "and the interruption is answered in turn": any(one["reply"] != reply for one in began),
    }


def timeline(told: list[dict[str, Any]]) -> list[str]:
    """The log, one line a fact, in seconds from the first word."""
    first = next((event["at"] for event in told if event["kind"] == "SpeechStarted"), 0.0)
    lines = []
    for event in told:
        if event["kind"] not in SHOWN or (event["kind"] == "Heard" and not event["final"]):
            continue
        facts = []
        for name in SHOWN[event["kind"]]:
            value = event[name]
            if isinstance(value, dict):
                value = ", ".join(f"{key} {round(value[key])} ms" for key in sorted(value)[::-1])
            text = str(value)
            facts.append(f"{name} {text if len(text) < 90 else text[:87] + '…'}")
        lines.append(f"{event['at'] - first:7.2f}  {event['kind']:<17} {', '.join(facts)}")
    return lines


def main() -> None:
    with tempfile.TemporaryDirectory() as place, storyteller() as mind:
        folder = Path(place)
        recording, onsets = microphone(folder)
        settings: dict[str, Any] = {"language": "es", "input": {"filler": False}}
        if "--mind" not in sys.argv:
            server = {"base_url": mind, "model": "story"}
            settings["models"] = {"llm": {"backend": "openai", "openai": server}}
        (folder / "config.yaml").write_text(json.dumps(settings), "utf-8")  # JSON is YAML
        process, port, _ = start(folder)
        try:
            told, page = visit(f"http://127.0.0.1:{port}", recording)
        finally:
            process.terminate()
            process.wait(30)
    found = checks(told, page, onsets)
    rows = [f"| {what} | {'yes' if seen else '**no**'} |" for what, seen in found.items()]
    when = ", ".join(f"{onset:.2f}" for onset in onsets)
    said = (
        f"Question, backchannel and interruption begin at {when} s on the tape, which is 0 s here."
    )
    body = ["| behaviour | seen |", "|---|---|", *rows, "", said, "", "```", *timeline(told), "```"]
    command = f"python -m bench.browser --file{' --mind' if '--mind' in sys.argv else ''}"
    file("browser", "Talking to MIA in a browser", command, "\n".join(body))
    if not all(found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
