"""The two engines that run GGUF models in this process, behind one small interface.

Both are llama.cpp: `xllamacpp` comes as a wheel for every system, `llama-cpp-python` has none on
the registry and is compiled where it is installed (decision 1 in `docs/decisions`).
"""

from __future__ import annotations

import importlib.util
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from mia.conversation.ports import Usage
from mia.errors import BackendUnavailable
from mia.mind.stops import Stops

EngineName = Literal["auto", "xllamacpp", "llama-cpp-python"]
MODULES: Mapping[str, str] = {"xllamacpp": "xllamacpp", "llama-cpp-python": "llama_cpp"}
#: Tokens asked for at once, the first time and after that. The engine writes on whether anybody
#: reads or not, and the voice needs the cores for the first clause (mostly within twelve tokens);
#: each request more costs the reading of one token again.
FIRST_PORTION, PORTION = 12, 8
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
    portions: bool = True
    """Whether it may be written in portions: what is written so far can be continued."""

    def continued(self, written: str) -> dict[str, Any]:
        """What is to be asked for after this much of it."""
        if self.messages is None:
            return {"prompt": f"{self.text}{written}"}
        if not written:
            return {"messages": self.messages}
        *before, last = self.messages
        if last["role"] != "assistant":
            return {"messages": [*self.messages, {"role": "assistant", "content": written}]}
        # Two of hers in a row are refused.
        return {"messages": [*before, {**last, "content": f"{last['content']}{written}"}]}


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
        stops = Stops(task.stop)
        written, unwanted = "", False
        found: Usage | None = None

        def heard(text: str) -> bool:
            nonlocal written, unwanted
            written += text
            known = stops.feed(text)
            unwanted = bool(known) and piece(known)
            return unwanted or stops.met

        left = task.max_tokens
        tokens = min(left, FIRST_PORTION) if task.portions else left
        while True:
            used, more = self._portion(task, written, tokens, heard)
            if used is not None:
                before = found or Usage(used.evaluated, used.cached, 0)
                found = replace(before, written=before.written + used.written)
            left -= tokens
            if unwanted or stops.met or not more or left <= 0:
                break
            tokens = min(left, PORTION)
        if not unwanted and (rest := stops.finish()):
            piece(rest)
        return found

    def _portion(
        self, task: Task, written: str, tokens: int, heard: Callable[[str], bool]
    ) -> tuple[Usage | None, bool]:
        """Have so many tokens more written; whether there would be more after them.

        Raises BackendUnavailable("llm.failed").
        """
        usage: Usage | None = None
        problem: str | None = None
        reason = ""

        def chunk(part: Any) -> bool:
            nonlocal usage, problem, reason
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
            reason = _end_of(answer) or reason
            text = _text_of(answer)
            return bool(text) and heard(text)

        request: dict[str, Any] = {
            **task.sampling,
            **task.continued(written),
            "stream": True,
            "cache_prompt": True,
            "max_tokens": tokens,
            "n_predict": tokens,
            "stop": task.stop,
            "timings_per_token": True,
        }
        ask = self._server.handle_completions
        if task.messages is not None:
            ask = self._server.handle_chat_completions
        ask(request, chunk)
        if problem is not None:
            raise BackendUnavailable("llm.failed", reason=problem)
        # Where the context is full it ends early, and there is no room for more.
        whole = usage is None or usage.written >= tokens
        return usage, reason == "length" and whole


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


def _end_of(answer: Any) -> str:
    """Why the text ends with this part, "length" where it was cut off; "" where it does not."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    return str((choices[0].get("finish_reason") if choices else None) or "")


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


def chat_template(path: Path) -> str:
    """The chat template a GGUF file carries; "" for a base model that has none."""
    # The key with its length before it and the kind of its value, a text, after it: named templates
    # have longer keys that begin the same.
    key = b"tokenizer.chat_template"
    entry = len(key).to_bytes(8, "little") + key + (8).to_bytes(4, "little")
    with path.open("rb") as file:
        head = file.read(32 << 20)
    _, found, value = head.partition(entry)
    length = int.from_bytes(value[:8], "little") if found else 0
    return value[8 : 8 + length].decode("utf-8", "replace")


def can_go_on(template: str) -> bool:
    """Whether a model can be handed back what it has begun to say: not where thoughts come before
    it, which the template leaves out."""
    return "think" not in template
