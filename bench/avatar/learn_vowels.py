"""`python -m bench.avatar.learn_vowels`: learns the vowels' weights, and says how good they are.

Kokoro's voices speak the lines; its phoneme times say which frame is which vowel. A linear
discriminant is learnt from all voices but some, tried on those and on Piper's, which is another
model altogether, then learnt from all and written to `src/mia/avatar/vowels.json`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.avatar.lines import LIPS
from mia.avatar import vowels
from mia.avatar.visemes import visemes_of
from mia.backends import Context
from mia.errors import MiaError
from mia.home import Home
from mia.models import ModelStore
from mia.voice.tts import kokoro, piper

CLASSES = {"aa": 0, "ih": 1, "ou": 2, "E": 3, "oh": 4}
LEARNT = {
    "es": ("ef_dora", "em_alex", "em_santa"),
    "en": ("af_heart", "af_bella", "am_michael"),
}
OUT = Path(vowels.__file__).with_name("vowels.json")

Labelled = tuple[np.ndarray, np.ndarray]


def labelled(sounds: Iterable[Any]) -> Labelled:
    """Normalised cepstra and classes of the frames in the middle halves of vowels."""
    rows: list[np.ndarray] = []
    labels: list[int] = []
    found_all: list[tuple[np.ndarray, np.ndarray, Any]] = []
    for sound in sounds:
        found, power = vowels.cepstra(sound.samples, sound.rate)
        found_all.append((found, power, sound))
    voiced = np.concatenate([f[p > max(p.max() * 0.02, 1e-6)] for f, p, _ in found_all])
    mean = voiced.mean(axis=0)
    for found, _power, sound in found_all:
        for phoneme in sound.phonemes:
            shapes = visemes_of(phoneme.symbol)
            if len(shapes) != 1 or shapes[0] not in CLASSES:
                continue
            quarter = (phoneme.finish - phoneme.begin) / 4
            low = round((phoneme.begin + quarter) / vowels.STEP)
            high = round((phoneme.finish - quarter) / vowels.STEP)
            for frame in found[low:high]:
                rows.append(frame - mean)
                labels.append(CLASSES[shapes[0]])
    return np.array(rows), np.array(labels)


def learn(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear discriminant with one covariance and even priors: weights (12, 5), biases (5,)."""
    means = np.array([rows[labels == k].mean(axis=0) for k in range(5)])
    within = np.cov((rows - means[labels]).T) + 1e-4 * np.eye(rows.shape[1])
    weights = np.linalg.solve(within, means.T)
    return weights, -0.5 * np.sum(means.T * weights, axis=0)


def right(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> str:
    guess = np.argmax(rows @ weights + biases, axis=1)
    each = [
        f"{v} {np.mean(guess[labels == k] == k):.0%}"
        for v, k in zip("aiueo", range(5), strict=True)
    ]
    return f"{np.mean(guess == labels):.0%} of {len(labels)} frames ({', '.join(each)})"


async def spoken(voice: Any, language: str) -> list[Any]:
    return [s for line in LIPS[language] async for s in voice.stream(line, language=language)]


async def main() -> None:
    context = Context(ModelStore(Home.find()), ("es", "en"), Path())
    parts: dict[str, Labelled] = {}
    voiced: list[np.ndarray] = []
    for language, names in LEARNT.items():
        for name in names:
            options = kokoro.KokoroOptions(voice=name, voices={language: name})
            try:
                voice = await kokoro.load(options, context)
                sounds = await spoken(voice, language)
            except MiaError as error:
                print(f"{name}: {error}")
                continue
            await voice.aclose()
            parts[name] = labelled(sounds)
            for sound in sounds:
                found, power = vowels.cepstra(sound.samples, sound.rate)
                voiced.append(found[power > power.max() * 0.02])
    for held_out in parts:
        others = [part for name, part in parts.items() if name != held_out]
        weights, biases = learn(
            np.concatenate([p[0] for p in others]), np.concatenate([p[1] for p in others])
        )
        print(f"{held_out}, not learnt from: {right(*parts[held_out], weights, biases)}")
    weights, biases = learn(
        np.concatenate([p[0] for p in parts.values()]),
        np.concatenate([p[1] for p in parts.values()]),
    )
    joe = await piper.load(piper.PiperOptions(), Context(context.models, ("en",), Path()))
    print(f"Piper's joe: {right(*labelled(await spoken(joe, 'en')), weights, biases)}")
    await joe.aclose()
    data = {
        "weights": np.round(weights, 4).tolist(),
        "biases": np.round(biases, 4).tolist(),
        "mean": np.round(np.concatenate(voiced).mean(axis=0), 4).tolist(),
    }
    OUT.write_text(json.dumps(data) + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
