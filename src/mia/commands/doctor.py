"""`mia doctor`: what works on this machine, what is missing, what to do. And `mia devices`."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

import mia
from mia import main as program
from mia.audio.devices import Device, sound_devices
from mia.avatar.output import OutputState
from mia.backends import Backend, Port
from mia.commands.doctor_avatar import look_at
from mia.commands.shared import config_option
from mia.config import BackendSection, Config, Loaded, grouped, installed, load
from mia.config.composition import discovered
from mia.errors import DeviceUnavailable, MiaError
from mia.hearing import smart_turn
from mia.home import Home
from mia.models import ModelStore
from mia.strings import translate

Status = Literal["good", "warning", "bad", "unused"]

SIGNS: Mapping[Status, tuple[str, str]] = {
    "good": ("✓", "green"),
    "warning": ("!", "yellow"),
    "bad": ("✗", "bold red"),
    "unused": ("·", "dim"),
}
OLDEST_PYTHON = (3, 11)
#: Room for logs, conversations and the pieces of a model while it is put together.
SPARE_BYTES = 500_000_000
#: Resident memory with the embedded models is to stay below 1.2 GB; the system needs some too.
LEAST_MEMORY_BYTES = 2_000_000_000
LANGUAGES = ("es", "en")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    code: `cli.doctor.<code>` says what was found, `cli.doctor.<code>.advice` what to do about it.
    """

    group: str
    name: str
    status: Status
    code: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def text(self) -> str:
        return translate(f"cli.doctor.{self.code}", **self.parameters)

    def advice(self) -> str:
        """What to do, empty if there is nothing to be done."""
        key = f"cli.doctor.{self.code}.advice"
        said = translate(key, **self.parameters)
        return "" if said == key or self.status in ("good", "unused") else said


# What is looked at: the machine, the configuration, the backends, sound and network.


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    said = ".".join(map(str, version[:3]))
    status: Status = "good" if tuple(version[:2]) >= OLDEST_PYTHON else "bad"
    return Check("machine", "Python", status, "python", {"version": said})


def check_processor(cores: int | None = None) -> Check:
    count = cores or len(getattr(os, "sched_getaffinity", lambda _: [0])(0)) or os.cpu_count() or 1
    status: Status = "good" if count >= 2 else "warning"
    kind = platform.machine() or "?"
    return Check("machine", "CPU", status, "cpu", {"cores": count, "kind": kind})


def memory_bytes() -> int | None:
    """This machine's memory; None where the system does not tell (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def check_memory(size: int | None) -> Check:
    if size is None:
        return Check("machine", "RAM", "unused", "memory_unknown")
    status: Status = "good" if size >= LEAST_MEMORY_BYTES else "warning"
    return Check("machine", "RAM", status, "memory", {"size": _gigabytes(size)})


def check_gpu(tool: str | None) -> Check:
    """tool: path of NVIDIA's own, which comes with the driver."""
    if tool:
        return Check("machine", "GPU", "good", "gpu")
    metal = sys.platform == "darwin" and platform.machine() == "arm64"
    return Check("machine", "GPU", "good", "gpu_metal" if metal else "gpu_none")


def check_disk(folder: Path, needed: int, free: Callable[[Path], int] | None = None) -> Check:
    """Whether there is room for the models that are still to be fetched."""
    place = next((p for p in (folder, *folder.parents) if p.is_dir()), Path())
    left = free(place) if free else shutil.disk_usage(place).free
    parameters = {"free": _gigabytes(left), "needed": _gigabytes(needed), "folder": str(folder)}
    status: Status = (
        "bad" if left < needed else "good" if left > needed + SPARE_BYTES else "warning"
    )
    return Check("machine", translate("cli.doctor.disk_name"), status, "disk", parameters)


def check_config(loaded: Loaded | MiaError) -> Iterator[Check]:
    if isinstance(loaded, MiaError):
        yield Check("config", "config.yaml", "bad", "config_bad", {"problems": str(loaded)})
        return
    there = loaded.path.exists()
    code = "config_good" if there else "config_none"
    yield Check("config", "config.yaml", "good", code, {"path": str(loaded.path)})
    for notice in grouped(loaded.notices):
        yield Check("config", "", "warning", "config_notice", {"notice": notice.text()})


