"""A folder of documentation pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from ingestion.readers import READER_VERSION, READERS
from ingestion.sources.assembly import address, hashed
from ingestion.sources.entries import Entry, Skipped
from ingestion.sources.files import Unreadable, find, text_of
from knowledge.model import Document, Kind


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Markdown, AsciiDoc, HTML and plain text below a folder; other files are left alone."""

    name: str
    folder: Path
    base_url: str = ""  # see assembly.address
    owner: str = ""  # of pages that name none
    include: Sequence[str] = ()  # patterns such as "docs/*"; empty: every page
    allowed: Collection[str] = ()  # see entries.Source

    @property
    def fingerprint(self) -> str:
        return f"folder {READER_VERSION} {self.base_url} {self.owner}"

    def entries(self) -> Iterator[Entry | Skipped]:
        return find(self.name, self.folder, self._wanted)

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:
        text = text_of(entry)
        if isinstance(text, Unreadable):
            yield Skipped(f"{self.name}:{entry.path}", text.reason, text.keeps)
            return
        page = READERS[PurePosixPath(entry.path).suffix.lower()](text, entry.path)
        if page.refused:
            yield Skipped(f"{self.name}:{entry.path}", f"{page.refused}; split the file, or take it out")
            return
        if not page.sections:
            yield Skipped(f"{self.name}:{entry.path}", "has no text besides its title", keeps=False)
            return
        yield hashed(
            Document(
                content_hash="",
                source=self.name,
                path=entry.path,
                title=page.title,
                kind=Kind.PAGE,
                sections=page.sections,
                url=address(self.base_url, entry.path),
                updated=page.updated,
                owner=page.owner or self.owner,
                component=page.component,
            )
        )

    def _wanted(self, path: str) -> bool:
        if PurePosixPath(path).suffix.lower() not in READERS:
            return False
        return not self.include or any(fnmatchcase(path, pattern) for pattern in self.include)
