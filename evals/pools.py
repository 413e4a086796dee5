"""A pool: one .jsonl file of texts, or of questions with the ways of asking them, as a source of documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ingestion.readers import READER_VERSION, READERS, plain
from ingestion.sources import Entry, Skipped
from ingestion.sources.assembly import hashed
from ingestion.sources.entries import EVERY_PAGE
from ingestion.sources.files import entry_of
from knowledge.model import Document, Kind, Section

WANTED = '{"path": …, "text": …} or {"path": …, "variants": […]}'


@dataclass(frozen=True, slots=True)
class PoolSource:
    """Each line is a document: {"path", "text"}, or {"path", "variants"} for a FAQ entry without its answer."""

    name: str
    path: Path
    allowed: Sequence[str] = (EVERY_PAGE,)  # what is measured is what stands there

    @property
    def fingerprint(self) -> str:
        return f"pool {READER_VERSION}"

    def entries(self) -> Iterator[Entry | Skipped]:
        yield entry_of(self.name, self.path, self.path.name, self.path.resolve().parent)

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:
        try:
            lines = entry.location.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            yield Skipped(f"{self.name}:{entry.path}", f"cannot be read as UTF-8 text ({error})")
            return
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield self._document(line, f"{self.name}:{entry.path}, line {number}")

    def _document(self, line: str, place: str) -> Document | Skipped:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            return Skipped(place, f"is not JSON; write {WANTED}")
        if not isinstance(values, Mapping) or not isinstance(values.get("path"), str):
            return Skipped(place, f"is no text with a path; write {WANTED}")
        variants, text = values.get("variants"), values.get("text")
        if isinstance(text, str) and text.strip():
            return self._page(values["path"], text, values)
        if isinstance(variants, Sequence) and variants and all(isinstance(way, str) for way in variants):
            return self._entry(values["path"], [" ".join(way.split()) for way in variants])
        return Skipped(place, f"has neither text nor variants; write {WANTED}")

    def _page(self, path: str, text: str, values: Mapping[str, Any]) -> Document:
        page = READERS.get(PurePosixPath(path).suffix.lower(), plain.read)(text, path)
        title = values.get("title")
        return hashed(
            Document(
                content_hash="",
                source=self.name,
                path=path,
                title=title if isinstance(title, str) and title else page.title,
                kind=Kind.PAGE,
                sections=page.sections or (Section((), "", text),),
            )
        )

    def _entry(self, path: str, ways: Sequence[str]) -> Document:
        return hashed(
            Document(
                content_hash="",
                source=self.name,
                path=path,
                title=ways[0],
                kind=Kind.FAQ,
                sections=(Section((), "", ways[0]),),
                phrasings=tuple(ways[1:]),
            )
        )
