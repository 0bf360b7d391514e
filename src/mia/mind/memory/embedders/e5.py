"""multilingual-e5-small (MIT), 4-bit, in ONNX Runtime: finer than `use`, 8 to 16 ms a question.

Wang et al. 2024, arXiv 2402.05672. It wants to be told what a text is; "query: " before questions
and memories alike finds what was said in the other language better than "passage: " before
memories (recall@1 .55 against .40), because e5 prefers texts of one language otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING, run_apart
from mia.errors import BackendUnavailable
from mia.mind.memory.embedding import Centred, session
from mia.mind.memory.embedding_e5 import HIDDEN, Weights, dequantised, graph
from mia.mind.memory.ports import TextKind, Vectors

NAME = "e5"
MODEL = "multilingual-e5-small"
WEIGHTS, TOKENIZER = "e5-small-q4.bin", "tokenizer.json"
LONGEST = 512
PREFIX = "query: "


class E5Options(Options):
    """Finer than `use`, ten times the time."""


class E5(Centred):
    """Implements `Embedder`."""

    def __init__(self, folder: Path) -> None:
        """Raises BackendUnavailable `memory.embedder_damaged`."""
        super().__init__("multilingual-e5-small-q4", HIDDEN, self._all)
        with IMPORTING:
            from tokenizers import Tokenizer
        try:
            self._weights = Weights(folder / WEIGHTS)
            self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
            content = graph(self._weights)
        except Exception as error:  # the tokenizer's library raises plain Exception
            raise BackendUnavailable("memory.embedder_damaged", reason=error) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self._session = session(content)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """The same for questions and memories."""
        return np.concatenate([self._one(PREFIX + text) for text in texts])

    def _one(self, text: str) -> Vectors:
        ids = self._tokenizer.encode(text).ids
        rows = dequantised(self._weights.tokens[ids])
        rows += self._weights.places[: len(ids)] + self._weights.first_type
        (output,) = self._session.run(None, {"emb": rows[None]})
        return np.asarray(output, np.float32)


async def load(_options: E5Options, context: Context) -> E5:
    """Raises ModelUnavailable, BackendUnavailable."""
    folder = context.models.path(MODEL)
    return await run_apart("embedder-load", E5, folder)


BACKEND = Backend(
    port="embedding",
    name=NAME,
    options=E5Options,
    load=load,
    needs=lambda _options, _languages: (MODEL,),
    modules=("onnxruntime", "tokenizers"),
    extra="local",
)
