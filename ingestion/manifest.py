"""What an index holds and what has to be done about it: documents by content hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from knowledge.model import Document

FORMAT: Final = 1
FILE: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Held:
    """A document as it was indexed."""

    content_hash: str
    chunks: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The documents of one generation, and by which means they were indexed."""

    embedder: str  # its fingerprint
    chunker: str
    documents: Mapping[str, Held] = field(default_factory=dict)

    @property
    def chunks(self) -> int:
        return sum(held.chunks for held in self.documents.values())

    @property
    def key(self) -> str:
        """The same for the same documents indexed by the same means, on every machine."""
        content = [(name, held.content_hash, held.chunks) for name, held in sorted(self.documents.items())]
        return hashlib.sha256(json.dumps([self.embedder, self.chunker, content]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Plan:
    """What separates an index from its sources."""

    add: Sequence[Document]
    change: Sequence[Document]
    remove: Sequence[str]  # document ids
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.add or self.change or self.remove)


def plan(held: Mapping[str, Held], read: Iterable[Document], unchanged: Iterable[str]) -> Plan:
    """What to do so that the index holds `read`, and what is already known to be `unchanged`, and nothing else."""
    add: list[Document] = []
    change: list[Document] = []
    staying = set(unchanged)
    for document in read:
        before = held.get(document.id)
        if before is None:
            add.append(document)
        elif before.content_hash != document.content_hash:
            change.append(document)
        else:
            staying.add(document.id)
    wanted = staying | {document.id for document in (*add, *change)}
    return Plan(add, change, sorted(held.keys() - wanted), len(staying))


def write(manifest: Manifest, folder: Path) -> None:
    """Put the manifest into a generation's folder."""
    values = {
        "format": FORMAT,
        "embedder": manifest.embedder,
        "chunker": manifest.chunker,
        "documents": {id_: [held.content_hash, held.chunks] for id_, held in sorted(manifest.documents.items())},
    }
    (folder / FILE).write_text(json.dumps(values, indent=0), "utf-8")


def read(folder: Path) -> Manifest | None:
    """The manifest of a generation, or None when it is missing, damaged or of another format."""
    try:
        values: Any = json.loads((folder / FILE).read_text("utf-8"))
        if values["format"] != FORMAT:
            return None
        documents = {id_: Held(str(hash_), int(chunks)) for id_, (hash_, chunks) in values["documents"].items()}
        return Manifest(str(values["embedder"]), str(values["chunker"]), documents)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
