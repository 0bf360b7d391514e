"""The microphones and loudspeakers of this machine, as PortAudio (`sounddevice`) names them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mia.errors import DeviceUnavailable

#: Bluetooth may take its time to say what is there.
_LONGEST_S = 15.0


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device. inputs and outputs count channels; rate is its own, in Hz. api: the system's
    way to it; Windows has four, each with all devices."""

    number: int
    name: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool = False
    default_output: bool = False
    api: str = ""

    @property
    def value(self) -> str:
        """What names this one and no other in `audio.input_device` and `audio.output_device`."""
        return f"{self.name}, {self.api}" if self.api else self.name


def sound_devices() -> tuple[Device, ...]:
    """Every microphone and loudspeaker PortAudio found when this process first asked it. Blocking.
    Raises DeviceUnavailable."""
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise DeviceUnavailable("device.no_module") from error
    except OSError as error:  # the module is there, the PortAudio library is not
        raise DeviceUnavailable("device.no_portaudio") from error
    try:
        found: Sequence[Mapping[str, Any]] = sounddevice.query_devices()
        apis: Sequence[Mapping[str, Any]] = sounddevice.query_hostapis()
        source, sink = sounddevice.default.device
    except sounddevice.PortAudioError as error:
        raise DeviceUnavailable("device.refused", reason=str(error)) from error
    return tuple(
        Device(
            number=number,
            name=str(device["name"]),
            inputs=int(device["max_input_channels"]),
            outputs=int(device["max_output_channels"]),
            rate=int(device["default_samplerate"]),
            default_input=number == source,
            default_output=number == sink,
            api=str(apis[device["hostapi"]]["name"]),
        )
        for number, device in enumerate(found)
    )


def fresh_devices() -> tuple[Device, ...]:
    """Those there are now. Blocking, about half a second.

    PortAudio looks once in a process, and looking again would cut every open stream; so another
    process looks. Raises DeviceUnavailable.
    """
    command = [sys.executable, "-m", __name__]
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=True
        )
        answer = json.loads(told.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise DeviceUnavailable("device.refused", reason=type(error).__name__) from error
    if "problem" in answer:
        raise DeviceUnavailable(answer["problem"], **answer["parameters"])
    return tuple(Device(**row) for row in answer["devices"])


def _main() -> None:
    try:
        answer: dict[str, Any] = {"devices": [asdict(device) for device in sound_devices()]}
    except DeviceUnavailable as error:
        answer = {"problem": error.code, "parameters": error.parameters}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
