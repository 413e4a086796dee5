"""Ingest: read the sources, plan by content hash, cut into chunks, embed, publish. Readable top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingestion import chunking, generations, manifest, stamps
from ingestion.fenced import Reader, reading
from ingestion.manifest import Held, Manifest, Plan
from ingestion.report import IngestReport
from ingestion.sources.entries import Source
from ingestion.survey import Survey, survey
from ingestion.tokens import counter
from knowledge import learning
from knowledge.adapters.fence import Limits
from knowledge.errors import IndexBroken
from knowledge.lessons import NONE, Lessons
from knowledge.model import Chunk, Kind
from knowledge.ports import ChunkIndex, Embedder

if TYPE_CHECKING:
    from knowledge.adapters.shared_index import SharedIndexes

EMBEDDED_AT_ONCE: Final = 32  # about a second of work, so that progress is smooth
STORED_AT_ONCE: Final = 512  # each call is a commit
STANDARD: Final = Limits()
UNREADABLE: Final = "the index could not be read"

__all__ = ["IngestReport", "Progress", "ignore", "ingest"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is, in sections (chunks)."""

    source: str
    done: int
    total: int

    def __str__(self) -> str:
        return f"Reading {self.source}, {self.done:,} of {self.total:,} sections"


def ignore(_: Progress) -> None:
    """Listen to nothing."""


def _to_fill(_folder: Path, _manifest: Manifest, _before: Path | None) -> bool:
    """A draft that only this process knows is always to be filled."""
    return False


def _nothing(_folder: Path) -> None:
    """Nobody else waits for it."""


@dataclass(frozen=True, slots=True)
class Store:
    """How an index is made in a folder, and opened again."""

    create: Callable[[Path, str], ChunkIndex]
    open: Callable[[Path, str], ChunkIndex]
    prepare: Callable[[Path, Manifest, Path | None], bool] = _to_fill  # whether it is there already, complete
    complete: Callable[[Path], None] = _nothing  # called once it is filled


@dataclass(frozen=True, slots=True)
class _Work:
    """What one run has to do, and with what."""

    home: Path
    embedder: Embedder
    store: Store
    reader: Reader
    before: Path | None  # the generation served now
    held: Manifest | None  # what it holds; None when it cannot be continued
    survey: Survey
    plan: Plan
    progress: Callable[[Progress], None]


def ingest(
    sources: Sequence[Source],
    *,
    home: Path,
    embedder: Embedder,
    dry_run: bool = False,
    progress: Callable[[Progress], None] = ignore,
    clock: Callable[[], float] = time.monotonic,
    store: Store | None = None,
    limits: Limits = STANDARD,
) -> IngestReport:
    """Make home's index hold what the sources hold; the old index serves until the new one is complete.

    Each file is read and cut in a child process within `limits`; one that cannot be is skipped with its reason.

    Raises Misuse when a source is missing, Failure when the index cannot be written or another ingest is under way,
    Unavailable when the embeddings are remote and do not answer. In each case the old index goes on serving.
    """
    start = clock()
    if dry_run:
        with reading(limits) as reader:
            work, reason = _look(sources, home, embedder, progress, store or chroma(), reader)
        return _report(work, clock() - start, rebuild=reason, dry_run=True)
    with generations.exclusive(home), reading(limits, partial(counter, embedder)) as reader:
        work, reason = _look(sources, home, embedder, progress, store or chroma(), reader)
        if work.survey.is_empty or (work.plan.is_empty and _is_whole(work)):
            _keep_stamps(work)
            return _report(work, clock() - start, rebuild="")
        if work.plan.is_empty:
            reason, work = UNREADABLE, _from_nothing(work, sources)
        try:
            generation, chunks = _build(work)
        except IndexBroken:
            if work.held is None:
                raise
            reason = UNREADABLE
            work = _from_nothing(work, sources)
            generation, chunks = _build(work)
        _keep_stamps(work)
        return _report(work, clock() - start, rebuild=reason, generation=generation, chunks=chunks)


