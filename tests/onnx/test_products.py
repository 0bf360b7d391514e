"""Convolutions as products give what they gave before, and what cannot be one stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.onnx.building import Graph
from mia.onnx.graphs import (
    CONSTANT,
    GRAPH,
    MICROSOFT,
    Tensor,
    constant,
    name_of,
    nodes,
    opset,
    values,
)
from mia.onnx.products import products_are_exact, with_products
from mia.onnx.protobuf import fields
from mia.onnx.sessions import open_session

CHANNELS, TIME = 24, 50
INT32 = 6


def convolving(
    *,
    size: int = 3,
    dilation: int = 1,
    weights: type[np.generic] = np.uint8,
    zero: int = 69,
    bias: bool = True,
    wide: int = CHANNELS,
    shared: bool = False,
    **attributes: Any,
) -> bytes:
    """A model of one int8 convolution, as ONNX Runtime's quantiser writes it: [1, C, T] in."""
    dice = np.random.default_rng(7)
    low, high = (0, 256) if weights is np.uint8 else (-127, 128)
    graph = Graph()
    kernel = dice.integers(low, high, (wide, CHANNELS, size)).astype(weights)
    names = [
        graph.constant("kernel", kernel),
        graph.constant("zero", np.array(zero).astype(weights)),
    ]
    kernel_scale = graph.constant("kernel_scale", np.array(0.01, np.float32))
    samples, scale, samples_zero = graph.several("DynamicQuantizeLinear", ["sound"], 3)
    margin = dilation * (size - 1) // 2
    told = {"kernel_shape": [size], "dilations": [dilation], "pads": [margin, margin]}
    made = graph.add(
        "ConvInteger", [samples, names[0], samples_zero, names[1]], **{**told, **attributes}
    )
    both = graph.add("Mul", [scale, kernel_scale])
    if bias:
        given = graph.constant("bias", dice.standard_normal(wide).astype(np.float32))
        whole = graph.add("Cast", [graph.add("Floor", [graph.add("Div", [given, both])])], to=INT32)
        shape = graph.constant("shape", np.array([1, -1, 1], np.int64))
        made = graph.add("Add", [made, graph.add("Reshape", [whole, shape])])
    cast = graph.add("Cast", [made], to=1)
    if shared:
        graph.add("Neg", [cast])
    result = graph.add("Mul", [cast, both])
    return graph.model([("sound", ["n", "c", "t"])], (result, ["n", "c", "t"]))


def run(model: bytes) -> Tensor:
    sound = np.random.default_rng(8).standard_normal((1, CHANNELS, TIME)).astype(np.float32)
    made: Tensor = open_session(model, 1).run(None, {"sound": sound})[0]
    return made


def kinds(model: bytes) -> list[str]:
    return [node.kind for node in nodes(model)]


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (3, 1), (3, 5), (7, 3), (4, 1)])
@pytest.mark.parametrize(("weights", "zero"), [(np.uint8, 69), (np.uint8, 128), (np.int8, 0)])
def test_a_convolution_gives_what_it_gave(
    size: int, dilation: int, weights: type[np.generic], zero: int
) -> None:
    before = convolving(size=size, dilation=dilation, weights=weights, zero=zero, bias=False)
    after = with_products(before)
    assert "ConvInteger" not in kinds(after)
    np.testing.assert_allclose(run(after), run(before), rtol=1e-5, atol=1e-5)


def test_its_bias_is_added_unrounded_and_what_only_prepared_it_is_gone() -> None:
    before = convolving(size=5)
    after = with_products(before)
    # Rounded down it was to whole steps of both scales together, each under 5 / 255 * 0.01.
    assert np.abs(run(after) - run(before)).max() < 5 / 255 * 0.01 * 2
    assert set(kinds(after)) == {
        "DynamicQuantizeLinear", "Transpose", "Pad", "Slice", "Concat", "MatMulIntegerToFloat",
    }  # fmt: skip


def test_weights_are_not_kept_twice() -> None:
    after = with_products(convolving())
    (graph,) = (content for number, content in fields(memoryview(after)) if number == GRAPH)
    names = {name_of(content) for number, content in fields(graph) if number == CONSTANT}
    assert "kernel/rows" in names
    assert "kernel" not in names


@pytest.mark.parametrize(
    "changed",
    [
        {"strides": [2]},
        {"group": 2},
        {"wide": 8},
        {"auto_pad": "SAME_UPPER"},
        {"shared": True},
    ],
)
def test_what_is_not_worth_it_or_not_alike_stays_as_it_is(changed: dict[str, Any]) -> None:
    model = convolving(**changed)
    assert with_products(model) is model


def test_pads_that_are_written_down_may_be_called_so() -> None:
    assert "ConvInteger" not in kinds(with_products(convolving(auto_pad="NOTSET")))


def test_a_model_without_the_runtimes_own_operations_is_given_them() -> None:
    model = convolving().replace(opset(MICROSOFT, 1), b"")
    np.testing.assert_allclose(run(with_products(model)), run(with_products(convolving())))


def test_a_model_of_old_operations_stays() -> None:
    model = convolving().replace(opset("", 18), opset("", 12))
    assert with_products(model) is model


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_model_is_told_or_left(data: st.DataObject) -> None:
    model = bytearray(convolving())
    for _ in range(data.draw(st.integers(1, 4))):
        model[data.draw(st.integers(0, len(model) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert with_products(bytes(model))
    except ValueError:
        return


def test_products_are_tried_once() -> None:
    assert isinstance(products_are_exact(), bool)
    assert products_are_exact() is products_are_exact()


@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int8, np.int64])
def test_a_tensor_is_read_as_it_was_written(kind: type[np.generic]) -> None:
    tensor = np.arange(12).reshape(3, 4).astype(kind)
    found = values(memoryview(constant("some", tensor)))
    assert found is not None
    assert found.dtype == kind
    assert np.array_equal(found, tensor)
