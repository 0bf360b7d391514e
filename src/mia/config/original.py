"""The keys of the original MIA's config, and what becomes of each.

A config written for the original keeps working: its flat keys move into the section of the
backend they are about, before anything is checked. Where the present key is set as well, that one
counts; where this installation has no such backend or option, the user gets one notice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mia.config.document import KeyPath
from mia.config.problems import Notice

#: Backends the original knew; one that is not there gets a notice and the default instead.
BACKENDS = {
    "models.llm": ("llamacpp", "lmstudio", "openrouter"),
    "models.tts": ("xtts", "edge"),
}

#: The original's word for "whatever model the server has loaded".
WHATEVER = "default"


@dataclass(frozen=True, slots=True)
class Move:
    """old: the original's key. new: where it goes, `{server}` is the chosen language server.

    nothing: values that meant "not set".
    """

    old: str
    new: str
    nothing: tuple[Any, ...] = ("",)


MOVES = (
    Move("models.llm.path", "models.llm.llamacpp.path"),
    Move("models.llm.context_size", "models.llm.llamacpp.context_size"),
    Move("models.llm.n_gpu_layers", "models.llm.llamacpp.gpu_layers"),
    Move("models.llm.base_url", "models.llm.{server}.base_url"),
    Move("models.llm.model_name", "models.llm.{server}.model", nothing=("", WHATEVER)),
    Move("models.llm.api_key", "models.llm.{server}.api_key"),
    Move("models.stt.model_size", "models.stt.faster-whisper.model"),
    Move("models.stt.device", "models.stt.faster-whisper.device"),
    Move("models.stt.compute_type", "models.stt.faster-whisper.compute_type"),
    Move("models.tts.edge_voice", "models.tts.edge.voice"),
    Move("models.tts.edge_rate", "models.tts.edge.rate"),
    Move("models.tts.edge_pitch", "models.tts.edge.pitch"),
    Move("vad.energy_threshold", "vad.energy.threshold"),
    Move("osc.ip", "avatar.outputs.osc.host"),
    Move("osc.port", "avatar.outputs.osc.port"),
    Move("osc.mapping.mouth_open", "avatar.outputs.osc.mouth_open"),
    Move("osc.mapping.blink", "avatar.outputs.osc.blink"),
    Move("rag.enabled", "memory.enabled"),
    Move("rag.embedding_model", "memory.embedder.sentence-transformers.model"),
    Move("rag.persist_dir", "memory.dir"),
    Move("rag.top_k", "memory.recalled"),
    Move("rag.max_docs", "memory.max_memories"),
    Move("rag.score_threshold", "memory.threshold"),
    Move("performance.vad_sensitivity", "vad.sensitivity"),
    Move("performance.lipsync_smoothing", "lipsync.smoothing_alpha"),
)


@dataclass(frozen=True, slots=True)
class Modernised:
    """moved: today's key → the original's key it came from, as paths."""

    data: dict[str, Any]
    moved: Mapping[KeyPath, KeyPath]
    notices: tuple[Notice, ...]


def modernise(
    data: Mapping[str, Any],
    known: Collection[KeyPath],
    available: Mapping[str, Collection[str]],
) -> Modernised:
    """`data` with the original's keys in today's places; the argument is left alone.

    known: every key of the schema. available: backend names by section ("models.llm").
    """
    result = _copied(data)
    notices: list[Notice] = []
    moved: dict[KeyPath, KeyPath] = {}
    for move in MOVES:
        old = tuple(move.old.split("."))
        if old in known or not _has(result, old):
            continue
        section = _get(result, old[:-1])
        value = section.pop(old[-1])
        new = tuple(move.new.format(server=_server(result, value)).split("."))
        if value is None or (not isinstance(value, (dict, list)) and value in move.nothing):
            continue
        if new not in known:
            notices.append(Notice(move.old, "config.no_such_option", {"target": ".".join(new)}))
        elif _has(result, new):
            if _get(result, new) != value:
                notices.append(Notice(move.old, "config.overridden", {"target": ".".join(new)}))
        elif _put(result, new, value):
            moved[new] = old
    _own_embedder(result, moved, available)
    notices += _missing_backends(result, available)
    notices += _longest_hold(result)
    notices += _plain_lipsync(result)
    return Modernised(result, moved, tuple(notices))


def _server(data: Mapping[str, Any], value: Any) -> str:
    """The language server the original's flat keys are about.

    An address on this machine is LM Studio's, whichever is chosen: who switched the original to
    OpenRouter left it in the file.
    """
    path = ("models", "llm", "backend")
    chosen = _get(data, path) if _has(data, path) else None
    local = isinstance(value, str) and value.startswith(("http://localhost", "http://127.0.0.1"))
    if local and chosen == "openrouter":
        return "lmstudio"
    return chosen if chosen in ("lmstudio", "openrouter", "openai") else "lmstudio"


def _missing_backends(
    data: dict[str, Any], available: Mapping[str, Collection[str]]
) -> list[Notice]:
    notices = []
    for section, originals in BACKENDS.items():
        path = (*section.split("."), "backend")
        if not _has(data, path):
            continue
        name = _get(data, path)
        if name in originals and name not in available.get(section, ()):
            del _get(data, path[:-1])["backend"]
            notices.append(Notice(f"{section}.backend", "config.backend_not_yet", {"name": name}))
    return notices


def _own_embedder(
    data: dict[str, Any],
    moved: Mapping[KeyPath, KeyPath],
    available: Mapping[str, Collection[str]],
) -> None:
    """The original had one kind of embedder; who names a model of that kind means that kind."""
    name, path = "sentence-transformers", ("memory", "embedder", "backend")
    named = (*path[:-1], name, "model") in moved and not _has(data, path)
    if named and name in available.get("memory.embedder", ()):
        _put(data, path, name)


def _longest_hold(data: Mapping[str, Any]) -> list[Notice]:
    """The original had the energy VAD only; a config of today says which one it means."""
    if _has(data, ("vad", "silence_duration_ms")) and not _has(data, ("vad", "backend")):
        return [Notice("vad.silence_duration_ms", "config.longest_hold")]
    return []


def _plain_lipsync(data: Mapping[str, Any]) -> list[Notice]:
    """The original had the mouth by loudness only; its numbers mean that one."""
    section = data.get("lipsync")
    if not isinstance(section, Mapping) or "mode" in section:
        return []
    names = ("smoothing_alpha", "rms_min", "rms_max")
    return [Notice(f"lipsync.{name}", "config.plain_lipsync") for name in names if name in section]


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _has(data: Mapping[str, Any], path: KeyPath) -> bool:
    inner: Any = data
    for part in path:
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part]
    return True


def _get(data: Mapping[str, Any], path: KeyPath) -> Any:
    inner: Any = data
    for part in path:
        inner = inner[part]
    return inner


def _put(data: dict[str, Any], path: KeyPath, value: Any) -> bool:
    """Whether there was a place for it: what stands in its way is an error found later."""
    inner: Any = data
    for part in path[:-1]:
        if inner.get(part) is None:
            inner[part] = {}
        inner = inner[part]
        if not isinstance(inner, dict):
            return False
    inner[path[-1]] = value
    return True
