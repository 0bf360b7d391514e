"""The memory page and the page of conversations, round a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mia.mind.memory.library import Library
from mia.mind.memory.taping import Taping
from tests.browser.conftest import Visitor
from tests.browser.pretend import pretending
from tests.support.memory import Talking, remembering, settled
from tests.web.conftest import World

SAID = (
    ("Mi perra se llama Luna.", "¡Qué nombre tan bonito!"),
    ("Vivo en Sevilla desde hace años.", "Qué calor en verano."),
    ("Trabajo de enfermera.", "Qué trabajo tan importante."),
)
#: What somebody of a Discord server said, as a line of an export.
LAURA = (
    '{"speaker": "discord:42", "name": "Laura", "persona": "MIA", "at": 1793534000,'
    ' "text": "Toco el violín."}'
)


#: An export with a summary and the line it was made from.
SUMMARY: Any = {
    "name": "memories.jsonl",
    "mimeType": "application/x-ndjson",
    "buffer": b'{"id": 1, "at": 1793534000, "text": "Mi perra es lista.", "conversation": "c"}\n'
    b'{"id": 2, "at": 1793534000, "kind": "summary", "text": "Habl\xc3\xb3 de su perra.",'
    b' "sources": [1]}\n',
}


class Remembered:
    """Stands where a house stands round the conversation: a memory of what was said in it."""

    def __init__(self, folder: Path, said: Sequence[tuple[str, str]] = SAID) -> None:
        self.folder = folder
        self.said = said

    @asynccontextmanager
    async def inhabited(self, world: World) -> AsyncIterator[None]:
        async with remembering(self.folder, world.bus) as memories:
            talking = Talking(world.bus)
            for says, hears in self.said:
                talking.says(says)
                talking.hears(hears)
            await settled(memories)
            library = Library(memories)
            taping = Taping(memories, world.bus, "stage", "none", 10**9)
            world.further.update(memory=lambda: library, sound=lambda: taping)
            async with taping.living():
                yield


@pytest.fixture
def mia_url(tmp_path: Path) -> Iterator[str]:
    house: Any = Remembered(tmp_path / "memory")
    with pretending(house=house) as pretend:
        yield pretend.url


def test_search_read_correct_and_forget(visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.fill(".memory-found input[type=search]", "¿Cómo se llama mi perra?")
    page.click(".memory-row:has-text('Luna')")
    page.wait_for_selector(".detail .line.this:has-text('Luna')")
    assert page.locator(".detail .line").count() > 1, "in its place"

    page.click(".detail button:has-text('Corregir')")
    page.fill(".detail textarea", "Mi perra se llama Lúa.")
    page.click(".detail button:has-text('Guardar')")
    page.wait_for_selector(".detail .line.this:has-text('Lúa')")

    page.click(".detail button:has-text('Olvidar')")
    page.click("dialog[open] button.danger")
    page.wait_for_selector(".detail", state="hidden")
    page.fill(".memory-found input[type=search]", "")
    page.wait_for_function(
        "() => document.querySelectorAll('.memory-row').length === 5"
        " && !document.body.textContent.includes('Lúa')"
    )


def test_a_summary_shows_what_it_was_made_from_and_goes_with_it(visit: Visitor) -> None:
    visited = visit()
    page = visited.page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.set_input_files("input[accept^='.jsonl']", files=[SUMMARY])
    page.wait_for_selector(".memory-row:has-text('Habló de su perra')")
    page.locator(".memory-found select").last.select_option("summary")
    page.wait_for_function("() => document.querySelectorAll('.memory-row').length === 1")
    assert page.inner_text(".memory-row .tag") == "Resumen"
    page.click(".memory-row")
    page.wait_for_selector(".detail .line.this:has-text('Habló de su perra')")
    assert page.inner_text(".line-from") == "Sale de estas frases:"
    assert page.get_attribute(".memory-found input[type=date]", "aria-label") == "Desde"
    page.click(".detail .line-text:has-text('Mi perra es lista')")
    page.click(".detail button:has-text('Olvidar')")
    page.click("dialog[open] button.danger")
    page.wait_for_function("() => document.querySelectorAll('.memory-row').length === 0")


def test_everything_is_forgotten_after_it_was_counted(visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.wait_for_selector(".memory-row")
    assert page.locator(".map canvas").is_visible()
    page.click(".memory-top button.danger")
    page.check("dialog[open] input[value=everything]")
    page.wait_for_selector("dialog[open] .forget-count:has-text('6')")
    page.click("dialog[open] button.danger")
    page.wait_for_selector(".memory-found .empty:not([hidden])")


def remembered(page: Page, kind: str) -> dict[str, bool]:
    """Who is remembered, as the API says: `kind` is `speakers` or `personas`."""
    stats = page.evaluate("async () => (await fetch('/api/v1/memory')).json()")
    return {one["id"]: one["remembered"] for one in stats[kind]}


def test_a_person_and_a_persona_are_switched_off_and_on_again(visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.set_input_files(
        ".memory-top input[type=file]",
        {"name": "laura.jsonl", "mimeType": "application/jsonl", "buffer": LAURA.encode()},
    )
    page.press(".memory-people summary", "Enter")
    laura = page.get_by_role("switch", name="Laura")
    expect(laura).to_be_checked()
    expect(page.get_by_role("switch", name="Tú")).to_be_checked()

    def switch(name: str) -> None:
        with page.expect_response("**/api/v1/memory/switches"):
            page.get_by_role("switch", name=name, exact=True).press("Space")

    switch("Laura")
    assert remembered(page, "speakers") == {"owner": True, "discord:42": False}
    expect(laura).not_to_be_checked()
    expect(laura).to_be_focused()
    assert page.locator(".memory-row").count() == 7, "what she had kept is still there"

    page.reload()
    page.click(".memory-people summary:has-text('Laura')")
    expect(laura).not_to_be_checked()
    switch("Laura")
    assert remembered(page, "speakers") == {"owner": True, "discord:42": True}

    switch("MIA")
    assert remembered(page, "personas") == {"MIA": False}
    switch("MIA")
    assert remembered(page, "personas") == {"MIA": True}


def test_a_switch_that_is_refused_goes_back_and_says_so(visit: Visitor) -> None:
    visited = visit()
    page = visited.page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.click(".memory-people summary")
    page.route("**/api/v1/memory/switches", lambda route: route.abort())
    page.get_by_role("switch", name="Tú").press("Space")
    expect(page.locator(".people-list [role=alert]")).to_be_visible()
    expect(page.get_by_role("switch", name="Tú")).to_be_checked()
    visited.complaints.clear()  # the browser tells of the request itself


def test_where_nothing_is_remembered_there_is_nobody_to_choose(visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/memory")
    people = page.locator(".memory-people")
    expect(people).to_be_visible()
    page.click(".memory-top button.danger")
    page.check("dialog[open] input[value=everything]")
    page.click("dialog[open] button.danger:enabled")
    expect(people).to_be_hidden()


def test_a_conversation_is_read_and_named(visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/conversations")
    page.click(".talk-row")
    page.wait_for_selector(".talk-lines .line:has-text('Sevilla')")
    page.fill(".talk-title", "De perras y calor")
    page.press(".talk-title", "Tab")
    page.wait_for_selector(".talk-row:has-text('De perras y calor')")


def test_what_is_recorded_is_chosen_and_shown_on_every_page(visit: Visitor) -> None:
    visited = visit()
    page = visited.page
    page.goto(page.url.split("#")[0] + "#/conversations")
    page.wait_for_selector("[data-record=none][aria-pressed=true]")
    assert page.locator("#recording").is_hidden()

    page.click("[data-record=both]")
    page.wait_for_selector("#recording:has-text('Grabando las dos voces')")
    page.goto(page.url.split("#")[0] + "#/talk")
    assert page.locator("#recording").is_visible()

    page.click("#recording")
    page.wait_for_selector("[data-record=both][aria-pressed=true]")
    page.click("[data-record=none]")
    page.wait_for_selector("#recording", state="hidden")
