"""GGUF models in this process, through llama.cpp: the embedded default, or any file of yours.

With `model: auto` each language has its own small embedded model. Each loaded model has one
thread; a reply that nobody wants any more stops at the next token.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import Worker
from mia.conversation.ports import Message, Prompt, Usage
from mia.errors import BackendUnavailable
from mia.mind.chat import chat_messages
from mia.mind.engines import (
    Engine,
    EngineName,
    Load,
    Task,
    build,
    can_go_on,
    chat_template,
    installed,
)
from mia.mind.prompts import MAX_TOKENS, transcript
from mia.mind.reasoning import ReasoningFilter

#: The embedded model of each language (decision 5 in `docs/decisions`); a language without one is
#: answered by the first.
EMBEDDED: Mapping[str, str] = {"es": "gemma-3-270m", "en": "gemma-3-270m"}
#: Left free in the context for the reply itself.
RESERVE = 64


class LlamaCppOptions(Options):
    model: str = Field(
        "auto",
        description="Catalogue id of an installed GGUF model; auto: the embedded model of the "
        "language.",
    )
    path: str = Field("", description="A GGUF file of your own; goes before `model`.")
    engine: EngineName = Field(
        "auto", description="xllamacpp (wheels) or llama-cpp-python (compiled by you)."
    )
    context_size: int = Field(2048, ge=512, le=1_048_576, description="Context, in tokens.")
    gpu_layers: int = Field(
        -1, ge=-1, le=1000, description="Layers on the GPU, where the engine has one; -1: all."
    )
    threads: int = Field(2, ge=1, le=256, description="CPU threads.")
    max_tokens: int = Field(160, ge=1, le=32_768, description="Longest reply, in tokens.")
    temperature: float = Field(0.7, ge=0, le=2, description="How freely it chooses its words.")
    top_p: float = Field(0.9, gt=0, le=1, description="Share of likely words it chooses from.")


class LoadedModel:
    """One GGUF model on its own thread."""

    def __init__(self, options: LlamaCppOptions, path: Path) -> None:
        self._options = options
        self._path = path
        self._worker = Worker(f"llm-{path.stem[:20]}")
        self._engine: Engine | None = None
        self._chat = self._portions = True
        self.usage: Usage | None = None
        """Of the newest finished reply."""

    async def load(self) -> None:
        await self._worker.run(self._load)

    def _load(self) -> Engine:
        if self._engine is None:
            options = self._options
            self._engine = build(
                options.engine,
                Load(self._path, options.context_size, options.gpu_layers, options.threads),
            )
            template = chat_template(self._path)
            self._chat, self._portions = bool(template), can_go_on(template)
        return self._engine

    async def write(self, prompt: Prompt, max_tokens: int | None) -> AsyncGenerator[str, None]:
        """Pieces of the reply; with `max_tokens` 0 none, only the cache is warmed.

        The model goes on when its reader has come back for more: who stops reading for a while
        has the cores for something else (but for the rest of a portion, see `mia.mind.engines`).
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | None] = asyncio.Queue(4096)
        unwanted = threading.Event()
        wanted = threading.Semaphore(0)

        def piece(text: str) -> bool:
            loop.call_soon_threadsafe(pieces.put_nowait, text)
            wanted.acquire()
            return unwanted.is_set()

        def work() -> Usage | None:
            if unwanted.is_set():
                return None
            try:
                return self._load().write(self._task(prompt, max_tokens), piece)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        writing = self._worker.submit(work)
        try:
            while (text := await pieces.get()) is not None:
                yield text
                wanted.release()
            self.usage = await writing
        finally:
            unwanted.set()
            wanted.release()
            if not writing.done():
                # The thread sees the flag at its next token; nobody waits for it here.
                writing.add_done_callback(_seen)

    def _task(self, prompt: Prompt, max_tokens: int | None) -> Task:
        options = self._options
        limit = options.max_tokens if max_tokens is None else max_tokens
        sampling = {"temperature": options.temperature, "top_p": options.top_p}
        if self._chat:
            messages = chat_messages(replace(prompt, messages=tuple(fitting(prompt, options))))
            return Task([dict(m) for m in messages], None, [], sampling, limit, self._portions)
        asked = transcript(prompt)
        return Task(None, asked.text, list(asked.stop), asked.sampling, min(limit, MAX_TOKENS))

    def close(self) -> None:
        self._worker.close()


