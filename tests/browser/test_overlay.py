"""The overlay as OBS shows it, and the face that every picture of MIA has."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from mia.telemetry import events as bus
from tests.browser.conftest import OUT, QUIET
from tests.browser.pretend import Pretend, pretending
from tests.channels.realtime.fakes import FakeTalk

EXPRESSIONS = ["neutral", "joy", "sad", "angry", "surprised", "thinking", "shy", "wink"]
#: A mouth at rest is one of these too.
VOWELS: dict[str, dict[str, float]] = {"closed": {}, **{v: {v: 1.0} for v in "aeiou"}}
#: How different pictures are, each pair: the mean of their pixels' differences, 0 to 255.
DIFFERENCES = """async (shots) => {
    const all = [];
    for (const [name, data] of Object.entries(shots)) {
        const image = new Image();
        image.src = "data:image/png;base64," + data;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
        canvas.drawImage(image, 0, 0);
        all.push([name, canvas.getImageData(0, 0, image.width, image.height).data]);
    }
    const found = {};
    for (const [n, [one, a]] of all.entries())
        for (const [other, b] of all.slice(0, n)) {
            let sum = 0;
            for (let at = 0; at < a.length; at++) sum += Math.abs(a[at] - b[at]);
            found[`${one} ${other}`] = sum / a.length;
        }
    return found;
}"""


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str]) -> Iterator[Pretend]:
    del chromium  # Playwright first: its loop must not find another one in this thread
    with pretending() as pretend:
        yield pretend


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


class Overlay:
    """An overlay that was opened, and what its browser had to say about it."""

    def __init__(self, browser: Browser, url: str, query: str = "", **options: Any) -> None:
        size = {"width": 480, "height": 540}
        options = {"viewport": size, **options}
        self.context = browser.new_context(locale="es-ES", **options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        self.page.goto(f"{url}/overlay?debug=1&{query}")
        self.page.wait_for_selector("html[data-ready]")

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait, frame by frame, until the expression on `mia` is true."""
        self.page.evaluate(
            f"""() => new Promise((done, fail) => {{
                const late = setTimeout(() => fail(new Error("not in time")), {seconds * 1000});
                const look = () => {{
                    if ({condition}) {{ clearTimeout(late); done(); }}
                    else requestAnimationFrame(look);
                }};
                look();
            }})"""
        )

    def connected(self) -> None:
        self.until("mia.store.state.connection === 'open'")

    def hold(self, **frame: Any) -> None:
        """Freeze the face as it is at rest, but for these fields of the frame."""
        still = {
            "eyeOpenLeft": 1,
            "eyeOpenRight": 1,
            "gazeX": 0,
            "gazeY": 0,
            "headYaw": 0,
            "headPitch": 0,
            "headRoll": 0,
            "breath": 0,
            "vowels": dict.fromkeys("aeiou", 0),
            "expressions": {},
        }
        self.page.evaluate("frame => { mia.stage.held = frame; }", {**still, **frame})
        self.page.evaluate("() => { mia.before = {drawn: mia.stage.avatar.drawn, frames: 0}; }")
        self.until("++mia.before.frames > 8 && !(mia.stage.avatar.drawn < mia.before.drawn + 3)")

    def shot(self, name: str) -> bytes:
        OUT.mkdir(exist_ok=True)
        return self.page.screenshot(path=OUT / f"{name}.png", omit_background=True)

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []


@pytest.fixture
def overlay(browser: Browser, mia: Pretend) -> Iterator[Overlay]:
    opened = Overlay(browser, mia.url, "subtitles=both")
    yield opened
    opened.close()


def alike(page: Page, shots: dict[str, bytes], least: float) -> set[str]:
    """Pairs of pictures that differ by less than this."""
    encoded = {name: b64encode(shot).decode() for name, shot in shots.items()}
    # In a page without a policy: pictures are read there, not shown.
    with page.context.browser.new_context() as context:  # type: ignore[union-attr]
        found = context.new_page().evaluate(DIFFERENCES, encoded)
    return {pair for pair, difference in found.items() if difference < least}


def alpha(page: Page, picture: bytes) -> list[int]:
    with page.context.browser.new_context() as context:  # type: ignore[union-attr]
        reader = context.new_page()
        return list(
            reader.evaluate(
                """async (data) => {
                    const image = new Image();
                    image.src = "data:image/png;base64," + data;
                    await image.decode();
                    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
                    canvas.drawImage(image, 0, 0);
                    const [w, h] = [image.width - 1, image.height - 1];
                    const places = [[0, 0], [w, 0], [2, h / 2], [w >> 1, h >> 1]];
                    return places.map(([x, y]) => canvas.getImageData(x, y, 1, 1).data[3]);
                }""",
                b64encode(picture).decode(),
            )
        )


