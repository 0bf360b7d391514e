"""Moving the model: rates, weights, parameters of others, expressions, and faults on the way."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from mia.avatar.frame import Frame, Vowels
from mia.avatar.outputs.vts import VtsOptions
from mia.avatar.outputs.vts.parameters import Parameters
from tests.avatar.faces import Posed, Studio, shown
from tests.avatar.vts import Door, Model, VTubeStudio
from tests.support.virtual import run


def smiling(at: float) -> Frame:
    return Frame(at=at, expressions={"joy": 1.0})


def gaps(program: VTubeStudio, name: str = "EyeOpenLeft") -> list[float]:
    """Seconds between one value and the next."""
    times = [sent.at for sent in program.body.parameters[name].sent]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_everything_is_sent_sixty_times_a_second_while_she_moves(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(10)
                for name in ("MouthOpen", "EyeOpenLeft", "EyeOpenRight", "FaceAngleX", "VoiceA"):
                    assert 590 <= len(program.body.parameters[name].sent) <= 601, name
                assert max(gaps(program)) < 0.018

    run(scenario())


def test_at_rest_it_is_ten_times_a_second_so_that_eyes_stay_open(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed(lively=False)):
                await asyncio.sleep(60)
                assert 590 <= len(program.body.parameters["EyeOpenLeft"].sent) <= 610
                assert max(gaps(program)) <= 0.101
                now = asyncio.get_running_loop().time()
                assert program.body.parameters["EyeOpenLeft"].value(now) == 1

    run(scenario())


def test_speech_is_shown_at_the_next_tick_although_she_was_at_rest(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            face = Posed(lambda at: Frame(at=at), lively=False)
            async with shown(Studio(tmp_path, Door(program)).output, face):
                await asyncio.sleep(5.03)
                face.pose, face.lively = lambda at: Frame(at=at, mouth_open=1.0), True
                began = asyncio.get_running_loop().time()
                await asyncio.sleep(0.5)
                opened = next(s.at for s in program.body.parameters["MouthOpen"].sent if s.value)
                assert opened - began < 0.018

    run(scenario())


def test_frames_are_asked_for_ahead_of_the_sound(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            face = Posed()
            async with shown(Studio(tmp_path, Door(program), lead_ms=70).output, face):
                await asyncio.sleep(1)
                sent = program.body.parameters["MouthOpen"].sent
                assert face.asked[-1] - sent[-1].at == pytest.approx(0.07, abs=1e-6)

    run(scenario())


def test_she_fades_in_and_leaves_with_eyes_open_and_mouth_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            face = Posed(lambda at: Frame(at=at, mouth_open=1, eye_open_left=0, eye_open_right=0))
            async with shown(Studio(tmp_path, Door(program)).output, face):
                await asyncio.sleep(2)
            weights = [sent.weight for sent in program.body.parameters["MouthOpen"].sent]
            assert weights[0] < 0.1
            assert weights[:10] == sorted(weights[:10])
            assert 1.0 in weights
            assert weights[-6:] == sorted(weights[-6:], reverse=True)
            assert weights[-1] < 0.2
            assert program.body.parameters["MouthOpen"].sent[-1].value == 0
            assert program.body.parameters["EyeOpenLeft"].sent[-1].value == 1

    run(scenario())


def test_a_slow_program_gets_the_newest_frame_never_a_queue_of_old_ones(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed(lambda at: Frame(at=at, mouth_open=at % 1))):
                await asyncio.sleep(1)
                program.slow = 0.5
                await asyncio.sleep(10)
                skipped = studio.output.state.details["skipped"]
                assert isinstance(skipped, int)
                assert skipped > 500
                # Two under way, half a second each: four a second, each of its own moment.
                newest = program.body.parameters["MouthOpen"].sent[-1]
                assert newest.value == pytest.approx((newest.at + 0.04) % 1, abs=0.01)

    run(scenario())


def test_answers_that_come_once_a_picture_do_not_slow_her_down(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.batched = True
            async with shown(Studio(tmp_path, Door(program)).output, Posed()):
                await asyncio.sleep(10)
            assert len(program.body.parameters["MouthOpen"].sent) > 560

    run(scenario())


def test_events_between_and_before_answers_never_mix_them_up(tmp_path: Path, akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            program.chatter = True
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(300)
                details = studio.output.state.details
                assert details["unpaired"] == 0
                assert details["model"] == "Akari"
            assert program.asked.total() > 17_000
            assert not program.errors

    run(scenario())


@pytest.mark.parametrize("nameless", [False, True])
def test_a_parameter_that_vanishes_costs_that_one_only(tmp_path: Path, nameless: bool) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.nameless = nameless
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(1)
                del program.body.parameters["Brows"]
                await asyncio.sleep(1)
                assert studio.output.state.details["unknown_parameters"] == ["Brows"]
                before = len(program.body.parameters["MouthOpen"].sent)
                await asyncio.sleep(1)
                assert len(program.body.parameters["MouthOpen"].sent) - before >= 59

    run(scenario())


@pytest.mark.parametrize("nameless", [False, True])
def test_what_another_plugin_holds_is_left_to_it_said_and_taken_back_when_free(
    tmp_path: Path, akari: Model, nameless: bool
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            program.body.nameless = nameless
            for name in ("FaceAngleX", "FaceAngleY"):
                program.body.parameters[name].holder = "Camera plugin"
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed()):
                await asyncio.sleep(2)
                state = studio.output.state
                assert state.status == "connected"
                assert state.problem
                assert "FaceAngleX, FaceAngleY" in str(state.problem)
                assert program.body.parameters["MouthOpen"].value(2.0) > 0
                for parameter in program.body.parameters.values():
                    parameter.holder = ""
                await asyncio.sleep(20)
                assert studio.output.state.problem is None
                assert program.body.parameters["FaceAngleX"].sent
            assert studio.problems.count("vts.taken") <= 2

    run(scenario())


def test_with_add_she_moves_them_together_with_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.parameters["FaceAngleX"].holder = "Camera plugin"
            async with shown(Studio(tmp_path, Door(program), mode="add").output, Posed()):
                await asyncio.sleep(1)
            assert {s.mode for s in program.body.parameters["FaceAngleX"].sent} == {"add"}
            assert not program.errors

    run(scenario())


def test_an_expression_presses_its_hotkey_once_and_again_when_it_is_over(
    tmp_path: Path, akari: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            face = Posed(lambda at: Frame(at=at))
            async with shown(Studio(tmp_path, Door(program)).output, face):
                await asyncio.sleep(1)
                face.pose = smiling
                began = asyncio.get_running_loop().time()
                await asyncio.sleep(5)
                smile, hotkey = akari.expressions[0], akari.hotkeys[0]
                assert smile.active
                assert len(hotkey.pressed) == 1
                assert hotkey.pressed[0] - began < 0.1
                face.pose = lambda at: Frame(at=at, expressions={"joy": 0.2})
                await asyncio.sleep(1)
                assert not smile.active
                assert len(hotkey.pressed) == 2

    run(scenario())


def test_a_toggle_that_is_on_already_is_not_pressed_off(tmp_path: Path, akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            akari.expressions[0].active = True  # by the user's own key
            async with shown(Studio(tmp_path, Door(program)).output, Posed(smiling)):
                await asyncio.sleep(1)
                assert akari.expressions[0].active
                assert not akari.hotkeys[0].pressed

    run(scenario())


def test_chosen_names_go_before_the_same_names(tmp_path: Path, akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            chosen = {"joy": "wave", "angry": "Angry.exp3.json", "shy": "Blush"}
            studio = Studio(tmp_path, Door(program), expressions=chosen)
            face = Posed(lambda at: Frame(at=at, expressions={"joy": 1, "angry": 1}))
            async with shown(studio.output, face):
                await asyncio.sleep(2)
                assert len(akari.hotkeys[1].pressed) == 1
                assert not akari.hotkeys[0].pressed
                assert akari.expressions[1].active
                assert studio.problems[-1] == "vts.no_such_expression"
                assert studio.output.state.details["missing_expressions"] == {"shy": "Blush"}
            assert not akari.expressions[1].active, "she takes back what she put on"

    run(scenario())


def test_a_hotkey_that_cools_down_is_pressed_when_it_can_be(tmp_path: Path, akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            program.body.cooldown = 5  # what the vendor's error list says
            face = Posed(smiling)
            async with shown(Studio(tmp_path, Door(program)).output, face):
                await asyncio.sleep(1)
                assert akari.expressions[0].active
                face.pose = lambda at: Frame(at=at)
                await asyncio.sleep(10)
                assert not akari.expressions[0].active
            assert 2 < program.asked["HotkeyTriggerRequest"] < 12
            assert program.errors[203] >= 1

    run(scenario())


def test_a_face_that_changes_its_mind_every_frame_does_not_flood_the_hotkeys(
    tmp_path: Path, akari: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            program.body.model = akari
            face = Posed(lambda at: Frame(at=at, expressions={"joy": float(at * 30 % 2 > 1)}))
            async with shown(Studio(tmp_path, Door(program)).output, face):
                await asyncio.sleep(10)
            assert program.asked["HotkeyTriggerRequest"] <= 100
            assert 200 not in program.errors

    run(scenario())


def test_a_model_that_comes_later_gets_the_expression_that_shows(
    tmp_path: Path, akari: Model
) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program:
            studio = Studio(tmp_path, Door(program))
            async with shown(studio.output, Posed(smiling)):
                await asyncio.sleep(3)
                await program.load(akari)
                await asyncio.sleep(1)
                assert akari.expressions[0].active

    run(scenario())


def test_ranges_are_vtube_studios() -> None:
    parameters = Parameters(VtsOptions())
    frame = Frame(
        mouth_open=0.4,
        mouth_form=-1,
        vowels=Vowels(a=0.6, o=0.3),
        eye_open_left=0.2,
        head_yaw=10,
        brows=1,
        gaze_x=-0.5,
    )
    parameters.learn(
        {"MouthSmile", "VoiceA", "VoiceSilence", "EyeOpenLeft", "EyeOpenRight", "FaceAngleX"}
        | {"EyeLeftX", "Brows", "VoiceVolumePlusMouthOpen"}
    )
    data = parameters.request(frame)
    values = {one["id"]: one["value"] for one in data["parameterValues"]}
    assert values == {
        "VoiceVolumePlusMouthOpen": 0.4,
        "MouthSmile": 0.0,
        "EyeOpenLeft": 0.2,
        "EyeOpenRight": 1.0,
        "VoiceA": 0.6,
        "VoiceSilence": 0.1,
        "FaceAngleX": 10.0,
        "EyeLeftX": -0.5,
        "Brows": 1.0,
    }
    assert data["faceFound"] is True


def test_mirrored_left_is_right() -> None:
    parameters = Parameters(VtsOptions(mirror=True))
    parameters.learn({"EyeOpenLeft", "EyeOpenRight", "FaceAngleX", "FaceAngleY", "EyeLeftX"})
    frame = Frame(eye_open_left=0, head_yaw=10, head_pitch=5, gaze_x=1)
    values = {one["id"]: one["value"] for one in parameters.request(frame)["parameterValues"]}
    assert values == {
        "EyeOpenLeft": 1.0,
        "EyeOpenRight": 0.0,
        "FaceAngleX": -10.0,
        "FaceAngleY": 5.0,
        "EyeLeftX": -1.0,
    }