def _seen(writing: asyncio.Future[Usage | None]) -> None:
    if not writing.cancelled():
        writing.exception()


def fitting(prompt: Prompt, options: LlamaCppOptions) -> list[Message]:
    """The prompt's messages without the oldest turns, where all would not fit the context.

    Counted roughly (3 characters a token), on the safe side for Spanish; whole halves of the
    history go at once, so that the cached prefix is lost rarely rather than at every turn.
    """
    room = (options.context_size - options.max_tokens - RESERVE) * 3
    head = [m for m in prompt.messages[:1] if m.role == "system"]
    rest = list(prompt.messages[len(head) :])
    while len(rest) > 1 and sum(len(m.content) for m in (*head, *rest)) > room:
        rest = rest[max(1, len(rest) // 2) :]
    return [*head, *rest]


class LlamaCpp:
    """Implements `LanguageModel`."""

    def __init__(self, options: LlamaCppOptions, paths: Mapping[str, Path]) -> None:
        """paths: the GGUF file of each language; the first is used for any other language."""
        self._models: dict[Path, LoadedModel] = {}
        self._of: dict[str, LoadedModel] = {}
        for language, path in paths.items():
            model = self._models.setdefault(path, LoadedModel(options, path))
            self._of[language] = model
        self._first = next(iter(self._of.values()))
        self._newest = self._first

    def _for(self, language: str) -> LoadedModel:
        return self._of.get(language, self._first)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self._newest = self._for(prompt.language)
        spoken = ReasoningFilter()
        pieces = self._newest.write(prompt, prompt.max_tokens)
        try:
            async for piece in pieces:
                if text := spoken.feed(piece):
                    yield text
            if text := spoken.finish():
                yield text
        finally:
            await pieces.aclose()

    async def warm(self, prompt: Prompt) -> None:
        async for _ in self._for(prompt.language).write(prompt, 0):
            pass

    async def load(self, language: str) -> None:
        """Have the model of this language in memory. Raises BackendUnavailable."""
        await self._for(language).load()

    @property
    def usage(self) -> Usage | None:
        return self._newest.usage

    async def aclose(self) -> None:
        for model in self._models.values():
            model.close()


def needs(options: LlamaCppOptions, languages: tuple[str, ...]) -> tuple[str, ...]:
    if options.path:
        return ()
    if options.model != "auto":
        return (options.model,)
    return tuple(dict.fromkeys(EMBEDDED[code] for code in languages if code in EMBEDDED))


def gguf_in(folder: Path) -> Path:
    """The GGUF file of an installed model."""
    if folder.is_file():
        return folder
    found = sorted(folder.glob("*.gguf"))
    if not found:
        raise BackendUnavailable("llm.no_gguf", path=str(folder))
    return found[0]


def own_file(options: LlamaCppOptions) -> Path:
    """The user's own GGUF file. Raises BackendUnavailable where it is not there."""
    path = Path(options.path).expanduser()
    if not path.is_file():
        raise BackendUnavailable("llm.no_file", path=str(path))
    return path


async def load(options: LlamaCppOptions, context: Context) -> LlamaCpp:
    installed(options.engine)
    if options.path:
        paths = {context.languages[0]: own_file(options)}
    elif options.model != "auto":
        paths = {context.languages[0]: gguf_in(context.models.path(options.model))}
    else:
        paths = {
            code: gguf_in(context.models.path(EMBEDDED[code]))
            for code in context.languages
            if code in EMBEDDED
        }
    if not paths:
        raise BackendUnavailable("llm.no_language", languages=", ".join(context.languages))
    model = LlamaCpp(options, paths)
    await model.load(context.languages[0])
    return model


BACKEND = Backend(
    port="llm",
    name="llamacpp",
    options=LlamaCppOptions,
    load=load,
    needs=needs,
    extra="local",
)
