"""Two states of the documentation as two indexes; what is known is copied, and embedded once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from bot.library import Library, Reading
from bot.replay.asked import Question
from bot.replay.verdicts import Said
from ingestion import generations, manifest, pipeline
from ingestion.manifest import Manifest
from ingestion.sources import Source
from ingestion.sources.entries import Entry, Skipped
from ingestion.tokens import counter
from knowledge.errors import Misuse
from knowledge.model import Chunk, Document
from knowledge.ports import ChunkIndex, Embedder, Matrix, Vector

_AT_ONCE = 256  # texts
_WORKERS = 2  # threads that ask; the models use more by themselves


class Remembering:
    """An Embedder that computes each text once. Used by several indexes and threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}
        self.count: Callable[[str], int] = counter(embedder)
        self.computed = 0  # texts that the model had to read

    @property
    def fingerprint(self) -> str:
        return self._embedder.fingerprint

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Matrix:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            self._known |= dict(zip(some, self._embedder.embed(some), strict=True))
        self.computed += len(new)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts])

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self.embed([text])[0]
        return vector

    def learn(self, index: ChunkIndex) -> None:
        """Take over what an index of the same embedder has stored."""
        for document_id in index.document_ids():
            chunks = index.document(document_id)
            vectors = index.vectors([chunk.id for chunk in chunks])
            self._known |= {chunk.indexed_text: vector for chunk, vector in zip(chunks, vectors, strict=True)}


class Unchanging:
    """A ChunkIndex that nobody writes to any more: each of its documents is read once."""

    def __init__(self, index: ChunkIndex) -> None:
        self._index = index
        self._documents: dict[str, list[Chunk]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def document(self, document_id: str) -> list[Chunk]:
        if document_id not in self._documents:
            self._documents[document_id] = self._index.document(document_id)
        return self._documents[document_id]

    def size(self, document_id: str) -> int:
        return len(self.document(document_id))


def _opened(folder: Path, fingerprint: str) -> ChunkIndex:
    return cast("ChunkIndex", Unchanging(pipeline.chroma().open(folder, fingerprint)))


@dataclass(frozen=True, slots=True)
class Kept:
    """A Source that stands for documents of other sources: they stay as they are."""

    name: str
    ids: Sequence[str]
    fingerprint: str = field(default="kept")
    allowed: Sequence[str] = ()

    def entries(self) -> Iterator[Entry | Skipped]:
        for id_ in self.ids:
            yield Skipped(id_, "stays as it was indexed")

    def read(self, entry: Entry) -> Iterator[Document | Skipped]:  # noqa: ARG002 - it has no entries to read
        return iter(())


@dataclass(frozen=True, slots=True)
class State:
    """One state of the documentation, indexed in a folder of its own."""

    home: Path
    reading: Reading

    @property
    def documents(self) -> Manifest:
        """Raises Misuse when nothing is indexed."""
        folder = generations.current(self.home)
        held = manifest.read(folder) if folder else None
        if held is None:
            raise Misuse("The pages hold nothing that can be read. Name the folder with .md, .adoc or .html: --docs.")
        return held

    def copy_of(self, home: Path) -> bool:
        """Begin with what a home serves; False when that is nothing, or was made by other means."""
        served = generations.current(home)
        held = manifest.read(served) if served else None
        if served is None or held is None or held.embedder != self.reading.embedder.fingerprint:
            return False
        folder = generations.index_folder(self.home)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(served, folder / served.name, ignore=shutil.ignore_patterns("*.lock"))
        (folder / generations.POINTER).write_text(f"{served.name}\n", encoding="utf-8")
        return True

    def build(self, sources: Sequence[Source]) -> None:
        """Index what the sources hold. Raises what `pipeline.ingest` raises."""
        pipeline.ingest(sources, home=self.home, embedder=self.reading.embedder)

    def remembered(self, embedder: Remembering) -> None:
        """Let an embedder know what is stored here."""
        folder = generations.current(self.home)
        if folder is not None:
            index = pipeline.chroma().open(folder, embedder.fingerprint)
            try:
                embedder.learn(index)
            finally:
                index.close()

    def ask(self, questions: Sequence[Question], *, heard: Callable[[], None] = lambda: None) -> list[Said]:
        """What is said to each question, without a language model; `heard` is called after each."""
        library = Library(self.home, self.reading, store=pipeline.Store(_opened, _opened))

        def said(question: Question) -> Said:
            answer = Said.of(library.answer(question.text))
            heard()
            return answer

        try:
            self.reading.embedder.embed([question.text for question in questions])
            library.require()
            with ThreadPoolExecutor(_WORKERS) as pool:
                return list(pool.map(said, questions))
        finally:
            library.close()
