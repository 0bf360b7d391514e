"""`python -m bench.panel [--talk] [--minutes N] [--keep DIR] [--file]`: what the panel costs, and
how soon a new user talks.

A fresh profile (models installed, nothing else) is opened in Chromium with a person's question as
the microphone; clicks and seconds until the first answer sounds are counted. Then the page lives
through a two-hour stream in fast-forward (its events, as the protocol tells them), and for N
minutes (3) somebody talks with her aloud, with the page as microphone and loudspeaker, while the
gaps in her voice are counted. `--talk`: the talk alone. `--keep`: what MIA holds meanwhile is
counted too, as `bench.long` does, in DIR/samples.jsonl, and each reply's end in DIR/replies.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.browser import LOUDNESS, RATE, ROOM_TONE, microphone, spoken
from bench.machine import file
from bench.start import free_port
from mia.home import Home

CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE_MS = 90_000
#: A stream of two hours: a turn every twelve seconds.
TURNS = 600
#: Minutes of talk over which underruns are counted; `--minutes N` for more.
MINUTES = 3
QUESTIONS = ("Cuéntame algo bonito.", "¿Y por qué?", "Háblame del mar.", "¿Qué más sabes?")
#: Seconds she is given to answer in.
PAUSE = 14.0


@contextmanager
def fresh(keep: Path | None = None) -> Iterator[tuple[str, int]]:
    """A MIA that nobody has set up: her address and process. The models are the installed ones.
    keep: where it is kept what she holds, every 15 seconds."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        (home / "models").symlink_to(Home.find().models)
        port = free_port()
        command = ["-m", "mia.main", "run", "--port", str(port)]
        if keep is not None:
            config = Path(place) / "config.yaml"
            config.write_text(f"web: {{port: {port}}}\n", "utf-8")
            samples = keep.resolve() / "samples.jsonl"
            samples.unlink(missing_ok=True)
            command = ["-m", "bench.long.inside", str(config), str(samples), "15"]
        process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=place,
            env={**os.environ, "MIA_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        url = f"http://127.0.0.1:{port}"
        try:
            until_healthy(url)
            yield url, process.pid
        finally:
            process.terminate()
            process.wait(20)


def until_healthy(url: str) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < 120:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("MIA did not become healthy")


def asked(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}{path}", timeout=20) as answer:
        return json.loads(answer.read())


def wire(page: Page) -> tuple[CDPSession, list[float]]:
    """Counts the bytes the page receives, as they are on the wire."""
    session = page.context.new_cdp_session(page)
    received: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    return session, received


def first_answer(browser: Browser, url: str) -> list[str]:
    """From opening to interactive, and to the first answer with its clicks."""
    page = browser.new_context(locale="es-ES", bypass_csp=True).new_page()
    _, received = wire(page)
    begun = time.monotonic()
    page.goto(url)
    page.wait_for_selector("#page[data-ready=setup]", timeout=PATIENCE_MS)
    interactive = page.evaluate("performance.getEntriesByName('mia.interactive')[0].startTime")
    setup = time.monotonic() - begun
    size = sum(received)
    page.click(".page-setup .go.primary")
    page.wait_for_function("mia.store.state.playing", timeout=PATIENCE_MS)
    answer = time.monotonic() - begun
    v2v = page.evaluate("mia.store.state.timing?.v2v_ms ?? null")
    page.context.close()
    spoken = f"{v2v / 1000:.1f} s" if v2v else "not told"
    return [
        f"| opening → interactive (`mia.interactive`) | {interactive / 1000:.2f} s |",
        f"| opening → the set-up is shown | {setup:.2f} s |",
        "| fresh profile → first answer sounds: clicks | 1 (and the browser's own question) |",
        f"| fresh profile → first answer sounds, with a question of 3.7 s after 1.5 s of silence "
        f"| {answer:.1f} s (voice to voice {spoken}) |",
        f"| first visit on the wire | {size / 1e3:.0f} kB in {len(received)} requests |",
    ]


#: A turn as the protocol tells it to a page: what the user said, the reply's text, its end.
STREAM = """async ({turns}) => {
    const tell = (message) => mia.realtime.tell("message", message);
    const words = "Érase una vez un mar que guardaba canciones en botellas de vidrio verde. ";
    for (let n = 0; n < turns; n++) {
        const [user, reply] = [`bench-u${n}`, `bench-r${n}`];
        tell({type: "mia.state", ...mia.benchState, phase: "listening", busy: false});
        const item = (id, role, status, text) => ({item: {id, type: "message", role, status,
            content: [{type: "input_text", text}]}});
        tell({type: "conversation.item.added", ...item(user, "user", "completed", `Turno ${n}`)});
        tell({type: "conversation.item.added", ...item(reply, "assistant", "in_progress", "")});
        for (let k = 0; k < 3; k++)
            tell({type: "response.output_audio_transcript.delta", item_id: reply, delta: words});
        tell({type: "conversation.item.done",
            ...item(reply, "assistant", "completed", words.repeat(3))});
        if (n % 20 === 19) await new Promise(requestAnimationFrame);
    }
}"""


def metrics(session: CDPSession) -> dict[str, float]:
    session.send("HeapProfiler.collectGarbage")
    told = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in told}


