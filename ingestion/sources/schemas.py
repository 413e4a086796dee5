"""JSON Schemas as knowledge: one document a schema, one section a property."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from ingestion.readers import json_schema
from ingestion.sources.assembly import hashed
from ingestion.sources.entries import Entry, Skipped
from ingestion.sources.files import Unreadable, entry_of, find, text_of
from knowledge.model import Document, Kind

READER_VERSION = 1


@dataclass(frozen=True, slots=True)
class SchemaSource:
    """The *.json files of a folder that are JSON Schemas."""

    name: str
    folder: Path
    owner: str = ""
    allowed: Collection[str] = ()  # see entries.Source

    @property
    def fingerprint(self) -> str:
        # A schema says what its neighbours say where it refers to them: one changed, all are read again.
        found = [entry for entry in self.entries() if isinstance(entry, Entry)]
        state = hashlib.sha256(repr([(e.path, e.size, e.modified, e.changed) for e in found]).encode())
        return f"schemas {READER_VERSION} {self.owner} {state.hexdigest()}"

    def entries(self) -> Iterator[Entry | Skipped]:
        return find(self.name, self.folder, lambda path: path.lower().endswith(".json"))

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:
        place = f"{self.name}:{entry.path}"
        text = text_of(entry)
        if isinstance(text, Unreadable):
            yield Skipped(place, text.reason, text.keeps)
            return
        try:
            schema = json.loads(text)
        except json.JSONDecodeError as error:
            yield Skipped(place, f"is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})")
            return
        except (RecursionError, ValueError):
            yield Skipped(place, "is nested too deeply, or holds a number too long, to be read")
            return
        if not isinstance(schema, dict) or not json_schema.is_schema(schema):
            yield Skipped(place, "is JSON, but not a JSON Schema (it has no $schema, properties or $defs)", keeps=False)
            return
        yield self._document(entry, schema)

    def _document(self, entry: Entry, schema: dict[str, object]) -> Document:
        stem = re.sub(r"\.schema$", "", PurePosixPath(entry.path).stem)
        title, sections = json_schema.read(schema, name=stem, others=cache(self._neighbours(entry)))
        return hashed(
            Document(
                content_hash="",
                source=self.name,
                path=entry.path,
                title=title,
                kind=Kind.SCHEMA,
                sections=sections,
                owner=self.owner,
                component=stem,
            )
        )

    def _neighbours(self, entry: Entry) -> json_schema.Lookup:
        """Schemas beside this one, for references such as common.schema.json#/$defs/name."""
        here, root = PurePosixPath(entry.path).parent, self.folder.resolve()

        def look_up(reference: str) -> object:
            path = here / PurePosixPath(reference.partition("?")[0]).name
            file = entry_of(self.name, root / path, str(path), root)
            text = text_of(file) if isinstance(file, Entry) else None
            try:
                return json.loads(text) if isinstance(text, str) else None
            except (ValueError, RecursionError):
                return None

        return look_up
