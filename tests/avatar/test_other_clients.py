"""The test's VTube Studio is taken for a real one by clients that others wrote."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from vtstudio.client import VTubeStudioClient

from tests.avatar.others import HERE, node, running
from tests.avatar.vts import Model, VTubeStudio, served


def test_the_javascript_client_finds_everything_where_it_expects_it(akari: Model) -> None:
    async def scenario() -> dict[str, Any]:
        async with VTubeStudio() as program, served(program) as place:
            program.body.model = akari
            program.body.parameters["MouthX"].holder = "A third plugin"
            program.thinks = 0.3
            script = str(HERE / "vts_client.mjs")
            async with running(node("vtubestudio"), script, str(place.port)) as child:
                assert child.stdout
                assert child.stderr
                async with asyncio.timeout(120):
                    said = await child.stderr.readline()
                    assert said == b"ready\n", said + await child.stderr.read()
                    assert program.body.parameters["AnotherOne"].sent[-1].value == 7
                    assert akari.expressions[1].active
                    await program.load(Model("Yuki"))
                    found: dict[str, Any] = json.loads(await child.stdout.readline())
            assert program.prompts == 1
            return found

    found = asyncio.run(scenario())
    assert len(found["tokens"]) == 1
    assert found["state"]["active"] is True
    assert found["inputs"]["modelName"] == "Akari"
    assert {"MouthOpen", "EyeOpenLeft"} <= {p["name"] for p in found["inputs"]["defaultParameters"]}
    assert found["created"]["parameterName"] == "AnotherOne"
    assert [key["name"] for key in found["hotkeys"]["availableHotkeys"]] == ["Smile", "Wave"]
    assert found["triggered"]["hotkeyID"] == "id-Smile"
    assert found["expressions"]["expressions"][0]["file"] == "Smile.exp3.json"
    wrong = ["unknownParameter", "foreignParameter", "defaultName", "unknownHotkey"]
    refused = {key: found[key]["number"] for key in [*wrong, "unknownExpression"]}
    assert refused == {
        "unknownParameter": 453,
        "foreignParameter": 454,
        "defaultName": 354,
        "unknownHotkey": 202,
        "unknownExpression": 651,
    }
    assert found["event"]["modelName"] == "Yuki"


def test_the_python_client_does_too(akari: Model) -> None:
    async def scenario() -> None:
        async with VTubeStudio() as program, served(program) as place:
            program.body.model = akari
            client = VTubeStudioClient(f"ws://127.0.0.1:{place.port}", "Bridge", "Somebody")
            await client.connect()
            assert client.token in program.tokens
            await client.set_parameter("MouthOpen", 0.7)
            assert program.body.parameters["MouthOpen"].sent[-1].value == 0.7
            made = await client.create_parameter("BridgeOne", "mine", 0, 1, 0)
            assert made["data"]["parameterName"] == "BridgeOne"
            listed = await client.get_input_parameter_list()
            assert [p["name"] for p in listed["data"]["customParameters"]] == ["BridgeOne"]
            pressed = await client.trigger_hotkey("id-Wave")
            assert pressed["data"]["hotkeyID"] == "id-Wave"
            refused = await client.set_parameter("Nothing", 1)
            assert (refused["messageType"], refused["data"]["errorID"]) == ("APIError", 453)
            await client.toggle_expression("Angry.exp3.json")
            states = await client.get_expression_state()
            assert [e["active"] for e in states["data"]["expressions"]] == [False, True]
            await client.websocket.close()

    asyncio.run(scenario())
