"""Reading and cutting a file in a child process: what it is made to cost, or to break, is lost there and told here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ingestion import screening
from ingestion.chunking import Count, chunk
from ingestion.screening import Flagged
from ingestion.sources.entries import Entry, Skipped, Source
from knowledge.adapters.fence import Fence, Limits, OverrunError
from knowledge.model import Chunk, Document

PRELOAD: Final = ("ingestion.fenced", "ingestion.sources", "selectolax.lexbor", "markdown_it", "tokenizers")


@dataclass(frozen=True, slots=True)
class _Given:
    """What a file gave."""

    found: Sequence[Document | Skipped | Flagged]
    chunks: Mapping[tuple[str, str], list[Chunk]]  # by id and hash of the document


@dataclass
class Reader:
    """Reads files, and keeps their chunks for when it is known which of them are wanted."""

    fence: Fence
    counter: Callable[[], Count] | None = None  # without it nothing is cut
    _chunks: dict[tuple[str, str], list[Chunk]] = field(default_factory=dict)

    def read(self, source: Source, entry: Entry) -> Sequence[Document | Skipped | Flagged]:
        """What the file holds, or why it was given up."""
        if not entry.size:
            return list(source.read(entry))  # nothing in it can do harm, and there may be very many of them
        try:
            given = self.fence.call(_read, source, entry, self._count)
        except OverrunError as overrun:
            # It may be the machine that is slow today: what was read from the file before stays.
            return [Skipped(f"{source.name}:{entry.path}", f"{overrun}; split the file, or take it out")]
        self._chunks |= given.chunks
        return given.found

    def chunks(self, document: Document) -> list[Chunk]:
        """The chunks of a document that was read; they are kept no longer."""
        return self._chunks.pop(_key(document))

    @cached_property
    def _count(self) -> Count | None:
        return self.counter() if self.counter else None


@contextmanager
def reading(limits: Limits, counter: Callable[[], Count] | None = None) -> Iterator[Reader]:
    """A reader within limits, until the block ends; its child starts with the first file."""
    fence = Fence(limits, preload=PRELOAD)
    try:
        yield Reader(fence, counter)
    finally:
        fence.close()


def _key(document: Document) -> tuple[str, str]:
    return document.id, document.content_hash


def _read(source: Source, entry: Entry, count: Count | None) -> _Given:
    found = list(screening.read(source, entry))
    documents = [each for each in found if isinstance(each, Document)]
    return _Given(found, {_key(each): chunk(each, count=count) for each in documents} if count else {})
