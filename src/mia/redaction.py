"""Secrets out of whatever leaves MIA: logs, pages, exports, bug reports.

What is secret is known in two ways: values MIA was told (`hide`), wherever they stand and however
they are spelt in an address or in JSON; and what looks like a secret, whoever wrote it. A secret
is one for the whole process, so there is one `redact`; a `Redactor` of one's own is for tests and
for other processes' texts.

    redaction.hide(token)          # once, where a secret becomes known
    redaction.redact("…")          # a text without secrets
    redaction.redact_data({...})   # the same for plain data; values of telling keys go as well
    redaction.without_home("…")    # and without the name of whoever is logged in
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
#: Shorter values are words that may stand anywhere; hiding them would only reveal them.
SHORTEST = 6

#: Names of fields whose value is nobody's business, with whatever stands before them.
_NAMES = (
    r"api[_-]?key|access[_-]?key|private[_-]?key|token|secret|password|passwd|authorization"
    r"|cookie|credentials?|mia_session"
)
#: What looks like a secret wherever it stands: bearer and basic credentials, keys by their
#: makers' prefixes, signed tokens, private keys, passwords in addresses, and fields with a telling
#: name. Every repetition is bounded or of one class, so that no text takes long.
_SECRETS = re.compile(
    r"(?i)(?P<header>\b(?:proxy-)?authorization[\"']?\s{0,5}[:=]\s{0,5}[\"']?(?:digest|token)\s{1,5})"
    r"[^\s\"',;}\])]+"
    r"|(?P<cookie>\b(?:set-)?cookie[\"']?\s{0,5}:\s{0,5}[\"']?)[^\"'\n]+"
    rf"|(?P<keep>\b(?:bearer|basic)\s+(?!\[secret\])(?=[^\s\"']{{6}})"
    rf"|(?<![a-z0-9])(?:[a-z0-9]{{1,30}}[_-]){{0,4}}(?:{_NAMES})[\"']?\s{{0,5}}[=:]\s{{0,5}}[\"']?"
    r"(?!(?:bearer|basic)\b)(?!\[secret\])(?!\d{1,5}(?![\w-]))(?!(?:none|null|true|false)\b))"
    r"[^\s\"'&,;}\])]+"
    r"|(?P<address>\b[a-z][a-z0-9+.-]{1,15}://)[^\s/@\"']{1,200}@"
    r"|\b(?:sk|pk|rk|hf|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abeoprs]|gsk|nvapi|r8)"
    r"[-_][A-Za-z0-9_-]{12,}"
    r"|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    # A Discord bot's token: its number in base64, a time, a signature.
    r"|\b[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"
    r"|discord(?:app)?\.com/api/webhooks/[^\s\"']+"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,10000}(?:-----END [A-Z ]{0,30}KEY-----)?"
)
_TELLING = re.compile(rf"(?i)(?:^|[._\- ])(?:{_NAMES})$")

#: Anybody's home, wherever the text was written: Linux, macOS, Windows (also escaped, as in JSON).
_HOMES = re.compile(r"(?i)(?:/home/|/Users/|[a-z]:\\{1,2}users\\{1,2})[^\s/\\\"':;,]{1,100}")


class Redactor:
    """Takes secrets out of a text: those it was told, and those that look like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these values too; ones of fewer than 6 characters are left alone."""
        known = set(self._values)
        for value in secrets:
            if len(value) >= SHORTEST:
                escaped = json.dumps(value)[1:-1]
                known |= {value, quote(value, safe=""), quote_plus(value), escaped}
        self._values = tuple(sorted(known, key=len, reverse=True))

    def forget(self) -> None:
        """Only what looks like a secret is one."""
        self._values = ()

    def __call__(self, text: str) -> str:
        """The text with `[secret]` in place of every secret."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return _SECRETS.sub(_hidden, text)

    def for_report(self, text: str) -> str:
        """The text as it may be shown to strangers: nobody's home folder is named either."""
        return _HOMES.sub("~", without_home(self(text)))

    def data(self, value: Any) -> Any:
        """Plain data (mappings, lists, texts) without secrets: a copy; numbers stay as they are.

        The value of a key with a telling name ("api_key", "discord.token") is hidden whatever it
        is, unless there is none.
        """
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {
                self(str(name)): HIDDEN
                if inner and _TELLING.search(str(name))
                else self.data(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.data(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self(str(value))


def _hidden(found: re.Match[str]) -> str:
    if found["address"]:
        return f"{found['address']}{HIDDEN}@"
    return (found["header"] or found["cookie"] or found["keep"] or "") + HIDDEN


#: This process's redactor: `hide` adds to it, logs and pages and reports go through it.
redact = Redactor()
hide = redact.add
redact_data = redact.data


def without_home(text: str, home: Path | None = None) -> str:
    """The text with `~` in place of the user's own folder, in either way of writing paths; for
    what is sent to others, since that folder's name is mostly a person's."""
    folder = str(home or Path.home())
    if len(folder) <= 1:
        return text
    json_spelt = (json.dumps(folder, ensure_ascii=plain)[1:-1] for plain in (True, False))
    for spelt in (*json_spelt, folder, folder.replace("\\", "/")):
        text = re.sub(rf"(?i){re.escape(spelt)}(?![\w-])", "~", text)
    return text
