"""Character cards, versions 1 to 3: what a stranger's file says of a character, and ours as one.

After the specifications "Character Card V2" (malfoyslastname) and "Character Card V3"
(kwaroran). A card is data: its size, its depth and the kind of every value are checked, its words
go into prompt files that the user can read before they choose it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mia.errors import MiaError
from mia.personas import png

LARGEST = 8 * 1024 * 1024
#: Characters of one part of a card that are taken over.
LONGEST_PART = 48_000
PARTS = (
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "system_prompt",
    "post_history_instructions",
)
#: The heading of each part in its prompt file, in the order in which they are told.
TOLD = ("system_prompt", "description", "personality", "scenario", "mes_example")


@dataclass(frozen=True, slots=True)
class Card:
    """name and the texts of `PARTS`. whole: the card's own data, for an export that loses nothing.
    picture: the PNG it came in."""

    name: str
    parts: Mapping[str, str]
    whole: Mapping[str, Any] = field(default_factory=dict)
    picture: bytes | None = None


def read_card(data: bytes) -> Card:
    """A card out of a PNG or JSON file. Raises MiaError with what is wrong with it."""
    if len(data) > LARGEST:
        raise MiaError("card.too_large", limit=LARGEST // 1024 // 1024)
    if not data.startswith(png.SIGNATURE):
        return _card(_json(data), None)
    try:
        found = png.texts(data, frozenset({"chara", "ccv3"}))
    except png.Damaged as error:
        raise MiaError("card.damaged") from error
    packed = found.get("ccv3") or found.get("chara")
    if packed is None:
        raise MiaError("card.no_card")
    try:
        raw = base64.b64decode(packed, validate=False)
    except (binascii.Error, ValueError) as error:
        raise MiaError("card.damaged") from error
    return _card(_json(raw), data)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MiaError("card.damaged") from error


def _card(found: Any, picture: bytes | None) -> Card:
    if not isinstance(found, dict):
        raise MiaError("card.no_card")
    inner = found.get("data")
    data: dict[str, Any] = inner if isinstance(inner, dict) else found
    name = _plain(data.get("name"))
    if not name.strip():
        raise MiaError("card.nameless")
    parts = {part: _plain(data.get(part)) for part in PARTS}
    for part, text in parts.items():
        if len(text) > LONGEST_PART:
            raise MiaError("card.part_too_long", part=part, limit=LONGEST_PART)
    if not any(parts[part].strip() for part in TOLD):
        raise MiaError("card.says_nothing", name=name.strip()[:80])
    return Card(" ".join(name.split())[:80], parts, data, picture)


def _plain(value: Any) -> str:
    """A text without control characters; anything that is no text is none."""
    if not isinstance(value, str):
        return ""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", value.replace("\r\n", "\n"))


def to_json(card: Card) -> dict[str, Any]:
    """The card in version 3, which programs for version 2 can read as well."""
    whole = dict(card.whole)
    return {
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {
            "creator_notes": "",
            "alternate_greetings": [],
            "tags": [],
            "creator": "",
            "character_version": "",
            "extensions": {},
            "group_only_greetings": [],
            **whole,
            **card.parts,
            "name": card.name,
        },
    }


def to_png(card: Card) -> bytes:
    """The card within its picture, or a plain one; for both versions."""
    third = to_json(card)
    second = {**third, "spec": "chara_card_v2", "spec_version": "2.0"}
    packed = {
        name: base64.b64encode(json.dumps(body, ensure_ascii=False).encode()).decode()
        for name, body in (("chara", second), ("ccv3", third))
    }
    try:
        return png.with_texts(card.picture or png.plain_picture(), packed)
    except png.Damaged:
        return png.with_texts(png.plain_picture(), packed)


def prompts(card: Card) -> dict[str, str]:
    """The prompt files a card becomes. `{{char}}` is her name as everywhere in MIA; the other
    marks of cards that stand for words are put into words."""
    found = {}
    for number, part in enumerate(TOLD, start=1):
        if text := _worded(card.parts[part]).strip():
            found[f"{number}0-{part.replace('_', '-')}.md"] = text + "\n"
    return found


def _worded(text: str) -> str:
    """`{{user}}` is whoever speaks; marks of other programs (`{{original}}`, comments) go."""
    text = re.sub(r"\{\{char\}\}|<BOT>", "{persona}", text, flags=re.IGNORECASE)
    text = re.sub(r"\{\{user\}\}|<USER>", "user", text, flags=re.IGNORECASE)
    return re.sub(r"\{\{[^{}]{0,400}\}\}", "", text)
