"""The machine's sound devices over HTTP."""

from __future__ import annotations

from starlette.testclient import TestClient

from mia.audio.devices import Device
from mia.errors import DeviceUnavailable
from mia.web import create_app
from tests.web.conftest import World


def client(world: World) -> TestClient:
    return TestClient(create_app(world.services()), base_url="http://localhost:8080")


def test_devices_are_listed_by_the_name_that_is_saved(world: World) -> None:
    microphone = Device(0, "Mic", 1, 0, 44_100, default_input=True, api="ALSA")
    world.further["devices"] = lambda: (microphone,)
    (row,) = client(world).get("/api/v1/devices").json()["devices"]
    assert (row["value"], row["inputs"], row["default_input"]) == ("Mic, ALSA", 1, True)


def test_a_machine_without_sound_says_why(world: World) -> None:
    def none() -> tuple[Device, ...]:
        raise DeviceUnavailable("device.no_portaudio")

    world.further["devices"] = none
    answer = client(world).get("/api/v1/devices").json()
    assert answer["devices"] == []
    assert "PortAudio" in answer["problem"]["text"]["es"]