def long_stream(browser: Browser, url: str) -> list[str]:
    """Memory and processor of the page before and after two hours of events."""
    page = browser.new_context(locale="es-ES", bypass_csp=True).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(f"{url}/?setup=1#/talk")
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE_MS)
    page.wait_for_function("mia.store.state.connection === 'open'", timeout=PATIENCE_MS)
    page.evaluate(
        "() => { const {muted, paused, mode, language, persona, role, notices} = "
        "mia.store.state; mia.benchState = {version: 1, muted, paused, mode, language, "
        "persona, role, notices}; }"
    )
    page.wait_for_timeout(1000)
    before = metrics(session)
    begun = time.monotonic()
    page.evaluate(STREAM, {"turns": TURNS})
    seconds = time.monotonic() - begun
    after = metrics(session)
    page.wait_for_timeout(10_000)
    calm = metrics(session)
    share = (calm["TaskDuration"] - after["TaskDuration"]) / 10 * 100
    frames = page.evaluate(FRAMES)
    messages = page.evaluate("mia.store.state.messages.length")
    page.context.close()
    return [
        f"| two hours of events ({TURNS} turns) at once | {seconds:.1f} s, the page worked "
        f"{after['TaskDuration'] - before['TaskDuration']:.1f} s; {messages} messages shown |",
        f"| JavaScript memory before, after | {before['JSHeapUsedSize'] / 1e6:.1f}, "
        f"{after['JSHeapUsedSize'] / 1e6:.1f} MB |",
        f"| elements before, after | {before['Nodes']:.0f}, {after['Nodes']:.0f} |",
        f"| processor of the page afterwards, idle, face alive | {share:.0f} % of one core |",
        f"| scrolling that transcript: p95 between frames | {frames:.0f} ms |",
    ]


FRAMES = """() => new Promise((done) => {
    const log = document.querySelector("#log");
    const times = [];
    let last = performance.now();
    const step = (now) => {
        times.push(now - last); last = now; log.scrollTop = times.length * 120;
        if (times.length < 120) requestAnimationFrame(step);
        else done(times.sort((a, b) => a - b)[114]);
    };
    requestAnimationFrame(step);
})"""


