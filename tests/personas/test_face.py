"""A persona's own face: kept with her, carried by her cards, shown by every output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mia.avatar.outputs.osc import OscOptions
from mia.avatar.outputs.vmc import VmcOptions
from mia.personas import PersonaFace, Personas, read_card, to_json
from mia.personas.face import USUAL, Worn, dressed, face_from

BLUE = PersonaFace(
    wears="puppet",
    colours={"hair": "#5b8def", "eyes": "#e0a726"},
    expressions={"vmc": {"joy": "Fun", "sad": ""}, "osc": {"joy": "/joy"}},
)


def test_a_face_is_kept_with_her_and_stays_until_another_is_chosen(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    made = personas.create("Luna", {"10.md": "Soy Luna."}, face=BLUE)
    assert Personas(tmp_path).read(made.id).face == BLUE
    personas.write(made.id, "Luna", {"10.md": "Otra."}, {})
    assert personas.read(made.id).face == BLUE
    personas.write(made.id, "Luna", {}, {}, USUAL)
    assert personas.read(made.id).face == USUAL
    assert "face" not in (tmp_path / "personas" / "luna" / "persona.yaml").read_text()


def test_her_cards_carry_it_and_another_mia_takes_it_over(tmp_path: Path) -> None:
    here, there = Personas(tmp_path / "here"), Personas(tmp_path / "there")
    here.create("Luna", {"20-description.md": "Soy Luna."}, face=BLUE)
    card = to_json(here.card("luna"))
    assert card["data"]["extensions"]["mia"]["face"]["colours"]["hair"] == "#5b8def"
    taken = there.take(read_card(json.dumps(card).encode()))
    assert taken.face == BLUE
    # Set back to the usual one, the next card does not carry it any more.
    there.write("luna", "Luna", dict(taken.files), {}, USUAL)
    assert "mia" not in to_json(there.card("luna"))["data"]["extensions"]


def test_a_card_of_one_with_a_model_leaves_the_avatar_open(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    personas.create("Sol", {"20-description.md": "Soy Sol."}, face=PersonaFace(wears="vrm"))
    card = json.dumps(to_json(personas.card("sol"))).encode()
    assert personas.take(read_card(card)).face.wears is None


@pytest.mark.parametrize(
    ("found", "face"),
    [
        (None, USUAL),
        ([1, 2], USUAL),
        ({"wears": "dragon", "colours": {"hair": "#5b8def"}}, {"colours": {"hair": "#5b8def"}}),
        ({"colours": {"hair": "url(http://x)"}, "wears": "puppet"}, {"wears": "puppet"}),
        ({"expressions": {"vts": {"joy": "x" * 201}}}, USUAL),
        ({"expressions": {"vts": {str(n): "x" for n in range(65)}}}, USUAL),
        ({"further": {"deep": 1}, "wears": "puppet"}, {"wears": "puppet"}),
    ],
)
def test_what_is_no_face_in_a_strangers_file_is_left_out(found: object, face: object) -> None:
    wanted = face if isinstance(face, PersonaFace) else PersonaFace.model_validate(face)
    assert face_from(found) == wanted


def test_each_output_shows_her_expressions_over_the_configured_ones() -> None:
    outputs = {
        "vmc": VmcOptions(expressions={"joy": "Joy", "shy": "Blush"}),
        "osc": OscOptions(addresses={"sad": ["/sad"]}),
    }
    shown = dressed(outputs, BLUE)
    vmc, osc = shown["vmc"], shown["osc"]
    assert isinstance(vmc, VmcOptions)
    assert vmc.expressions == {"joy": "Fun", "shy": "Blush", "sad": ""}
    assert isinstance(osc, OscOptions)
    assert osc.addresses == {"sad": ["/sad"], "joy": ["/joy"]}
    assert dressed(outputs, USUAL) == outputs


def test_an_address_that_is_none_leaves_that_output_as_it_was() -> None:
    outputs = {"osc": OscOptions()}
    wrong = PersonaFace(expressions={"osc": {"joy": "no address * at all"}})
    assert dressed(outputs, wrong) == outputs


def test_what_is_worn_follows_the_prompt_folder(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    personas.create("Luna", {}, face=BLUE)
    assert personas.worn(tmp_path / "prompts") == Worn()
    assert personas.worn(personas.root / "gone") == Worn()
    worn = personas.worn(personas.root / "luna")
    assert (worn.persona, worn.face, worn.model) == ("luna", BLUE, None)
    personas.model("luna").write_bytes(b"glTF")
    address = personas.worn(personas.root / "luna").shown("{persona}/{version}")["model"]
    assert address.startswith("luna/")
    assert worn.shown("{persona}/{version}")["model"] is None


def test_who_she_was_before_is_remembered(tmp_path: Path) -> None:
    personas = Personas(tmp_path)
    assert personas.before() == {}
    values = {"persona.name": "MIA", "prompt.dir": "prompts", "language": "es", "web.port": 1}
    personas.keep_before(values)
    assert personas.before() == {k: v for k, v in values.items() if k != "web.port"}
    assert personas.every() == []
