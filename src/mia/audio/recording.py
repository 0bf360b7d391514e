"""Reading a person's recording, whatever it is, into what MIA hears: 16 kHz, mono, float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from mia.audio.levels import LEAST_VOICE, loudest_frame
from mia.conversation.ports import HEARING_RATE, Samples
from mia.errors import BadAudio

LONGEST_SECONDS = 600
SHORTEST_SECONDS = 0.1


def read_recording(path: Path, *, longest_seconds: float = LONGEST_SECONDS) -> Samples:
    """The sound of a WAV, FLAC, OGG or MP3 file: any rate, depth and number of channels.

    Raises BadAudio, saying what is wrong and what to do: not there, not a recording, damaged,
    empty, too long, silent, or holding numbers that are none.
    """
    if not path.is_file():
        raise BadAudio("audio.no_file", path=str(path))
    try:
        with soundfile.SoundFile(path) as file:
            seconds = file.frames / file.samplerate
            if seconds > longest_seconds:
                raise BadAudio(
                    "audio.too_long",
                    path=str(path),
                    minutes=f"{seconds / 60:.0f}",
                    limit=f"{longest_seconds / 60:.0f}",
                )
            sound = file.read(dtype="float32", always_2d=True)
            rate = file.samplerate
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BadAudio("audio.unreadable", path=str(path), reason=str(error)) from error
    if len(sound) < SHORTEST_SECONDS * rate:
        raise BadAudio("audio.empty", path=str(path))
    mono = sound.mean(axis=1)
    if not np.isfinite(mono).all():
        raise BadAudio("audio.unreadable", path=str(path), reason="NaN")
    heard: Samples = soxr.resample(mono, rate, HEARING_RATE).astype(np.float32)
    if loudest_frame(heard, HEARING_RATE) < LEAST_VOICE:
        raise BadAudio("audio.silent", path=str(path))
    return np.clip(heard, -1, 1)
