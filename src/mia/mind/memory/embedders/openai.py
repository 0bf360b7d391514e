"""Embedders on a server: any that has OpenAI's `/v1/embeddings`.

OpenAI itself, Ollama, LM Studio, llama.cpp's server (`--embeddings`), text-embeddings-inference,
vLLM, LocalAI, and more. What is remembered is sent there, so an address on this machine or in this
network is the default.

Blocking, as the port wants it: memories are embedded on a thread of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context
from mia.blocking import run_apart
from mia.errors import BackendUnavailable
from mia.mind.memory.embedding import Centred, prefixed
from mia.mind.memory.ports import TextKind, Vectors
from mia.servers import ServerOptions, SpeechServer, blocking_client

NAME = "openai"
#: Texts in one request.
BATCH = 32


class OpenAIEmbedderOptions(ServerOptions):
    """Any server with /v1/embeddings."""

    base_url: str = Field(
        "http://localhost:11434/v1",
        description="Address of the server, usually ending in /v1 (Ollama: "
        "http://localhost:11434/v1).",
    )
    model: str = Field("nomic-embed-text", description="Model id as the server names it.")
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


class ServedEmbedder(Centred):
    """Implements `Embedder`."""

    def __init__(self, options: OpenAIEmbedderOptions) -> None:
        """Asks the server once. Raises BackendUnavailable with one of the `server.*` codes."""
        self._options = options
        # What the server may answer wrongly, in the words speech servers have for it.
        self._problems = SpeechServer(options, options.model)
        self._client = blocking_client(
            options.base_url, options.key(), options.timeout_s, options.retries
        )
        host = urlsplit(options.base_url).hostname
        self._width: int | None = None
        self._width = dimensions = self._asked(["hola"]).shape[1]
        name = f"{host}-{options.model}-{dimensions}"
        super().__init__(prefixed(name, options.memory_prefix), dimensions, self._all)
        self._middles()

    def _all(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        prefix = self._options.query_prefix if kind == "query" else self._options.memory_prefix
        some = [prefix + (text or " ") for text in texts]
        return np.concatenate(
            [self._asked(some[at : at + BATCH]) for at in range(0, len(some), BATCH)]
        )

    def _asked(self, texts: list[str]) -> Vectors:
        try:
            answer = self._client.embeddings.create(
                model=self._options.model, input=texts, encoding_format="float"
            )
            rows = sorted(answer.data, key=lambda one: one.index)
            vectors: Vectors = np.array([one.embedding for one in rows], np.float32)
        except Exception as error:  # the library's border: it raises more than its own types
            raise self._problems.problem(error) from error
        if vectors.ndim != 2 or vectors.shape != (len(texts), self._width or vectors.shape[1]):
            raise BackendUnavailable("server.not_compatible", url=self._options.base_url)
        return vectors

    def close(self) -> None:
        self._client.close()


async def load(options: OpenAIEmbedderOptions, _context: Context) -> ServedEmbedder:
    """Raises BackendUnavailable where the server does not answer."""
    return await run_apart("embedder-load", ServedEmbedder, options)


BACKEND = Backend(
    port="embedding", name=NAME, options=OpenAIEmbedderOptions, load=load, modules=("openai",)
)
