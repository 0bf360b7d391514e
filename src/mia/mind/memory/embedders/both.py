"""`use` and `e5` as one embedder: each sees what the other does not, at the price of the dearer.

Their vectors are laid end to end, so that one search in one index weighs both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mia.backends import Backend, Context, Options
from mia.mind.memory.embedders import e5, use
from mia.mind.memory.embedding import Centred
from mia.mind.memory.ports import TextKind, Vectors

NAME = "use+e5"
#: What e5's likeness counts beside use's, each in its own spread.
SHARE = 1.3


class BothOptions(Options):
    """Finer than either: `use` and `e5` together, about 10 ms a question."""


class Both(Centred):
    """Implements `Embedder`. What each gives is centred already."""

    def __init__(self, light: use.Use, fine: e5.E5) -> None:
        super().__init__("use-e5", light.dimensions + fine.dimensions, self._both)
        self._light, self._fine = light, fine
        # A cosine of the whole is the parts' cosines, each times its length squared.
        lengths = np.sqrt([1 / light.spread, SHARE / fine.spread])
        self._lengths = lengths / np.linalg.norm(lengths)
        self._middles()

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        return self._both(texts, kind)

    def _both(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        parts = (self._light.embed(texts, kind), self._fine.embed(texts, kind))
        whole = [part * length for part, length in zip(parts, self._lengths, strict=True)]
        return np.concatenate(whole, axis=1).astype(np.float32)


async def load(_options: BothOptions, context: Context) -> Both:
    """Raises ModelUnavailable, BackendUnavailable."""
    light = await use.load(use.UseOptions(), context)
    return Both(light, await e5.load(e5.E5Options(), context))


BACKEND = Backend(
    port="embedding",
    name=NAME,
    options=BothOptions,
    load=load,
    needs=lambda _options, _languages: (use.MODEL, e5.MODEL),
    modules=("onnxruntime", "onnxruntime_extensions", "tokenizers"),
    extra="local",
)
