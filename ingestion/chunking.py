"""Documents cut into chunks: by heading first, then between blocks, small enough that the embedding model reads all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ingestion.cutting import Piece, pieces
from knowledge.model import Chunk, Document, Kind, Section

CHUNKER_VERSION: Final = 2  # raise it when chunks of an unchanged document would differ
LONGEST_LEAD: Final = 2  # pieces: a title and a sentence
LEAST_ROOM: Final = 60  # tokens for the text, however long its place is

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of a chunk with its place: the wanted number, and the most there may be."""

    target: int = 200
    most: int = 250  # the local model reads 256, two of them its own marks


def fingerprint(size: Size = Size()) -> str:
    """Changes when the chunks of an unchanged document would."""
    return f"chunks-{CHUNKER_VERSION}-{size.target}-{size.most}"


def chunk(document: Document, *, count: Count, size: Size = Size()) -> list[Chunk]:
    """The document's chunks in order; together they hold all its text."""
    drafts = _faq(document) if document.kind is Kind.FAQ else _sections(document, count, size)
    return [replace(draft, id=_identity(draft)) for draft in drafts]


def _faq(document: Document) -> list[Chunk]:
    """The entry itself, then each way of asking, the question first; all of them carry the whole answer."""
    text = "\n\n".join(section.text for section in document.sections)
    section = document.sections[0] if document.sections else Section((), "", "")
    ways = dict.fromkeys(("", document.title, *document.phrasings))
    return [_draft(document, replace(section, text=text), order, text, phrasing=way) for order, way in enumerate(ways)]


def _sections(document: Document, count: Count, size: Size) -> list[Chunk]:
    drafts: list[Chunk] = []
    for section in document.sections:
        for text in _texts(document, section, count, size):
            drafts.append(_draft(document, section, len(drafts), text))
    return drafts


def _texts(document: Document, section: Section, count: Count, size: Size) -> Iterator[str]:
    """The section's text in portions that fit beside its place."""
    place = count(_draft(document, section, 0, "").indexed_text)
    empty = count("")  # a tokenizer may add marks of its own to every text

    def cost(text: str) -> int:
        return max(0, count(text) - empty)

    most = max(LEAST_ROOM, size.most - place)
    target = max(LEAST_ROOM, min(most, size.target - place))
    for portion in _portions(pieces(section.text, most=most, cost=cost), target=target, most=most):
        yield _joined(portion)


def _portions(found: Sequence[Piece], *, target: int, most: int) -> list[list[Piece]]:
    """Pieces packed in order up to target; what leads in the next piece goes with it."""
    portions: list[list[Piece]] = []
    current: list[Piece] = []
    size = 0
    for piece in found:
        if current and size + piece.cost > target:
            moved = _leads(current, piece, most)
            if moved < len(current):
                portions.append(current[: len(current) - moved])
                current = current[len(current) - moved :]
            elif size + piece.cost > most:
                portions.append(current)
                current = []
            size = _cost(current)
        current.append(piece)
        size += piece.cost
    if current:
        portions.append(current)
    return _without_crumb(portions, most)


def _leads(current: Sequence[Piece], following: Piece, most: int) -> int:
    """How many pieces at the end only introduce what follows, and fit together with it."""
    moved, cost = 0, following.cost
    for piece in reversed(current[-LONGEST_LEAD:]):
        cost += piece.cost
        if not piece.leads or cost > most:
            break
        moved += 1
    return moved


def _without_crumb(portions: list[list[Piece]], most: int) -> list[list[Piece]]:
    """A last portion of a line or two joins the one before, if both fit together."""
    if len(portions) < 2 or _cost(portions[-1]) > most // 5 or _cost(portions[-2]) + _cost(portions[-1]) > most:
        return portions
    return [*portions[:-2], [*portions[-2], *portions[-1]]]


def _cost(found: Sequence[Piece]) -> int:
    return sum(piece.cost for piece in found)


def _joined(portion: Sequence[Piece]) -> str:
    text = "".join(f"{piece.text}{piece.gap}" for piece in portion).rstrip()
    return text.strip("\n") if portion[0].is_code else _shifted_left(text.strip("\n"))


def _shifted_left(text: str) -> str:
    """A portion from the middle of a list begins at the margin, or its lines would read as code."""
    margin = len(text) - len(text.lstrip(" "))
    if not margin:
        return text
    return "\n".join(line[min(margin, len(line) - len(line.lstrip(" "))) :] for line in text.split("\n"))


def _draft(document: Document, section: Section, order: int, text: str, *, phrasing: str = "") -> Chunk:
    return Chunk(
        id="",
        document_id=document.id,
        source=document.source,
        path=document.path,
        title=document.title,
        kind=document.kind,
        headings=section.headings,
        anchor=section.anchor,
        order=order,
        text=text,
        url=document.url,
        updated=document.updated,
        owner=document.owner,
        component=document.component,
        phrasing=phrasing,
    )


def _identity(draft: Chunk) -> str:
    said = [getattr(draft, name) for name in Chunk.__dataclass_fields__ if name != "id"]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]
