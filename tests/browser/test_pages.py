"""The set-up, models, timings, log and phone pages, in a real browser, without models."""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from mia.panel.speed import Speed
from tests.browser.conftest import OUT, PATIENCE_MS, Visit, Visitor
from tests.browser.pretend import Pretend, pretending
from tests.browser.workplace import FINE, SMALL, Workplace

log = logging.getLogger("mia.voice.test")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("workplace"))


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str], place: Workplace) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending(house=place) as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    mia.do(lambda talk: talk.set_language("es"))  # whatever a test before chose
    return mia.url


def go(visited: Visit, route: str) -> Page:
    """Open a page of the panel and wait until it is there."""
    page = visited.page
    page.set_default_timeout(PATIENCE_MS)
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_selector(f"#page[data-ready='{route}']:not([aria-busy])")
    return page


ROUTES = (
    "setup",
    "setup/mic",
    "setup/brain",
    "setup/voice",
    "setup/face",
    "setup/done",
    "models",
    "timings",
    "logs",
    "phone",
)


@pytest.mark.parametrize(("theme", "language"), [("dark", "es"), ("light", "en")])
def test_every_page_is_complete_in_each_language_and_fits_a_phone(
    visit: Visitor, mia: Pretend, place: Workplace, theme: str, language: str
) -> None:
    mia.do(lambda _: place.talk(24, at=asyncio.get_running_loop().time()))
    visited = visit(
        viewport={"width": 1280, "height": 800},
        color_scheme=theme,
        locale="es-ES" if language == "es" else "en-US",
    )
    visited.page.click(f".switch [data-language={language}]")
    visited.until(f"state.language === '{language}' && state.shown === '{language}'")
    OUT.mkdir(exist_ok=True)
    for route in ROUTES:
        page = go(visited, route)
        assert "page." not in page.inner_text("body")
        page.screenshot(path=OUT / f"{route.replace('/', '-')}-{theme}.png")
    visited.page.set_viewport_size({"width": 390, "height": 844})
    for route in ROUTES:
        page = go(visited, route)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_setup_goes_step_by_step_and_can_be_left_at_any(visit: Visitor, place: Workplace) -> None:
    page = go(visit(), "setup")
    page.click("text=Prepararlo paso a paso")
    for title in ("¿Se te oye bien?", "¿Con qué", "¿Cómo quieres", "¿Qué cara"):
        expect(page.locator(".step h2")).to_contain_text(title)
        page.click("text=Siguiente")
    expect(page.locator(".step h2")).to_have_text("Todo listo")
    page.go_back()
    page.click("text=Saltar y hablar")
    page.wait_for_url("**#/talk")
    expect(page.locator("#mic")).to_have_attribute("data-state", "on")
    assert (place.home.data / "set-up").exists()


def test_the_microphone_is_recorded_and_played_back(visit: Visitor) -> None:
    page = go(visit(), "setup/mic")
    page.click("text=Probar el micrófono")
    page.click("text=Grabar 4 segundos")
    expect(page.locator(".mic-check audio")).to_be_visible()
    assert page.get_attribute(".mic-check audio", "src", strict=True).startswith("blob:")  # type: ignore[union-attr]


def test_a_file_that_is_no_model_is_refused_and_a_real_one_is_written_to_the_config(
    visit: Visitor, place: Workplace
) -> None:
    visited = visit()
    page = go(visited, "setup/brain")
    field = page.locator("#field-page-setup-brain-file")
    field.fill(str(place.path))
    field.press("Enter")
    expect(page.locator(".brains > .problem")).to_contain_text("no es un modelo GGUF")
    visited.complaints.clear()  # the browser itself notes every refused request
    before = place.restarts
    field.fill(str(place.path.parent / "source" / "small.gguf"))
    field.press("Enter")
    expect(page.locator(".step h2")).to_contain_text("¿Cómo quieres que suene?")
    assert "small.gguf" in place.text
    assert "# La MIA de casa." in place.text
    assert place.restarts == before + 1


def test_a_model_is_fetched_stopped_and_taken_up_again(visit: Visitor, place: Workplace) -> None:
    page = go(visit(), "models")
    card = page.locator(f'[data-model="{SMALL.id}"]')
    expect(card).to_contain_text("Apache-2.0")
    expect(card.locator("summary")).to_contain_text("no para directos con ingresos")
    card.locator("text=Descargar").click()
    expect(card.locator("[role=progressbar]")).to_have_attribute("aria-valuenow", "50")
    card.locator("text=Detener").click()
    expect(card.locator("text=Continuar")).to_be_visible()
    place.store.held = False
    card.locator("text=Continuar").click()
    expect(card).to_contain_text("instalado")
    assert place.store.state(SMALL.id) == "ready"
    card.locator("text=Borrar").click()
    page.click("dialog .danger")
    expect(card.locator("text=Descargar")).to_be_visible()
    assert place.store.state(SMALL.id) == "missing"


def test_what_remembers_stands_under_remembering(visit: Visitor) -> None:
    page = go(visit(), "models")
    group = page.locator("section", has=page.locator("h2", has_text="Para recordar"))
    expect(group.locator(f'[data-model="{FINE.id}"]')).to_be_visible()


def test_what_was_measured_says_how_fast_each_model_would_be(
    visit: Visitor, mia: Pretend, place: Workplace
) -> None:
    speed = Speed(0.3, 3.0, 0.1, 30.0, 0.4, 1.5)
    asyncio.run_coroutine_threadsafe(place.measured(speed), mia._loop).result(10)
    page = go(visit(), "setup/brain")
    expect(page.locator(".machine-words")).to_contain_text("fluido")


