"""Getting into VTube Studio: the question to the user, tokens, what is there and what is not."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from mia.avatar.outputs.vts.tokens import FILE, Tokens
from tests.avatar.faces import Posed, Studio, shown
from tests.avatar.vts import Door, Model, VTubeStudio
from tests.support.virtual import run


def test_the_user_is_asked_once_and_the_answer_is_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.click = "later"
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(300)  # a user who is away
                assert studio.status == "waiting"
                assert studio.problems == ["vts.allow"]
                program.clicks("allow")
                await asyncio.sleep(1)
                assert studio.status == "connected"
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                assert studio.status == "connected"
            assert program.prompts == 1

    run(scenario())


def test_who_says_no_is_not_asked_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.click = "deny"
            program.thinks = 20
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(3600)
                assert studio.status == "failed"
            assert studio.problems == ["vts.allow", "vts.denied"]
            assert program.prompts == 1
            assert program.errors == {50: 1}

    run(scenario())


def test_a_token_that_counts_no_more_leads_to_one_question(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            studio.pocket.tokens["127.0.0.1"] = "of an older VTube Studio"
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                assert studio.status == "connected"
            assert program.prompts == 1
            assert program.asked["AuthenticationRequest"] == 2
            assert studio.pocket.tokens["127.0.0.1"] in program.tokens

    run(scenario())


def test_a_question_that_is_open_already_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.click = "later"
            door = Door(program)
            first, second = Studio(tmp_path / "a", door), Studio(tmp_path / "b", door)
            async with shown(first.output, Posed()):
                await asyncio.sleep(1)
                async with shown(second.output, Posed()):
                    await asyncio.sleep(60)
                    assert program.prompts == 1
                    assert program.errors[51] > 1
                    program.clicks("allow")
                    await asyncio.sleep(10)
                    assert second.output.state.status == "connected"

    run(scenario())


def test_a_permission_taken_back_is_asked_for_once_more_and_then_no_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(5)
                program.click = "deny"
                program.revoke()
                await asyncio.sleep(600)
                assert studio.status == "failed"
            assert program.prompts == 2
            assert studio.problems[-1] == "vts.denied"

    run(scenario())


def test_a_program_that_takes_every_permission_back_at_once_is_not_nagged(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                for _ in range(30):
                    await asyncio.sleep(5)
                    program.revoke()
                assert studio.status == "failed"
            assert program.prompts == 2

    run(scenario())


def test_only_parameters_that_are_there_are_sent(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            del program.body.parameters["VoiceVolumePlusMouthOpen"]
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                details = studio.output.state.details
                assert details["unknown_parameters"] == ["VoiceVolumePlusMouthOpen"]
            assert not program.errors
            assert program.asked["InputParameterListRequest"] == 1

    run(scenario())


def test_her_own_parameters_are_added_where_that_is_allowed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            async with shown(Studio(tmp_path, Door(program)).output, Posed()):
                await asyncio.sleep(1)
            assert program.body.parameters["MiaBreath"].sent
            plain = Studio(tmp_path, Door(program), custom_parameters=False)
            before = len(program.body.parameters["MiaBreath"].sent)
            async with shown(plain.output, Posed()):
                await asyncio.sleep(1)
            assert len(program.body.parameters["MiaBreath"].sent) == before

    run(scenario())


def test_a_name_another_plugin_created_is_left_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.create(
                {"parameterName": "MiaBreath", "min": 0, "max": 1, "defaultValue": 0}, "Other"
            )
            program.body.parameters["MiaBreath"].holder = "Other"
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                assert studio.output.state.details["taken_parameters"] == ["MiaBreath"]
            assert program.body.parameters["MouthOpen"].sent

    run(scenario())


def test_hotkeys_and_expressions_are_listed_and_read_again_with_another_model(
    tmp_path: Path, akari: Model, yuki: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                details = studio.output.state.details
                assert details["model"] == "Akari"
                assert [key["name"] for key in rows(details["hotkeys"])] == ["Smile", "Wave"]
                await program.load(yuki)
                await asyncio.sleep(1)
                details = studio.output.state.details
                assert details["model"] == "Yuki"
                assert [e["file"] for e in rows(details["expressions"])] == ["Tears.exp3.json"]

    run(scenario())


def test_no_model_is_said_and_one_that_comes_is_noticed(tmp_path: Path, akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                assert studio.problems[-1] == "vts.no_model"
                await program.load(akari)
                await asyncio.sleep(1)
                assert studio.output.state.problem is None

    run(scenario())


def test_two_of_mia_do_not_move_one_model_together(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            door = Door(program)
            first, second = Studio(tmp_path, door), Studio(tmp_path, door)
            async with shown(first.output, Posed()):
                await asyncio.sleep(1)
                async with shown(second.output, Posed()):
                    await asyncio.sleep(1)
                    assert second.problems == ["vts.other_process"]
                    assert len(program.plugins) == 1

    run(scenario())


def test_tokens_are_kept_for_each_machine_and_read_by_nobody_else(tmp_path: Path) -> None:
    async def scenario() -> None:
        tokens = Tokens(tmp_path / "cache")
        assert await tokens.get("127.0.0.1") == ""
        await tokens.put("127.0.0.1", "abc")
        await tokens.put("10.0.0.2", "def")
        assert await Tokens(tmp_path / "cache").get("127.0.0.1") == "abc"
        await tokens.forget("127.0.0.1")
        assert await tokens.get("127.0.0.1") == ""
        assert await tokens.get("10.0.0.2") == "def"

    asyncio.run(scenario())
    if sys.platform != "win32":  # which has no such modes: the folder is the user's own there
        assert stat.S_IMODE((tmp_path / "cache" / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"127.0.0.1": 5}', "\0"])
def test_a_damaged_token_file_means_a_question_not_a_crash(tmp_path: Path, content: str) -> None:
    async def scenario() -> None:
        (tmp_path / FILE).write_text(content)
        tokens = Tokens(tmp_path)
        assert await tokens.get("127.0.0.1") == ""
        await tokens.put("127.0.0.1", "abc")
        assert await tokens.get("127.0.0.1") == "abc"

    asyncio.run(scenario())


def rows(found: object) -> list[dict[str, str]]:
    assert isinstance(found, list)
    return found
