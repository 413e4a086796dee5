"""all-MiniLM-L6-v2 as an ONNX graph of standard operators, mean pooling and unit length included."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]

LAYERS: Final = 6
HEADS: Final = 12
WIDTH: Final = 384
EPSILON: Final = 1e-12
OPSET: Final = 20  # the first with Gelu
IR_VERSION: Final = 10
MASKED: Final = -1e9


def read_safetensors(path: Path) -> Weights:
    """The 32-bit float tensors of a safetensors file, mapped into memory rather than read."""
    with path.open("rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + header_length)
    weights: Weights = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            weights[name] = data[start:end].view(np.float32).reshape(entry["shape"])
    return weights


def build(weights: Weights) -> Any:
    """An onnx ModelProto: `input_ids` and `attention_mask` (batch, length) to `vector` (batch, 384) of length 1."""
    graph = _Graph()
    mask = graph.add("Cast", "attention_mask", to=1)  # to float32
    hidden = _embedded(graph, weights)
    bias = graph.add("Mul", graph.add("Sub", graph.constant(1.0), mask), graph.constant(MASKED))
    bias = graph.add("Unsqueeze", bias, graph.integers(1, 2))
    for number in range(LAYERS):
        prefix = f"encoder.layer.{number}."
        layer = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        hidden = _layer(graph, layer, hidden, bias)
    return graph.model(_pooled(graph, hidden, mask))


def _embedded(graph: _Graph, weights: Weights) -> str:
    place = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    words = graph.add("Gather", graph.tensor(weights["embeddings.word_embeddings.weight"]), "input_ids")
    # Slice by the length: Range and Gather for position ids break in onnxruntime 1.32.
    length = graph.add("Shape", "input_ids", start=1, end=2)
    places = graph.add("Slice", graph.tensor(place), graph.integers(0), length, graph.integers(0))
    return _normed(graph, weights, "embeddings.LayerNorm", graph.add("Add", words, places))


def _layer(graph: _Graph, layer: Weights, hidden: str, bias: str) -> str:
    attended = _dense(graph, layer, "attention.output.dense", _attention(graph, layer, hidden, bias))
    hidden = _normed(graph, layer, "attention.output.LayerNorm", graph.add("Add", attended, hidden))
    wide = graph.add("Gelu", _dense(graph, layer, "intermediate.dense", hidden))
    return _normed(
        graph, layer, "output.LayerNorm", graph.add("Add", _dense(graph, layer, "output.dense", wide), hidden)
    )


def _attention(graph: _Graph, layer: Weights, hidden: str, bias: str) -> str:
    split = graph.integers(0, 0, HEADS, WIDTH // HEADS)

    def heads(name: str, order: tuple[int, ...]) -> str:
        dense = _dense(graph, layer, f"attention.self.{name}", hidden)
        return graph.add("Transpose", graph.add("Reshape", dense, split), perm=order)

    products = graph.add("MatMul", heads("query", (0, 2, 1, 3)), heads("key", (0, 2, 3, 1)))
    scaled = graph.add("Mul", products, graph.constant(float((WIDTH // HEADS) ** -0.5)))
    weighed = graph.add("Softmax", graph.add("Add", scaled, bias), axis=-1)
    mixed = graph.add("MatMul", weighed, heads("value", (0, 2, 1, 3)))
    return graph.add("Reshape", graph.add("Transpose", mixed, perm=(0, 2, 1, 3)), graph.integers(0, 0, WIDTH))


def _pooled(graph: _Graph, hidden: str, mask: str) -> str:
    mask = graph.add("Unsqueeze", mask, graph.integers(2))
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), graph.integers(1), keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, graph.integers(1), keepdims=0))
    return graph.add("Div", mean, graph.add("ReduceL2", mean, graph.integers(1), keepdims=1))


def _dense(graph: _Graph, weights: Weights, name: str, given: str) -> str:
    product = graph.add("MatMul", given, graph.tensor(np.ascontiguousarray(weights[f"{name}.weight"].T)))
    return graph.add("Add", product, graph.tensor(weights[f"{name}.bias"]))


def _normed(graph: _Graph, weights: Weights, name: str, given: str) -> str:
    scale, shift = graph.tensor(weights[f"{name}.weight"]), graph.tensor(weights[f"{name}.bias"])
    return graph.add("LayerNormalization", given, scale, shift, axis=-1, epsilon=EPSILON)


class _Graph:
    """Nodes and constants under numbered names; `add` gives back the name of the node's output."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        output = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def tensor(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, value: float) -> str:
        return self.tensor(np.asarray(value, dtype=np.float32))

    def integers(self, *values: int) -> str:
        return self.tensor(np.asarray(values, dtype=np.int64))

    def model(self, output: str) -> Any:
        from onnx import TensorProto, checker, helper

        def value(name: str, kind: int, shape: Sequence[str | int]) -> Any:
            return helper.make_tensor_value_info(name, kind, shape)

        self._nodes.append(helper.make_node("Identity", [output], ["vector"], name="vector"))
        names = ("input_ids", "attention_mask")
        inputs = [value(name, TensorProto.INT64, ("batch", "length")) for name in names]
        outputs = [value("vector", TensorProto.FLOAT, ("batch", WIDTH))]
        graph = helper.make_graph(self._nodes, "minilm", inputs, outputs, self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        # The quantiser warns on the root logger unless a model says that it needs no preparation.
        helper.set_model_props(made, {"onnx.quant.pre_process": "onnxruntime.quant"})
        checker.check_model(made)
        return made