def check_port(host: str, port: int) -> Check:
    where = {"host": host, "port": port}
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            if os.name == "posix":  # elsewhere it would let two programs share the port
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind((host, port))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Check("network", "web", "bad", "port_taken", {**where, "reason": reason})
    return Check("network", "web", "good", "port_free", where)


def check_sound(query: Callable[[], Sequence[Device]], wanted: bool) -> Check:
    """wanted: the configuration asks for this machine's own microphone."""
    bad: Status = "bad" if wanted else "warning"
    try:
        devices = query()
    except DeviceUnavailable as error:
        return Check("sound", "PortAudio", bad, "sound_none", {"reason": str(error)})
    inputs = sum(device.inputs > 0 for device in devices)
    outputs = sum(device.outputs > 0 for device in devices)
    if not inputs or not outputs:
        counts = {"inputs": inputs, "outputs": outputs}
        return Check("sound", "PortAudio", bad, "sound_lacking", counts)
    return Check("sound", "PortAudio", "good", "sound", {"inputs": inputs, "outputs": outputs})


def languages_of(config: Config) -> tuple[str, ...]:
    """The languages MIA is to speak, the configured one first."""
    first = LANGUAGES[0] if config.language == "auto" else config.language
    return (first, *(code for code in LANGUAGES if code != first))


def check_backends(
    config: Config,
    found: Mapping[Port, Mapping[str, Backend]],
    state: Callable[[str], str],
) -> Iterator[Check]:
    """Every backend: is its package here, are its models. state: of a model, by its id."""
    sections: Mapping[Port, BackendSection] = {
        "vad": config.vad,
        "stt": config.models.stt,
        "llm": config.models.llm,
        "tts": config.models.tts,
    }
    languages = languages_of(config)
    for port, section in sections.items():
        chosen: str = getattr(section, "backend", "")
        fallback: list[str] = getattr(section, "fallback", [])
        looked_at = []
        for name, backend in found.get(port, {}).items():
            # "auto" takes whichever embedded one fits; a lack of one is made up by another.
            embedded = chosen == "auto" and backend.extra == "local"
            used = name == chosen or name in fallback or embedded
            severity: Status = "bad" if name == chosen else "warning" if used else "unused"
            looked_at.append(_backend(backend, section, languages, state, severity))
        if chosen == "auto" and not any(check.status == "good" for check in looked_at):
            looked_at = [
                replace(check, status="bad") if check.status == "warning" else check
                for check in looked_at
            ]
        yield from looked_at


def _backend(
    backend: Backend,
    section: BackendSection,
    languages: tuple[str, ...],
    state: Callable[[str], str],
    severity: Status,
) -> Check:
    group, name = backend.port, backend.name
    if missing := backend.missing():
        parameters = {"missing": ", ".join(missing), "extra": backend.extra or name}
        return Check(group, name, severity, "not_installed", parameters)
    try:
        models = backend.needs(section.options(name), languages)
        lacking = [model for model in models if state(model) != "ready"]
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        return Check(group, name, severity, "options", {"missing": fields})
    except MiaError as error:
        return Check(group, name, severity, "refused", {"reason": str(error)})
    if lacking:
        return Check(group, name, severity, "no_models", {"models": " ".join(lacking)})
    status: Status = "unused" if severity == "unused" else "good"
    code = "available" if status == "unused" else "ready"
    return Check(group, name, status, code, {"models": ", ".join(models) or "—"})


def check_turn_detector(state: str) -> Check:
    model = {"models": smart_turn.MODEL}
    if state == "ready":
        return Check("vad", smart_turn.MODEL, "good", "ready", model)
    return Check("vad", smart_turn.MODEL, "warning", "no_models", model)


def check_outputs(config: Config, states: Mapping[str, OutputState]) -> Iterator[Check]:
    """Where her face is shown; what is not there now is no fault. states: of those that are on."""
    for name in config.avatar.outputs.available:
        state = states.get(name)
        if state is None:
            yield Check("avatar", name, "unused", "output_off", {"name": name})
        elif state.problem is not None:
            yield Check("avatar", name, "warning", "output_problem", {"reason": state.problem})
        elif state.status == "searching":
            yield Check("avatar", name, "unused", "output_absent")
        else:
            place = [str(state.details[key]) for key in ("host", "port") if key in state.details]
            where = f" → {':'.join(place)}" if place else ""
            yield Check("avatar", name, "good", "output_ready", {"where": where})


