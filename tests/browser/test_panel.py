"""The panel's settings and avatar page, in a real browser, round a config file of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import PATIENCE_MS, Visit, Visitor
from tests.browser.house import House
from tests.browser.pretend import Pretend, pretending


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"), vts=True)


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str], house: House) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending(house=house) as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


def go(visited: Visit, route: str) -> Page:
    """Open a page of the panel and wait until it is there."""
    page = visited.page
    page.set_default_timeout(PATIENCE_MS)
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_selector(f"#page[data-ready='{route}']:not([aria-busy])")
    return page


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what happens behind the page."""
    for _ in range(PATIENCE_MS // 100):
        if condition():
            return
        page.wait_for_timeout(100)
    assert condition()


def row(page: Page, key: str) -> str:
    del page
    return f'.row[data-key="{key}"]'


def save(page: Page) -> None:
    page.click(".save-bar .primary")
    page.wait_for_selector(".save-bar:has-text('Guardado en config')")


def test_each_kind_of_setting_is_saved_to_the_file_and_read_back(
    visit: Visitor, house: House
) -> None:
    visited = visit()
    page = go(visited, "settings/voice")
    page.locator(f"{row(page, 'models.tts.speed')} .range").fill("1.25")  # a slider
    page.fill(f"{row(page, 'models.tts.chunk_size')} input", "90")  # a number
    page.click(f"{row(page, 'models.tts.fallback')} .chip:has-text('Piper')")  # a list of choices
    save(page)
    go(visited, "settings/talk")
    page.fill(f"{row(page, 'persona.name')} input", "Luna")  # a text
    page.check(f"{row(page, 'input.filler')} .toggle", force=True)
    page.uncheck(f"{row(page, 'input.filler')} .toggle", force=True)  # a switch
    page.fill(f"{row(page, 'input.wake_names')} input", "Luna, Lunita")  # free words
    save(page)
    go(visited, "settings/avatar")
    page.fill(f"{row(page, 'avatar.expressions.tags')} textarea", "joy: [yupi, viva]")  # a mapping
    page.click(f"{row(page, 'lipsync.mode')} label:has-text('volumen')")  # a choice
    save(page)
    text = house.text
    for line in (
        "speed: 1.25 # un poco viva",
        "chunk_size: 90",
        "fallback: [piper]",
        "name: Luna",
        "filler: false",
        "wake_names: [Luna, Lunita]",
        "joy: [yupi, viva]",
        "mode: rms",
        "# La MIA de casa.",
    ):
        assert line in text, line
    go(visited, "settings/talk")
    assert page.input_value(f"{row(page, 'input.wake_names')} input") == "Luna, Lunita"
    assert not page.is_checked(f"{row(page, 'input.filler')} .toggle")
    go(visited, "settings/avatar")
    assert "joy: [yupi, viva]" in page.input_value(
        f"{row(page, 'avatar.expressions.tags')} textarea"
    )


def test_the_voice_is_heard_at_once_kept_when_saved_and_put_back(
    visit: Visitor, house: House
) -> None:
    visited = visit()
    page = go(visited, "settings")
    before = house.text
    with page.expect_response("**/api/v1/config"):
        page.locator(f"{row(page, 'models.tts.pitch')} .range").fill("4")
    expect(page.locator(".save-bar")).to_contain_text("Lo oyes ya")
    assert house.voice.is_["semitones"] == 4
    assert house.text == before
    with page.expect_response("**/api/v1/config"):
        page.click(".save-bar .plain")  # discard
    page.wait_for_selector(".save-bar", state="hidden")
    assert house.voice.is_["semitones"] == 0
    with page.expect_response("**/api/v1/config"):
        page.select_option(f"{row(page, 'models.tts.voice')} select", label="Dora · kokoro")
    page.wait_for_selector(".save-bar:has-text('Lo oyes ya')")
    assert (house.voice.is_["backend"], house.voice.is_["voice"]) == ("kokoro", "ef_dora")
    save(page)
    assert "voice: ef_dora" in house.text
    page.click(".save-bar .plain")  # undo
    page.wait_for_selector(".save-bar", state="hidden")
    assert house.text == before
    assert house.voice.is_["voice"] is None


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    visit: Visitor, house: House
) -> None:
    visited = visit()
    before = house.text
    page = go(visited, "settings/network")
    port = row(page, "web.port")
    page.fill(f"{port} input", "70000")
    expect(page.locator(f"{port} .problem")).to_contain_text("65535")
    assert page.get_attribute(f"{port} input", "aria-invalid") == "true"
    assert page.is_hidden(".save-bar")
    page.fill(f"{port} input", "8081")
    assert page.is_hidden(f"{port} .problem")
    page.click(".save-bar .plain")
    go(visited, "settings/voice")
    page.fill(f"{row(page, 'models.tts.language')} input", "español")
    page.click(".save-bar .primary")
    expect(page.locator(f"{row(page, 'models.tts.language')} .problem")).to_be_visible()
    assert house.text == before
    page.click(".save-bar .plain")
    # The browser notes every refused request; this one was to be refused.
    visited.complaints[:] = [one for one in visited.complaints if "422" not in one]


