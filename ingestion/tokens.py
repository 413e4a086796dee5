"""How many tokens a text costs the embedding model: its own count if it has one, else an estimate that errs upwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from knowledge.ports import Embedder

PIECE = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")


@runtime_checkable
class CountsTokens(Protocol):
    """An embedder that knows its own tokens."""

    def counting(self) -> Callable[[str], int]:
        """How it counts the tokens of a text before anything is cut off; it can be sent to another process."""


def counter(embedder: Embedder) -> Callable[[str], int]:
    """The embedder's own count, or an estimate for one that has none."""
    return embedder.counting() if isinstance(embedder, CountsTokens) else estimate


def estimate(text: str) -> int:
    """Word pieces of a BERT-like vocabulary, on the safe side for documentation in English."""
    return sum(_cost(piece) for piece in PIECE.findall(text))


def _cost(piece: str) -> int:
    if piece.isdigit():
        return (len(piece) + 1) // 2
    # Short words are mostly whole in the vocabulary; identifiers fall into pieces of three or four letters.
    return 1 if len(piece) <= 5 else 2 if len(piece) <= 9 else (len(piece) + 2) // 3
