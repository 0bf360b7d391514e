"""A persona's own face, chosen on her page and worn on every page that is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import PATIENCE_MS, Visitor
from tests.browser.house import House
from tests.browser.pretend import Pretend, pretending
from tests.browser.test_every_page import AXE, go

#: The puppet's hair as it is drawn, and as the swatch beside its own paints it.
PINK, BLACK = "#f7869f", "#2f2a3a"
HAIR = "#puppet #wisp stop:first-child"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def mia(chromium: tuple[Playwright, str], house: House) -> Iterator[Pretend]:
    del chromium
    with pretending(house=house) as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


def wears(page: Any, hair: str) -> None:
    expect(page.locator(HAIR)).to_have_attribute("stop-color", hair, timeout=PATIENCE_MS)


def make(page: Any) -> None:
    """A new persona with black hair."""
    page.get_by_role("button", name="Nuevo").click()
    page.locator("input[name=persona-wears][value=puppet]").check()
    page.locator(".face-row").first.locator(".swatch").nth(1).click()
    page.locator(".persona-buttons button[type=submit]").click()
    expect(page.locator(".persona-link img.persona-face")).to_have_count(2)


#: A connection on which lists come two seconds late.
SLOW_LISTS = """() => {
    const swift = window.fetch;
    window.fetch = async (path, options = {}) => {
        const answer = await swift(path, options);
        if ((options.method ?? "GET") === "GET" && String(path).endsWith("/personas"))
            await new Promise((done) => setTimeout(done, 2000));
        return answer;
    };
}"""


def test_what_is_changed_while_she_becomes_another_is_not_lost(visit: Visitor) -> None:
    page = visit().page
    page.evaluate("location.hash = '#/personas'")
    page.wait_for_selector("#page[data-ready=personas]")
    make(page)
    page.evaluate(SLOW_LISTS)
    page.get_by_role("button", name="Ser este personaje").click()
    page.get_by_role("button", name="Los colores de MIA").click()
    expect(page.locator(".persona-link").last).to_contain_text("ahora")
    page.locator(".persona-buttons button[type=submit]").click()
    wears(page, PINK)


def test_page_and_overlay_change_with_her_and_she_is_who_she_was_again(
    visit: Visitor, house: House
) -> None:
    page = visit().page
    overlay = page.context.new_page()
    overlay.goto(page.url.split("#")[0] + "overlay")
    wears(overlay, PINK)
    page.evaluate("location.hash = '#/personas'")
    page.wait_for_selector("#page[data-ready=personas]")
    make(page)
    page.get_by_role("button", name="Ser este personaje").click()
    for shown in (page, overlay):
        wears(shown, BLACK)
    restarts = house.restarts
    # Her own colours again, without a new beginning.
    page.get_by_role("button", name="Los colores de MIA").click()
    page.locator(".persona-buttons button[type=submit]").click()
    for shown in (page, overlay):
        wears(shown, PINK)
    assert house.restarts == restarts
    page.locator(".persona-link").first.click()
    page.get_by_role("button", name="Ser este personaje").click()
    expect(page.locator(".persona-link").first).to_contain_text("ahora")
    assert "personas/" not in house.loaded.config.prompt.dir.as_posix()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_editor_of_a_face_is_for_all_and_fits_a_phone(visit: Visitor, scheme: str) -> None:
    visited = visit(color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = visited.page
    go(visited, "personas")
    make(page)
    page.locator(".mapping summary").click()
    expect(page.locator(".mapping-row").first).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """async () => {
            const {violations} = await axe.run(document, {resultTypes: ["violations"]});
            return violations.map(({id, nodes}) =>
                [id, nodes.slice(0, 3).map(({html}) => html.slice(0, 160))]);
        }"""
    )
    assert found == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