def _speak(talk: FakeTalk, cues: list[list[Any]] | None = None) -> None:
    """A reply of three seconds, a vowel every 200 ms, heard from now on."""
    turn, reply = talk._reply = ("turn", f"reply{len(talk.calls)}")
    talk.calls.append(("spoke",))
    talk._offset = 0
    talk.playing_since = asyncio.get_running_loop().time()
    talk.tell(bus.ReplyStarted, turn=turn, reply=reply)
    phonemes = tuple(("paeiou"[n % 6], n * 0.2, n * 0.2 + 0.2) for n in range(15))
    words = ((0, 4, 0.0, 1.5), (5, 10, 1.5, 3.0))
    talk.tell(
        bus.SegmentPlaced,
        turn=turn,
        reply=reply,
        sequence=0,
        text="Hola mundo",
        begin=0.0,
        finish=3.0,
        words=words,
        phonemes=phonemes,
    )
    talk.tell(bus.PhaseChanged, phase="speaking", before="committed")
    talk.tell(bus.PlaybackStarted, turn=turn, reply=reply)


def _fall_silent(talk: FakeTalk) -> None:
    talk.finish()


def test_every_expression_is_a_face_of_its_own(overlay: Overlay) -> None:
    shots = {}
    for name in EXPRESSIONS:
        overlay.hold(expressions={} if name == "neutral" else {name: 1})
        shots[name] = overlay.shot(f"face-{name}")
    assert alike(overlay.page, shots, 0.25) == set()


def test_the_mouth_has_five_vowels_and_is_closed_between_them(overlay: Overlay) -> None:
    shots = {}
    for name, vowels in VOWELS.items():
        overlay.hold(vowels={**dict.fromkeys("aeiou", 0), **vowels})
        shots[name] = overlay.shot(f"mouth-{name}")
    assert alike(overlay.page, shots, 0.02) == set()


def test_the_ground_is_transparent_and_she_is_not(overlay: Overlay) -> None:
    assert alpha(overlay.page, overlay.shot("overlay"))[:3] == [0, 0, 0]
    assert alpha(overlay.page, overlay.shot("overlay"))[3] == 255


def test_a_colour_behind_her_can_be_keyed_out(browser: Browser, mia: Pretend) -> None:
    green = Overlay(browser, mia.url, "background=00ff00&scale=0.6&side=right&flip=1")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert green.page.evaluate(ground) == "rgb(0, 255, 0)"
    box = green.page.locator("#puppet").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] == pytest.approx(480, abs=1)
    assert box["height"] == pytest.approx(540 * 0.6, abs=2)
    green.close()


@pytest.mark.parametrize(
    "query",
    ["scale=NaN&x=1e999&side=<b>&background=javascript:1&style=../..", "scale=-5&lead_ms=x&flip=2"],
)
def test_senseless_options_are_left_out(browser: Browser, mia: Pretend, query: str) -> None:
    overlay = Overlay(browser, mia.url, query)
    options = overlay.page.evaluate("mia.options")
    assert 0.2 <= options["scale"] <= 4
    assert (options["side"], options["background"]) == ("center", "")
    assert not options["flip"]
    overlay.close()


def test_the_mouth_follows_the_phonemes_although_nothing_is_heard_here(
    overlay: Overlay, mia: Pretend
) -> None:
    overlay.connected()
    mia.do(_speak)
    overlay.until("mia.frames.at(-1).speaking && mia.frames.at(-1).mouthOpen > 0.3")
    assert overlay.page.inner_text("#subtitle-mia") == "Hola mundo"
    seen = "new Set(mia.frames.filter((one) => one.speaking).map((one) => one.viseme)).size"
    overlay.until(f"{seen} >= 4")
    overlay.shot("overlay-speaking")
    mia.do(_fall_silent)
    overlay.until("!mia.frames.at(-1).speaking && mia.frames.at(-1).mouthOpen < 0.05")


def test_an_overlay_that_comes_in_the_middle_of_a_reply_knows_all_of_it(
    browser: Browser, mia: Pretend
) -> None:
    mia.do(_speak)
    late = Overlay(browser, mia.url, "subtitles=mia")
    late.until("mia.frames.some((one) => one.mouthOpen > 0.2)")
    assert late.page.inner_text("#subtitle-mia") == "Hola mundo"
    mia.do(_fall_silent)
    late.close()


