"""Somebody who speaks the lines one after the other, and lets the assistant finish.

A frame is 20 ms and exists once all of it has been said, as with a sound card. The next line
begins two seconds after the answer has ended; one who never gets an answer waits twelve seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.turns.lines import RATE, Line, Pcm
from bench.turns.tape import Tape

FRAME_SECONDS = 0.02
FRAME = int(RATE * FRAME_SECONDS)
LEAD_IN = 2.0
AFTER_ANSWER = 2.0
PATIENCE = 12.0
LONGEST_ANSWER = 30.0
#: Standard deviation of the noise every microphone has: -72 dBFS.
ROOM_TONE = 8.0


class Microphone:
    def __init__(self, lines: Sequence[Line], tape: Tape) -> None:
        self.spoken: list[dict[str, Any]] = []
        """What was said so far, with the seconds of its speech on the tape."""
        self._waiting = list(lines)
        self._tape = tape
        self._speech: Pcm = np.zeros(0, np.int16)
        self._random = np.random.default_rng(1)
        self._frames = 0

    @property
    def seconds(self) -> float:
        """The end of the newest frame on the tape's clock."""
        return self._frames * FRAME_SECONDS

    def frame(self) -> Pcm | None:
        """The next 20 ms, or None when everything is said and answered."""
        if not len(self._speech) and self._quiet_long_enough():
            if not self._waiting:
                return None
            self._begin(self._waiting.pop(0))
        samples: Pcm = self._random.normal(0, ROOM_TONE, FRAME).astype(np.int16)
        said, self._speech = self._speech[:FRAME], self._speech[FRAME:]
        samples[: len(said)] += said
        self._tape.say(samples)
        self._frames += 1
        return samples

    def _begin(self, line: Line) -> None:
        self._speech = line.samples
        self.spoken.append(
            {
                "file": line.file,
                "transcript": line.transcript,
                "start": round(self.seconds + line.start, 3),
                "end": round(self.seconds + line.end, 3),
            }
        )

    def _quiet_long_enough(self) -> bool:
        now = self.seconds
        if not self.spoken:
            return now >= LEAD_IN
        ended: float = self.spoken[-1]["end"]
        answered_until = self._tape.played_until
        if answered_until > ended:
            return now > min(answered_until + AFTER_ANSWER, ended + LONGEST_ANSWER)
        return now > ended + PATIENCE


def heard_of(spoken: Sequence[dict[str, Any]], texts: Sequence[tuple[float, str]]) -> list[str]:
    """What an assistant understood of each line: its transcripts by the time they came."""
    starts = [line["start"] for line in spoken[1:]]
    heard = []
    for line, until in zip(spoken, [*starts, float("inf")], strict=True):
        heard.append(" ".join(text for at, text in texts if line["start"] <= at < until))
    return heard


def keep(folder: Path, tape: Tape, microphone: Microphone, **notes: Any) -> None:
    """The tape and everything that is not on it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    tape.write(folder / "tape.wav")
    told = {"spoken": microphone.spoken, **notes}
    (folder / "tape.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")
