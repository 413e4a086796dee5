"""What Sheriff knows right now: the served index generation, followed when a new one is published."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from time import monotonic, perf_counter

import structlog

from bot.budgeting import Purse
from bot.telemetry import Metrics, TimedModel
from ingestion import generations, manifest, pipeline
from ingestion.sources import Source
from knowledge import addresses, answering, learning, scope
from knowledge.adapters.fence import Limits
from knowledge.citing import cite_all, one_per_place
from knowledge.errors import Failure, IndexBroken, SheriffError, Unavailable
from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.lessons import Lessons, written
from knowledge.model import Answer, Chunk, Citation, Passage
from knowledge.patience import WHOLE, one_turn
from knowledge.ports import ChatModel, ChunkIndex, Embedder, Field, Matrix, Warmable
from knowledge.relevance import Policy
from knowledge.search import search
from knowledge.spelling import is_everyday
from knowledge.tokens import STANDARD, Budget
from knowledge.wording import words

log = structlog.get_logger(__name__)

DOCS = "docs"  # the source that schemas and findings name pages of
_SHORTEST_NAME = 4  # letters: the list of everyday words has no shorter ones
LEAST = 2.0  # seconds that a model has however long it took to start


class LibraryState(StrEnum):
    MISSING = "missing"
    BUILDING = "building"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """State for pages and /readyz; `sentence` says it in words."""

    state: LibraryState
    sentence: str
    done: int = 0
    total: int = 0
    chunks: int = 0

    @property
    def ready(self) -> bool:
        return self.state is LibraryState.READY


class StoppedError(Failure):
    """Sheriff is stopping: the ingest ended before it was done, and what was published before stays."""


class NotReadyError(Unavailable):
    """The index is still being built: ask again a little later."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to answer from the index: everything `answering.answer` needs beside the question."""

    embedder: Embedder
    model: ChatModel | None
    policy: Policy
    budget: Budget = STANDARD
    glossary: Glossary = NO_GLOSSARY
    seconds: float = WHOLE  # that one question waits for the model
    until: float | None = None  # on the monotonic clock: when a question that is the only one stops waiting
    rerank: bool = False
    hosts: frozenset[str] | None = None  # whose addresses an answer may show; None: any

    def patience(self) -> float:
        """Seconds from now that a question may wait for the model, at least a few."""
        if self.until is None:
            return self.seconds
        return min(self.seconds, max(LEAST, self.until - monotonic()))


@dataclass(frozen=True, slots=True)
class _Served:
    """An opened generation, with what was learnt from it and when that was written."""

    folder: Path
    index: ChunkIndex
    lessons: Lessons
    learnt: int  # nanoseconds; 0 when there are no lessons


