"""Any model of the `sentence-transformers` library, on PyTorch.

The names of the original system are names here too: "all-MiniLM-L6-v2" and the like are found on
the hub as the library finds them, or in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING, run_apart
from mia.errors import BackendUnavailable
from mia.mind.memory.embedding import Centred, prefixed
from mia.mind.memory.ports import TextKind, Vectors

NAME = "sentence-transformers"
BATCH = 16


class SentenceTransformersOptions(Options):
    """Any sentence-transformers model; needs PyTorch."""

    model: str = Field(
        "paraphrase-multilingual-MiniLM-L12-v2",
        min_length=1,
        max_length=400,
        description="Model by its name on the hub, or a folder "
        '("all-MiniLM-L6-v2" knows English only).',
    )
    device: str = Field("cpu", max_length=40, description="What it runs on: cpu, cuda, mps.")
    query_prefix: str = Field(
        "",
        max_length=200,
        description='Put before questions, where the model wants it ("query: ").',
    )
    memory_prefix: str = Field(
        "",
        max_length=200,
        description='Put before memories, where the model wants it ("passage: ").',
    )


class TransformersEmbedder(Centred):
    """Implements `Embedder`."""

    def __init__(self, options: SentenceTransformersOptions) -> None:
        """Raises BackendUnavailable `memory.embedder_damaged`."""
        with IMPORTING:
            from sentence_transformers import SentenceTransformer
        self._options = options
        try:
            self._model: Any = SentenceTransformer(options.model, device=options.device)
            dimensions = int(self._model.encode(["hola"], show_progress_bar=False).shape[1])
        except Exception as error:  # three libraries' border: hub, transformers, PyTorch
            raise BackendUnavailable("memory.embedder_damaged", reason=error) from error
        name = f"{NAME}-{options.model}-{dimensions}"
        super().__init__(prefixed(name, options.memory_prefix), dimensions, self._all)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        prefix = self._options.query_prefix if kind == "query" else self._options.memory_prefix
        made = self._model.encode(
            [prefix + text for text in texts], batch_size=BATCH, show_progress_bar=False
        )
        vectors: Vectors = np.asarray(made, np.float32)
        return vectors


async def load(options: SentenceTransformersOptions, _context: Context) -> TransformersEmbedder:
    """Raises BackendUnavailable."""
    return await run_apart("embedder-load", TransformersEmbedder, options)


BACKEND = Backend(
    port="embedding",
    name=NAME,
    options=SentenceTransformersOptions,
    load=load,
    modules=("sentence_transformers",),
    extra="sentence-transformers",
)
