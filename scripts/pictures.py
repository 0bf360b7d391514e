"""The pictures in docs/pictures: MIA's faces, her page, and her overlay over a game.

    .venv/bin/python -m scripts.pictures

Draws them anew with the Chromium of this system, from the pages as they are; no models needed.
`--lived` draws only the pages that show what was said and measured.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from mia.models import CATALOGUE
from tests.browser.conftest import QUIET
from tests.browser.house import House
from tests.browser.pretend import Pretend, pretending
from tests.browser.test_memory import Remembered
from tests.browser.test_overlay import EXPRESSIONS, Overlay
from tests.browser.workplace import Workplace
from tests.web.conftest import World

TO = Path(__file__).parent.parent / "docs" / "pictures"
LARGEST = 300_000
#: Milliseconds until hair hangs still.
CALM = 3000
#: A game nobody owns: an evening sky, hills, platforms.
GAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720" width="1280" height="720">
<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#1b2a5e"/>
<stop offset=".6" stop-color="#e07a8b"/>
<stop offset="1" stop-color="#ffd08a"/>
</linearGradient></defs>
<rect width="1280" height="720" fill="url(#s)"/><circle cx="420" cy="430" r="90" fill="#ffe9b8"/>
<path fill="#58457e" d="M0 520L180 380L330 500L520 340L760 520L980 390L1280 540V720H0Z"/>
<path fill="#3a3266" d="M0 600L240 500L520 610L800 520L1280 620V720H0Z"/>
<g fill="#2b8a6b"><rect x="60" y="560" width="260" height="26" rx="8"/>
<rect x="420" y="470" width="220" height="26" rx="8"/>
<rect x="180" y="330" width="180" height="26" rx="8"/>
<rect x="0" y="680" width="1280" height="40"/></g>
<g fill="#ffd447"><circle cx="470" cy="435" r="13"/>
<circle cx="530" cy="435" r="13"/>
<circle cx="590" cy="435" r="13"/>
<circle cx="230" cy="296" r="13"/><circle cx="300" cy="296" r="13"/></g>
<g><rect x="150" y="506" width="40" height="54" rx="10" fill="#4cc9f0"/>
<rect x="158" y="518" width="9" height="12" fill="#0b2b3a"/>
<rect x="174" y="518" width="9" height="12" fill="#0b2b3a"/></g>
<g font-family="monospace" font-size="30" font-weight="700" fill="#fff">
<text x="30" y="50">SCORE 004200</text>
<text x="30" y="92">&#9829; &#9829; &#9829;</text></g></svg>"""


def keep(page: Page, name: str, html: str, width: int, height: int) -> None:
    """Save what this HTML looks like."""
    page.set_viewport_size({"width": width, "height": height})
    page.set_content(f'<body style="margin:0">{html}</body>')
    page.wait_for_timeout(300)
    page.screenshot(path=TO / name)


def picture(data: bytes, style: str = "") -> str:
    return f'<img style="{style}" src="data:image/png;base64,{b64encode(data).decode()}">'


def faces(browser: Browser, mia: Pretend, paper: Page) -> None:
    """Eight expressions beside each other."""
    overlay = Overlay(browser, mia.url, viewport={"width": 190, "height": 246})
    cells = []
    for name in EXPRESSIONS:
        overlay.hold(**overlay.page.evaluate(SETTLED, name))
        overlay.page.wait_for_timeout(CALM)
        shot = picture(
            overlay.page.screenshot(omit_background=True), "display:block;margin-top:6px"
        )
        cells.append(f'<div style="height:198px;overflow:hidden;background:#f6ecf4">{shot}</div>')
    overlay.close()
    grid = "display:grid;grid-template-columns:repeat(4,190px);gap:6px;background:#fff"
    keep(paper, "expressions.png", f'<div style="{grid}">{"".join(cells)}</div>', 778, 402)


#: The posture that belongs to an expression, at rest.
SETTLED = """async (name) => {
    const {blend} = await import("/ui/js/face/postures.js");
    const weights = name === "neutral" ? {} : {[name]: 1};
    const {yaw, pitch, roll, open, left, right, gazeX, gazeY, brows} = blend(weights);
    return {headYaw: yaw, headPitch: pitch, headRoll: roll, gazeX, gazeY, brows,
        eyeOpenLeft: open * (1 - left), eyeOpenRight: open * (1 - right), expressions: weights};
}"""


def over_a_game(browser: Browser, mia: Pretend, paper: Page) -> None:
    query = "subtitles=mia&style=outline"
    overlay = Overlay(browser, mia.url, query, viewport={"width": 560, "height": 620})
    overlay.hold(expressions={"joy": 1}, vowels={**dict.fromkeys("eiou", 0), "a": 0.5}, headRoll=-4)
    overlay.page.wait_for_timeout(CALM)
    overlay.page.evaluate(
        """() => { const line = document.querySelector("#subtitle-mia");
            mia.subtitles?.rest(); line.hidden = false;
            line.innerHTML = '¡Esa moneda era <span class="now">mía</span>!'; }"""
    )
    shot = picture(
        overlay.page.screenshot(omit_background=True), "position:absolute;right:0;bottom:0"
    )
    overlay.close()
    html = f'<div style="position:relative;width:1280px;height:720px">{GAME}{shot}</div>'
    keep(paper, "overlay.png", html, 1280, 720)


