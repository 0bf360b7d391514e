"""The system prompt: who the persona is and how it talks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from mia.errors import ConfigError

#: A prompt file longer than this, in bytes, is a mistake: it alone would fill the context of most
#: models that run at home (about 16,000 tokens).
LARGEST_FILE = 64 * 1024
LARGEST_PROMPT = 128 * 1024

#: The packaged prompt that teaches the model her expressions, and the user's own.
EXPRESSIONS = "expressions.md"
OWN_EXPRESSIONS = "*[eE][xX][pP][rR][eE][sS]*.md"

#: Languages with packaged prompts; any other one gets the last.
_PACKAGED = ("es", "en")


def system_prompt(
    directory: Path | None,
    fallback: str,
    language: str,
    persona: str,
    expressions: Sequence[str] = (),
) -> str:
    """What the model is told first.

    directory: the user's own `*.md`, joined in alphabetical order; may be missing or empty.
    fallback: `prompt.system` of the config, used when there are no files.
    language: ISO 639-1; picks the packaged prompt when there is neither.
    persona: the name put in for `{persona}`.
    expressions: what her face can show, to be taught to the model; put in for `{expressions}` too.

    Raises ConfigError with the path when a file cannot be read, is not UTF-8, or is too large.
    """
    text = _joined(directory) or fallback.strip() or _packaged(language)
    if expressions and not _teaches(directory) and "{expressions}" not in text:
        text = f"{text}\n\n{_read_packaged(language, EXPRESSIONS)}"
    names = ", ".join(f"[{name}]" for name in expressions)
    return text.replace("{persona}", persona).replace("{expressions}", names)


def _teaches(directory: Path | None) -> bool:
    """Whether the user has a prompt about expressions of their own ("expressions.md")."""
    return directory is not None and any(directory.glob(OWN_EXPRESSIONS))


def _joined(directory: Path | None) -> str:
    if directory is None:
        return ""
    try:
        paths = sorted(path for path in directory.glob("*.md") if not path.name.startswith("."))
    except OSError as error:
        raise ConfigError("prompt.unreadable", path=directory, reason=error.strerror) from error
    parts = [_read(path) for path in paths]
    text = "\n\n".join(part for part in parts if part)
    if len(text.encode()) > LARGEST_PROMPT:
        raise ConfigError("prompt.too_large", path=directory, limit=LARGEST_PROMPT // 1024)
    return text


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError("prompt.unreadable", path=path, reason=error.strerror) from error
    if len(raw) > LARGEST_FILE:
        raise ConfigError("prompt.too_large", path=path, limit=LARGEST_FILE // 1024)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
    except UnicodeDecodeError as error:
        raise ConfigError("prompt.not_utf8", path=path, position=error.start) from error


def _packaged(language: str) -> str:
    names = sorted(
        entry.name
        for entry in _folder(language).iterdir()
        if entry.name.endswith(".md") and entry.name != EXPRESSIONS
    )
    return "\n\n".join(_read_packaged(language, name) for name in names)


def _read_packaged(language: str, name: str) -> str:
    return (_folder(language) / name).read_text("utf-8").strip()


def _folder(language: str) -> Traversable:
    return resources.files(__package__) / (language if language in _PACKAGED else _PACKAGED[-1])
