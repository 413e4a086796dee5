"""Blocks made shorter: whole sentences, items and rows only, those that speak of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from knowledge import blocks
from knowledge.blocks import Block, Form
from knowledge.overlap import coverage, rarity

Weights = Mapping[str, float]  # of the terms of the question
SPARED = 1.5  # times the room, up to which a list or table is not cut


def shortened(block: Block, weights: Weights, room: int = 450) -> Block:
    """The block in at most about `room` characters: the sentences, items or rows that matter; steps stay whole.

    So does a list or table that is hardly longer: cutting it would save little, and lose what its order says.
    """
    if len(block.text) <= room * (SPARED if block.form in {Form.POINTS, Form.TABLE} else 1):
        return block
    match block.form:
        case Form.PARAGRAPH:
            return Block(block.form, _sentences(blocks.sentences(block.text), weights, room))
        case Form.POINTS:
            kept = _best(block.items, weights, room)
            return Block(block.form, "\n".join([*kept, *_more(kept, block.items)]), tuple(kept))
        case Form.TABLE:
            head, rows = block.text.splitlines()[:2], block.text.splitlines()[2:]
            kept = _best(rows, weights, room)
            return Block(block.form, "\n".join([*head, *kept, *_more(kept, rows)]))
        case _:
            return block


def _sentences(pieces: Sequence[str], weights: Weights, room: int) -> str:
    """The best sentence and its neighbours on both sides, growing while there is room."""
    weights = _telling(pieces, weights)
    best = max(range(len(pieces)), key=lambda i: coverage(pieces[i], weights))
    start, end = best, best + 1
    while True:
        grown = [(s, e) for s, e in ((start, end + 1), (start - 1, end)) if s >= 0 and e <= len(pieces)]
        fitting = [(s, e) for s, e in grown if len(" ".join(pieces[s:e])) <= room]
        if not fitting:
            return " ".join(pieces[start:end])
        start, end = max(fitting, key=lambda window: coverage(" ".join(pieces[slice(*window)]), weights))


def _best(pieces: Sequence[str], weights: Weights, room: int) -> list[str]:
    """The items or rows that matter, in their order; at least one."""
    weights = _telling(pieces, weights)
    ranked = sorted(range(len(pieces)), key=lambda i: -coverage(pieces[i], weights))
    kept: list[int] = []
    for i in ranked:
        if not kept or sum(len(pieces[k]) for k in [*kept, i]) <= room:
            kept.append(i)
    return [pieces[i] for i in sorted(kept)]


def _more(kept: Sequence[str], pieces: Sequence[str]) -> Sequence[str]:
    """The sign that there is more on the page."""
    return ["", "…"] if len(kept) < len(pieces) else []


def _telling(pieces: Sequence[str], weights: Weights) -> Weights:
    """The weights by which these pieces differ: a word in every row says nothing about a row."""
    rare = rarity(weights, pieces)
    return {term: weight * rare[term] for term, weight in weights.items()}
