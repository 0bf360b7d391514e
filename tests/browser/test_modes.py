"""The page's ways of being spoken to, muted and paused, round a conversation without models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Playwright, WebSocket

from tests.browser.conftest import Visit, Visitor
from tests.browser.pretend import Pretend, pretending
from tests.channels.realtime.fakes import FakeTalk


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str]) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending() as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    mia.do(
        lambda talk: talk.set_mode("hands-free"),
        lambda talk: talk.mute(False),
        lambda talk: talk.pause(False),
    )
    return mia.url


class Wire:
    """What the page sends, but the sound."""

    def __init__(self, visited: Visit) -> None:
        self.sent: list[dict[str, Any]] = []
        visited.page.on("websocket", self._opened)
        visited.page.reload()
        visited.page.wait_for_selector("html[data-ready]")
        visited.until("state.connection === 'open'")

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framesent", self._frame)

    def _frame(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] != "input_audio_buffer.append":
            self.sent.append(message)

    def keys(self) -> list[bool]:
        """The push-to-talk key, down and up."""
        return [one["pressed"] for one in self.sent if one["type"] == "mia.talk"]


def _pushing(visited: Visit, mia: Pretend) -> None:
    """Microphone on, push-to-talk chosen with the mouse."""
    visited.page.click("#mic")
    visited.until("state.microphone === 'on'")
    visited.page.click("[data-mode=push-to-talk]")
    visited.until("state.mode === 'push-to-talk'")
    assert mia.do(lambda talk: talk.mode) == "push-to-talk"


def test_the_space_bar_is_held_to_talk(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    wire = Wire(visited)
    _pushing(visited, mia)
    assert visited.page.text_content("#status-text") == "Lista"
    assert visited.page.get_attribute("#mic", "data-state") == "hold"
    visited.page.keyboard.down(" ")
    visited.until("state.pressed")
    mia.until(lambda talk: talk.pressed)
    assert visited.page.get_attribute("#mic", "data-state") == "held"
    visited.page.keyboard.up(" ")
    visited.until("!state.pressed")
    mia.until(lambda talk: not talk.pressed)
    assert wire.keys() == [True, False]


def test_the_large_button_is_held_with_the_pointer_or_the_keyboard(
    visit: Visitor, mia: Pretend
) -> None:
    visited = visit()
    wire = Wire(visited)
    _pushing(visited, mia)
    visited.page.hover("#mic")
    visited.page.mouse.down()
    visited.until("state.pressed")
    visited.page.mouse.move(5, 5)  # a hand that slides off still holds it
    assert visited.state("state.pressed")
    visited.page.mouse.up()
    visited.until("!state.pressed")
    visited.page.focus("#mic")
    visited.page.keyboard.down("Enter")
    visited.until("state.pressed")
    visited.page.keyboard.up("Enter")
    visited.until("!state.pressed")
    visited.page.evaluate("() => document.querySelector('#mic').click()")  # a screen reader
    visited.until("state.pressed")
    visited.page.evaluate("() => document.querySelector('#mic').click()")
    visited.until("!state.pressed")
    assert wire.keys() == [True, False] * 3


def test_the_key_goes_up_when_the_page_is_left(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    _pushing(visited, mia)
    visited.page.keyboard.down(" ")
    visited.until("state.pressed")
    visited.page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    visited.until("!state.pressed")


def test_a_key_held_with_the_microphone_off_turns_it_on_and_talks(
    visit: Visitor, mia: Pretend
) -> None:
    visited = visit()
    mia.do(
        lambda talk: talk.set_mode("push-to-talk"),
        lambda talk: talk.mute(True),
        lambda talk: talk.pause(True),
    )
    visited.until("state.mode === 'push-to-talk' && state.muted && state.paused")
    visited.page.keyboard.down(" ")
    visited.until("state.pressed && state.microphone === 'on'")
    visited.until("!state.muted && !state.paused")
    visited.page.keyboard.up(" ")
    visited.until("!state.pressed")


def test_keys_typed_into_the_message_are_only_typed(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    wire = Wire(visited)
    _pushing(visited, mia)
    visited.page.focus("#message")
    visited.page.keyboard.type("mi pan p m ")
    assert visited.page.input_value("#message") == "mi pan p m "
    assert wire.keys() == []
    assert visited.state("[state.muted, state.paused]") == [False, False]


def test_p_pauses_and_goes_on(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    visited.page.click("#mic")
    visited.until("state.microphone === 'on'")
    visited.page.keyboard.press("p")
    visited.until("state.paused")
    mia.until(lambda talk: talk.paused)
    assert visited.page.get_attribute("#pause", "aria-pressed") == "true"
    assert visited.page.get_attribute("#mic", "data-state") == "paused"
    assert visited.page.text_content("#status-text") == "En pausa"
    assert visited.page.get_attribute("#puppet", "data-mood") == "resting"
    visited.page.click("#mic")
    visited.until("!state.paused")
    visited.page.click("#pause")
    visited.until("state.paused")


def test_the_mute_button_shows_what_anybody_changed(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    mia.do(lambda talk: talk.mute(True))
    visited.until("state.muted")
    assert visited.page.get_attribute("#mute", "aria-pressed") == "true"
    visited.page.click("#mute")
    visited.until("!state.muted")
    assert visited.page.get_attribute("#mute", "aria-pressed") == "false"
    mia.until(lambda talk: not talk.muted)


def test_by_her_name_the_page_says_which_until_she_has_spoken(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    visited.page.click("#mic")
    visited.until("state.microphone === 'on'")
    visited.page.click("[data-mode=wake-name]")
    visited.until("state.mode === 'wake-name'")
    assert visited.page.text_content("#mic-label") == "Di «mia»"
    assert visited.page.text_content("#status-text") == "Di su nombre"
    visited.page.evaluate("() => mia.store.set({attention: 0.2})")
    mia.do(lambda talk: talk.type("Hola"), FakeTalk.finish)
    visited.until("state.playing && state.meant")
    visited.until("!state.playing && !state.meant")
    assert visited.page.text_content("#mic-label") == "Di «mia»"


def test_before_her_first_word_she_draws_breath_and_looks(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    mood = "document.querySelector('#puppet').dataset.mood"
    mia.do(lambda talk: talk._phase("listening"))
    visited.until("state.phase === 'listening'")
    assert visited.state(mood) == "listening"
    mia.do(lambda talk: talk._phase("committed"))
    visited.until("state.phase === 'committed'")
    assert visited.state(mood) == "attentive"
    assert visited.state("mia.stage.face.life.inhaling")
    assert visited.state("mia.stage.face.life.nodding") >= 0
    mia.do(lambda talk: talk._phase("speaking"))
    visited.until("state.phase === 'speaking'")
    assert not visited.state("mia.stage.face.life.inhaling")
    mia.do(lambda talk: talk._phase("idle"))


def test_an_answer_that_takes_long_is_being_thought_about(visit: Visitor, mia: Pretend) -> None:
    visited = visit()
    mia.do(lambda talk: talk._phase("committed"))
    visited.page.wait_for_selector("#puppet[data-mood=thinking]")
    assert not visited.state("mia.stage.face.life.inhaling")
    mia.do(lambda talk: talk._phase("idle"))
