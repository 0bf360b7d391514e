"""Finding and handing out what a model knows about time, without a library to edit models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mia.onnx.graphs import Node, nodes
from mia.voice.onnx_file import halves, styletts_durations, vits_durations, with_output


def number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(key: int, content: bytes) -> bytes:
    return number(key << 3 | 2) + number(len(content)) + content


def model(*operations: Node) -> bytes:
    """A serialised ONNX model with these operations, and fields of every wire type."""
    graph = b""
    for one in operations:
        node = b"".join(field(1, name.encode()) for name in one.inputs)
        node += b"".join(field(2, name.encode()) for name in one.outputs)
        graph += field(1, node + field(3, b"name") + field(4, one.kind.encode()))
    return number(1 << 3) + number(300) + field(2, b"maker") + field(7, graph)


CEIL = Node("Ceil", ("w",), ("frames",))
ROUND = Node("Round", ("d",), ("rounded",))
CLIP = Node("Clip", ("rounded", "one"), ("frames",))


def test_operations_are_read() -> None:
    assert list(nodes(model(CEIL, CLIP))) == [CEIL, CLIP]


def test_the_durations_of_both_kinds_of_voice_are_found() -> None:
    assert vits_durations(model(ROUND, CEIL)) == "frames"
    assert styletts_durations(model(CEIL, ROUND, CLIP)) == "frames"


def test_where_it_is_not_sure_nothing_is_handed_out() -> None:
    assert vits_durations(model(ROUND)) is None
    assert vits_durations(model(CEIL, CEIL)) is None
    assert styletts_durations(model(ROUND)) is None
    assert styletts_durations(model(CLIP)) is None


def test_one_more_output_is_appended_and_the_operations_stay() -> None:
    changed = with_output(model(CEIL), "frames")
    assert changed.startswith(model(CEIL))
    assert changed.endswith(field(7, field(12, field(1, b"frames"))))
    assert list(nodes(changed)) == [CEIL]


def voice(*operations: Node, constants: tuple[str, ...] = ()) -> bytes:
    """A model with an input, an output and constants."""
    content = model(*operations)
    for name in constants:
        content += field(7, field(5, field(8, name.encode())))
    return content + field(7, field(11, field(1, b"ids")) + field(12, field(1, b"sound")))


LONG = Node("Ceil", ("ids",), ("frames",))
MASKED = Node("Mul", ("frames", "mask"), ("latent",))
CONV = Node("Conv", ("latent", "weight"), ("wave",))
LOUD = Node("Tanh", ("wave",), ("sound",))


def test_a_voice_is_cut_where_only_neighbours_count_from_then_on() -> None:
    found = halves(voice(LONG, MASKED, CONV, LOUD, constants=("mask", "weight")))
    assert found is not None
    assert (found.latent, found.durations) == ("latent", "frames")
    assert list(nodes(found.before)) == [LONG, MASKED]
    assert list(nodes(found.after)) == [CONV, LOUD]
    assert b"mask" not in found.after
    assert b"weight" not in found.before
    assert b"ids" not in found.after


@pytest.mark.parametrize(
    "operations",
    [
        (MASKED, CONV, LOUD),  # nothing tells how long a phoneme lasts
        (LONG, MASKED, Node("Softmax", ("latent",), ("sound",))),  # all frames count
        (LONG, MASKED, CONV, Node("Add", ("wave", "frames"), ("sound",))),  # it needs two things
    ],
)
def test_a_voice_that_cannot_surely_be_cut_is_left_whole(operations: tuple[Node, ...]) -> None:
    assert halves(voice(*operations)) is None


@given(st.binary(max_size=60))
def test_what_is_no_model_is_told_or_has_no_operations(content: bytes) -> None:
    try:
        found = list(nodes(content))
    except ValueError:
        return
    assert all(isinstance(one, Node) for one in found)


def test_a_cut_off_model_is_an_error() -> None:
    with pytest.raises(ValueError, match="too early"):
        list(nodes(model(CEIL)[:-3]))
