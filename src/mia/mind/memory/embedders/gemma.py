"""EmbeddingGemma 300M (Google 2025, arXiv 2509.20354), in bytes, in ONNX Runtime: by far the
finest, and the largest.

Its weights come under Google's Gemma Terms of Use, as the embedded mind's do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING, run_apart
from mia.errors import BackendUnavailable
from mia.mind.memory.embedding import Centred, session
from mia.mind.memory.embedding_gemma import LONGEST, Table, beside, form, unpacked
from mia.mind.memory.ports import TextKind, Vectors

NAME = "gemma"
MODEL = "embeddinggemma-300m"
ARCHIVE = "embeddinggemma-300m.zip"
#: How it is told what a text is. For a question its makers have "task: search result | query: ";
#: without its first six tokens a question takes a sixth less time, and finds two points less across
#: languages and one more elsewhere (`bench/results/memory.md`).
PREFIXES = {"query": "query: ", "passage": "title: none | text: "}
#: Tokens of several questions that are read in one run: two cost a third more than one, as most of
#: the time goes into fetching the weights. No more than `LONGEST`.
TOGETHER = 64
#: Raised when the vectors of memories are others: all are made anew then.
VECTORS = 1


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
        super().__init__(f"embeddinggemma-{VECTORS}-{form()}", result.shape[-1], self._all)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        ids = [self._tokenizer.encode(PREFIXES[kind] + text).ids for text in texts]
        # A memory's vector must not depend on what it is read with, and bytes share their scale.
        together = TOGETHER if kind == "query" else 0
        return np.concatenate([self._read(some) for some in _packed(ids, together)])

    def _read(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """float32 [texts, dimensions] of texts that lie one after the other in one run."""
        rows = self._table.rows([token for text in texts for token in text])
        inputs = {"emb": rows[None], **beside([len(text) for text in texts])}
        (output,) = self._session.run(None, inputs)
        return np.asarray(output[0], np.float32)


def _packed(texts: Sequence[Sequence[int]], most: int) -> Iterator[Sequence[Sequence[int]]]:
    """The texts in their order, as many at once as have `most` tokens together; one at least."""
    begin, tokens = 0, 0
    for at, text in enumerate(texts):
        if at > begin and tokens + len(text) > most:
            yield texts[begin:at]
            begin, tokens = at, 0
        tokens += len(text)
    yield texts[begin:]


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