def _look(
    sources: Sequence[Source],
    home: Path,
    embedder: Embedder,
    progress: Callable[[Progress], None],
    store: Store,
    reader: Reader,
) -> tuple[_Work, str]:
    """What there is to do, and why everything must be done anew, if so."""
    before = generations.current(home)
    held = manifest.read(before) if before else None
    reason = _reason_to_rebuild(before, held, embedder)
    if reason:
        held = None
    known = stamps.read(generations.index_folder(home))
    found = survey(sources, held.documents if held else {}, known, read=reader.read)
    plan = manifest.plan(held.documents if held else {}, found.read, found.unchanged)
    return _Work(home, embedder, store, reader, before, held, found, plan, progress), reason


def _reason_to_rebuild(before: Path | None, held: Manifest | None, embedder: Embedder) -> str:
    if before is None:
        return ""
    if held is None:
        return "its manifest could not be read"
    if held.embedder != embedder.fingerprint:
        return "the embedding model changed"
    return "" if held.chunker == chunking.fingerprint() else "the way documents are cut changed"


def _is_whole(work: _Work) -> bool:
    """Whether the served generation opens and holds what its manifest says: people were told that an ingest repairs."""
    if work.before is None or work.held is None:
        return work.before is None
    try:
        index = work.store.open(work.before, work.embedder.fingerprint)
    except IndexBroken:
        return False
    try:
        return index.count() == work.held.chunks
    except IndexBroken:
        return False
    finally:
        index.close()


def _from_nothing(work: _Work, sources: Sequence[Source]) -> _Work:
    found = survey(sources, {}, stamps.Stamps(), read=work.reader.read)
    plan = manifest.plan({}, found.read, found.unchanged)
    return _Work(work.home, work.embedder, work.store, work.reader, work.before, None, found, plan, work.progress)


def _build(work: _Work) -> tuple[str, int]:
    """The new generation's name and how many chunks it holds, published."""
    chunks = _chunks(work)
    written = _manifest(work, chunks)
    before = work.before if work.held else None
    with generations.draft(work.home, copy_of=before) as draft:
        with generations.room(draft.folder):
            if work.store.prepare(draft.folder, written, before):
                _learn(work, draft.folder)
            else:
                _write(work, chunks, draft.folder)
                work.store.complete(draft.folder)
        with generations.trouble(draft.folder):
            manifest.write(written, draft.folder)
            draft.publish()
    return draft.folder.name, written.chunks


def _write(work: _Work, chunks: dict[str, list[Chunk]], folder: Path) -> None:
    fingerprint = work.embedder.fingerprint
    index = (work.store.open if work.held else work.store.create)(folder, fingerprint)
    try:
        index.remove([*work.plan.remove, *(document.id for document in work.plan.change)])
        _fill(index, chunks, work)
        _save_lessons(work, index, folder)
    finally:
        index.close()


def _learn(work: _Work, folder: Path) -> None:
    """What another process has filled needs only its lessons here."""
    index = work.store.open(folder, work.embedder.fingerprint)
    try:
        _save_lessons(work, index, folder)
    finally:
        index.close()


def _save_lessons(work: _Work, index: ChunkIndex, folder: Path) -> None:
    before = Lessons.load(folder) or NONE  # the draft is a copy of the generation before, with its lessons
    learning.learn(index, work.embedder, before=before, same_faq=_same_faq(work)).save(folder)


def _same_faq(work: _Work) -> bool:
    """Whether the generation before holds the same FAQ entries: their names have a "#"."""
    changed = [document.id for document in (*work.plan.add, *work.plan.change) if document.kind is Kind.FAQ]
    return work.held is not None and not changed and not any("#" in id_ for id_ in work.plan.remove)