def test_a_voice_is_chosen_and_kept(visit: Visitor, place: Workplace) -> None:
    page = go(visit(), "setup/voice")
    page.click('[data-voice="em_alex"] .button')
    expect(page.locator('[data-voice="em_alex"]')).to_have_attribute("data-chosen", "")
    assert place.voice.is_["voice"] == "em_alex"
    assert "voice: em_alex" in place.text


def test_timings_show_the_waterfall_the_advice_and_the_same_as_a_table(
    visit: Visitor, mia: Pretend, place: Workplace
) -> None:
    mia.do(lambda _: place.talk(24, at=asyncio.get_running_loop().time(), v2v=2400.0))
    page = go(visit(), "timings")
    expect(page.locator(".advice-words")).to_contain_text("la voz")
    expect(page.locator("[data-tile=p50]")).to_contain_text("2,5 s")
    expect(page.locator("[data-tile=guesses]")).to_contain_text("100 %")
    assert page.locator(".turn .waterfall").count() == 15
    assert page.locator(".turn").first.locator("rect").count() >= 5
    page.click("text=Ver como tabla")
    expect(page.locator("table tbody tr").first).to_contain_text("Pregunta número 23")
    assert page.locator("table thead th").count() == 9


def test_the_log_is_live_filtered_and_tells_a_turn_s_story_without_secrets(
    visit: Visitor, mia: Pretend, place: Workplace
) -> None:
    visited = visit()
    visited.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = go(visited, "logs")
    mia.do(lambda _: log.warning("la voz %s tardó", "Dora"))
    expect(page.locator(".line[data-level=warning]").last).to_contain_text("la voz Dora tardó")
    page.fill(".page-logs input[type=search]", "nada que se parezca")
    expect(page.locator(".log-frame .empty")).to_be_visible()
    page.fill(".page-logs input[type=search]", "")

    mia.do(
        lambda _: log.warning("Authorization: Bearer secreto-123456", extra={"turn": "turno-1"}),
        lambda _: place.talk(2, at=asyncio.get_running_loop().time()),
    )
    page.locator(".line .turn", has_text="turno-1").first.click()
    expect(page.locator(".turn-chip")).to_contain_text("turno-1")
    expect(page.locator(".line .turn", has_text="turno-0")).to_have_count(0)
    page.click("text=Copiar su historia")
    expect(page.locator("#toasts")).to_contain_text("Copiado")
    story = page.evaluate("navigator.clipboard.readText()")
    assert "Pregunta número 1" in story
    assert "first_sound" in story
    assert "secreto-123456" not in story


def test_the_phone_s_code_is_shown_only_when_asked_for(visit: Visitor) -> None:
    page = go(visit(), "phone")
    expect(page.locator(".page-phone")).to_contain_text("https://192.168.7.5:8443")
    assert page.locator("img[src*=qr]").count() == 0
    assert "a-token-for-the-phone" not in page.content()
    page.click("text=Mostrar el código")
    expect(page.locator("img[src*=qr]")).to_be_visible()
    page.evaluate("document.querySelector('img[src*=qr]').decode()")


def test_a_fresh_profile_opens_with_the_setup_and_is_talking_after_one_click(
    visit: Visitor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = Workplace(tmp_path_factory.mktemp("fresh"), fresh=True)
    with pretending(house=place) as pretend:
        visited = visit()
        page = visited.page
        page.goto(pretend.url)
        page.wait_for_selector("#page[data-ready=setup]")
        page.click("text=Empezar a hablar")
        page.wait_for_url("**#/talk")
        expect(page.locator("#mic")).to_have_attribute("data-state", "on")
        page.goto(pretend.url)
        page.wait_for_selector("html[data-ready]")
        assert page.evaluate("location.hash") in ("", "#/talk")
        assert not place.path.exists()
        page.goto("about:blank")  # before that MIA is gone


def test_who_leaves_the_setup_by_the_rail_is_not_asked_again(
    visit: Visitor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = Workplace(tmp_path_factory.mktemp("fresh"), fresh=True)
    with pretending(house=place) as pretend:
        page = visit().page
        page.goto(pretend.url)
        page.wait_for_selector("#page[data-ready=setup]")
        with page.expect_response("**/api/v1/setup/done"):
            page.click("a[href='#/timings']")
        page.wait_for_selector("#page[data-ready=timings]")
        page.reload()
        page.wait_for_selector("#page[data-ready=timings]")
        page.goto("about:blank")


def test_a_key_goes_to_the_env_file_and_never_comes_back(
    visit: Visitor, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def good(key: str, url: str = "") -> dict[str, object]:
        return {"remaining": 4.5, "free": False}

    monkeypatch.setattr("mia.panel.servers.check_key", good)
    page = go(visit(), "setup/brain")
    page.fill("#field-page-setup-brain-key", "sk-or-v1-prueba-0123456789")
    page.press("#field-page-setup-brain-key", "Enter")
    expect(page.locator(".openrouter")).to_contain_text("quedan 4,5 US$")
    page.click("text=Guardar y usar OpenRouter")
    expect(page.locator(".step h2")).to_contain_text("¿Cómo quieres que suene?")
    kept = place.path.parent / ".env"
    assert "sk-or-v1-prueba-0123456789" in kept.read_text("utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "sk-or" not in place.text
    assert "openrouter" in place.text
    told = page.evaluate("fetch('/api/v1/setup').then((answer) => answer.text())")
    assert "sk-or" not in told
