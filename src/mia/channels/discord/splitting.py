"""A long answer as messages of at most 2000 characters, code blocks whole in each."""

from __future__ import annotations

import re

LIMIT = 2000
_FENCE = re.compile(r"^\s*(```+|~~~+)([^\n`]*)$")


def split(text: str, limit: int = LIMIT) -> list[str]:
    """`text` in pieces that Discord takes: cut at paragraphs, lines, sentences or words, whichever
    comes first from the end. A code block that is cut is closed in one piece and opened again, in
    its language, in the next."""
    pieces: list[str] = []
    rest = text.strip()
    opened = ""
    while rest:
        body = f"{opened}\n{rest}" if opened else rest
        if len(body) <= limit:
            pieces.append(body)
            break
        room = limit - len("\n```")
        cut = _cut(body, room, least=len(opened) + 2 if opened else 1)
        piece, rest = body[:cut].rstrip(), body[cut:].lstrip("\n")
        opened = _open_fence(piece)
        if opened:
            piece += "\n" + re.match(r"`+|~+", opened).group()  # type: ignore[union-attr]
        else:
            rest = rest.lstrip()
        pieces.append(piece)
    return pieces


def _cut(text: str, room: int, least: int) -> int:
    """Where to cut within `room` characters; more than `least`."""
    head = text[:room]
    for mark in ("\n\n", "\n", ". ", "? ", "! ", " "):
        at = head.rfind(mark)
        # A cut in the first half would make many small messages of a long line.
        if at > max(least, room // 2):
            return at + len(mark)
    return room


def _open_fence(text: str) -> str:
    """The line that opened a code block which is not closed in `text`; empty: none is open."""
    opened = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if not opened:
            opened = line.strip()
        elif not fence.group(2).strip() and line.strip().startswith(opened[:3]):
            opened = ""
    return opened
