"""all-MiniLM-L6-v2 forward in plain numpy: slow, exact, and written without looking at the graph under test."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from knowledge.adapters.minilm_graph import Weights

Array = NDArray[np.float64]
_erf = np.vectorize(math.erf)


def forward(weights: Weights, tokens: list[int]) -> Array:
    """The sentence vector of one token sequence, length 1."""
    w = {name.removeprefix("encoder.layer."): np.asarray(value, np.float64) for name, value in weights.items()}
    positions = w["embeddings.position_embeddings.weight"][: len(tokens)]
    x = w["embeddings.word_embeddings.weight"][tokens] + positions + w["embeddings.token_type_embeddings.weight"][0]
    x = _norm(w, "embeddings.LayerNorm", x)
    for layer in range(6):
        x = _norm(w, f"{layer}.attention.output.LayerNorm", x + _attend(w, layer, x))
        wide = _dense(w, f"{layer}.intermediate.dense", x)
        gelu = wide * 0.5 * (1 + _erf(wide / math.sqrt(2)))
        x = _norm(w, f"{layer}.output.LayerNorm", x + _dense(w, f"{layer}.output.dense", gelu))
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _attend(w: dict[str, Array], layer: int, x: Array) -> Array:
    def heads(name: str) -> Array:
        return _dense(w, f"{layer}.attention.self.{name}", x).reshape(len(x), 12, 32).transpose(1, 0, 2)

    scores = heads("query") @ heads("key").transpose(0, 2, 1) / math.sqrt(32)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = shares / shares.sum(axis=-1, keepdims=True) @ heads("value")
    return _dense(w, f"{layer}.attention.output.dense", mixed.transpose(1, 0, 2).reshape(len(x), 384))


def _dense(w: dict[str, Array], name: str, x: Array) -> Array:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(w: dict[str, Array], name: str, x: Array) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"]
