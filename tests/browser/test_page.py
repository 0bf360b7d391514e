"""What a visitor of MIA's page meets, in a real browser with real models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile as sf
from playwright.sync_api import Playwright

from tests.browser.conftest import OUT, QUIET, RECORDED, Visit, Visitor
from tests.conftest import Utterance

IDLE = "state.phase === 'idle' && !state.busy && !state.playing"
ANSWERED = f"{IDLE} && state.messages.at(-1)?.role === 'assistant'"


def _settle(visit: Visit) -> None:
    """Nothing of an earlier visit is still being said."""
    visit.page.evaluate("mia.realtime.send({type: 'mia.stop'})")
    visit.until(IDLE)


@pytest.mark.parametrize(("language", "hello"), [("es", "¡Hola!"), ("en", "Hi!")])
def test_the_page_greets_in_each_language_and_asks_no_other_host(
    visit: Visitor, mia_url: str, language: str, hello: str
) -> None:
    visited = visit()
    visited.page.click(f"[data-language={language}]")
    visited.until(f"state.language === '{language}' && state.shown === '{language}'")
    assert visited.page.get_attribute("html", "lang") == language
    assert hello in (visited.page.text_content("#welcome") or "")
    assert "page." not in visited.page.inner_text("body")
    assert {urlsplit(url).netloc for url in visited.requested} == {urlsplit(mia_url).netloc}
    link = visited.page.get_attribute("#source", "href")
    assert link is not None
    assert link.startswith("https://")


def test_the_conversation_speaks_the_language_chosen_on_the_page(visit: Visitor) -> None:
    visited = visit()
    visited.page.click("[data-language=en]")
    visited.until("state.language === 'en'")
    visited.page.click("[data-language=es]")
    visited.until("state.language === 'es'")
    # The status is shown by a watcher that was there before this one.
    visited.until("document.querySelector('#status-text').textContent === 'Lista'")


def test_a_spoken_question_is_answered_aloud_with_subtitles_and_a_moving_mouth(
    chromium: tuple[Playwright, str],
    visit: Visitor,
    utterances: Sequence[Utterance],
    tmp_path: Path,
) -> None:
    question = next(one for one in utterances if one.language == "es")
    samples, rate = sf.read(question.path, dtype="float32", always_2d=True)
    pause = np.zeros(rate, np.float32)
    microphone = tmp_path / "microphone.wav"
    spoken = np.concatenate([pause, samples[:, 0], np.tile(pause, 120)])
    sf.write(microphone, spoken, rate, subtype="PCM_16")
    playwright, path = chromium
    capture = f"--use-file-for-fake-audio-capture={microphone}%noloop"
    with playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *RECORDED, capture]
    ) as hearing:
        visited = visit(
            browser=hearing, viewport={"width": 1440, "height": 900}, color_scheme="dark"
        )
        visited.page.evaluate(
            """() => {
                window.seen = {words: new Set(), level: 0};
                new MutationObserver(() => {
                    const now = document.querySelector("#subtitle-mia .now");
                    if (now) seen.words.add(now.textContent);
                }).observe(document.querySelector("#subtitle-mia"),
                    {subtree: true, attributes: true, childList: true});
                mia.microphone.addEventListener("level",
                    ({detail}) => (seen.level = Math.max(seen.level, detail.level)));
            }"""
        )
        visited.page.click("#mic")
        visited.until("state.microphone === 'on'")
        visited.until("state.phase === 'listening'")
        visited.until("state.playing")
        visited.page.wait_for_selector("#subtitle-mia .now")
        OUT.mkdir(exist_ok=True)
        visited.page.screenshot(path=OUT / "page-speaking.png")
        visited.until(ANSWERED)

        said, answer = visited.state("state.messages.slice(-2).map(({text}) => text)")
        assert said
        assert answer
        visited.page.wait_for_function(
            """(texts) => {
                const shown = document.querySelector("#log").textContent;
                return texts.every((one) => shown.includes(one));
            }""",
            arg=[said, answer],
        )
        assert visited.state("mia.player.playedSamples") > 12_000
        assert visited.state("mia.stage.face.mouth.travelled") > 1
        assert visited.state("seen.words.size") >= 2
        assert visited.state("seen.level") > 0.2
        assert visited.page.is_visible("#timing-bar span")
        visited.page.context.close()


def test_a_typed_message_is_answered_aloud_and_in_writing(visit: Visitor) -> None:
    visited = visit()
    before = visited.state("state.messages.length")
    visited.say("Hola, ¿cómo estás?")
    visited.until("state.playing")
    visited.until(f"{ANSWERED} && state.messages.length === {before + 2}")
    assert visited.state("state.messages.at(-2).text") == "Hola, ¿cómo estás?"
    assert visited.page.input_value("#message") == ""
    assert visited.state("mia.player.playedSamples") > 0


def test_muting_stops_the_microphone_and_the_sending(visit: Visitor) -> None:
    visited = visit()
    visited.page.click("#mic")
    visited.until("state.microphone === 'on' && !state.muted")
    visited.page.evaluate(
        """() => {
            window.sent = 0;
            const send = mia.realtime.sendSound.bind(mia.realtime);
            mia.realtime.sendSound = (audio) => { sent++; return send(audio); };
        }"""
    )
    visited.page.keyboard.press("m")
    visited.until("state.muted")
    assert visited.page.get_attribute("#mic", "data-state") == "muted"
    assert visited.page.text_content("#status-text") == "En silencio"
    assert visited.state("mia.microphone.stream.getTracks().every((track) => !track.enabled)")
    visited.page.evaluate("() => { sent = 0; }")
    # As long as fifteen frames take; the audio clock decides, not this machine's speed.
    visited.page.evaluate(
        """() => new Promise((done) => {
            const {context} = mia.microphone;
            const source = new ConstantSourceNode(context);
            source.onended = done; source.start(); source.stop(context.currentTime + 0.3);
        })"""
    )
    assert visited.state("sent") == 0
    visited.page.keyboard.press("m")
    visited.until("!state.muted")
    assert visited.page.get_attribute("#mic", "data-state") == "on"
    visited.page.click("#mic-release")
    visited.until("state.microphone === 'off'")


def test_escape_silences_her_in_mid_sentence(visit: Visitor) -> None:
    visited = visit()
    visited.say("Cuéntame una historia larga sobre el mar.")
    visited.until("state.playing")
    visited.page.keyboard.press("Escape")
    visited.until(IDLE)
    played = visited.state("mia.player.playedSamples")
    visited.say("Gracias.")
    visited.until("state.playing")
    visited.page.click("#stop")
    visited.until(IDLE)
    assert visited.state("mia.player.playedSamples") > played


def test_the_page_comes_back_by_itself_when_the_socket_is_cut(visit: Visitor) -> None:
    visited = visit()
    _settle(visited)
    visited.say("¿Sigues ahí?")
    visited.until("state.messages.at(-1)?.role === 'assistant'")
    history = visited.state("state.messages.length")
    visited.page.evaluate("() => mia.realtime.socket.close()")
    visited.until("state.connection === 'reconnecting'")
    assert visited.page.is_visible("#banners .notice")
    visited.until("state.connection === 'open'")
    assert not visited.page.is_visible("#banners .notice")
    visited.until(f"state.messages.length >= {history - 1}")
    visited.say("Hola otra vez.")
    visited.until(ANSWERED)


def test_a_second_page_takes_the_stage_and_the_first_can_take_it_back(visit: Visitor) -> None:
    first, second = visit(), visit()
    first.until("state.role === 'observer'")
    assert second.state("state.role") == "speaker"
    first.page.click("#banners .notice-act")
    first.until("state.role === 'speaker'")
    second.until("state.role === 'observer'")


@pytest.mark.parametrize(
    ("switches", "problem", "words"),
    [
        (["--use-fake-device-for-media-stream", "--deny-permission-prompts"], "denied", "candado"),
        (["--use-fake-ui-for-media-stream"], "none", "ningún micrófono"),
    ],
    ids=["denied", "no-device"],
)
def test_without_a_microphone_the_page_says_why_and_what_to_do(
    chromium: tuple[Playwright, str],
    visit: Visitor,
    switches: list[str],
    problem: str,
    words: str,
) -> None:
    playwright, path = chromium
    with playwright.chromium.launch(executable_path=path, args=[*QUIET, *switches]) as deaf:
        visited = visit(browser=deaf)
        visited.page.click("#mic")
        visited.until("state.microphone === 'blocked'")
        assert visited.state("state.problem") == problem
        assert words in (visited.page.text_content("#banners") or "")
        assert visited.page.get_attribute("#mic", "data-state") == "blocked"
        visited.page.context.close()


def test_everything_is_reached_with_the_keyboard(visit: Visitor) -> None:
    visited = visit()
    reached = set()
    for _ in range(36):
        visited.page.keyboard.press("Tab")
        reached.add(
            visited.page.evaluate(
                "(({id, dataset: d}) => id || d.language || d.mode)(document.activeElement)"
            )
        )
    assert {"es", "en", "theme", "mic", "log-place", "message", "send", "source"} <= reached
    assert {"pause", "mute", "hands-free", "push-to-talk", "wake-name"} <= reached


def test_a_phone_shows_all_of_it_without_scrolling_sideways(visit: Visitor) -> None:
    visited = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert visited.page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in ("#mic", "#stop", "#mute", "#modes", "#status", "#theme"):
        box = visited.page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    OUT.mkdir(exist_ok=True)
    visited.page.screenshot(path=OUT / "page-phone.png")


def test_who_asked_for_less_motion_gets_a_still_head(visit: Visitor) -> None:
    visited = visit(reduced_motion="reduce")
    assert visited.state("mia.stage.face.life.still") is True
    assert visited.state("mia.stage.face.life.pose.breath") == 0


def test_the_theme_follows_the_system_until_one_is_chosen(visit: Visitor) -> None:
    visited = visit(color_scheme="light")
    shown = "document.documentElement.dataset.shownTheme"
    assert visited.page.evaluate(shown) == "light"
    visited.page.click("#theme")
    assert visited.page.evaluate(shown) == "dark"
    visited.page.reload()
    visited.page.wait_for_selector("html[data-ready]")
    assert visited.page.evaluate(shown) == "dark"