def test_an_expression_shows_at_its_moment_of_the_reply(overlay: Overlay, mia: Pretend) -> None:
    overlay.connected()
    segment = {
        "type": "mia.segment",
        "item_id": "said",
        "sequence": 0,
        "text": "Hola",
        "begin_ms": 0,
        "end_ms": 1000,
        "words": [[0, 4, 0, 1000]],
        "phonemes": [],
        "cues": [["happy", 100], ["sad", 600]],
    }
    overlay.page.evaluate("event => mia.protocol.handle(event)", segment)
    at = "ms => mia.following.take({item_id: 'said', audio_ms: ms, playing: true})"
    overlay.page.evaluate(at, 150)
    overlay.until("(mia.frames.at(-1).expressions.joy ?? 0) > 0.8")
    overlay.page.evaluate(at, 700)
    overlay.until("(mia.frames.at(-1).expressions.sad ?? 0) > 0.8")
    assert overlay.page.evaluate("mia.frames.at(-1).mouthOpen") >= 0


def test_with_sound_it_plays_her_voice_and_takes_the_stage_from_nobody(
    chromium: tuple[Playwright, str], mia: Pretend
) -> None:
    playwright, path = chromium
    # As OBS' own browser: pages may play without a click.
    switches = [*QUIET, "--autoplay-policy=no-user-gesture-required"]
    with playwright.chromium.launch(executable_path=path, args=switches) as obs:
        with_sound = Overlay(obs, mia.url, "sound=1")
        with_sound.connected()
        with_sound.until("mia.player.running")
        mia.do(_speak, *([FakeTalk.say] * 25))
        with_sound.until("mia.player.playedSamples > 6000")
        assert with_sound.page.evaluate("mia.store.state.role") == "observer"
        mia.do(_fall_silent)
        with_sound.close()


def test_it_comes_back_quietly_when_mia_was_started_anew(
    browser: Browser, chromium: tuple[Playwright, str]
) -> None:
    del chromium
    with pretending() as first:
        port = int(first.url.rsplit(":", 1)[1])
        overlay = Overlay(browser, first.url)
        overlay.connected()
    overlay.until("mia.store.state.connection === 'connecting'")
    assert alpha(overlay.page, overlay.shot("overlay-alone"))[3] == 255
    with pretending(port=port) as second:
        overlay.connected()
        second.do(_speak)
        overlay.until("mia.frames.at(-1).mouthOpen > 0.3")
        overlay.page.reload()
        overlay.page.wait_for_selector("html[data-ready]")
        overlay.until("mia.frames.some((one) => one.speaking)")
    # A browser writes down every connection that was refused; nothing else went wrong.
    overlay.complaints = [one for one in overlay.complaints if "WebSocket connection" not in one]
    overlay.close()


def test_the_page_offers_the_overlays_address_with_its_options(
    browser: Browser, mia: Pretend
) -> None:
    context = browser.new_context(locale="es-ES", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(mia.url)
    page.wait_for_selector("html[data-ready]")
    page.click("#obs-open")
    page.select_option("[name=subtitles]", "both")
    page.select_option("[name=side]", "left")
    page.check("[name=sound]")
    address = page.input_value("#obs-url")
    assert address.startswith(f"{mia.url}/overlay?")
    assert "subtitles=both" in address
    assert "side=left" in address
    assert "sound=1" in address
    frame = page.wait_for_selector("#obs-preview[src]", state="attached").content_frame()  # type: ignore[union-attr]
    assert frame is not None
    frame.wait_for_selector("html[data-ready] .puppet svg")
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / "obs-dialog.png")
    page.click("#obs-close")
    assert complaints == []
    context.close()


def test_the_policy_of_the_overlay_lets_only_our_own_page_show_it(mia: Pretend) -> None:
    for path, framed in (("/", "'none'"), ("/overlay", "'self'")):
        with urllib.request.urlopen(mia.url + path) as answer:
            policy = answer.headers["content-security-policy"]
        assert f"frame-ancestors {framed}" in policy
        assert "unsafe" not in policy


def test_frames_are_plain_numbers_for_whoever_looks(overlay: Overlay) -> None:
    overlay.until("mia.frames.length > 3")
    frame = json.loads(overlay.page.evaluate("JSON.stringify(mia.frames.at(-1))"))
    assert set(frame) == {
        *("at", "speaking", "mouthOpen", "mouthForm", "vowels", "viseme", "eyeOpenLeft"),
        *("eyeOpenRight", "gazeX", "gazeY", "headYaw", "headPitch", "headRoll", "brows"),
        *("breath", "expressions"),
    }