def test_what_needs_a_restart_says_so_and_does_it(visit: Visitor, house: House) -> None:
    visited = visit()
    page = go(visited, "settings/ears")
    page.locator(f"{row(page, 'vad.sensitivity')} .range").fill("0.8")
    save(page)
    expect(page.locator(".settings-waits")).to_contain_text("Sensibilidad")
    before = house.restarts
    page.click("#restart")
    page.wait_for_selector(".settings-waits:empty", state="attached")
    assert house.restarts == before + 1


def test_a_secret_goes_in_and_never_comes_out(visit: Visitor, house: House) -> None:
    visited = visit()
    page = go(visited, "settings/discord")
    token = row(page, "discord.token")
    expect(page.locator(f"{token} .tag")).to_contain_text("Sin poner")
    page.fill(f"{token} input", "abc.def.ghi")
    page.click(f"{token} .button")
    expect(page.locator(f"{token} .tag")).to_contain_text("no se muestra")
    assert "abc.def.ghi" in (house.path.parent / ".env").read_text("utf-8")
    assert "abc.def.ghi" not in page.content()
    assert "abc.def.ghi" not in house.text


def test_a_setting_is_found_by_its_words_without_accents(visit: Visitor) -> None:
    visited = visit()
    page = go(visited, "settings")
    page.fill("#page .search input", "microfono eco")
    page.wait_for_selector(row(page, "audio.echo_cancellation"))
    page.fill("#page .search input", "zzz")
    expect(page.locator("#page .empty")).to_be_visible()


def test_a_look_is_mapped_to_a_hotkey_of_the_model_saved_and_tried(
    visit: Visitor, house: House
) -> None:
    visited = visit()
    page = go(visited, "avatar")
    if "enabled: false}" in house.text:
        page.click('.place-vts .segments label:has-text("Sí")')
    expect(page.locator(".place-vts .place-state")).to_have_text("Mueve a Akari")
    expect(page.locator("#look-shy option:checked")).to_have_text("Automático: Sonrojo")
    page.select_option("#look-sad", label="Lágrimas")
    expect(page.locator("#look-sad option:checked")).to_have_text("Lágrimas")
    expect(page.locator(".place-vts .place-state")).to_have_text("Mueve a Akari")
    until(page, lambda: "sad: Lágrimas" in house.text)
    with page.expect_response("**/api/v1/avatar/look"):
        page.click('button[aria-label="Probar Tristeza"]')
    vts = house.vts
    assert vts is not None
    model = vts.body.model
    assert model is not None
    tears = model.hotkeys[1]
    until(page, lambda: bool(tears.pressed))
    assert house.face.felt[-1][0] == "sad"
