"""Reading a file of a source in a child process: what it is made to cost, or to break, is lost there and told here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ingestion.sources.entries import Entry, Skipped, Source
from ingestion.survey import Read
from knowledge.adapters.fence import Fence, Limits, OverrunError
from knowledge.model import Document

PRELOAD: Final = ("ingestion.fenced", "ingestion.sources", "selectolax.lexbor", "markdown_it")


@contextmanager
def reading(limits: Limits) -> Iterator[Read]:
    """How a file is read within limits, until the block ends; the child starts with the first file."""
    fence = Fence(limits, preload=PRELOAD)

    def read(source: Source, entry: Entry) -> Sequence[Document | Skipped]:
        try:
            return fence.call(_whole, source, entry)
        except OverrunError as overrun:
            # It may be the machine that is slow today: what was read from the file before stays.
            return [Skipped(f"{source.name}:{entry.path}", f"{overrun}; split the file, or take it out")]

    try:
        yield read
    finally:
        fence.close()


def _whole(source: Source, entry: Entry) -> list[Document | Skipped]:
    return list(source.read(entry))