def conversation(folder: Path) -> Path:
    """A microphone for a long talk, which Chromium begins anew at its end: somebody asks, and lets
    her answer."""
    rng = np.random.default_rng(7)
    parts: list[Any] = [np.zeros(RATE)]
    for question in QUESTIONS:
        samples, rate = sf.read(spoken(question, folder), dtype="float32", always_2d=True)
        said = soxr.resample(samples[:, 0], rate, RATE)
        loud = said[np.abs(said) > np.abs(said).max() / 20]
        parts += [said * (LOUDNESS / np.sqrt((loud**2).mean())), np.zeros(int(PAUSE * RATE))]
    sound = np.concatenate(parts)
    sound += rng.normal(0, ROOM_TONE, len(sound))
    path = folder / "conversation.wav"
    sf.write(path, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
    return path


def long_talk(browser: Browser, url: str, minutes: float, keep: Path | None) -> list[str]:
    """Talk aloud for so long with a page as microphone and loudspeaker: how often her sound ran
    out in the middle of a reply, as the page's own page of timings says, and how often it was late
    already when it was sent."""
    page = browser.new_context(locale="es-ES", bypass_csp=True).new_page()
    page.goto(f"{url}/?setup=1#/talk")
    page.wait_for_selector("html[data-ready]", timeout=PATIENCE_MS)
    page.wait_for_function("mia.store.state.connection === 'open'", timeout=PATIENCE_MS)
    newest = asked(url, "/api/v1/events")["newest"]
    page.click("#mic")
    page.wait_for_selector("#mic[data-state=on]", timeout=PATIENCE_MS)
    ended: list[dict[str, Any]] = []
    begun = time.monotonic()
    while (seconds := time.monotonic() - begun) < minutes * 60:
        page.wait_for_timeout(1000 * min(20.0, minutes * 60 - seconds))
        # The log of events forgets: it is read as one goes along.
        answer = asked(url, f"/api/v1/events?after={newest}&kinds=ReplyEnded")
        ended += answer["events"]
        newest = answer["newest"]
        if keep is not None:
            (keep / "replies.json").write_text(json.dumps(ended), "utf-8")
    page.click("#mic-release")
    page.wait_for_function("!mia.store.state.playing && !mia.store.state.busy", timeout=PATIENCE_MS)
    page.evaluate("location.hash = '#/timings'")
    page.wait_for_selector("[data-tile=gaps]", timeout=PATIENCE_MS)
    gaps = page.inner_text("[data-tile=gaps]")
    heard = page.evaluate("mia.store.state.heardHere")
    page.context.close()
    late = sum(event["underruns"] for event in ended)
    cut = sum(event["status"] == "interrupted" for event in ended)
    return [
        f"| audio underruns in the page | {gaps} in {seconds / 60:.1f} minutes of talk aloud, "
        f"{heard['seconds']:.0f} s of her voice in {len(ended)} replies, {cut} spoken over; "
        f"{heard['silent']:.2f} s of silence |",
        f"| sound that was late when it was sent, her voice being slower than speech | {late} |",
    ]


def told(rows: list[str]) -> list[str]:
    """Shown at once: what was measured stays even if the rest is cut short."""
    print("\n".join(rows), flush=True)
    return rows


def main() -> None:
    minutes = float(MINUTES)
    if "--minutes" in sys.argv:
        minutes = float(sys.argv[sys.argv.index("--minutes") + 1])
    keep = None
    if "--keep" in sys.argv:
        keep = Path(sys.argv[sys.argv.index("--keep") + 1])
        keep.mkdir(parents=True, exist_ok=True)
    rows = ["| what | measured |", "|---|---|"]
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    heard = "--use-file-for-fake-audio-capture="
    autoplay = "--autoplay-policy=no-user-gesture-required"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:

        def chromium(*flags: str) -> Browser:
            return playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])

        talk = conversation(Path(folder))
        with fresh(keep) as (url, _):
            if "--talk" not in sys.argv:
                recording, _ = microphone(Path(folder))
                with chromium(*fake, f"{heard}{recording}%noloop") as browser:
                    rows += told(first_answer(browser, url))
                with chromium(autoplay) as browser:
                    rows += told(long_stream(browser, url))
            with chromium(*fake, f"{heard}{talk}") as browser:
                rows += told(long_talk(browser, url, minutes, keep))
    if "--talk" in sys.argv:
        file(
            "panel-talk",
            "The panel: a long talk aloud",
            f"python -m bench.panel --talk --minutes {minutes:g} --file",
            "\n".join(rows),
        )
        return
    file(
        "panel",
        "The panel: from opening to talking, and over a long stream",
        "python -m bench.panel --file",
        "\n".join(rows),
    )


if __name__ == "__main__":
    main()
