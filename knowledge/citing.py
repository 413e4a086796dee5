"""From a passage that was found to a citation that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge import blocks
from knowledge.model import Citation, Kind, Passage
from knowledge.visible import visible


@dataclass(frozen=True, slots=True)
class Cited:
    """A text with [n] marks, and the places they stand for, in order of first use."""

    text: str
    citations: tuple[Citation, ...] = ()


def cite(passage: Passage, number: int) -> Citation:
    """The place of a passage under this number, with its text made safe to show."""
    chunk = passage.chunk
    return Citation(
        number=number,
        title=visible(chunk.title),
        path=chunk.path,
        heading=visible(chunk.headings[-1] if chunk.headings else chunk.title),
        anchor=chunk.anchor,
        quote=blocks.clean(passage.body if chunk.phrasing else chunk.text).strip(),
        url=chunk.address,
        updated=chunk.updated,
        owner=chunk.owner,
        document_id=chunk.document_id,
        place=visible(chunk.place),
        component=chunk.component,
    )


def cite_all(passages: Iterable[Passage]) -> tuple[Citation, ...]:
    """Citations numbered from 1 in the order given."""
    return tuple(cite(passage, number) for number, passage in enumerate(passages, start=1))


def one_per_place(passages: Sequence[Passage]) -> list[Passage]:
    """The best passage of each section and of each FAQ entry, best first."""
    best: dict[tuple[str, ...], Passage] = {}
    for passage in passages:
        chunk = passage.chunk
        inside = () if chunk.kind is Kind.FAQ else (*chunk.headings, chunk.anchor)
        best.setdefault((chunk.document_id, *inside), passage)
    return list(best.values())
