"""What stands in an ONNX file: hidden outputs handed out, and a voice cut in two.

Voice models compute how long every phoneme lasts but most exports keep it to themselves. The
number stands in a tensor inside the graph; naming that tensor as one more output of the graph
makes the runtime hand it out. An ONNX file is a protobuf message, and protobuf merges a message
with one that is appended to it, so a few bytes at the end of the file's content are enough: no
library to edit models, no second copy on the disk.

A VITS voice (Piper) ends in a stretch that looks at a few frames at a time only. Cut off into a
model of its own, it makes the beginning of a clause while the rest is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass

from mia.onnx.graphs import (
    CONSTANT,
    GIVEN,
    GRAPH,
    NODE,
    RESULT,
    VALUE_NAME,
    name_of,
    nodes,
    tensor_type,
)
from mia.onnx.protobuf import field, fields, parts, texts


def with_output(model: bytes, tensor: str) -> bytes:
    """The model with one more output: the inner tensor of that name."""
    return model + field(GRAPH, field(RESULT, field(VALUE_NAME, tensor)))


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


#: What happens to a frame in these depends on its neighbours alone.
_LOCAL = frozenset(
    {"Conv", "ConvTranspose", "LeakyRelu", "Add", "Div", "Tanh", "Constant", "Unsqueeze", "Squeeze"}
)


@dataclass(frozen=True, slots=True)
class Halves:
    """A voice cut in two. before: makes `latent` of the text, and `durations`. after: makes sound
    of `latent`, one stretch of frames like another."""

    before: bytes
    after: bytes
    latent: str
    durations: str


def halves(model: bytes) -> Halves | None:
    """A VITS voice as two models; None where it is not sure that the sound can be made by
    stretches. Raises ValueError if it is damaged."""
    durations = vits_durations(model)
    outputs = _names(model, RESULT)
    if durations is None or len(outputs) != 1:
        return None
    operations = list(nodes(model))
    made_by = {name: at for at, node in enumerate(operations) for name in node.outputs}
    local: set[int] = set()
    taken: set[str] = set()
    todo = [outputs[0]]
    while todo:
        name = todo.pop()
        at = made_by.get(name)
        if at is None or at in local:
            continue  # a constant of the graph's, or seen
        if operations[at].kind in _LOCAL:
            local.add(at)
            todo += operations[at].inputs
        else:
            taken.add(name)
    if len(taken) != 1 or not local:
        return None
    (latent,) = taken
    before = _with_nodes(model, set(range(len(operations))) - local, None, (latent, durations))
    after = _with_nodes(model, local, latent, (outputs[0],))
    return Halves(before, after, latent, durations)


def _with_nodes(model: bytes, kept: set[int], taken: str | None, given: tuple[str, ...]) -> bytes:
    """The model with these of its operations only, and the constants they use. taken: its one
    input, float32; None: those it has. given: its outputs."""
    used = {name for at, node in enumerate(nodes(model)) if at in kept for name in node.inputs}
    out = bytearray()
    view = memoryview(model)
    for number, whole, content in parts(view):
        if number != GRAPH or content is None:
            out += whole
            continue
        graph = bytearray()
        at = -1
        for kind, inner, value in parts(content):
            at += kind == NODE
            if kind == NODE and at not in kept:
                continue
            if kind == CONSTANT and value is not None and name_of(value) not in used:
                continue
            if kind == RESULT or (kind == GIVEN and taken is not None):
                continue
            graph += inner
        if taken is not None:
            graph += field(GIVEN, tensor_type(taken))
        for name in given:
            graph += field(RESULT, field(VALUE_NAME, name))
        out += field(GRAPH, bytes(graph))
    return bytes(out)


def _names(model: bytes, kind: int) -> list[str]:
    """The names of the graph's inputs or outputs."""
    return [
        name
        for number, graph in fields(memoryview(model))
        if number == GRAPH
        for inner, value in fields(graph)
        if inner == kind
        for name in texts(value, VALUE_NAME)
    ]
