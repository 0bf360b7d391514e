"""What the configuration says of the face reaches it."""

from __future__ import annotations

import pytest

from mia import main as program
from mia.avatar.expressions import NAMES
from mia.config import Config, installed


def config(**avatar: object) -> Config:
    return installed().model_validate({"avatar": {"expressions": avatar}})


def test_the_users_tags_are_expressions() -> None:
    wording = program.wording_of(config(tags={"smug": ["Engreída"], "joy": ["yupi"]}))
    assert wording.cues("[engreida] Hola, [yupi] vaya") == (("smug", 0), ("joy", 5))


def test_a_model_that_can_obey_is_taught_them() -> None:
    chosen = config(tags={"smug": []})
    chosen.models.llm.backend = "openai"
    assert program.taught(chosen) == (*NAMES, "smug")
    chosen.avatar.expressions.teach = False
    assert program.taught(chosen) == ()


def test_the_embedded_brain_is_not_disturbed() -> None:
    assert config().models.llm.backend == "llamacpp"
    assert program.taught(config()) == ()


@pytest.mark.parametrize("mode", ["auto", "rms"])
def test_the_modes_of_lip_sync_are_those_of_the_mouth(mode: str) -> None:
    assert installed().model_validate({"lipsync": {"mode": mode}}).lipsync.mode == mode
