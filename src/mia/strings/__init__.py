"""The one string catalogue: every text a user reads, by key, in every language.

`es.json`, `en.json`, … hold the same keys; a further language is one more file. The command line
reads it here, the pages get it from `/api/v1/strings/<language>`. Values name parameters in
braces: `"{path} is not a WAV file"`.
"""

from __future__ import annotations

import functools
import json
import locale
import os
from importlib import resources

FALLBACK = "en"
FIRST = "es"


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages there is a catalogue for, as ISO 639-1 codes."""
    names = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """All strings of a language by key. Raises FileNotFoundError for an unknown language."""
    text = resources.files(__name__).joinpath(f"{language}.json").read_text("utf-8")
    strings: dict[str, str] = json.loads(text)
    return strings


_chosen: str | None = None
_WISHES = ("MIA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def use(language: str) -> None:
    """Speak `language` to the user from here on, where it is known."""
    global _chosen
    if language in languages():
        _chosen = language


def current() -> str:
    """The language of this process: chosen, else the system's, else Spanish."""
    if _chosen is not None:
        return _chosen
    # As POSIX has it; the locale itself need not be installed. Windows has only the last.
    named = [os.environ.get(name, "") for name in _WISHES] + [locale.getlocale()[0] or ""]
    codes = (name[:2].lower() for name in named)
    return next((code for code in codes if code in languages()), FIRST)


def translate(key: str, language: str | None = None, /, **parameters: object) -> str:
    """The text of `key` with its parameters put in; a missing key shows itself, never raises."""
    code = language or current()
    strings = catalogue(code if code in languages() else FALLBACK)
    text = strings.get(key) or catalogue(FALLBACK).get(key) or key
    try:
        return text.format(**parameters)
    except (KeyError, IndexError):
        return text
