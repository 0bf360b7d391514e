"""The page's files, without a browser: words, colours, and nothing from elsewhere."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from mia import strings

UI = Path(strings.__file__).parents[1] / "web" / "ui"
#: The engine that draws models was written by others (`scripts/vendor.sh`); what it asks for is
#: seen in a browser, in `test_models.py`.
FILES = sorted(
    path
    for path in UI.rglob("*")
    if path.suffix in {".html", ".js", ".css", ".svg"} and "vendor" not in path.parts
)
KEY = re.compile(r"""["'](page(?:\.[a-z0-9_]+)+)["']""")


#: A key whose end is put in at run time: `page.logs.level.${name}`, or a constant that ends so.
FAMILY = re.compile(r"""["'`{](page(?:\.[a-z0-9_]+)+\.)(?=["'`$}{])""")
#: What the server names for the page to show: advice, states, kinds.
SERVER = sorted(UI.parents[1].rglob("*.py"))


def _named() -> tuple[set[str], set[str]]:
    """The keys that page and server name, and the beginnings of those they put together."""
    texts = [path.read_text("utf-8") for path in (*FILES, *SERVER)]
    used = {key for text in texts for key in KEY.findall(text)}
    return used, {key for text in texts for key in FAMILY.findall(text)}


@pytest.mark.parametrize("language", strings.languages())
def test_every_text_of_the_page_is_in_the_catalogue_and_none_is_left_over(language: str) -> None:
    known = {key for key in strings.catalogue(language) if key.startswith("page.")}
    used, families = _named()
    assert used - known == set()
    left = {key for key in known - used if not key.startswith(tuple(families))}
    assert left == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_asked_of_another_host(path: Path) -> None:
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    text = text.replace('"http://www.w3.org/2000/svg"', "")
    text = re.sub(r'placeholder: "[^"]*"', "", text)  # an example of an address, in a field
    assert re.findall(r"(?:https?|wss?)?://[\w$]\S*", text) == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in {".html", ".svg"}], ids=lambda p: p.name
)
def test_the_content_security_policy_has_nothing_to_forbid(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?from "(\.[^"]+)";""", re.MULTILINE)


def _loaded(first: Path) -> set[Path]:
    """A module and every one it imports at once."""
    found, waiting = set(), [first]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found:
            found.add(path)
            waiting += [path.parent / name for name in IMPORT.findall(path.read_text("utf-8"))]
    return found


@pytest.mark.parametrize(
    ("page", "first"), [("index.html", "main.js"), ("overlay.html", "overlay/main.js")]
)
def test_every_module_is_announced_so_that_they_load_beside_each_other(
    page: str, first: str
) -> None:
    html = (UI / page).read_text("utf-8")
    announced = re.findall(r'rel="modulepreload" href="/ui/(js/[\w/-]+\.js)"', html)
    assert {UI / name for name in announced} == _loaded(UI / "js" / first)


def test_no_page_loads_the_engine_for_models_before_one_is_shown() -> None:
    modules = _loaded(UI / "js" / "main.js") | _loaded(UI / "js" / "overlay" / "main.js")
    assert not any("vendor" in path.parts for path in modules)


# ── contrast (WCAG 2.2, AA) ──────────────────────────────────────────────────────────────────


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _themes() -> dict[str, dict[str, str]]:
    css = (UI / "css" / "tokens.css").read_text("utf-8")
    colours = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})[0-9a-f]{0,2}\s*;")
    dark = dict(colours.findall(css[: css.index("@media")]))
    light = dict(colours.findall(css[css.index(':root[data-theme="light"]') :]))
    system = dict(colours.findall(css[css.index("@media") : css.rindex(":root[")]))
    assert light == system
    return {"dark": dark, "light": {**dark, **light}}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_stands_out_from_what_is_behind_it(theme: str) -> None:
    colour = _themes()[theme]
    pairs = [
        *product(("ink", "ink-2", "ink-3"), ("ground", "surface")),
        *product(("ink", "ink-2"), ("surface-2", "red-ground", "amber-ground", "info-ground")),
        ("ink-3", "ground-2"),
        ("ink-3", "surface-2"),
        ("rose-ink", "rose"),
        ("mint-ink", "mint"),
        ("red", "red-ground"),
        *product(("subtitle-ink", "subtitle-ahead", "subtitle-now"), ("subtitle-ground",)),
    ]
    weak = {
        f"{text} on {behind}": round(_contrast(colour[text], colour[behind]), 2)
        for text, behind in pairs
        if _contrast(colour[text], colour[behind]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_marks_and_borders_of_controls_can_be_seen(theme: str) -> None:
    colour = _themes()[theme]
    pairs = [*product(("mint", "rose", "amber", "ink-3"), ("ground", "surface"))]
    assert [pair for pair in pairs if _contrast(colour[pair[0]], colour[pair[1]]) < 3] == []
