"""The panic stop on the page: Esc twice, and a banner that lets her speak again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.browser.conftest import OUT, Visitor
from tests.browser.pretend import Pretend, pretending

TWICE = """() => {
    const press = () => new KeyboardEvent("keydown", { key: "Escape", bubbles: true });
    const field = document.querySelector("#message");
    field.dispatchEvent(press());
    if (mia.store.state.panic) throw new Error("one press was enough");
    field.dispatchEvent(press());
}"""


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str]) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending() as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


def test_esc_twice_silences_her_until_she_is_released(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    visited.page.evaluate(TWICE)  # at once, however busy the machine is
    visited.until("state.panic", 20)
    banner = visited.page.locator(".notice.error")
    assert "Silencio de emergencia" in (banner.text_content() or "")
    assert visited.page.text_content("#status-text") == "Silencio de emergencia"
    state = visited.page.evaluate("() => fetch('/api/v1/state').then((a) => a.json())")
    assert state["panic"] is True
    OUT.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        visited.page.emulate_media(color_scheme=scheme)
        visited.page.screenshot(path=OUT / f"panic-{scheme}.png")
    banner.get_by_role("button", name="Soltarla").click()
    visited.until("!state.panic", 20)
    state = visited.page.evaluate("() => fetch('/api/v1/state').then((a) => a.json())")
    assert state["panic"] is False
