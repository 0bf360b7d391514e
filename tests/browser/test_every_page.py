"""What holds for every page of the panel: access for all, a phone's width, both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.conftest import PATIENCE_MS, Visit, Visitor
from tests.browser.house import House
from tests.browser.pretend import Pretend, pretending

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
#: Pages that need nothing but what a house has.
PAGES = ("talk", "settings", "settings/voice", "settings/mind", "personas", "avatar")
#: Two hours of talk: a turn every ten seconds.
TURNS = 720


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str], house: House) -> Iterator[Pretend]:
    del chromium
    with pretending(house=house) as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    mia.do(lambda talk: talk.set_language("es"))  # whatever a test before chose
    return mia.url


def go(visited: Visit, route: str) -> None:
    page = visited.page
    page.set_default_timeout(PATIENCE_MS)
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    shown = "#talk:not([hidden])" if route == "talk" else f"#page[data-ready='{route}']"
    page.wait_for_selector(shown)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_any_page(visit: Visitor, scheme: str) -> None:
    visited = visit(color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    visited.page.evaluate(AXE.read_text("utf-8"))
    found = {}
    for route in PAGES:
        go(visited, route)
        found[route] = visited.page.evaluate(
            """async () => {
                const {violations} = await axe.run(document, {resultTypes: ["violations"]});
                return violations.map(({id, nodes}) =>
                    [id, nodes.slice(0, 3).map(({html}) => html.slice(0, 160))]);
            }"""
        )
    assert {route: rows for route, rows in found.items() if rows} == {}


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_page_is_wider_than_a_phone_or_lacks_a_word(visit: Visitor, language: str) -> None:
    visited = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    visited.page.click(f"[data-language={language}]")
    visited.until(f"state.language === '{language}' && state.shown === '{language}'")
    for route in PAGES:
        go(visited, route)
        assert visited.page.evaluate("document.documentElement.scrollWidth") <= 390, route
        text = visited.page.inner_text("body")
        for family in ("page.", "setting.", "choice.", "config."):
            assert f" {family}" not in f" {text}".replace("config.yaml", ""), (route, family)


def test_the_pages_are_reached_with_the_keyboard_and_told_of(visit: Visitor) -> None:
    visited = visit()
    page = visited.page
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "#/settings":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#page[data-ready=settings]")
    page.wait_for_function("document.activeElement.id === 'page-title'")
    assert page.title() == "Ajustes · MIA"
    assert page.get_attribute("a[href='#/settings']", "aria-current") == "page"
    page.go_back()
    page.wait_for_selector("#talk:not([hidden])")


def test_the_title_is_told_of_without_a_ring_and_the_token_leaves_the_address(
    visit: Visitor,
) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "?token=secret&kept=1#/avatar")
    page.wait_for_selector("#page[data-ready=avatar]")
    assert page.url.endswith("/?kept=1#/avatar")
    page.click("a[href='#/settings']")
    page.wait_for_selector("#page[data-ready=settings]")
    page.wait_for_function("document.activeElement.id === 'page-title'")
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(ring) == "none"


def test_an_address_nobody_knows_shows_the_talk(visit: Visitor) -> None:
    visited = visit()
    go(visited, "settings")
    visited.page.evaluate("location.hash = '#/nothing'")
    visited.page.wait_for_selector("#talk:not([hidden])")


def test_two_hours_of_talk_stay_as_quick_as_their_start(visit: Visitor) -> None:
    visited = visit()
    visited.page.evaluate(
        """(turns) => {
            const messages = [];
            for (let n = 0; n < turns; n++) {
                messages.push({id: `u${n}`, role: "user", text: `Pregunta número ${n}`,
                    status: "completed"});
                messages.push({id: `a${n}`, role: "assistant", text: `Respuesta ${n}. `.repeat(12),
                    status: "completed"});
            }
            mia.store.set({messages});
        }""",
        TURNS,
    )
    expect(visited.page.locator("#log > li")).to_have_count(150)
    visited.page.click(".earlier")
    expect(visited.page.locator("#log > li")).to_have_count(300)
    visited.page.fill("#chat-search", "numero 7")
    assert visited.page.text_content("#chat-found") == "31"
    assert visited.page.locator("#log mark").count() == 31
    visited.page.fill("#chat-search", "")
    # A word more in the newest reply redraws that one alone.
    redrawn = visited.page.evaluate(
        """() => new Promise((done) => {
            const touched = new Set();
            new MutationObserver((changes) => {
                for (const {target} of changes) touched.add(target.closest("li")?.dataset.id);
                done([...touched]);
            }).observe(document.querySelector("#log"), {childList: true, subtree: true});
            const {messages} = mia.store.state;
            mia.store.set({messages: messages.map((one, n) =>
                n === messages.length - 1 ? {...one, text: one.text + "más"} : one)});
        })"""
    )
    assert redrawn == [f"a{TURNS - 1}"]


def test_what_came_to_mind_stands_folded_under_the_reply(visit: Visitor) -> None:
    visited = visit()
    visited.page.evaluate(
        """() => mia.store.set({
            messages: [{id: "u", role: "user", text: "¿Y mi gato?", status: "completed"},
                {id: "a", role: "assistant", text: "Sigue gordo.", status: "completed"}],
            remembered: {a: [{text: "Su gato se llama Pancho.", when: "ayer"}]},
        })"""
    )
    visited.page.click(".remembered summary")
    assert visited.page.inner_text(".remembered li") == "ayer: Su gato se llama Pancho."


def test_again_asks_for_the_last_reply_once_more(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    mia.do(lambda talk: talk.add_message("assistant", "Hola."))
    visited.page.reload()
    visited.page.wait_for_selector("html[data-ready]")
    visited.until("state.messages.length > 0 && state.connection === 'open'")
    visited.page.click("#again")
    mia.until(lambda talk: ("respond", None) in talk.calls)


def test_the_page_comes_back_when_the_server_was_killed(
    chromium: tuple[Playwright, str], visit: Visitor, tmp_path: Path
) -> None:
    del chromium
    with pretending(house=House(tmp_path)) as first:
        port = int(first.url.rpartition(":")[2])
        visited = visit()
        visited.page.goto(f"{first.url}/#/settings")
        visited.page.wait_for_selector("#page[data-ready=settings]")
    visited.until("state.connection === 'reconnecting'", 20)
    with pretending(house=House(tmp_path), port=port):
        visited.until("state.connection === 'open'", 30)
        assert visited.page.is_visible(".settings-card")
        visited.page.context.close()  # before she goes a second time
    # What the browser itself says of a server that is gone is no fault of the page's.
    said = "ERR_CONNECTION_REFUSED"
    visited.complaints[:] = [one for one in visited.complaints if said not in one]


def test_two_pages_show_the_same_settings(visit: Visitor, house: House) -> None:
    first, second = visit(), visit()
    go(first, "settings/talk")
    first.page.fill('.row[data-key="persona.name"] input', "Sol")
    first.page.click(".save-bar .primary")
    first.page.wait_for_selector(".save-bar:has-text('Guardado en config')")
    go(second, "settings/talk")
    assert second.page.input_value('.row[data-key="persona.name"] input') == "Sol"
    assert json.dumps("Sol") not in house.text
    assert "name: Sol" in house.text