def page(browser: Browser, mia: Pretend, scheme: str) -> None:
    context = browser.new_context(
        locale="es-ES",
        viewport={"width": 1000, "height": 640},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    shown = context.new_page()
    shown.goto(mia.url)
    shown.wait_for_selector("html[data-ready]")
    shown.wait_for_timeout(1200)
    shown.screenshot(path=TO / f"page-{scheme}.png")
    if scheme == "dark":
        shown.click("#obs-open")
        shown.wait_for_selector("#obs-preview[src]", state="attached")
        shown.wait_for_timeout(2500)
        shown.screenshot(path=TO / "obs.png")
    context.close()


#: Pages of the panel that need nothing but a house to live in.
PANEL = ("settings", "settings/voice", "avatar", "personas")
#: Pages that show what was said, measured and noted.
LIVED = ("memory", "conversations", "timings", "models", "logs")
SAID = (
    ("Mi perra se llama Luna y le encanta la playa.", "¡Qué nombre tan bonito! ¿Y nada bien?"),
    ("Nada mejor que yo. Vivo en Sevilla desde hace años.", "Pues en verano os hará falta el mar."),
    ("Trabajo de enfermera, de noche casi siempre.", "Qué trabajo tan importante. ¿Duermes bien?"),
    ("Regular. Este jueves tengo el examen de conducir.", "¡Suerte! El jueves te pregunto."),
    ("Los domingos hago directos de juegos de plataformas.", "¿Y quién elige el juego?"),
    ("Mi hermano Pablo, que toca la batería.", "Entonces la música está en buenas manos."),
    ("Soy alérgica a las nueces, que no se me olvide.", "A mí tampoco se me olvida."),
    ("Estoy aprendiendo japonés con una amiga.", "¡Ganbatte! ¿Ya leéis hiragana?"),
)
NOTED = (
    (logging.INFO, "mia.hearing", "Parakeet is ready (2 threads)"),
    (logging.INFO, "mia.voice", "Kokoro is ready: ef_dora, 24000 Hz"),
    (logging.WARNING, "mia.avatar", "VTube Studio does not answer at 127.0.0.1:8001"),
    (logging.INFO, "mia.avatar", "VTube Studio moves Akari"),
)


class Lived(Workplace):
    """A workplace in which somebody has talked with her for a while."""

    @asynccontextmanager
    async def inhabited(self, world: World) -> AsyncIterator[None]:
        remembered = Remembered(self.path.parent / "memory", SAID)
        async with remembered.inhabited(world), super().inhabited(world):
            logging.getLogger("mia").setLevel(logging.INFO)
            for level, part, words in NOTED:
                logging.getLogger(part).log(level, words)
            self.talk(24, at=asyncio.get_running_loop().time())
            yield


def panel(browser: Browser, mia: Pretend, routes: Sequence[str]) -> None:
    """Each of these pages, dark in Spanish and light in English."""
    for scheme, locale in (("dark", "es-ES"), ("light", "en-US")):
        context = browser.new_context(
            locale=locale,
            viewport={"width": 1280, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        shown = context.new_page()
        shown.goto(mia.url)
        shown.wait_for_selector("html[data-ready]")
        shown.click(f"[data-language={locale[:2]}]")
        for route in routes:
            shown.evaluate("(route) => { location.hash = `#/${route}`; }", route)
            shown.wait_for_selector(f"#page[data-ready='{route}']")
            shown.wait_for_timeout(600)
            if route == "conversations":
                shown.click(".talk-row")
                shown.wait_for_selector(".talk-lines .line")
                shown.wait_for_timeout(300)
            shown.evaluate("document.activeElement.blur()")
            shown.screenshot(path=TO / f"panel-{route.replace('/', '-')}-{scheme}.png")
        context.close()


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is missing; on Debian: apt-get install chromium")
    TO.mkdir(parents=True, exist_ok=True)
    places = tempfile.TemporaryDirectory(), tempfile.TemporaryDirectory()
    house, lived = House(Path(places[0].name)), Lived(Path(places[1].name), catalogue=CATALOGUE)
    with places[0], places[1], sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        if "--lived" not in sys.argv:
            with pretending(house=house) as mia:
                paper = browser.new_page()
                faces(browser, mia, paper)
                over_a_game(browser, mia, paper)
                for scheme in ("dark", "light"):
                    page(browser, mia, scheme)
                panel(browser, mia, PANEL)
        with pretending(house=lived) as mia:
            panel(browser, mia, LIVED)
        browser.close()
    large = [path.name for path in TO.glob("*.png") if path.stat().st_size > LARGEST]
    if large:
        print("larger than 300 kB:", ", ".join(large))
    return int(bool(large))


if __name__ == "__main__":
    sys.exit(main())
