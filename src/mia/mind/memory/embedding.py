"""What the embedders share: vectors around a centre, and how their models are opened.

Embedders put questions near questions, and Spanish near Spanish, whatever they are about; that
hides an answer said in the other language, or said at all. So the middle of each kind of text is
taken away from it first: the mean of some dozens of everyday sentences of that language and kind
(`embedding_samples.json`). On the Spanish-English set that finds a tenth more at first place
(`bench/results/memory.md`).
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from mia.errors import BackendUnavailable
from mia.mind.memory import words
from mia.mind.memory.ports import Embedder, TextKind, Vectors
from mia.onnx.sessions import open_session

#: Threads of one embedding. Two cores are what MIA asks for.
THREADS = 2


def normalised(vectors: Any) -> Vectors:
    """float32 [n, d], every row of length 1 (a row of zeros stays one)."""
    floats = np.asarray(vectors, np.float32)
    length = np.linalg.norm(floats, axis=-1, keepdims=True)
    even: Vectors = np.divide(floats, length, out=np.zeros_like(floats), where=length > 0)
    return even


def session(source: Path | bytes, *, extensions: bool = False, threads: int = THREADS) -> Any:
    """An ONNX Runtime session. extensions: with the operators that tokenise text. threads: of one
    embedding.

    Raises BackendUnavailable `memory.embedder_damaged`.
    """
    try:
        return open_session(source, threads, extensions=extensions)
    except RuntimeError as error:
        raise BackendUnavailable("memory.embedder_damaged", reason=error) from error


@functools.cache
def samples() -> dict[tuple[words.Language, TextKind], list[str]]:
    """Everyday sentences by language and kind."""
    content = (
        resources.files("mia.mind.memory").joinpath("embedding_samples.json").read_text("utf-8")
    )
    return {
        (language, kind): texts
        for language, kinds in json.loads(content).items()
        for kind, texts in kinds.items()
    }


class Centred:
    """Implements `Embedder` for a model that makes vectors of texts.

    raw: float32 [n, dimensions] of texts, in any scale. Whatever it raises comes through.
    """

    def __init__(
        self, name: str, dimensions: int, raw: Callable[[Sequence[str], TextKind], Vectors]
    ) -> None:
        self.name = name
        self.dimensions = dimensions
        self._raw = raw
        self._middle: dict[tuple[words.Language, TextKind], Vectors] = {}
        self._spread = 0.0

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        middle = self._middles()
        spoken = [words.language_of(words.tokens(text), "es") for text in texts]
        vectors = normalised(self._raw([_bare(text, kind) for text in texts], kind))
        return normalised(vectors - np.stack([middle[language, kind] for language in spoken]))

    @property
    def spread(self) -> float:
        """The standard deviation of the cosines of questions and memories that are unrelated."""
        self._middles()
        return self._spread

    def _middles(self) -> dict[tuple[words.Language, TextKind], Vectors]:
        """The middle of each language and kind; computed when first needed."""
        if not self._middle:
            raw = {
                (language, kind): normalised(self._raw([_bare(t, kind) for t in texts], kind))
                for (language, kind), texts in samples().items()
            }
            middle: dict[tuple[words.Language, TextKind], Vectors] = {
                key: vectors.mean(0) for key, vectors in raw.items()
            }
            away = {key: normalised(vectors - middle[key]) for key, vectors in raw.items()}
            cosines = [
                away[one, "query"] @ away[other, "passage"].T
                for one in ("es", "en")
                for other in ("es", "en")
            ]
            self._spread = float(np.std(np.concatenate(cosines, axis=None))) or 1.0
            self._middle = middle
        return self._middle

    def close(self) -> None:
        """Nothing to do: what the model holds goes with it."""


def prefixed(name: str, prefix: str) -> str:
    """An embedder's name where it puts this before every memory: their vectors are others then."""
    return f"{name}-{hashlib.sha256(prefix.encode()).hexdigest()[:8]}" if prefix else name


def spread_of(embedder: Embedder) -> float:
    """The unit its cosines are measured in; a plain tenth for one that does not know."""
    return embedder.spread if isinstance(embedder, Centred) else 0.1


def _bare(text: str, kind: TextKind) -> str:
    """Without question marks, which alone make two questions alike."""
    return text.translate(_MARKS).strip() or text if kind == "query" else text


_MARKS = str.maketrans("", "", "¿?")
