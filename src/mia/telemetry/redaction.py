"""Takes secrets out of a text: for every log line, and more strictly for what leaves the machine.

What is hidden: values it was told of; bearer tokens and whole Authorization and Cookie headers;
fields and parameters with a telling name (`api_key=`, `"token": "…"`, `?token=`, and variables
such as `OPENROUTER_API_KEY=`); keys by their usual beginnings (OpenAI, OpenRouter, Hugging Face,
GitHub, Slack, Google); Discord's bot tokens; JSON Web Tokens; private keys; passwords in
addresses. In a report also the user's home folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

HIDDEN = "[secret]"
#: Shorter values are words that may stand anywhere; hiding them would only reveal them.
SHORTEST = 6

_NAMES = r"[a-z0-9_-]*(?:api[_-]?key|token|secret|password|passwd)|mia_session|authorization"
_SECRETS = re.compile(
    r"(?is)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    # A header's whole value, however many words it has.
    r"|(?P<header>\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:basic|digest|bearer|token)\s+)"
    r"[^\s\"',;}\])]+"
    r"|(?P<cookie>\b(?:set-)?cookie[\"']?\s*:\s*[\"']?)[^\"'\n]+"
    r"|(?P<bearer>\bbearer\s+)[^\s\"'&,;}\])]+"
    rf"|(?P<field>\b(?:{_NAMES})[\"']?\s*[=:]\s*[\"']?(?!bearer\b|basic\b|digest\b))"
    r"[^\s\"'&,;}\])]+"
    r"|(?P<address>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)"
    r"|\b(?:sk|hf|ghp|gho|ghs|github_pat|xox[abpr])[-_][a-z0-9_-]{12,}"
    r"|\bAIza[a-z0-9_-]{30,}"
    # Discord: the bot's id, a time and a signature, each in base 64.
    r"|\b[a-z0-9_-]{23,28}\.[a-z0-9_-]{6,7}\.[a-z0-9_-]{27,}"
    r"|\beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]{4,}"
)
#: Anybody's home, wherever the text was written: Linux, macOS, Windows (also escaped, as in JSON).
_HOMES = re.compile(r"(?i)(?:/home/|/Users/|[a-z]:\\{1,2}users\\{1,2})[^\s/\\\"':;,]+")


class Redactor:
    """Hides secrets. secrets: values to hide wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these values too; ones of fewer than 6 characters are left alone."""
        known = {*self._values, *(value for value in secrets if len(value) >= SHORTEST)}
        self._values = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """`text` as a log may hold it."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return _SECRETS.sub(_hidden, text)

    def for_report(self, text: str) -> str:
        """`text` as it may be shown to strangers: the user's folders are hidden as well."""
        home = str(Path.home())
        if len(home) >= SHORTEST:
            text = text.replace(home, "~")
        return _HOMES.sub("~", self(text))


def _hidden(found: re.Match[str]) -> str:
    """What a secret is replaced by; the name before it stays."""
    return f"{found[found.lastgroup] if found.lastgroup else ''}{HIDDEN}"