def _chunks(work: _Work) -> dict[str, list[Chunk]]:
    """Chunks by document id, for all that is new or changed."""
    return {document.id: work.reader.chunks(document) for document in (*work.plan.add, *work.plan.change)}


def _fill(index: ChunkIndex, chunks: dict[str, list[Chunk]], work: _Work) -> None:
    """Embed and store, source by source; long texts first, so that the time left is never told too short."""
    import numpy as np

    everything = [chunk for document in chunks.values() for chunk in document]
    everything.sort(key=lambda chunk: (chunk.source, -len(chunk.indexed_text)))
    done = 0
    for stored in _batches(everything, STORED_AT_ONCE):
        vectors = []
        for batch in _batches(stored, EMBEDDED_AT_ONCE):
            work.progress(Progress(batch[0].source, done, len(everything)))
            vectors.append(work.embedder.embed([chunk.indexed_text for chunk in batch]))
            done += len(batch)
        index.add(stored, np.concatenate(vectors))
    if everything:
        work.progress(Progress(everything[-1].source, done, len(everything)))


def _batches(chunks: Sequence[Chunk], size: int) -> Iterator[Sequence[Chunk]]:
    for start in range(0, len(chunks), size):
        yield chunks[start : start + size]


def _manifest(work: _Work, chunks: dict[str, list[Chunk]]) -> Manifest:
    documents = dict(work.held.documents) if work.held else {}
    for gone in work.plan.remove:
        documents.pop(gone, None)
    for document in (*work.plan.add, *work.plan.change):
        documents[document.id] = Held(document.content_hash, len(chunks[document.id]))
    return Manifest(work.embedder.fingerprint, chunking.fingerprint(), documents)


def _keep_stamps(work: _Work) -> None:
    folder = generations.index_folder(work.home)
    with generations.trouble(folder):
        work.survey.stamps.write(folder)


def _report(
    work: _Work,
    seconds: float,
    *,
    rebuild: str,
    dry_run: bool = False,
    generation: str = "",
    chunks: int | None = None,
) -> IngestReport:
    emptied = work.survey.is_empty
    kept = work.held.chunks if work.held else 0
    return IngestReport(
        added=0 if emptied else len(work.plan.add),
        changed=0 if emptied else len(work.plan.change),
        removed=0 if emptied else len(work.plan.remove),
        unchanged=work.plan.unchanged + (len(work.plan.remove) if emptied else 0),
        chunks=kept if chunks is None else chunks,
        seconds=seconds,
        skipped=tuple(work.survey.skipped),
        flagged=tuple(work.survey.flagged),
        generation=generation or (work.before.name if work.before else ""),
        published=bool(generation),
        rebuild=rebuild,
        nothing_found=emptied,
        dry_run=dry_run,
    )


def chroma() -> Store:
    """The index in Chroma, with the words derived beside it."""

    def create(folder: Path, fingerprint: str) -> ChunkIndex:
        from knowledge.adapters.chroma_index import ChromaIndex

        return ChromaIndex.create(folder, fingerprint)

    def open_(folder: Path, fingerprint: str) -> ChunkIndex:
        from knowledge.adapters.chroma_index import ChromaIndex

        return ChromaIndex.open(folder, fingerprint=fingerprint)

    return Store(create, open_)


def shared(url: str) -> Store:
    """The index on a Chroma server that other processes use as well; the words are derived in each home."""

    def indexes() -> SharedIndexes:
        from knowledge.adapters.shared_index import SharedIndexes

        return SharedIndexes(url)

    def open_(folder: Path, fingerprint: str) -> ChunkIndex:
        return indexes().open(folder, fingerprint)

    def prepare(folder: Path, wanted: Manifest, before: Path | None) -> bool:
        return indexes().prepare(folder, key=wanted.key, size=wanted.chunks, fingerprint=wanted.embedder, before=before)

    return Store(open_, open_, prepare, lambda folder: indexes().complete(folder))
