"""`python -m bench.measuring`: what the set-up's measurement promises, and what turns then take.

The set-up times one sentence on this machine ("Measure this machine") and says how long an answer
will take. Here the same parts, loaded once, are measured and then spoken to: the recordings of
`bench.talk`, in real time. The promise is kept if the middle turn is within 30 % of it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.machine import file
from bench.talk import SPEECH
from mia import main as program
from mia.audio.recording import read_recording
from mia.channels.recording import RecordedTalk
from mia.commands.talk import report_of
from mia.config.loading import interpret
from mia.home import Home
from mia.panel.estimates import answer_s
from mia.panel.speed import Speed, measure
from mia.telemetry.events import EventBus
from mia.telemetry.turns import TurnReports

#: Each recording is said so often.
ROUNDS = 2
MEASURED = 3


async def language(code: str) -> tuple[list[Speed], list[dict[str, Any]]]:
    """What was measured, and the turns that were then held."""
    truth = json.loads((SPEECH / code / "truth.json").read_text("utf-8"))
    sounds = [(path, read_recording(path)) for path in (SPEECH / code / t["file"] for t in truth)]
    bus = EventBus()
    reports = TurnReports(bus)
    held = RecordedTalk()
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "config.yaml"
        loaded = interpret(f"language: {code}\n", config, env={})
        async with program.assembled(loaded.config, Path(place), Home.find(), bus) as parts:
            speeds = [await measure(parts, code) for _ in range(MEASURED)]
            conversation = program.conversation("talk", parts, loaded.config, bus, measured=True)
            async with asyncio.TaskGroup() as group:
                life = group.create_task(conversation.run())
                await asyncio.sleep(0)
                await held.hold(conversation, sounds * ROUNDS)
                life.cancel()
    return speeds, report_of(held, reports.newest(), [])["turns"]


def main() -> None:
    codes = [argument for argument in sys.argv[1:] if not argument.startswith("--")] or ["es", "en"]
    rows = [
        "| | stt s | mind s | pieces/s | voice s | promised s | took, middle s | worst s | off |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    notes = []
    for code in codes:
        speeds, turns = asyncio.run(language(code))
        took = [turn["v2v_ms"] / 1000 for turn in turns if turn["v2v_ms"] is not None]
        middle = statistics.median(took)
        for speed in speeds:
            promised = answer_s(speed)
            rows.append(
                f"| {code} | {speed.stt_s:.2f} | {speed.llm_first_s:.2f} | {speed.llm_rate:.0f} "
                f"| {speed.tts_s:.2f} | {promised:.2f} | {middle:.2f} | {max(took):.2f} "
                f"| {(promised / middle - 1) * 100:+.0f} % |"
            )
        for turn in turns:
            said = ", ".join(f"{name} {ms}" for name, ms in turn["stages"].items())
            notes.append(f"- {code}/{turn['file']}: {turn['v2v_ms']} ms ({said})")
    legend = (
        "One row for each measurement, made before the turns with the parts just loaded. off: "
        "promised against the middle turn, last audible sample to first. Stages in ms."
    )
    body = "\n".join([*rows, "", *notes, "", legend])
    title = "What the set-up promises, and what turns take"
    file("measuring", title, "python -m bench.measuring --file", body)


if __name__ == "__main__":
    main()
