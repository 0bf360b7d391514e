"""`python -m bench.talk [FOLDER]`: what `mia talk` hears, answers and takes, each recording.

FOLDER holds `en/truth.json`, `es/truth.json` and the WAV files they name (default: the team's
shared recordings beside the checkout). One run of `mia talk` a language, in real time.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jiwer

from bench.machine import file
from bench.wording import plain

SPEECH = Path(__file__).parent.parent.parent / "shared" / "speech"
STAGES = ("stt", "gate", "first_piece", "first_clause", "first_sound")


def talk(folder: Path, language: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The truth and the report's turns of one language."""
    truth = json.loads((folder / language / "truth.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        recordings = [str(folder / language / line["file"]) for line in truth]
        command = [sys.executable, "-m", "mia.main", "talk", *recordings]
        done = subprocess.run(
            [*command, "--language", language, "--json", str(report)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return truth, json.loads(report.read_text("utf-8"))["turns"]


def main() -> None:
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    folder = Path(folders[0]) if folders else SPEECH
    rows = ["| recording | V2V ms | " + " | ".join(STAGES) + " | heard | answered |"]
    rows.append("|---|---|" + "---|" * (len(STAGES) + 2))
    notes = []
    for language in ("en", "es"):
        truth, turns = talk(folder, language)
        for turn in turns:
            stages = " | ".join(str(turn["stages"].get(stage, "")) for stage in STAGES)
            rows.append(
                f"| {language}/{turn['file']} | {turn['v2v_ms']} | {stages} "
                f"| {turn['user_text']} | {turn['reply_text']} |"
            )
        errors = jiwer.wer(
            [plain(line["transcript"], language) for line in truth],
            [plain(turn["user_text"], language) for turn in turns],
        )
        latencies = [turn["v2v_ms"] for turn in turns if turn["v2v_ms"] is not None]
        notes.append(
            f"- {language}: {len(turns)} recordings, word errors {errors * 100:.1f} %, "
            f"V2V median {statistics.median(latencies):.0f} ms, "
            f"worst {max(latencies)} ms, without an answer {len(turns) - len(latencies)}"
        )
    legend = (
        "V2V is read off the tap: last audible sample of the recording to the first of the answer. "
        "stt: newest recognition. gate: from the last voiced sample to the commit. first_piece, "
        "first_clause, first_sound: mind to its first piece, to its first clause, voice to its "
        "first sound. All in ms."
    )
    file(
        "talk",
        "`mia talk` on recordings of people",
        "python -m bench.talk --file",
        "\n".join([*rows, "", *notes, "", legend]),
    )


if __name__ == "__main__":
    main()
