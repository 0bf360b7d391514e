"""`mia doctor` says what works here, what is missing, and what to do about it."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import Field

from mia.audio.devices import Device
from mia.avatar.output import OutputState
from mia.backends import Backend, Context, Options
from mia.commands import doctor as module
from mia.commands.doctor import (
    Check,
    check_backends,
    check_disk,
    check_gpu,
    check_memory,
    check_outputs,
    check_port,
    check_processor,
    check_python,
    check_sound,
    devices,
    doctor,
)
from mia.config import Config, compose, installed
from mia.errors import BackendUnavailable, DeviceUnavailable, MiaError
from mia.strings import catalogue, use


class Plain(Options):
    pass


class Demanding(Options):
    address: str = Field(description="Where it is.")


async def _load(options: Options, context: Context) -> object:
    del options, context
    return object()


def needing(*models: str) -> Backend:
    return Backend("llm", "llamacpp", Plain, _load, needs=lambda _o, _l: models)


def statuses(
    *backends: Backend, text: Mapping[str, object] | None = None, ready: tuple[str, ...] = ()
) -> dict[str, Check]:
    found = {port: {b.name: b for b in backends if b.port == port} for port in ("llm", "tts")}
    schema = compose(found)  # type: ignore[arg-type]  # a plain dict of ports
    config: Config = schema.model_validate(text or {})
    checks = check_backends(
        config,
        found,  # type: ignore[arg-type]  # likewise
        lambda model: "ready" if model in ready else "missing",
    )
    return {check.name: check for check in checks}


def test_a_chosen_backend_with_its_models_is_ready() -> None:
    assert statuses(needing("a"), ready=("a",))["llamacpp"].status == "good"


def test_missing_models_of_the_chosen_backend_come_with_the_command_that_brings_them() -> None:
    check = statuses(needing("a", "b"), ready=("a",))["llamacpp"]
    assert (check.status, check.code) == ("bad", "no_models")
    assert check.advice() == "mia models pull b"


def test_a_missing_package_comes_with_the_extra_that_brings_it() -> None:
    backend = Backend("llm", "llamacpp", Plain, _load, modules=("no_such_module",), extra="local")
    check = statuses(backend)["llamacpp"]
    assert (check.status, check.code) == ("bad", "not_installed")
    assert "mia-ai[local]" in check.advice()


def test_what_is_not_chosen_is_no_fault() -> None:
    other = Backend("llm", "other", Plain, _load, modules=("no_such_module",))
    assert statuses(needing(), other)["other"].status == "unused"
    fallback = {"models": {"llm": {"fallback": ["other"]}}}
    assert statuses(needing(), other, text=fallback)["other"].status == "warning"


def test_an_option_that_must_be_set_is_named() -> None:
    check = statuses(Backend("llm", "llamacpp", Demanding, _load))["llamacpp"]
    assert (check.status, check.code) == ("bad", "options")
    assert "address" in check.text()


def test_a_backend_that_refuses_says_why() -> None:
    def needs(_options: Options, _languages: tuple[str, ...]) -> tuple[str, ...]:
        raise BackendUnavailable("backend.unknown", port="llm", name="q", known="-")

    check = statuses(Backend("llm", "llamacpp", Plain, _load, needs=needs))["llamacpp"]
    assert (check.status, check.code) == ("bad", "refused")
    assert "q" in check.text()


def test_with_auto_one_embedded_voice_is_enough_and_none_is_too_few() -> None:
    def voice(name: str) -> Backend:
        return Backend("tts", name, Plain, _load, needs=lambda _o, _l: (name,), extra="local")

    one = statuses(voice("piper"), voice("kokoro"), ready=("kokoro",))
    assert (one["kokoro"].status, one["piper"].status) == ("good", "warning")
    none = statuses(voice("piper"), voice("kokoro"))
    assert {check.status for check in none.values()} == {"bad"}


def test_an_old_python_is_a_fault() -> None:
    assert check_python((3, 10, 9)).status == "bad"
    assert check_python((3, 11, 0)).status == "good"


def test_one_core_and_little_memory_are_warned_about() -> None:
    assert check_processor(1).status == "warning"
    assert check_processor(2).status == "good"
    assert check_memory(1_000_000_000).status == "warning"
    assert check_memory(8_000_000_000).status == "good"
    assert check_memory(None).status == "unused"


def test_no_graphics_card_is_fine() -> None:
    assert check_gpu(None).status == "good"
    assert check_gpu("/usr/bin/nvidia-smi").code == "gpu"


def test_a_disk_without_room_for_the_models_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet" / "there"

    def free(place: Path) -> int:
        assert place == tmp_path
        return 1_000_000_000

    assert check_disk(folder, 2_000_000_000, free).status == "bad"
    assert check_disk(folder, 900_000_000, free).status == "warning"
    assert check_disk(folder, 0, free).status == "good"


def test_a_port_in_use_is_a_fault_and_a_free_one_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        check = check_port("127.0.0.1", port)
        assert (check.status, check.code) == ("bad", "port_taken")
    assert check_port("127.0.0.1", port).status == "good"
    assert check_port("host.invalid", port).status == "bad"


MICROPHONE = Device(0, "Mic [1]", 1, 0, 44_100, default_input=True)
LOUDSPEAKER = Device(1, "Altavoz", 0, 2, 48_000, default_output=True)


def test_sound_is_needed_only_where_this_machines_microphone_is_configured() -> None:
    def nothing() -> tuple[Device, ...]:
        raise DeviceUnavailable("device.no_portaudio")

    assert check_sound(nothing, wanted=False).status == "warning"
    assert check_sound(nothing, wanted=True).status == "bad"
    assert check_sound(lambda: [MICROPHONE], wanted=False).code == "sound_lacking"
    assert check_sound(lambda: [MICROPHONE, LOUDSPEAKER], wanted=True).status == "good"


def test_every_finding_has_words_in_both_languages() -> None:
    codes = {
        key.removeprefix("cli.doctor.") for key in catalogue("en") if key.startswith("cli.doctor.")
    }
    source = Path(module.__file__).read_text("utf-8")
    for code in ("python", "cpu", "memory", "disk", "port_taken", "no_models", "not_installed"):
        assert f'"{code}"' in source
        assert {code, f"{code}.advice"} <= codes


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where MIA was never started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("mia.strings._chosen", None)
    use("en")
    return tmp_path


def test_a_bare_machine_is_told_what_to_fetch_and_nothing_is_written(bare: Path) -> None:
    result = CliRunner().invoke(doctor, ["--json"])
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    advice = {check["name"]: check["advice"] for check in data["checks"]}
    assert advice["silero"] == "mia models pull silero-vad"
    assert list(bare.iterdir()) == []


def test_a_broken_config_is_one_fault_among_the_others(bare: Path) -> None:
    (bare / "config.yaml").write_text("web: {prot: 1}\n")
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 1
    assert "web.prot" in result.stdout
    assert "faster-whisper" in result.stdout


def test_the_table_says_the_same_in_spanish(bare: Path) -> None:
    use("es")
    result = CliRunner().invoke(doctor, ["--config", str(bare / "none.yaml")])
    assert "Oído" in result.stdout
    assert "No existe el archivo" in result.stdout


def test_devices_are_listed_with_their_numbers(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sound_devices", lambda: (MICROPHONE, LOUDSPEAKER))
    result = CliRunner().invoke(devices, [])
    assert result.exit_code == 0
    assert "Mic [1]" in result.stdout
    assert "48000 Hz" in result.stdout
    listed = json.loads(CliRunner().invoke(devices, ["--json"]).stdout)["devices"]
    assert [device["default_input"] for device in listed] == [True, False]


def test_a_machine_without_sound_gets_a_notice(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[Device, ...]:
        raise DeviceUnavailable("device.no_portaudio")

    monkeypatch.setattr(module, "sound_devices", none)
    result = CliRunner().invoke(devices, [])
    assert result.exit_code == 1
    assert "PortAudio" in result.stderr
    monkeypatch.setattr(module, "sound_devices", tuple)
    assert "browser" in CliRunner().invoke(devices, []).stdout


def test_each_output_of_the_face_says_how_it_stands() -> None:
    states = {
        "osc": OutputState("connected", None, {"host": "10.0.0.5", "port": 9000}),
        "vts": OutputState("searching", MiaError("vts.api_off")),
    }
    checks = {check.name: check for check in check_outputs(installed()(), states)}
    assert checks["osc"].status == "good"
    assert "10.0.0.5:9000" in checks["osc"].text()
    assert checks["vmc"].status == "unused"
    assert checks["vts"].status == "warning"
    assert "switch on" in checks["vts"].text()


def test_a_vtube_studio_that_does_not_run_is_no_fault() -> None:
    checks = list(check_outputs(installed()(), {"vts": OutputState("searching")}))
    assert {check.status for check in checks} == {"unused"}
