"""How steadily, how cheaply and how doggedly MIA's outputs send: at sinks on this machine.

VTube Studio is the tests' stand-in in a process of its own, OSC and VMC go to plain UDP sockets
there; what is counted and timed is what arrives. `measure` gives the numbers, `rows` a table of
them; alone:

    python -m bench.avatar.outputs
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mia.avatar.frame import Frame, Vowels
from mia.avatar.outputs.osc import OscOptions, OscOutput
from mia.avatar.outputs.vmc import VmcOptions, VmcOutput
from mia.avatar.outputs.vts import VtsOptions, VtsOutput
from tests.avatar.vts import Expression, Hotkey, Model, VTubeStudio, served
from tests.avatar.vts.doors import free_udp_port

#: Seconds that frames are counted for, and before that while everything warms up.
SECONDS, WARM_UP = 20.0, 3.0
#: The stand-in is away for so long before it starts again.
AWAY = 4.0


class Talking:
    """A face of which everything moves, all the time."""

    lively = True

    def frame(self, at: float) -> Frame:
        wave = (1 + math.sin(at * 25)) / 2
        return Frame(
            at=at,
            speaking=True,
            mouth_open=wave,
            mouth_form=math.sin(at * 3),
            vowels=Vowels(a=wave / 2, e=(1 - wave) / 2),
            eye_open_left=wave,
            eye_open_right=wave,
            gaze_x=math.sin(at),
            head_yaw=10 * math.sin(at),
            head_pitch=5 * math.sin(at * 2),
            breath=wave,
            expressions={"joy": 0.7},
        )


class Udp(asyncio.DatagramProtocol):
    """Notes when packets come that hold `mark`."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.times: list[float] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._mark in data:
            self.times.append(time.monotonic())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def sinks(pipe: Connection, ports: dict[str, int]) -> None:
    """Everything that is sent to, in another process: its work is not MIA's."""
    asyncio.run(_sinks(pipe, ports))


async def _sinks(pipe: Connection, ports: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    osc, vmc = Udp(b"/MouthOpen\0\0,f"), Udp(b"/VMC/Ext/T\0")
    for protocol, name in ((osc, "osc"), (vmc, "vmc")):
        await loop.create_datagram_endpoint(
            lambda p=protocol: p,  # type: ignore[misc]  # bound now, as the loop goes on
            local_addr=("127.0.0.1", ports[name]),
        )
    async with VTubeStudio() as program:
        smile = Hotkey("Smile", file="Smile.exp3.json")
        program.body.model = Model(hotkeys=[smile], expressions=[Expression("Smile")])
        moved = program.body.parameters["MouthOpen"].sent

        async def up() -> None:
            async with served(program, port=ports["vts"], discovery_port=ports["discovery"]):
                pipe.send("up")
                await asyncio.to_thread(pipe.recv)
            await program.drop()

        await up()
        times = {"vts": [one.at for one in moved], "osc": osc.times, "vmc": vmc.times}
        unpaired_errors = program.errors.total()
        await asyncio.sleep(AWAY)
        moved.clear()
        back = loop.time()
        async with served(program, port=ports["vts"], discovery_port=ports["discovery"]):
            async with asyncio.timeout(60):
                while not moved:  # noqa: ASYNC110  (a list that the stand-in fills)
                    await asyncio.sleep(0.005)
            reconnect = moved[0].at - back
            pipe.send(json.dumps({"times": times, "reconnect": reconnect, "e": unpaired_errors}))
            await asyncio.to_thread(pipe.recv)


def _rate(name: str, times: list[float]) -> dict[str, float]:
    """Of the last SECONDS: frames a second, and the intervals between them, in ms."""
    counted = [at for at in times if at > times[-1] - SECONDS]
    gaps = sorted((b - a) * 1000 for a, b in itertools.pairwise(counted))
    return {
        f"{name}_frames_per_s": (len(counted) - 1) / (counted[-1] - counted[0]),
        f"{name}_interval_p50_ms": statistics.median(gaps),
        f"{name}_interval_p95_ms": gaps[int(0.95 * len(gaps))],
        f"{name}_interval_p99_ms": gaps[int(0.99 * len(gaps))],
        f"{name}_interval_max_ms": gaps[-1],
    }


async def measure() -> dict[str, float]:
    """Rates and intervals at the sinks, share of one core, seconds until she moves again."""
    ports = {name: free_udp_port() for name in ("osc", "vmc", "discovery")} | {"vts": free_port()}
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=sinks, args=(theirs, ports))
    process.start()
    try:
        return await _measured(ours, ports)
    finally:
        process.terminate()
        process.join()


async def _measured(pipe: Connection, ports: dict[str, int]) -> dict[str, float]:
    await asyncio.to_thread(pipe.recv)
    with tempfile.TemporaryDirectory() as folder:
        vts = VtsOutput(
            VtsOptions(port=ports["vts"]), Path(folder), discovery_port=ports["discovery"]
        )
        outputs: list[Callable[[Talking], Coroutine[Any, Any, None]]] = [
            vts.run,
            OscOutput(OscOptions(port=ports["osc"])).run,
            VmcOutput(VmcOptions(port=ports["vmc"])).run,
        ]
        face = Talking()
        tasks = [asyncio.create_task(run(face)) for run in outputs]
        await asyncio.sleep(WARM_UP)
        cpu, wall = _cpu(), time.monotonic()
        await asyncio.sleep(SECONDS)
        share = (_cpu() - cpu) / (time.monotonic() - wall)
        unpaired = vts.state.details["unpaired"]
        pipe.send("go away")
        found = json.loads(await asyncio.to_thread(pipe.recv))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        pipe.send("thanks")
    assert isinstance(unpaired, int)
    return {
        **{
            k: v
            for name in ("vts", "osc", "vmc")
            for k, v in _rate(name, found["times"][name]).items()
        },
        "cpu_percent_of_a_core": share * 100,
        "vts_reconnect_s": found["reconnect"],
        "vts_unpaired_replies": unpaired,
        "vts_errors": found["e"],
    }


#: What is asked for: key, in words, the limit, and whether it is the least.
WANTED = (
    ("vts_frames_per_s", "frames a second at VTube Studio", 58.0, True),
    ("osc_frames_per_s", "frames a second over OSC", 58.0, True),
    ("vmc_frames_per_s", "frames a second over VMC", 58.0, True),
    ("vts_interval_p95_ms", "interval at VTube Studio, p95, ms", 22.0, False),
    ("osc_interval_p95_ms", "interval over OSC, p95, ms", 22.0, False),
    ("vmc_interval_p95_ms", "interval over VMC, p95, ms", 22.0, False),
    ("cpu_percent_of_a_core", "all three together, % of a core", 5.0, False),
    ("vts_reconnect_s", "moving again after VTube Studio was away, s", 3.0, False),
    ("vts_unpaired_replies", "replies that belonged to no request", 0.0, False),
)


def rows(found: dict[str, float]) -> str:
    """A table of what was measured beside what is asked for."""
    lines = ["| | measured | wanted |", "|---|---|---|"]
    for key, words, limit, least in WANTED:
        kept = found[key] >= limit if least else found[key] <= limit
        lines.append(
            f"| {words} | {found[key]:.2f}{'' if kept else ' (missed)'} "
            f"| {'≥' if least else '≤'} {limit:g} |"
        )
    return "\n".join(lines)


def _cpu() -> float:
    """Seconds of processor time this process has had."""
    times = os.times()
    return times.user + times.system


if __name__ == "__main__":
    print(rows(asyncio.run(measure())))
