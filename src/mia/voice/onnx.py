"""ONNX voices: a session that can really be stopped, and the hidden outputs that tell timings.

Voice models compute how long every phoneme lasts but most exports keep it to themselves. The
number stands in a tensor inside the graph; naming that tensor as one more output of the graph
makes the runtime hand it out. An ONNX file is a protobuf message, and protobuf merges a message
with one that is appended to it, so a few bytes at the end of the file's content are enough: no
library to edit models, no second copy on the disk.

Field numbers are those of `onnx.proto3` (github.com/onnx/onnx): ModelProto.graph 7,
GraphProto.node 1, GraphProto.output 12, NodeProto.input 1, .output 2, .op_type 4,
ValueInfoProto.name 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GRAPH, _NODE, _GRAPH_OUTPUT = 7, 1, 12
_INPUT, _OUTPUT, _OP_TYPE = 1, 2, 4
_BYTES = 2
_FIXED = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a graph: its type and the names of its tensors."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def nodes(model: bytes) -> Iterator[Node]:
    """The operations of a serialised model, in its order. Raises ValueError if it is damaged."""
    for field, value in _fields(memoryview(model)):
        if field != _GRAPH:
            continue
        for inner, node in _fields(value):
            if inner == _NODE:
                parts = [(f, bytes(v).decode()) for f, v in _fields(node) if f <= _OP_TYPE]
                yield Node(
                    next((text for f, text in parts if f == _OP_TYPE), ""),
                    tuple(text for f, text in parts if f == _INPUT),
                    tuple(text for f, text in parts if f == _OUTPUT),
                )


def with_output(model: bytes, tensor: str) -> bytes:
    """The model with one more output: the inner tensor of that name."""
    return model + _field(_GRAPH, _field(_GRAPH_OUTPUT, _field(1, tensor.encode())))


def vits_durations(model: bytes) -> str | None:
    """The tensor that holds a VITS model's frames for every phoneme: its only rounding up."""
    found = [node.outputs[0] for node in nodes(model) if node.kind == "Ceil"]
    return found[0] if len(found) == 1 else None


def styletts_durations(model: bytes) -> str | None:
    """The same of StyleTTS 2 (Kokoro): what is rounded, then kept at one frame or more."""
    rounded: set[str] = set()
    found: list[str] = []
    for node in nodes(model):
        if node.kind == "Round":
            rounded.update(node.outputs)
        elif node.kind in ("Clip", "Max") and node.inputs[0] in rounded:
            found.append(node.outputs[0])
    return found[0] if len(found) == 1 else None


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The length-delimited fields of a protobuf message; others are passed over."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _BYTES:
            size, at = _varint(message, at)
            if at + size > end:
                raise ValueError("the model ends too early")
            yield key >> 3, message[at : at + size]
            at += size
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise ValueError("this is no ONNX model")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("this is no ONNX model")
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(content)) + content


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


class Cancelled(Exception):
    """A run was stopped because nobody wants its result."""


class Job:
    """Everything done for one clause; `cancel` ends it, from whichever thread."""

    def __init__(self) -> None:
        import onnxruntime

        self.options = onnxruntime.RunOptions()
        self.cancelled = False

    def cancel(self) -> None:
        """Stop a run after the operation it is at, and never begin another."""
        self.cancelled = True
        self.options.terminate = True

    def check(self) -> None:
        """Raises Cancelled."""
        if self.cancelled:
            raise Cancelled


class Model:
    """An ONNX session for one clause at a time.

    durations: finds the tensor to hand out as the last output, or None to load the file as it
    is. threads: of the CPU. Raises OSError, ValueError or RuntimeError for a damaged file.

    The runtime's threads do not spin while they wait: two cores are
    shared with the ears and the mind, and on them a clause was sooner ready without spinning.
    """

    def __init__(self, path: Path, threads: int, durations: Any = None) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Errors reach us as exceptions; a stopped run would be logged as one as well.
        settings.log_severity_level = 4
        source: str | bytes = str(path)
        tensor = None
        if durations is not None:
            content = path.read_bytes()
            if tensor := durations(content):
                source = with_output(content, tensor)
        try:
            self.session = onnxruntime.InferenceSession(
                source, settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no public base
            raise RuntimeError(str(error)) from error
        self.times = tensor is not None
        """Whether the last output holds durations."""
        self.inputs: Mapping[str, str] = {
            entry.name: entry.type for entry in self.session.get_inputs()
        }
        self.runs = 0
        """How many runs were begun."""

    def run(self, feeds: Mapping[str, Any], job: Job) -> list[Any]:
        """The outputs. Raises Cancelled as soon as the job is, RuntimeError if the model fails."""
        job.check()
        self.runs += 1
        try:
            return list(self.session.run(None, dict(feeds), job.options))
        except Exception as error:  # the runtime's own exceptions share no public base
            job.check()
            raise RuntimeError(str(error)) from error
