"""Frames a second of the page's avatars while MIA speaks, in Chromium, drawn by the processor.

.venv/bin/python -m bench.avatar.web
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from mia.web.model_file import ModelFile
from tests.browser.conftest import QUIET
from tests.browser.pretend import Pretend, pretending
from tests.support import vrm

#: WebGL without a graphics card.
SOFTWARE = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SECONDS = 5
#: The times between frames while she says one vowel after another, in ms.
INTERVALS = """async (seconds) => {
    const phonemes = Array.from({length: 200}, (_, n) => ["paeiou"[n % 6], n * 100, n * 100 + 100]);
    mia.replies.place({item_id: "r", sequence: 0, text: "a", begin_ms: 0, end_ms: 20000,
        words: [[0, 1, 0, 20000]], phonemes});
    const began = performance.now();
    const tell = () => mia.following.take(
        {item_id: "r", audio_ms: performance.now() - began, playing: true});
    tell();
    const timer = setInterval(tell, 250);
    const {avatar} = mia.stage;
    const times = [];
    const show = avatar.show.bind(avatar);
    avatar.show = (dt, frame) => {
        const drawn = avatar.drawn;
        show(dt, frame);
        if (drawn === undefined || avatar.drawn > drawn) times.push(performance.now());
    };
    await new Promise((done) => setTimeout(done, seconds * 1000));
    clearInterval(timer);
    return times.slice(1).map((time, n) => time - times[n]);
}"""


def measure() -> dict[str, float]:
    """Frames a second and the 95th percentile of their intervals (ms), puppet and VRM."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is missing; on Debian: apt-get install chromium")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.vrm"
        model.write_bytes(vrm.model())
        with sync_playwright() as playwright, pretending(ModelFile(model)) as mia:
            for name, extra in (("puppet", []), ("vrm", SOFTWARE)):
                quiet = [one for one in QUIET if not extra or one != "--disable-gpu"]
                browser = playwright.chromium.launch(executable_path=chromium, args=quiet + extra)
                found |= _one(browser, mia, name)
                browser.close()
    return found


def _one(browser: Browser, mia: Pretend, avatar: str) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 800, "height": 900})
    page.goto(f"{mia.url}/overlay?debug=1&avatar={avatar}")
    page.wait_for_selector("html[data-ready]", state="attached")
    intervals = sorted(page.evaluate(INTERVALS, SECONDS))
    return {
        f"web_{avatar}_fps": round(1000 * len(intervals) / sum(intervals), 1),
        f"web_{avatar}_interval_p95_ms": round(intervals[int(len(intervals) * 0.95)], 1),
    }


if __name__ == "__main__":
    for key, value in measure().items():
        print(f"{key:28} {value:8.1f}")
