"""From the piece that was found to the whole section it was cut from: steps, tables and answers come complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge.citing import one_per_place
from knowledge.model import Chunk, Kind, Passage
from knowledge.ports import ChunkIndex

LONGEST = 6000  # characters: a section beyond that is a page of its own, and its best piece says more


def widen(passages: Sequence[Passage], *, index: ChunkIndex, count: int) -> list[Passage]:
    """One passage per place, best first; the first `count` of them know the text of their whole section."""
    places = one_per_place(passages)
    return [_whole(passage, index) for passage in places[:count]] + places[count:]


def _whole(passage: Passage, index: ChunkIndex) -> Passage:
    found = passage.chunk
    pieces = [piece for piece in index.document(found.document_id) if _belongs(piece, found)]
    text = "\n\n".join(piece.text.strip("\n") for piece in pieces if piece.text.strip())
    if len(pieces) < 2 and not found.phrasing:
        return passage
    return replace(passage, section=text) if len(text) <= LONGEST else passage


def _belongs(piece: Chunk, found: Chunk) -> bool:
    if piece.phrasing:
        return False
    return found.kind is Kind.FAQ or (piece.headings, piece.anchor) == (found.headings, found.anchor)