def examine(path: Path | None, env: Mapping[str, str]) -> list[Check]:
    """Look at everything on this machine; nothing is changed and nothing is fetched."""
    home = Home.find(environ=env)
    store = ModelStore(home)
    result: Loaded | MiaError
    try:
        result = load(path, env=env)
        config = result.config
    except MiaError as error:
        # The rest is still worth knowing; it is looked at as if nothing were configured.
        result, config = error, installed()()
    states = look_at(program.outputs_of(config), program.context_of(config, home))
    known = [model for model in store.catalogue if store.catalogue[model].embedded]
    backends = list(check_backends(config, discovered(), store.state))
    return [
        check_python(),
        check_processor(),
        check_memory(memory_bytes()),
        check_gpu(shutil.which("nvidia-smi")),
        check_disk(store.folder, store.needed(known)),
        *check_config(result),
        *backends,
        check_turn_detector(store.state(smart_turn.MODEL)),
        *check_outputs(config, states),
        check_sound(sound_devices, config.audio.microphone),
        check_port(config.web.host, config.web.port),
    ]


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


@click.command(help=translate("cli.doctor.help"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=translate("cli.option.json"))
def doctor(config_file: Path | None, as_json: bool) -> None:
    checks = examine(config_file, os.environ)
    bad = sum(check.status == "bad" for check in checks)
    if as_json:
        click.echo(json.dumps(_as_data(checks), ensure_ascii=False, indent=2))
    else:
        console = Console()
        console.print(_table(checks))
        key = "cli.doctor.some_bad" if bad else "cli.doctor.all_good"
        console.print(translate(key, count=bad), style="bold red" if bad else "bold green")
    if bad:
        raise click.exceptions.Exit(1)


def _as_data(checks: Sequence[Check]) -> dict[str, object]:
    return {
        "version": 1,
        "mia": mia.__version__,
        "checks": [
            {
                "group": check.group,
                "name": check.name,
                "status": check.status,
                "code": check.code,
                "text": check.text(),
                "advice": check.advice(),
            }
            for check in checks
        ],
    }


def _table(checks: Sequence[Check]) -> Table:
    title = f"MIA {mia.__version__} · {platform.system()} {platform.release()}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    group = ""
    for check in sorted(checks, key=lambda check: _ORDER.index(check.group)):
        if check.group != group:
            group = check.group
            table.add_row("", "", "")
            table.add_row("", Text(translate(f"cli.doctor.group.{group}"), "bold"), "")
        sign, style = SIGNS[check.status]
        said = Text(check.text(), "dim" if check.status == "unused" else "")
        if advice := check.advice():
            said.append(f"\n→ {advice}", "cyan")
        table.add_row(Text(sign, style), Text(check.name), said)
    return table


_ORDER = ("machine", "config", "vad", "stt", "llm", "tts", "avatar", "sound", "network")


@click.command(help=translate("cli.devices.help"))
@click.option("--json", "as_json", is_flag=True, help=translate("cli.option.json"))
def devices(as_json: bool) -> None:
    try:
        found = sound_devices()
    except DeviceUnavailable as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        rows = [{slot: getattr(d, slot) for slot in Device.__slots__} for d in found]
        click.echo(json.dumps({"version": 1, "devices": rows}, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo(translate("cli.devices.none"))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("number", "name", "inputs", "outputs", "rate", "default"):
        table.add_column(translate(f"cli.devices.{column}"), overflow="fold")
    for device in found:
        marks = [
            translate(f"cli.devices.default_{kind}")
            for kind, usual in (("input", device.default_input), ("output", device.default_output))
            if usual
        ]
        numbers = (device.inputs or "—", device.outputs or "—", f"{device.rate} Hz")
        table.add_row(str(device.number), Text(device.name), *map(str, numbers), ", ".join(marks))
    Console().print(table)
