"""`python -m bench.pauses [FOLDER] [--file]`: how soon an end is noticed, and how often wrongly.

FOLDER holds `en/` and `es/` with `truth.json` (ends of speech) and `long/*.wav`, free talk with
many inner pauses (default: the team's recordings beside the checkout). For each sign of an end:
how long after the last sample of an utterance it comes, and how often in free talk it came within
a stretch of voice that went on within 190 ms.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from bench.machine import file
from mia.conversation.ports import HEARING_RATE, Samples
from mia.conversation.tuning import DEFAULT
from mia.hearing.vad.silero import FRAME, MODEL, SileroModel
from mia.home import Home
from mia.models import ModelStore

SPEECH = Path(__file__).parent.parent.parent / "shared" / "speech"
FRAME_SECONDS = FRAME / HEARING_RATE
SHORT = 6
ROOM_TONE = 2.5e-4

Trace = tuple[np.ndarray, np.ndarray]
"""Of each frame: how likely it is voice, and its level in dB."""


def trace(model: SileroModel, samples: Samples) -> Trace:
    detector = model.detector()
    tone = np.random.default_rng(0).normal(0, ROOM_TONE, HEARING_RATE).astype(np.float32)
    sound = np.concatenate([tone, samples, tone])
    frames = [sound[at : at + FRAME] for at in range(0, len(sound) - FRAME, FRAME)]
    likely = [detector.probability(frame) for frame in frames]
    level = [10 * np.log10(float(np.mean(frame**2)) + 1e-10) for frame in frames]
    return np.array(likely), np.array(level)


def below(limit: float) -> Callable[[Trace, int], bool]:
    return lambda found, k: bool(found[0][k] < limit)


def fallen(found: Trace, k: int) -> bool:
    """25 dB below the loudest voice of the last two seconds."""
    recent = slice(max(0, k - 60), k)
    voiced = found[1][recent][found[0][recent] > 0.8]
    return bool(len(voiced)) and bool(found[1][k] < np.percentile(voiced, 60) - 25)


SIGNS: dict[str, Callable[[Trace, int], bool]] = {
    f"below {DEFAULT.voice_off} (voice_off)": below(DEFAULT.voice_off),
    "below 0.5": below(0.5),
    "below 0.7": below(0.7),
    f"below {DEFAULT.lull} (lull)": below(DEFAULT.lull),
    "level 25 dB down": fallen,
}


def stretches(found: Trace, sign: Callable[[Trace, int], bool]) -> list[tuple[int, int]]:
    """First and last frame of each stretch with the sign, after some voice."""
    runs: list[tuple[int, int]] = []
    for k in range(32, len(found[0])):
        if found[0][max(0, k - 40) : k].max() > 0.5 and sign(found, k):
            if runs and runs[-1][1] == k - 1:
                runs[-1] = (runs[-1][0], k)
            else:
                runs.append((k, k))
    return runs


def main() -> None:
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    folder = Path(folders[0]) if folders else SPEECH
    model = SileroModel(ModelStore(Home.find()).path(MODEL) / "silero_vad.onnx")
    spoken = []
    for language in ("en", "es"):
        for line in json.loads((folder / language / "truth.json").read_text("utf-8")):
            samples, _ = soundfile.read(folder / language / line["file"], dtype="float32")
            spoken.append((trace(model, samples), line["end_of_speech"] + 1.0))
    talk = [soundfile.read(path, dtype="float32")[0] for path in sorted(folder.glob("long/*.wav"))]
    minutes = sum(map(len, talk)) / HEARING_RATE
    traces = [trace(model, samples) for samples in talk]
    rows = [
        "| sign | ms after the end: median (least … most) | wrong | real pauses |",
        "|---|---|---|---|",
    ]
    for name, sign in SIGNS.items():
        late = []
        for found, end in spoken:
            ends = [a for a, b in stretches(found, sign) if (b + 1) * FRAME_SECONDS > end + 0.05]
            late.append(((ends[0] + 1) * FRAME_SECONDS - end) * 1000)
        lengths = [b - a + 1 for found in traces for a, b in stretches(found, sign)]
        wrong = sum(length < SHORT for length in lengths)
        rows.append(
            f"| {name} | {statistics.median(late):.0f} ({min(late):.0f} … {max(late):.0f}) "
            f"| {wrong} | {len(lengths) - wrong} |"
        )
    legend = (
        f"{len(spoken)} utterances with known ends, {len(talk)} recordings of free talk, "
        f"{minutes:.0f} s. Frames of 32 ms, so each figure is late by up to one. A pause is "
        f"decided three frames after voice_off."
    )
    file(
        "pauses",
        "The first sign of an end",
        "python -m bench.pauses --file",
        "\n".join([*rows, "", legend]),
    )


if __name__ == "__main__":
    main()
