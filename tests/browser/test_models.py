"""The user's own VRM on page and overlay: drawn, moved, kept, and refused where it is hostile."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright

from mia.web.model_file import ModelFile
from tests.browser.conftest import OUT, QUIET, RECORDED
from tests.browser.pretend import Pretend, pretending
from tests.browser.test_overlay import Overlay, alike, alpha
from tests.support import vrm

#: A graphics card made of software, so that three.js has something to draw with.
DRAWING = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def painting(chromium: tuple[Playwright, str]) -> Iterator[Browser]:
    playwright, path = chromium
    switches = [one for one in QUIET if one != "--disable-gpu"]
    with playwright.chromium.launch(
        executable_path=path, args=[*switches, *RECORDED, *DRAWING]
    ) as browser:
        yield browser


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model") / "model.vrm"


@pytest.fixture(scope="module")
def mia(chromium: tuple[Playwright, str], kept: Path) -> Iterator[Pretend]:
    del chromium
    with pretending(ModelFile(kept)) as pretend:
        yield pretend


def _wearing(browser: Browser, mia: Pretend) -> Overlay:
    """An overlay with the model; small, as a processor draws it."""
    return Overlay(browser, mia.url, "avatar=vrm", viewport={"width": 240, "height": 270})


@pytest.fixture
def mia_url(mia: Pretend) -> str:
    return mia.url


@pytest.mark.parametrize("version", ["0", "1"])
def test_a_model_of_either_version_is_drawn_and_moves_its_face(
    painting: Browser, mia: Pretend, kept: Path, version: vrm.Version
) -> None:
    kept.write_bytes(vrm.model(version))
    overlay = _wearing(painting, mia)
    assert overlay.page.locator("#puppet svg").count() == 0
    faces: dict[str, dict[str, Any]] = {
        "neutral": {},
        "aa": {"vowels": {**dict.fromkeys("eiou", 0), "a": 1}},
        "ou": {"vowels": {**dict.fromkeys("aeio", 0), "u": 1}},
        "blink": {"eyeOpenLeft": 0, "eyeOpenRight": 0},
        "wink": {"eyeOpenLeft": 0},
        "joy": {"expressions": {"joy": 1}},
        "angry": {"expressions": {"angry": 1}},
        "turned": {"headYaw": 20},
        "looking": {"gazeX": 1},
    }
    shots = {}
    for name, frame in faces.items():
        overlay.hold(**frame)
        shots[name] = overlay.shot(f"vrm{version}-{name}")
    assert alpha(overlay.page, shots["neutral"]) == [0, 0, 0, 255]
    assert alike(overlay.page, shots, 0.01) == set()
    overlay.close()


@pytest.mark.parametrize("version", ["0", "1"])
def test_her_left_is_the_pictures_right_as_with_the_puppet(
    painting: Browser, mia: Pretend, kept: Path, version: vrm.Version
) -> None:
    kept.write_bytes(vrm.model(version))
    overlay = _wearing(painting, mia)
    weight = "(name) => mia.stage.avatar.vrm.expressionManager.getValue(name)"
    overlay.hold(eyeOpenLeft=0)
    assert overlay.page.evaluate(weight, "blinkLeft") == 1
    assert overlay.page.evaluate(weight, "blinkRight") == 0
    # Where a point in front of her nose, and one above her head, are seen.
    seen = """([x, y, z]) => {
        const {vrm, camera, scene} = mia.stage.avatar;
        scene.updateMatrixWorld(true);
        const head = vrm.humanoid.getRawBoneNode("head");
        const facing = vrm.meta.metaVersion === "0" ? -1 : 1;
        const point = vrm.scene.position.clone().set(x * facing, y, z * facing);
        return head.localToWorld(point).project(camera).toArray();
    }"""
    nose, crown = [0, 0.1, 0.3], [0, 0.4, 0]
    overlay.hold(headYaw=15)
    assert overlay.page.evaluate(seen, nose)[0] < -0.01  # to her right: the picture's left
    overlay.hold(headRoll=10)
    assert overlay.page.evaluate(seen, crown)[0] < -0.01
    overlay.hold()
    level = overlay.page.evaluate(seen, nose)[1]
    overlay.hold(headPitch=10)
    assert overlay.page.evaluate(seen, nose)[1] > level + 0.01
    overlay.close()


def _spoilt() -> dict[str, tuple[str, bytes]]:
    """Files nobody should wear: name to the problem and the file."""
    document, body = vrm.parts()

    def changed(change: Callable[[Any], object]) -> bytes:
        other = copy.deepcopy(document)
        change(other)
        return vrm.glb(other, body)

    whole = vrm.model()
    bomb = vrm.glb(*vrm.parts(picture=vrm.png(claims=(60_000, 60_000))))
    elsewhere = "https://example.org/x.bin"
    return {
        "text": ("not_vrm", b"hello, I am a model" * 10),
        "empty": ("not_vrm", b""),
        "truncated": ("broken", whole[: len(whole) // 2]),
        "longer": ("broken", whole + b"\0" * 8),
        "plain-gltf": ("not_vrm", changed(lambda d: d.pop("extensions"))),
        "no-json": ("broken", whole[:20] + b"{" * (len(whole) - 20)),
        "external-buffer": ("external", changed(lambda d: d["buffers"][0].update(uri=elsewhere))),
        "external-image": ("external", changed(lambda d: d["images"][0].update(uri=elsewhere))),
        "texture-bomb": ("too_big", bomb),
        "absurd-count": ("too_big", changed(lambda d: d["accessors"][0].update(count=2**40))),
        "beyond-the-end": ("broken", changed(lambda d: d["accessors"][0].update(count=9999))),
        "negative": ("broken", changed(lambda d: d["bufferViews"][0].update(byteOffset=-4))),
        "loop": ("broken", changed(lambda d: d["nodes"][1].update(children=[1]))),
        "lists": ("broken", changed(lambda d: d.update(nodes={"a": 1}))),
        "compressed": (
            "unsupported",
            changed(lambda d: d.update(extensionsRequired=["KHR_draco_mesh_compression"])),
        ),
    }


SPOILT = _spoilt()


@pytest.mark.parametrize("name", list(SPOILT))
def test_a_file_nobody_should_wear_is_refused_and_she_keeps_her_face(
    painting: Browser, mia: Pretend, kept: Path, name: str
) -> None:
    problem, data = SPOILT[name]
    kept.write_bytes(data)
    overlay = _wearing(painting, mia)
    requested: list[str] = []
    overlay.page.on("request", lambda request: requested.append(request.url))
    assert overlay.page.get_attribute("html", "data-problem") == problem
    assert overlay.page.locator("#puppet svg").count() == 1
    assert {urlsplit(url).netloc for url in requested} <= {urlsplit(mia.url).netloc}
    overlay.close()


def test_without_a_model_the_overlay_shows_the_puppet_and_loads_no_engine(
    painting: Browser, mia: Pretend, kept: Path
) -> None:
    kept.unlink(missing_ok=True)
    overlay = _wearing(painting, mia)
    assert overlay.page.get_attribute("html", "data-problem") == "none"
    loaded = "performance.getEntriesByType('resource').map(({name}) => name).join()"
    assert "vendor" not in overlay.page.evaluate(loaded)
    overlay.close()


DROP = """async ({base64, name}) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    const stage = document.querySelector("#stage");
    stage.dispatchEvent(new DragEvent("dragover", {dataTransfer, bubbles: true, cancelable: true}));
    stage.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
}"""


def test_a_model_dropped_on_the_page_is_worn_there_and_in_the_overlay(
    painting: Browser, mia: Pretend, kept: Path
) -> None:
    kept.unlink(missing_ok=True)
    context = painting.new_context(locale="es-ES", viewport={"width": 700, "height": 500})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(mia.url)
    page.wait_for_selector("html[data-ready]")
    page.evaluate(DROP, {"base64": b64encode(b"MZ not a model").decode(), "name": "a.vrm"})
    page.wait_for_selector("#toasts .error")
    assert "VRM" in (page.text_content("#toasts .error") or "")
    assert page.locator("#puppet svg").count() == 1
    page.evaluate(DROP, {"base64": b64encode(vrm.model()).decode(), "name": "ella.vrm"})
    page.wait_for_selector("#toasts .info")
    page.wait_for_selector("#puppet canvas.model")
    assert kept.read_bytes() == vrm.model()
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / "page-vrm.png")
    page.reload()
    page.wait_for_selector("#puppet canvas.model")
    overlay = _wearing(painting, mia)
    assert overlay.page.locator("canvas.model").count() == 1
    overlay.close()
    assert complaints == []
    context.close()


def test_the_models_engine_stays_out_of_the_page_until_one_is_shown(
    painting: Browser, mia: Pretend
) -> None:
    overlay = Overlay(painting, mia.url)
    sizes = json.loads(
        overlay.page.evaluate(
            """JSON.stringify(Object.fromEntries(performance.getEntriesByType("resource")
                .map(({name, transferSize}) => [new URL(name).pathname, transferSize])))"""
        )
    )
    assert not any("vendor" in path for path in sizes)
    assert sum(sizes.values()) < 150_000
    overlay.close()
