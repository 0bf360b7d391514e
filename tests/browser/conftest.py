"""A real Chromium before MIA's page, with a recording as its microphone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.conftest import Utterance

OUT = Path(__file__).parents[1] / "out"

#: A busy machine is slow, not wrong.
PATIENCE_MS = 40_000
expect.set_options(timeout=PATIENCE_MS)
#: Quiet, offline, no sandbox (which needs rights a container lacks).
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Grant the microphone without asking and let it be a recording.
RECORDED = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and "mia_url" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.browser)
            # A module that brings its own MIA pretends to have the models.
            if not hasattr(getattr(item, "module", None), "mia_url"):
                item.add_marker(pytest.mark.models)


@dataclass
class Visit:
    """A page that was opened, and everything that went wrong or elsewhere on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def state(self, expression: str) -> Any:
        """A value out of the page: `state` is the store's, `mia` what the page shows to tests."""
        return self.page.evaluate(f"() => {{ const {{state}} = mia.store; return {expression}; }}")

    def until(self, condition: str, seconds: float = 90) -> None:
        """Wait, told by the store at every change, until the expression on `state` is true."""
        self.page.evaluate(
            f"""() => new Promise((done, fail) => {{
                const late = setTimeout(
                    () => fail(new Error("not in time: " + JSON.stringify(mia.store.state))),
                    {seconds * 1000});
                mia.store.watch(Object.keys(mia.store.state), (state) => {{
                    if ({condition}) {{ clearTimeout(late); done(); }}
                }});
            }})"""
        )

    def say(self, text: str) -> None:
        """Type a message and send it with Enter."""
        self.page.fill("#message", text)
        self.page.press("#message", "Enter")


@pytest.fixture(scope="package")
def chromium(utterances: Sequence[Utterance]) -> Iterator[tuple[Playwright, str]]:
    """Playwright and the Chromium of this system.

    Closed before other tests run: while it is open no `asyncio.run` is possible. For the same
    reason the recordings, which may have to be spoken first, are asked for before it.
    """
    del utterances
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is missing; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright, path


@pytest.fixture(scope="package")
def browser(chromium: tuple[Playwright, str], silence: Path) -> Iterator[Browser]:
    """A browser whose microphone hears nothing."""
    playwright, path = chromium
    capture = f"--use-file-for-fake-audio-capture={silence}%noloop"
    with playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *RECORDED, capture]
    ) as browser:
        yield browser


@pytest.fixture(scope="package")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "silence.wav"
    sf.write(path, np.zeros(60 * 16_000, np.float32), 16_000, subtype="PCM_16")
    return path


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(mia_url: str, browser: Browser) -> Iterator[Visitor]:
    """Open MIA's page and wait until it is connected: `visit(locale="es-ES", …)`.

    browser: another browser than the one that hears nothing. Other arguments are Playwright's
    for a context. At the end of the test the browser must have had nothing to complain about.
    """
    visits: list[Visit] = []

    def open_page(browser: Browser = browser, **options: Any) -> Visit:
        context = browser.new_context(**{"locale": "es-ES", **options})
        page = context.new_page()
        visited = Visit(page)
        visits.append(visited)
        page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        page.on("console", visited.said)
        page.on("request", lambda request: visited.requested.append(request.url))
        page.goto(mia_url)
        page.wait_for_selector("html[data-ready]")
        visited.until("state.connection === 'open'")
        return visited

    yield open_page
    for visited in visits:
        visited.page.context.close()
    assert [visited.complaints for visited in visits] == [[] for _ in visits]