class Library:
    """The index of one home folder. Safe to use from many threads; at most one ingest runs at a time."""

    def __init__(
        self,
        home: Path,
        reading: Reading,
        *,
        store: pipeline.Store | None = None,
        limits: Limits = pipeline.STANDARD,
        patience: float = 90.0,
        metrics: Metrics | None = None,
        purse: Purse | None = None,
    ) -> None:
        """`store` is where indexes are kept; without it, in the home. `limits` are those of reading one
        file; `metrics` hears how long answers take; `purse` pays for what the model writes."""
        self._metrics = metrics or Metrics()
        self._purse = purse
        self._home = home
        self._store = store or pipeline.chroma()
        self._limits = limits
        self._reading = reading
        self._patience = patience  # seconds that a question waits for the first index
        self._lock = threading.RLock()
        self._served: _Served | None = None
        self._before: ChunkIndex | None = None  # kept open until the next switch: a search may still be using it
        self._status = LibraryStatus(LibraryState.MISSING, f"No index in {home}. Run `sheriff ingest`.")
        self._built = threading.Event()
        self._stopping = threading.Event()

    def status(self) -> LibraryStatus:
        """The state now; opens a generation published by another process."""
        with self._lock:
            try:
                index = self._open().index
            except SheriffError as error:
                if self._status.state in {LibraryState.BUILDING, LibraryState.BROKEN}:
                    return self._status  # how far it is, or why it failed, says more than that there is no index
                return LibraryStatus(self._state_without_index(), str(error))
            count = index.count()
            return LibraryStatus(LibraryState.READY, f"{count:,} sections are indexed.", chunks=count)

    def answer(
        self,
        question: str,
        *,
        earlier: Sequence[str] = (),
        listen: Callable[[str], None] = answering.ignore,
        asks: bool = False,
        asker: str = "",
    ) -> Answer:
        """The one chain; `earlier` are the conversation's questions before this one, newest last.

        With `asks` the answer may be a question back. `asker` is whose tokens a model uses.

        Raises NotReadyError while the first index is built, IndexBroken when it cannot be read.
        """
        served = self._waited()
        model = TimedModel(self._reading.model, self._metrics) if self._reading.model else None
        paid = self._purse.opened_for(asker, model) if self._purse and model else model
        begun = perf_counter()
        answer = answering.answer(
            question,
            earlier=earlier,
            index=served.index,
            lessons=served.lessons,
            embedder=self._reading.embedder,
            model=one_turn(paid, seconds=self._reading.patience()),
            policy=self._reading.policy,
            listen=listen,
            budget=self._reading.budget,
            rerank=self._reading.rerank,
            glossary=self._reading.glossary,
            asks=asks,
        )
        took = perf_counter() - begun
        self._metrics.search_seconds.observe(max(0.0, took - (model.seconds if model else 0)))
        return self._shown(answer)

    def _shown(self, answer: Answer) -> Answer:
        hosts = self._reading.hosts
        return answer if hosts is None else addresses.shown(answer, hosts)

    def _cited(self, passages: Sequence[Passage]) -> tuple[Citation, ...]:
        hosts, cited = self._reading.hosts, cite_all(passages)
        return cited if hosts is None else addresses.quoted(cited, hosts)

    @property
    def glossary(self) -> Glossary:
        """What the platform calls its things."""
        return self._reading.glossary

    @property
    def embedder(self) -> Embedder:
        """What texts are compared with; loaded once for all."""
        return self._reading.embedder

    def aside(self, question: str) -> float:
        """How probably a message is no work on a platform. Raises Unavailable if the embeddings are remote and down."""
        embedder = self._reading.embedder
        if embedder.fingerprint != scope.fitted().embeddings:
            return 0.0
        return scope.aside(embedder.embed_query(question), embeddings=embedder.fingerprint)

    def names(self, question: str) -> bool:
        """Whether the question has a word of the documentation that is no everyday English: "kafka", "namespace"."""
        known = self._open().index.vocabulary()
        return any(word in known and not is_everyday(word) for word in words(question) if len(word) >= _SHORTEST_NAME)

    def require(self) -> None:
        """Raises IndexBroken, with the remedy, when there is nothing to answer from."""
        self._open()

    def page(self, document_id: str) -> list[Chunk]:
        """A document's chunks in order; empty when it is unknown."""
        return self._waited().index.document(document_id)

    def places(self, pages: Sequence[str]) -> tuple[Citation, ...]:
        """The headings that pages such as kafka/quotas.md#raise lead to; none while there is no index to find them."""
        if not self.status().ready:
            return ()
        found: list[Passage] = []
        for page in pages:
            path, _, anchor = page.partition("#")
            chunks = self.page(f"{DOCS}:{path}")
            found += [Passage(chunk, 1.0) for chunk in chunks if not anchor or chunk.anchor == anchor][:1]
        return self._cited(found)

    def find(self, words: str, *, limit: int = 6) -> tuple[Citation, ...]:
        """The places that speak of something, best first, one for each section or FAQ entry. Raises IndexBroken."""
        served = self._open()
        found = search(
            words,
            index=served.index,
            embedder=self._reading.embedder,
            limit=2 * limit,
            lessons=served.lessons,
            glossary=self._reading.glossary,
        )
        return self._cited(one_per_place(found.passages)[:limit])

    def quoted(self, question: str) -> Answer:
        """What would be answered without a language model. Raises IndexBroken."""
        served, reading = self._open(), self._reading
        answer = answering.answer(
            question,
            index=served.index,
            lessons=served.lessons,
            embedder=reading.embedder,
            model=None,
            policy=reading.policy,
            budget=reading.budget,
            glossary=reading.glossary,
        )
        return self._shown(answer)

    def passages(self, words: str, *, limit: int = 8) -> Sequence[Passage]:
        """What the index finds for some words, best first. Raises IndexBroken."""
        served, reading = self._open(), self._reading
        found = search(
            words,
            index=served.index,
            embedder=reading.embedder,
            limit=limit,
            lessons=served.lessons,
            glossary=reading.glossary,
        )
        return found.passages

    def documents(self) -> Mapping[str, str]:
        """The ids of all pages, each with a hash of its content; none while there is no index."""
        folder = generations.current(self._home)
        held = manifest.read(folder) if folder else None
        return {id_: document.content_hash for id_, document in held.documents.items()} if held else {}

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Vectors of texts, as the index has them. Raises Unavailable if the embeddings are remote and down."""
        return self._reading.embedder.embed(texts)

    @property
    def fingerprint(self) -> str:
        """Of the embeddings."""
        return self._reading.embedder.fingerprint

    def ingest(
        self,
        sources: Sequence[Source],
        *,
        progress: Callable[[pipeline.Progress], None] = pipeline.ignore,
    ) -> pipeline.IngestReport:
        """Bring the index up to date and serve it. The old one is served until the new one is complete.

        Raises StoppedError when `stop` was called, and what `pipeline.ingest` raises.
        """

        def tell(step: pipeline.Progress) -> None:
            if self._stopping.is_set():
                raise StoppedError("The ingest was stopped. The next one begins it again.")
            sentence = f"{step}."
            with self._lock:
                self._status = LibraryStatus(LibraryState.BUILDING, sentence, step.done, step.total)
            progress(step)

        self._built.clear()
        with self._lock:
            self._status = replace(self._status, state=LibraryState.BUILDING, sentence="Reading the documentation.")
        try:
            report = pipeline.ingest(
                sources,
                home=self._home,
                embedder=self._reading.embedder,
                progress=tell,
                store=self._store,
                limits=self._limits,
            )
        except SheriffError as error:
            with self._lock:
                self._status = LibraryStatus(LibraryState.BROKEN, str(error))
            raise
        finally:
            self._built.set()
        with self._lock:
            self._status = LibraryStatus(LibraryState.READY, "")
        return report

    def warm(self) -> None:
        """Load the models and the index now, so that the first question is not the slow one; contacts nobody."""
        self._open().index.matching("warm up", field=Field.TEXT, limit=1)
        for part in (self._reading.embedder, self._reading.model):
            if isinstance(part, Warmable):
                part.warm()

    def stop(self) -> None:
        """End a running ingest at its next step."""
        self._stopping.set()

    def stopped(self, *, within: float) -> bool:
        """Whether `stop` was called, or is within so many seconds."""
        return self._stopping.wait(within)

    def close(self) -> None:
        with self._lock:
            for index in (self._before, self._served.index if self._served else None):
                if index is not None:
                    index.close()
            self._served = self._before = None

    def _waited(self) -> _Served:
        """What to answer from; while the first index is built, a question waits for it a while."""
        try:
            return self._open()
        except IndexBroken:
            if self._status.state is not LibraryState.BUILDING:
                raise
        if not self._built.wait(self._patience):
            raise NotReadyError(f"{self.status().sentence} Ask again in a minute; YAML can be checked already.")
        return self._open()

    def _open(self) -> _Served:
        """The published generation, opened; a newer one, or newer lessons, replace what was open."""
        with self._lock:
            folder = generations.current(self._home)
            if folder is None:
                raise IndexBroken(f"There is no index in {self._home} yet. Run `sheriff ingest --home {self._home}`.")
            before = self._served
            if before and before.folder == folder:
                if before.learnt != written(folder):
                    self._served = self._with_lessons(folder, before.index)
                return self._served or before
            index = self._store.open(folder, self._reading.embedder.fingerprint)
            if self._before is not None:
                self._before.close()
            self._before = before.index if before else None
            self._served = self._with_lessons(folder, index)
            log.info("index_opened", generation=folder.name, chunks=index.count())
            return self._served

    def _with_lessons(self, folder: Path, index: ChunkIndex) -> _Served:
        lessons = learning.of(folder, index, self._reading.embedder)
        return _Served(folder, index, lessons, written(folder))

    def _state_without_index(self) -> LibraryState:
        return LibraryState.MISSING if generations.current(self._home) is None else LibraryState.BROKEN
