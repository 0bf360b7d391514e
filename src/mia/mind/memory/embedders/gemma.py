"""EmbeddingGemma 300M (Google 2025, arXiv 2509.20354), in bytes, in ONNX Runtime: by far the
finest, and the largest.

Its weights come under Google's Gemma Terms of Use, as the embedded mind's do.
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
from mia.mind.memory.embedding_gemma import LONGEST, Table, unpacked
from mia.mind.memory.ports import TextKind, Vectors

NAME = "gemma"
MODEL = "embeddinggemma-300m"
ARCHIVE = "embeddinggemma-300m.zip"
#: How it wants to be told what a text is.
PREFIXES = {"query": "task: search result | query: ", "passage": "title: none | text: "}


class GemmaOptions(Options):
    """Finest by far, in both languages; 1.1 GB to fetch, 1.5 GB on the disk."""


class Gemma(Centred):
    """Implements `Embedder`."""

    def __init__(self, archive: Path, cache: Path) -> None:
        """cache: where what is made of the archive lies. Raises BackendUnavailable
        `memory.embedder_damaged`."""
        with IMPORTING:
            from tokenizers import Tokenizer
        try:
            folder = unpacked(archive, cache)
            self._table = Table(folder)
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizer's library raises plain Exception
            raise BackendUnavailable("memory.embedder_damaged", reason=error) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        # One thread is as quick, and needs no other core to be free.
        self._session = session(folder / "model.onnx", threads=1)
        (result,) = self._session.get_outputs()
        super().__init__(folder.name, result.shape[-1], self._all)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        return np.concatenate([self._one(PREFIXES[kind] + text) for text in texts])

    def _one(self, text: str) -> Vectors:
        rows = self._table.rows(self._tokenizer.encode(text).ids)
        (output,) = self._session.run(None, {"emb": rows[None]})
        return np.asarray(output, np.float32)


async def load(_options: GemmaOptions, context: Context) -> Gemma:
    """Raises ModelUnavailable, BackendUnavailable."""
    archive = context.models.path(MODEL) / ARCHIVE
    return await run_apart("embedder-load", Gemma, archive, context.cache)


BACKEND = Backend(
    port="embedding",
    name=NAME,
    options=GemmaOptions,
    load=load,
    needs=lambda _options, _languages: (MODEL,),
    modules=("onnxruntime", "tokenizers"),
    extra="local",
)
