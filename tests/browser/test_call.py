"""While she is in a call the page says so, and who speaks there is shown by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from mia.telemetry import events as bus
from tests.browser.conftest import Visitor
from tests.browser.pretend import Pretend, pretending
from tests.channels.realtime.fakes import FakeTalk


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str]) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending() as pretend:
        pretend.do(lambda talk: setattr(talk, "call", "Sala"))
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


def heard(talk: FakeTalk, *, final: bool) -> None:
    line = ("discord:1", "Ana", "¿Qué tal, MIA?")
    about = {"at": 0.0, "conversation": talk.id, "turn": "u1"}
    if not final:
        talk.bus.publish(bus.SpeechStarted(audio_ms=0, **about))  # type: ignore[arg-type]
    talk.bus.publish(
        bus.Heard(
            revision=1,
            text="Ana: ¿Qué tal, MIA?",
            language="es",
            final=final,
            lines=(line,),
            **about,  # type: ignore[arg-type]  # its three fields
        )
    )


def test_the_page_says_where_she_is_and_its_microphone_is_no_part_of_it(
    visit: Visitor, mia: Pretend
) -> None:
    page = visit().page
    expect(page.locator("#mic-label")).to_have_text("En la llamada «Sala» de Discord")
    expect(page.locator("#mic")).to_be_disabled()
    expect(page.locator("[data-mode=push-to-talk]")).to_be_disabled()
    expect(page.locator("#message")).to_be_enabled()


def test_who_speaks_is_shown_by_name_in_subtitles_and_chat(visit: Visitor, mia: Pretend) -> None:
    page = visit().page
    mia.do(lambda talk: heard(talk, final=False))
    expect(page.locator("#subtitle-you")).to_have_text("Ana: ¿Qué tal, MIA?")
    mia.do(lambda talk: heard(talk, final=True))
    said = page.locator(".message.you")
    expect(said.locator(".message-name")).to_have_text("Ana")
    expect(said.locator(".message-text")).to_have_text("¿Qué tal, MIA?")
