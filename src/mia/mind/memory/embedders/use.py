"""Universal Sentence Encoder multilingual 3 (Apache-2.0), int8, in ONNX Runtime: the default.

16 languages, among them Spanish and English, in one space, so a question finds what was said in
the other language; about 1 ms a text on two cores, without PyTorch. Yang et al. 2019,
arXiv 1907.04307. Its tokenizer is an operator inside the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mia.backends import Backend, Context, Options
from mia.blocking import run_apart
from mia.mind.memory.embedding import Centred, session
from mia.mind.memory.ports import TextKind, Vectors

NAME = "use"
MODEL = "use-multilingual-3"
FILE = "embedding_model_quantized.onnx"
DIMENSIONS = 512


class UseOptions(Options):
    """Spanish and English in one space, about 1 ms a text: the embedded default."""


class Use(Centred):
    """Implements `Embedder`. The runtime's session may be used from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises BackendUnavailable `memory.embedder_damaged`."""
        super().__init__("use-multilingual-3-int8", DIMENSIONS, self._all)
        # One thread is as quick, and needs no other core to be free: beside two busy loops a
        # question took 25 ms (p95) instead of up to 46.
        self._session = session(folder / FILE, extensions=True, threads=1)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """The same for questions and memories."""
        return np.concatenate([self._one(text) for text in texts])

    def _one(self, text: str) -> Vectors:
        # One text a call: int8 scales depend on the batch, and so would the vector. An empty
        # string has no token at all, which the graph does not survive.
        (output,) = self._session.run(["outputs"], {"inputs": np.array([text or " "], object)})
        return np.asarray(output, np.float32)


async def load(_options: UseOptions, context: Context) -> Use:
    """Raises ModelUnavailable, BackendUnavailable."""
    folder = context.models.path(MODEL)
    return await run_apart("embedder-load", Use, folder)


BACKEND = Backend(
    port="embedding",
    name=NAME,
    options=UseOptions,
    load=load,
    needs=lambda _options, _languages: (MODEL,),
    modules=("onnxruntime", "onnxruntime_extensions"),
    extra="local",
)
