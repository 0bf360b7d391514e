"""No secret leaves MIA, however it is written; ordinary text does."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from mia.redaction import HIDDEN, Redactor, without_home


def discord_token() -> str:
    """Of the form Discord gives them, and nobody's."""
    number = base64.b64encode(b"123456789012345678").decode().rstrip("=")
    return f"{number}.GhIjKl.{'x' * 38}"


LOOKS = {
    "bearer": ("Authorization: Bearer {}", "abc.def-123456"),
    "basic": ("Authorization: Basic {}", "dXNlcjpwYXNzd29yZA=="),
    "query": ("GET /v1/realtime?token={}&role=observer", "abcdef123"),
    "environment": ("OPENAI_API_KEY={}", "plainlookingvalue"),
    "yaml": ("discord:\n  token: {}\n  enabled: true", "something-else"),
    "json": ('{{"api_key": "{}", "model": "x"}}', "q1w2e3r4t5"),
    "key by its prefix": ("the key {} was refused", "sk-proj-0123456789abcdef"),
    "router": ("HTTP 401 for {}", "sk-or-v1-0123456789abcdef0123"),
    "hub": ("login with {}", "hf_abcdefghijklmnop"),
    "Google": ("key {}!", "AIza" + "S" * 35),
    "AWS": ("id {} used", "AKIA" + "Z" * 16),
    "signed token": ("jwt {}", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl"),
    "Discord": ("logging in as {}", discord_token()),
    "webhook": ("posting to https://{}", "discord.com/api/webhooks/1234/abcDEF_ghi"),
    "password in an address": ("connecting to http://{}@server:8000", "user:hunter2"),
    "cookie": ("cookie: mia_session={}", "0123456789abcdef"),
    "private key": ("{}", "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----"),
}


@pytest.mark.parametrize("form", LOOKS)
def test_what_looks_like_a_secret_is_hidden(form: str) -> None:
    pattern, secret = LOOKS[form]
    said = Redactor()(pattern.format(secret))
    assert secret not in said
    assert HIDDEN in said


@pytest.mark.parametrize(
    "text",
    [
        "tokens: 5 of 10",
        "max_tokens: 256",
        "the token is needed",
        "a secret garden",
        "bearers of news",
        "basic: nothing but bread",
        "prompt_token=12, first_token=0.35",
        "token: null",
        "https://example.org/a@b and someone@example.org",
        "http://localhost:1234/v1",
        "El secreto está en la masa; contraseña, no hay.",
        "turn=stage-u12 conversation=stage 3f2a.b.c",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor()(text) == text


def test_a_secret_that_was_told_is_hidden_however_it_is_spelt() -> None:
    secret = 'päss/wörd "1"'
    redact = Redactor([secret])
    for spelt in (secret, quote(secret, safe=""), json.dumps(secret)):
        assert "rd" not in redact(f"<{spelt}>").replace("[secret]", "")


def test_plain_data_loses_the_values_of_telling_keys_and_keeps_the_rest() -> None:
    redact = Redactor(["s3cr3t-value"])
    given = {
        "discord": {"token": "x", "enabled": True, "guilds": [1, 2]},
        "models.llm.openai.api_key": "y",
        "web": {"token": None, "port": 8080, "note": "has s3cr3t-value inside"},
        "usage": {"tokens": 12, "max_tokens": 256},
        "path": Path("/x/s3cr3t-value"),
    }
    assert redact.data(given) == {
        "discord": {"token": HIDDEN, "enabled": True, "guilds": [1, 2]},
        "models.llm.openai.api_key": HIDDEN,
        "web": {"token": None, "port": 8080, "note": f"has {HIDDEN} inside"},
        "usage": {"tokens": 12, "max_tokens": 256},
        "path": f"/x/{HIDDEN}",
    }


def test_hiding_twice_changes_nothing_more() -> None:
    redact = Redactor(["s3cr3t-value"])
    for pattern, secret in LOOKS.values():
        once = redact(pattern.format(secret))
        assert redact(once) == once


@pytest.mark.parametrize(
    "text", ["token" * 40_000, "a_" * 100_000, "token=" + " " * 200_000, "x://" * 50_000]
)
def test_no_text_takes_long(text: str) -> None:
    """A pattern that goes back over the text again and again would be here for hours."""
    Redactor()(text)


def test_the_name_of_whoever_is_logged_in_goes() -> None:
    windows = Path("C:\\People\\María")
    said = without_home(
        f"{windows}\\mia {json.dumps(str(windows))} C:/People/María/x C:/People/Maríana", windows
    )
    assert said == '~\\mia "~" ~/x C:/People/Maríana'
    assert without_home("/people/ana/.config/mia and /people/anabel", Path("/people/ana")) == (
        "~/.config/mia and /people/anabel"
    )
