"""The recordings that are spoken to an assistant, and what is known of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

#: Samples a second of what the user says.
RATE = 16_000
Pcm = npt.NDArray[np.int16]

#: What every assistant is told, so that they answer alike.
INSTRUCTIONS = "You are MIA, a cheerful VTuber. Answer in one or two short sentences."


@dataclass(frozen=True, slots=True)
class Line:
    """One recording. start, end: seconds of its first and last audible sample."""

    file: str
    transcript: str
    start: float
    end: float
    samples: Pcm


def read(folder: Path) -> list[Line]:
    """The lines of a folder with a `truth.json`. Raises OSError, ValueError."""
    lines: list[Line] = []
    truth: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text("utf-8"))
    for entry in truth:
        samples, rate = soundfile.read(folder / entry["file"], dtype="int16")
        if rate != RATE or samples.ndim != 1:
            raise ValueError(f"{entry['file']}: {RATE} Hz mono is needed")
        lines.append(
            Line(
                entry["file"],
                entry["transcript"],
                float(entry["start_of_speech"]),
                float(entry["end_of_speech"]),
                samples,
            )
        )
    return lines
