"""The two engines that run GGUF models in this process, behind one small interface.

Both are llama.cpp: `xllamacpp` comes as a wheel for every system, `llama-cpp-python` has none on
the registry and is compiled where it is installed (decision 1 in `docs/decisions`).
"""

from __future__ import annotations

import importlib.util
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from mia.conversation.ports import Usage
from mia.errors import BackendUnavailable

EngineName = Literal["auto", "xllamacpp", "llama-cpp-python"]
MODULES: Mapping[str, str] = {"xllamacpp": "xllamacpp", "llama-cpp-python": "llama_cpp"}
#: Sampling settings that llama-cpp-python takes too; it has no DRY.
PLAIN_SAMPLING = frozenset(
    {"temperature", "top_p", "min_p", "top_k", "repeat_penalty", "frequency_penalty"}
)


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine is told when it loads a model."""

    path: Path
    context_size: int
    gpu_layers: int
    threads: int


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written: `messages` for a model with a chat template, else `text`."""

    messages: list[dict[str, str]] | None
    text: str | None
    stop: list[str]
    sampling: Mapping[str, float]
    max_tokens: int
    """0 only evaluates the prompt into the cache."""


class Engine(Protocol):
    """Blocking; called from one thread."""

    def write(self, task: Task, piece: Callable[[str], bool]) -> Usage | None:
        """Write until done or until `piece` (called with each piece) returns True: stop."""
        ...


class XLlamaCpp:
    def __init__(self, load: Load) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            # The Linux wheel leaves libgomp to the system, and bare ones have none.
            raise BackendUnavailable("llm.no_library", reason=str(error)) from error

        params = xllamacpp.CommonParams()
        params.model.path = str(load.path)
        params.n_ctx = load.context_size
        params.n_parallel = 1
        params.n_gpu_layers = load.gpu_layers
        params.cpuparams.n_threads = load.threads
        params.cpuparams_batch.n_threads = load.threads
        # Wait for work asleep, not spinning: see `mia.blocking`.
        params.cpuparams.poll = params.cpuparams_batch.poll = 0
        params.warmup = True
        # Gemma's sliding window would throw the cached prefix away at every turn.
        params.swa_full = True
        # The server engine keeps the states of old prompts, gigabytes of them if it may. MIA's
        # prompts only grow, so one that guests of a moment share is plenty.
        params.cache_ram_mib = 32
        params.n_ctx_checkpoints = 0
        # The engine brings a server of its own on a loopback port; nobody knows its key.
        params.api_keys = [secrets.token_urlsafe(32)]
        params.verbosity = -1
        try:
            self._server: Any = xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise BackendUnavailable(
                "llm.cannot_load", path=str(load.path), reason=str(error)
            ) from error

    def write(self, task: Task, piece: Callable[[str], bool]) -> Usage | None:
        usage: Usage | None = None
        problem: str | None = None

        def chunk(part: Any) -> bool:
            nonlocal usage, problem
            answer = json.loads(part) if isinstance(part, str | bytes) else part
            if "error" in answer:
                problem = str(answer["error"].get("message", answer["error"]))
                return True
            if timings := answer.get("timings"):
                usage = Usage(
                    int(timings.get("prompt_n", 0)),
                    int(timings.get("cache_n", 0)),
                    int(timings.get("predicted_n", 0)),
                )
            text = _text_of(answer)
            return bool(text) and piece(text)

        request: dict[str, Any] = {
            **task.sampling,
            "stream": True,
            "cache_prompt": True,
            "max_tokens": task.max_tokens,
            "n_predict": task.max_tokens,
            "stop": task.stop,
            "timings_per_token": True,
        }
        if task.messages is not None:
            self._server.handle_chat_completions({**request, "messages": task.messages}, chunk)
        else:
            self._server.handle_completions({**request, "prompt": task.text}, chunk)
        if problem is not None:
            raise BackendUnavailable("llm.failed", reason=problem)
        return usage


class LlamaCppPython:
    def __init__(self, load: Load) -> None:
        try:
            from llama_cpp import Llama
        except (ImportError, RuntimeError, OSError) as error:
            raise BackendUnavailable("llm.no_library", reason=str(error)) from error
        try:
            self._llama: Any = Llama(
                str(load.path),
                n_ctx=load.context_size,
                n_gpu_layers=load.gpu_layers,
                n_threads=load.threads,
                n_threads_batch=load.threads,
                swa_full=True,
                verbose=False,
            )
        except (RuntimeError, ValueError) as error:
            raise BackendUnavailable(
                "llm.cannot_load", path=str(load.path), reason=str(error)
            ) from error

    def write(self, task: Task, piece: Callable[[str], bool]) -> Usage | None:
        known = {name: value for name, value in task.sampling.items() if name in PLAIN_SAMPLING}
        # This engine has no call that only evaluates; one token more costs next to nothing.
        options = {**known, "max_tokens": max(1, task.max_tokens), "stop": task.stop}
        try:
            if task.messages is not None:
                stream = self._llama.create_chat_completion(task.messages, stream=True, **options)
            else:
                stream = self._llama.create_completion(task.text, stream=True, **options)
            for part in stream:
                text = _text_of(part)
                if task.max_tokens and text and piece(text):
                    stream.close()
                    break
        except (RuntimeError, ValueError) as error:
            raise BackendUnavailable("llm.failed", reason=str(error)) from error
        return None


def _text_of(answer: Any) -> str:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not choices:
        return str(answer.get("content") or "") if isinstance(answer, dict) else ""
    choice = choices[0]
    if "delta" in choice:
        return str(choice["delta"].get("content") or "")
    return str(choice.get("text") or "")


def installed(name: EngineName) -> str:
    """The engine to use for this choice. Raises BackendUnavailable."""
    for known, module in MODULES.items():
        if name in ("auto", known) and importlib.util.find_spec(module) is not None:
            return known
    raise BackendUnavailable(
        "backend.not_installed",
        name="llamacpp",
        missing=", ".join(MODULES.values()) if name == "auto" else MODULES[name],
        extra="llamacpp" if name == "llama-cpp-python" else "local",
    )


def build(name: EngineName, load: Load) -> Engine:
    return XLlamaCpp(load) if installed(name) == "xllamacpp" else LlamaCppPython(load)


def has_chat_template(path: Path) -> bool:
    """Whether a GGUF file carries a chat template: its metadata stands at the head of the file,
    before the vocabulary's end, well within the first megabytes."""
    with path.open("rb") as file:
        return b"tokenizer.chat_template" in file.read(32 << 20)
