"""This machine's sound devices: their names, and what is told where there are none to be had."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from mia.audio.devices import Device, fresh_devices
from mia.errors import DeviceUnavailable


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, answer, "ALSA lib: noise")

    monkeypatch.setattr(subprocess, "run", run)


def test_those_plugged_in_later_are_found_by_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(
        monkeypatch,
        '{"devices": [{"number": 3, "name": "Micrófono USB", "inputs": 1, "outputs": 0,'
        ' "rate": 48000, "default_input": true, "default_output": false, "api": "MME"}]}',
    )
    (found,) = fresh_devices()
    assert found == Device(3, "Micrófono USB", 1, 0, 48_000, default_input=True, api="MME")
    # With the way to it, it is no other of the same name.
    assert found.value == "Micrófono USB, MME"


def test_why_there_are_none_comes_over_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, '{"problem": "device.no_portaudio", "parameters": {}}')
    with pytest.raises(DeviceUnavailable) as caught:
        fresh_devices()
    assert caught.value.code == "device.no_portaudio"


def test_a_sound_system_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "no JSON at all")
    with pytest.raises(DeviceUnavailable) as caught:
        fresh_devices()
    assert caught.value.code == "device.refused"


def test_the_real_process_answers_on_any_machine() -> None:
    try:
        found = fresh_devices()
    except DeviceUnavailable as error:
        found, told = (), error.code
    else:
        told = "device."
    assert told.startswith("device.")
    assert all(one.inputs or one.outputs for one in found)
