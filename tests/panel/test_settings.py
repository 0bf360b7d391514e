"""Settings are checked, tried on the running MIA, saved with every comment, and put back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mia.config import Config, InvalidConfig, Loaded, load
from mia.errors import MiaError
from mia.panel.live import live
from mia.panel.settings import Settings

FILE = """\
# Our MIA.
language: es
models:
  tts:
    speed: 1.1  # a little brisk
  llm:
    backend: lmstudio
web:
  port: 8080
"""


class House:
    """A running MIA as far as its settings can tell."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.path = folder / "config.yaml"
        self.path.write_text(FILE, "utf-8")
        self.env = env or {}
        self.loaded: Loaded = load(self.path, env=self.env)
        self.applied: list[tuple[set[str], Config]] = []
        self.refuses: MiaError | None = None
        self.takes: Callable[[str], bool] = lambda _name: True
        self.settings = Settings(lambda: self.loaded, self.env, live, self._apply)

    async def _apply(self, names: Collection[str], config: Config) -> Collection[str]:
        if self.refuses is not None:
            raise self.refuses
        self.applied.append((set(names), config))
        return [name for name in names if self.takes(name)]

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    def change(self, how: str, *reset: str, **wish: Any) -> dict[str, Any]:
        values = {name.replace("__", "."): value for name, value in wish.items()}
        done: dict[str, Any] = run(self.settings.change(values, reset, how))
        return done

    def form(self) -> dict[str, Any]:
        form: dict[str, Any] = run(self.settings.describe())
        return form


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_form_says_what_each_key_is_and_holds(house: House) -> None:
    form = house.form()
    fields = {field["key"]: field for field in form["fields"]}
    speed = fields["models.tts.speed"]
    assert (speed["kind"], speed["minimum"], speed["maximum"]) == ("number", 0.5, 2)
    assert speed["default"] == 1.0
    assert speed["live"]
    assert speed["unit"] == "factor"
    assert speed["description"]["es"] != speed["description"]["en"]
    assert form["values"]["models.tts.speed"] == 1.1
    assert form["values"]["prompt.dir"] == "prompts"
    assert fields["avatar.outputs.vts.enabled"]["choices"] == [True, False, "auto"]
    assert fields["models.llm.max_tokens"]["nullable"]
    assert fields["models.tts.fallback"]["kind"] == "list"
    assert fields["avatar.expressions.tags"]["kind"] == "map"
    assert "models.tts.speed" in form["written"]
    assert form["pending"] == []


def test_every_field_has_its_place_under_a_heading_of_the_page(house: House) -> None:
    form = house.form()
    assert {field["group"] for field in form["fields"]} == set(form["groups"])


def test_a_secret_is_never_given_only_where_it_comes_from(tmp_path: Path) -> None:
    house = House(tmp_path, {"OPENROUTER_API_KEY": "sk-very-secret"})
    form = house.form()
    assert form["secrets"]["models.llm.openrouter.api_key"] == "environment"
    assert form["secrets"]["discord.token"] == ""
    assert "very-secret" not in repr(form)
    run(house.settings.secret("discord.token", "abc.def"))
    assert house.form()["secrets"]["discord.token"] == "dotenv"
    assert "abc.def" not in house.text
    assert "abc.def" in (tmp_path / ".env").read_text("utf-8")


def test_saving_keeps_every_comment_and_changes_the_running_one(house: House) -> None:
    done = house.change("save", models__tts__speed=0.9)
    assert done == {"saved": True, "applied": ["models.tts.speed"], "pending": []}
    assert house.text == FILE.replace("1.1", "0.9")
    names, config = house.applied[0]
    assert names == {"models.tts.speed"}
    assert config.models.tts.speed == 0.9


def test_trying_changes_what_runs_and_not_the_file(house: House) -> None:
    assert house.change("try", models__tts__pitch=3.0)["applied"] == ["models.tts.pitch"]
    assert house.text == FILE
    # Put back: what the file says is tried again.
    assert house.change("try", "models.tts.pitch")["applied"] == ["models.tts.pitch"]
    assert house.applied[-1][1].models.tts.pitch == 0


def test_what_needs_a_restart_waits_until_she_has_begun_anew(house: House) -> None:
    done = house.change("save", persona__name="Luna", vad__sensitivity=0.7)
    assert done["applied"] == []
    assert done["pending"] == ["persona.name", "vad.sensitivity"]
    assert house.form()["pending"] == ["persona.name", "vad.sensitivity"]
    house.loaded = load(house.path, env={})
    assert house.form()["pending"] == []


def test_a_live_key_nobody_could_take_over_waits_as_well(house: House) -> None:
    house.takes = lambda _name: False
    assert house.change("save", language="en")["pending"] == ["language"]
    house.takes = lambda _name: True
    assert house.change("save", language="en")["pending"] == []


def test_a_reset_takes_the_key_out_of_the_file(house: House) -> None:
    house.change("save", "models.tts.speed")
    assert "speed" not in house.text
    assert house.form()["values"]["models.tts.speed"] == 1.0


def test_a_wrong_value_is_told_at_its_key_and_changes_nothing(house: House) -> None:
    with pytest.raises(InvalidConfig) as caught:
        house.change("save", models__tts__speed=9, web__port="x", language="en")
    assert {problem.key for problem in caught.value.problems} == {"models.tts.speed", "web.port"}
    assert house.text == FILE
    assert house.applied == []
    with pytest.raises(InvalidConfig):
        house.change("check", models__tts__speedd=1)


def test_a_voice_that_is_not_to_be_had_is_not_saved(house: House) -> None:
    house.refuses = MiaError("tts.no_such_voice", voice="x")
    with pytest.raises(MiaError):
        house.change("save", models__tts__voice="x")
    assert house.text == FILE


def test_what_the_command_line_decided_does_not_wait_for_a_restart(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.loaded.config.web.port = 9999
    settings = Settings(lambda: house.loaded, {}, live, house._apply)
    assert run(settings.describe())["pending"] == []


def test_a_mapping_is_saved_pair_by_pair(house: House) -> None:
    mapping = {"joy": "Sonrisa", "sad": ""}
    run(house.settings.change({"avatar.outputs.vts.expressions": mapping}, (), "save"))
    assert "      expressions:\n        joy: Sonrisa\n        sad: ''\n" in house.text
    assert house.form()["values"]["avatar.outputs.vts.expressions"] == mapping
