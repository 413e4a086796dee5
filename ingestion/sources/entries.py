"""What a source lists and gives: entries to read, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from knowledge.model import Document

EVERY_PAGE: Final = "*"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a part of one, that did not become knowledge, and what to do about it."""

    path: str  # source name, a colon, and the path inside the source
    reason: str
    keeps: bool = True  # what was read from it in an earlier run stays, because the fault may be a passing one


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a source, not yet read. Equal entries promise equal content."""

    path: str  # POSIX path inside the source
    location: Path
    size: int
    modified: int  # nanoseconds
    changed: int  # nanoseconds, of the inode: also moves when an older file is put in its place


class Source(Protocol):
    """A place that knowledge is read from."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes when an unchanged file would become another document."""

    @property
    def allowed(self) -> Collection[str]:
        """Pages that may speak to the assistant: each as `screening.key` names it, or EVERY_PAGE."""

    def entries(self) -> Iterator[Entry | Skipped]:
        """All files, by path. Raises Misuse when the place itself is missing."""

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:
        """What the file holds; never raises for what stands in it."""


def read_all(source: Source) -> Iterator[Document | Skipped]:
    """Every document of a source and everything that was skipped, in order."""
    for entry in source.entries():
        if isinstance(entry, Skipped):
            yield entry
        else:
            yield from source.read(entry)
