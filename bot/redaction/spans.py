"""Where a secret stands in a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A secret: its place as [start, end) of a text, and what it is called in the placeholder."""

    start: int
    end: int
    kind: str


def merged(found: Iterable[Found]) -> list[Found]:
    """In order and without overlap; of places that overlap the union, called what the first one given is called."""
    ranked = sorted(enumerate(found), key=lambda pair: (pair[1].start, -pair[1].end, pair[0]))
    kept: list[tuple[int, Found]] = []
    for rank, each in ranked:
        if kept and each.start < kept[-1][1].end:
            before, last = kept[-1]
            kind = last.kind if before <= rank else each.kind
            kept[-1] = min(before, rank), Found(last.start, max(last.end, each.end), kind)
        elif each.end > each.start:
            kept.append((rank, each))
    return [each for _, each in kept]
