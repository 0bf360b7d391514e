"""Whisper hears subtitles where nobody spoke: its known inventions, and when to believe them.

The phrases are what Whisper writes for silence, breath and noise, learnt from the credits of
the videos it was trained on. A person may really say "gracias", so a phrase alone is no proof:
it is dropped only where the model itself, or the sound, says that hardly anything was there.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from mia.conversation.ports import Samples

#: Nobody says these to an assistant: they are dropped wherever they are the whole text.
CREDITS = re.compile(
    r"(subtitulos (realizados |creados )?por .*|subtitles by .*|amara ?org|.* amara ?org.*"
    r"|mas informacion www .*|www .*|transcribed by .*|captions? by .*|suscribete.*canal.*"
    r"|.*like and subscribe.*|.*thanks? (you )?for watching.*|.*gracias por ver.*"
    r"|copyright .*|music|musica|aplausos|applause|risas|laughter|silencio|silence)"
)
#: These are said, but also imagined: dropped only when the sound gives little reason.
MUTTERED = frozenset(
    {"you", "gracias", "muchas gracias", "thank you", "thanks", "thank you very much"}
    | {"bye", "bye bye", "adios", "si", "ok", "okay", "so", "the"}
    | {"uh", "um", "eh", "mm", "hmm", "ah", "oh"}
)

#: The model's own doubt, from Whisper's paper: no speech above 0.6, tokens below -1.
NO_SPEECH = 0.6
DOUBT = -1.0
#: Loudness (RMS) of the loudest 100 ms under which nobody was speaking to a microphone.
INAUDIBLE = 0.003


#: Letters a second that nobody says: quick talkers reach 22. A sound is given a little more time
#: than it is loud for, and counts as loud within so many dB of its loudest 10 ms.
HURRIED, MORE_SECONDS, LOUD_DB = 30.0, 0.2, 35.0


def plain(text: str) -> str:
    """Lower case, without accents and punctuation."""
    bare = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", " ", letters).strip()


def repeats(text: str) -> bool:
    """One or two words over and over: a decoder caught in a loop."""
    words = plain(text).split()
    return len(words) >= 9 and len(set(words)) <= max(2, len(words) // 5)


def loudest(samples: Samples) -> float:
    """RMS of the loudest 100 ms of 16 kHz sound."""
    length = 1600
    if len(samples) < length:
        return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    return float(np.sqrt(np.square(frames).mean(axis=1).max()))


def hurried(text: str, samples: Samples) -> bool:
    """More words than anybody can say in so short a sound (16 kHz): a brief sound has set the
    decoder going."""
    length = 160
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    if not len(frames):
        return False
    level = np.sqrt(np.square(frames).mean(axis=1))
    loud = int((level > level.max() * 10 ** (-LOUD_DB / 20)).sum()) / 100
    return len(plain(text).replace(" ", "")) > HURRIED * (loud + MORE_SECONDS)


def imagined(text: str, *, no_speech: float, confidence: float, samples: Samples) -> bool:
    """Whether the text was more likely imagined than said.

    no_speech: the model's probability of no speech, 0 … 1. confidence: mean log-probability
    of the tokens. samples: the sound, at 16 kHz.
    """
    said = plain(text)
    if not said or CREDITS.fullmatch(said) or repeats(text):
        return True
    if loudest(samples) < INAUDIBLE or hurried(text, samples):
        return True
    doubtful = no_speech > NO_SPEECH or confidence < DOUBT
    return doubtful and (said in MUTTERED or (no_speech > NO_SPEECH and confidence < DOUBT))
