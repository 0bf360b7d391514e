"""Taking a key out of the file touches nothing else."""

from __future__ import annotations

import pytest

from mia.config.removing import without

FILE = """\
# Mine.
language: es  # of the house

# How she sounds.
models:
  tts:
    speed: 1.2  # brisk
    # Not the default one.
    voice: |-
      ef_dora
    pitch: 2
  # Ears.
  stt:
    fallback:
      - openai
      - faster-whisper
    language: es

# The end.
web: {port: 9000, host: 127.0.0.1}
"""


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("language", ["language: es  # of the house"]),
        ("models.tts.speed", ["    speed: 1.2  # brisk"]),
        ("models.tts.voice", ["    voice: |-", "      ef_dora"]),
        (
            "models.stt.fallback",
            ["    fallback:", "      - openai", "      - faster-whisper"],
        ),
        ("web", ["web: {port: 9000, host: 127.0.0.1}"]),
        ("models.llm.backend", []),
        ("nothing.of.this", []),
    ],
)
def test_only_the_keys_own_lines_go(path: str, gone: list[str]) -> None:
    kept = [line for line in FILE.splitlines() if line not in gone]
    assert without(FILE, [tuple(path.split("."))]).splitlines() == kept


def test_several_keys_may_leave_a_section_empty() -> None:
    names = ["models.tts.speed", "models.tts.voice", "models.tts.pitch"]
    text = without(FILE, [tuple(name.split(".")) for name in names])
    assert "  tts:\n    # Not the default one.\n  # Ears.\n" in text


def test_a_key_that_shares_its_line_is_refused() -> None:
    with pytest.raises(ValueError, match=r"web\.host"):
        without(FILE, [("web", "host")])
