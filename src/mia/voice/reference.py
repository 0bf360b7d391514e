"""A recording of somebody whose voice is to be cloned: whether it will do, and who agreed to it.

A cloned voice is as good as its recording, so what is wrong with one is said before anything is
computed. Whose voice it is must have agreed; that is asked once and kept beside the recording,
with the recording's digest, so that the answer holds for that recording and no other.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mia.conversation.ports import Samples
from mia.errors import BackendUnavailable, BadAudio

#: XTTS's makers ask for at least 3 s of speech; 6 s and more copy a voice noticeably better.
SHORTEST_SECONDS = 3.0
GOOD_SECONDS = 6.0
#: More is not looked at.
LONGEST_SECONDS = 30.0
#: Nobody's ten-minute recording is one clean voice.
REFUSED_SECONDS = 600.0
#: A telephone's 8 kHz hold nothing of a voice's colour.
LOWEST_RATE = 16_000

FRAME_SECONDS = 0.02
#: Frames within so many dB of the loudest ones are speech.
VOICED_DB = 30.0
#: Loudness of the voiced frames (dBFS) below which a microphone was too far away.
QUIETEST_DB = -40.0
#: Voice over room, in dB; below this the room would be cloned as well.
LEAST_SNR_DB = 15.0
#: Samples at full scale that are still chance.
MOST_CLIPPED = 0.001

VOICE_FILE, RECORDING_FILE = "voice.json", "reference.wav"
_NAME = re.compile(r"[\w][\w -]{0,59}", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Reference:
    """samples: mono float32 of at most LONGEST_SECONDS. speech_seconds: voiced time in them."""

    samples: Samples
    rate: int
    speech_seconds: float
    level_db: float
    snr_db: float

    @property
    def good(self) -> bool:
        """Whether it holds as much speech as cloning makes use of."""
        return self.speech_seconds >= GOOD_SECONDS


def read(path: Path) -> Reference:
    """The recording, checked.

    Raises BadAudio: `audio.no_file`, `audio.unreadable`, `audio.too_long`, or one of
    `clone.low_rate`, `clone.short`, `clone.quiet`, `clone.clipped`, `clone.noisy`.
    """
    if not path.is_file():
        raise BadAudio("audio.no_file", path=str(path))
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            if file.frames / rate > REFUSED_SECONDS:
                minutes, limit = file.frames / rate / 60, REFUSED_SECONDS / 60
                raise BadAudio(
                    "audio.too_long", path=str(path), minutes=f"{minutes:.0f}", limit=f"{limit:.0f}"
                )
            sound = file.read(int(LONGEST_SECONDS * rate), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BadAudio("audio.unreadable", path=str(path), reason=str(error)) from error
    if rate < LOWEST_RATE:
        raise BadAudio("clone.low_rate", path=str(path), rate=rate, least=LOWEST_RATE)
    mono: Samples = sound.mean(axis=1, dtype=np.float32)
    if not np.isfinite(mono).all():
        raise BadAudio("audio.unreadable", path=str(path), reason="NaN")
    return _checked(mono, rate, path)


def _checked(samples: Samples, rate: int, path: Path) -> Reference:
    frame = int(rate * FRAME_SECONDS)
    count = len(samples) // frame
    energy = np.sqrt(np.mean(samples[: count * frame].reshape(count, frame) ** 2, axis=1))
    loud = 20 * np.log10(np.maximum(energy, 1e-7))
    if not count:
        raise BadAudio("clone.short", path=str(path), seconds="0", least=f"{SHORTEST_SECONDS:g}")
    voiced = loud > np.quantile(loud, 0.95) - VOICED_DB
    level = float(10 * np.log10(np.mean(energy[voiced] ** 2) + 1e-14))
    if level < QUIETEST_DB:
        raise BadAudio("clone.quiet", path=str(path), level=f"{level:.0f}")
    if float(np.mean(np.abs(samples) >= 0.995)) > MOST_CLIPPED:
        raise BadAudio("clone.clipped", path=str(path))
    # Between words the room is heard alone; people pause for more than a twentieth of the time.
    room = float(np.quantile(loud, 0.05))
    snr = level - room
    if snr < LEAST_SNR_DB:
        raise BadAudio("clone.noisy", path=str(path), snr=f"{snr:.0f}", least=f"{LEAST_SNR_DB:g}")
    seconds = float(voiced.sum()) * FRAME_SECONDS
    if seconds < SHORTEST_SECONDS:
        raise BadAudio(
            "clone.short",
            path=str(path),
            seconds=f"{seconds:.1f}",
            least=f"{SHORTEST_SECONDS:g}",
        )
    return Reference(samples, rate, seconds, level, snr)


def digest(path: Path) -> str:
    """SHA-256 of a recording's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def keep(path: Path, name: str, folder: Path) -> Path:
    """Keep a checked recording, whose speaker has agreed, as voice `name`; its place.

    folder: where the user's own voices are. Raises BackendUnavailable("clone.bad_name"), OSError.
    """
    if not _NAME.fullmatch(name):
        raise BackendUnavailable("clone.bad_name", name=name)
    reference = read(path)
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    kept = place / RECORDING_FILE
    soundfile.write(kept, reference.samples, reference.rate, subtype="PCM_16")
    described = {"version": 1, "name": name, "consent": True, "sha256": digest(kept)}
    (place / VOICE_FILE).write_text(json.dumps(described, indent=2) + "\n", "utf-8")
    return kept


def kept(folder: Path | None) -> dict[str, Path]:
    """The recordings of voices that were kept, by name."""
    found = sorted(folder.glob(f"*/{RECORDING_FILE}")) if folder else []
    return {path.parent.name: path for path in found}


def agreed(recording: Path) -> bool:
    """Whether the speaker's consent to this very recording was kept beside it."""
    try:
        described = json.loads((recording.parent / VOICE_FILE).read_text("utf-8"))
        return described.get("consent") is True and described.get("sha256") == digest(recording)
    except (OSError, ValueError, AttributeError):
        return False
