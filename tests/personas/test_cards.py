"""Character cards: read from strangers' files, whatever is in them; written so that others can."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.errors import MiaError
from mia.personas import Personas, cards, png, read_card, to_json

LUNA: dict[str, Any] = {
    "name": "Luna",
    "description": "{{char}} vive en la luna y mira a {{user}}.",
    "personality": "Curiosa.",
    "scenario": "",
    "first_mes": "¡Hola!",
    "mes_example": "<START>\n{{user}}: ¿Qué haces?\n{{char}}: Cuento cráteres.",
    "tags": ["luna"],
    "extensions": {"otra": {"x": 1}},
}


def v2(data: dict[str, Any] = LUNA) -> bytes:
    return json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}).encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(*chunks: bytes) -> bytes:
    plain = png.plain_picture(2, 2)
    return plain[:-12] + b"".join(chunks) + plain[-12:]


def packed(raw: bytes = v2()) -> bytes:
    return base64.b64encode(raw)


def refused(data: bytes) -> str:
    with pytest.raises(MiaError) as caught:
        read_card(data)
    assert caught.value.text("es")
    return caught.value.code


@pytest.mark.parametrize(
    "data",
    [
        v2(),
        json.dumps(LUNA).encode(),
        picture(chunk(b"tEXt", b"chara\0" + packed())),
        picture(chunk(b"tEXt", b"Chara\0" + packed())),
        picture(chunk(b"zTXt", b"chara\0\0" + zlib.compress(packed()))),
        picture(chunk(b"iTXt", b"ccv3\0\0\0\0\0" + packed())),
        picture(chunk(b"iTXt", b"ccv3\0\1\0es\0\0" + zlib.compress(packed()))),
    ],
    ids=["v2 JSON", "v1 JSON", "tEXt", "capitals", "zTXt", "iTXt", "iTXt packed"],
)
def test_a_card_is_read_however_it_is_packed(data: bytes) -> None:
    card = read_card(data)
    assert card.name == "Luna"
    files = cards.prompts(card)
    assert files["20-description.md"] == "{persona} vive en la luna y mira a user.\n"
    assert list(files) == ["20-description.md", "30-personality.md", "50-mes-example.md"]


def test_the_third_version_goes_before_the_second() -> None:
    newer = v2({**LUNA, "name": "Luna III"})
    data = picture(chunk(b"tEXt", b"chara\0" + packed()), chunk(b"tEXt", b"ccv3\0" + packed(newer)))
    assert read_card(data).name == "Luna III"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG\r\n\x1a\n", "card.no_card"),
        (png.plain_picture(2, 2), "card.no_card"),
        (png.SIGNATURE + struct.pack(">I4s", 2**31, b"tEXt") + b"x" * 40, "card.damaged"),
        (picture(chunk(b"tEXt", b"chara\0not base64 {")), "card.damaged"),
        (
            picture(chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"A" * 8_000_000))),
            "card.damaged",
        ),
        (picture(chunk(b"zTXt", b"chara\0\0" + b"no deflate")), "card.damaged"),
        (picture(chunk(b"iTXt", b"chara\0")), "card.damaged"),
        (png.SIGNATURE + chunk(b"aaaa", b"") * 5000, "card.damaged"),
        (b"[" * 100_000, "card.damaged"),
        (b"[]", "card.no_card"),
        (b'"x"', "card.no_card"),
        (b"\xff\xfe", "card.damaged"),
        (v2({"name": " "}), "card.nameless"),
        (v2({"name": 7, "description": "x"}), "card.nameless"),
        (v2({"name": "X"}), "card.says_nothing"),
        (v2({"name": "X", "description": ["x"]}), "card.says_nothing"),
        (v2({"name": "X", "description": "x" * 50_000}), "card.part_too_long"),
        (b" " * (cards.LARGEST + 1), "card.too_large"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_its_reason(data: bytes, code: str) -> None:
    assert refused(data) == code


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_file_does_more_than_be_refused(data: bytes, within: bool) -> None:
    assert refused(picture(data) if within else png.SIGNATURE + data).startswith("card.")


def test_a_card_survives_the_way_through_a_persona(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    made = personas.take(read_card(picture(chunk(b"tEXt", b"chara\0" + packed()))))
    assert made.id == "luna"
    assert made.picture
    card = personas.card("luna")
    data = to_json(card)["data"]
    assert data["name"] == "Luna"
    assert data["personality"] == "Curiosa."
    assert data["first_mes"] == "¡Hola!"
    assert data["extensions"] == {"otra": {"x": 1}}
    assert data["description"] == "{{char}} vive en la luna y mira a user."
    again = read_card(cards.to_png(card))
    assert again.parts == card.parts


def test_personas_are_folders_that_can_be_copied_and_names_stay_within(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    first = personas.create("Ñandú & Cía", {"10.md": "Soy un ave."}, {"language": "es", "x": 1})
    assert first.id == "nandu-cia"
    assert first.settings == {"language": "es"}
    second = personas.create("Ñandú & Cía", {"10.md": "Otra."})
    assert second.id == "nandu-cia-2"
    personas.write(second.id, "Otra", {"20.md": "Nueva."}, {})
    assert [(p.id, p.name, dict(p.files)) for p in personas.every()] == [
        ("nandu-cia", "Ñandú & Cía", {"10.md": "Soy un ave."}),
        ("nandu-cia-2", "Otra", {"20.md": "Nueva."}),
    ]
    for wrong in ("../x", "", "nobody", ".."):
        with pytest.raises(MiaError, match=r".*"):
            personas.read(wrong)
    with pytest.raises(MiaError):
        personas.write("nandu-cia", "X", {"../../x.md": "x"}, {})
    personas.remove("nandu-cia")
    assert [p.id for p in personas.every()] == ["nandu-cia-2"]
