"""From the piece that was found to the whole section it was cut from: steps, tables and answers come complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from knowledge.citing import one_per_place
from knowledge.model import Chunk, Kind, Passage
from knowledge.ports import ChunkIndex

LONG_EXAMPLE = 400  # characters
SHORT = 300  # characters: a section that ends in a colon so soon only announces the ones below it
LONGEST = 6000  # characters: a section beyond that is a page of its own, and what is around its best piece says more
AROUND = 2400  # characters of such a section


def widen(passages: Sequence[Passage], *, index: ChunkIndex, count: int) -> list[Passage]:
    """One passage per place, best first; the first `count` of them know the text of their whole section."""
    places = one_per_place(passages)
    return [_whole(passage, index) for passage in places[:count]] + places[count:]


def _whole(passage: Passage, index: ChunkIndex) -> Passage:
    found = passage.chunk
    document = index.document(found.document_id)
    pieces = [piece for piece in document if _belongs(piece, found)]
    text = _joined([piece.text.strip("\n") for piece in pieces if piece.text.strip()])
    if text.endswith(":") and len(text) < SHORT and found.headings:
        told = _joined([text, *_told_below(document, found.headings)])
        return replace(passage, section=told) if len(told) <= LONGEST else passage
    if len(pieces) < 2 and not found.phrasing:
        return passage
    return replace(passage, section=text if len(text) <= LONGEST else _around(found, pieces))


def _around(found: Chunk, pieces: Sequence[Chunk]) -> str:
    """The piece that was found with those after and before it, while there is room."""
    place = next((number for number, piece in enumerate(pieces) if piece.id == found.id), 0)
    start, end = place, place + 1
    while True:
        grown = [(s, e) for s, e in ((start, end + 1), (start - 1, end)) if s >= 0 and e <= len(pieces)]
        fitting = [(s, e) for s, e in grown if sum(len(piece.text) for piece in pieces[s:e]) <= AROUND]
        if not fitting:
            return _joined([piece.text.strip("\n") for piece in pieces[start:end] if piece.text.strip()])
        # What follows completes it; then as much of what led there.
        start, end = fitting[0] if (end - place - 1) <= (place - start) else fitting[-1]


def _told_below(document: Sequence[Chunk], headings: Sequence[str]) -> Iterator[str]:
    """Titles and texts of the sections below one that only announces them."""
    depth = len(headings)
    place: tuple[str, ...] = ()
    for piece in document:
        if len(piece.headings) <= depth or tuple(piece.headings[:depth]) != tuple(headings):
            continue
        if tuple(piece.headings) != place:
            place = tuple(piece.headings)
            yield f"**{place[-1]}**"
        yield piece.text.strip("\n")


def _joined(texts: Sequence[str]) -> str:
    """The texts one after the other; a table or a long example that was cut in two becomes one again."""
    whole = ""
    for text in texts:
        header, _, rows = text.partition("\n|")
        opening, _, code = text.partition("\n")
        delimiter, _, rows = rows.partition("\n")
        if header.startswith("|") and f"{header}\n|{delimiter}\n" in f"{_last_block(whole)}\n":
            whole = f"{whole}\n{rows}"
        elif opening.startswith("```") and _is_long_code(_last_block(whole), opening):
            whole = f"{whole.removesuffix('```').rstrip()}\n{code}"
        else:
            whole = f"{whole}\n\n{text}" if whole else text
    return whole


def _last_block(text: str) -> str:
    if not text.endswith("```"):
        return text.rpartition("\n\n")[2]
    start = text.rfind("```", 0, len(text) - 3)
    return text[start:] if start >= 0 else text


def _is_long_code(block: str, opening: str) -> bool:
    """Only an example too long for one chunk is cut; two short ones after each other are two."""
    return block.startswith(f"{opening}\n") and len(block) > LONG_EXAMPLE


def _belongs(piece: Chunk, found: Chunk) -> bool:
    if piece.phrasing:
        return False
    return found.kind is Kind.FAQ or (piece.headings, piece.anchor) == (found.headings, found.anchor)
