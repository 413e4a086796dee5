"""What is searched: the example platform, a folder, a pool of texts, or the index of a home folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from filelock import FileLock

from bot.sources import code_pages
from evals.pools import PoolSource
from ingestion import generations, manifest, pipeline
from ingestion.sources import FaqSource, FolderSource, SchemaSource, Source
from knowledge import bundled, learning
from knowledge.errors import Failure, IndexBroken, Misuse
from knowledge.lessons import NONE, Familiar, Lessons
from knowledge.ports import ChunkIndex, Embedder

NOTE: Final = "content.json"  # beside an index that was made here: what it was made from


@dataclass(frozen=True, slots=True)
class Corpus:
    """Something to ask questions of, and the home folder that holds its index."""

    name: str
    home: Path
    sources: Sequence[Source] = ()  # none: the index is taken as it is
    content: str = ""  # digest of the place that is read, by which an equal place finds the same index


@dataclass(frozen=True, slots=True)
class Opened:
    """A corpus ready to be searched."""

    name: str
    index: ChunkIndex
    generation: Path
    document_ids: tuple[str, ...]
    lessons: Lessons = NONE

    def knowing(self, familiar: Familiar | None) -> Opened:
        """The same, with what a log of earlier questions taught."""
        return replace(self, lessons=replace(self.lessons, familiar=familiar))

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(id_.partition(":")[2] for id_ in self.document_ids)


def of_home(home: Path) -> Corpus:
    """The index of a home folder as it is; where there is none, the example platform in a folder below."""
    if generations.current(home) is not None:
        return Corpus(f"the index in {home}", home)
    sources: list[Source] = [
        FolderSource("docs", bundled.DOCS),
        FaqSource("faq", bundled.FAQ),
        SchemaSource("schemas", bundled.SCHEMAS),
        code_pages(bundled.SCHEMAS, bundled.PAGES),
    ]
    return Corpus("the example platform", home / "platform", sources)


def folder(place: Path, sources: Sequence[Source], cache: Path) -> Corpus:
    """A documentation folder as Sheriff reads it: pages, FAQ files and schemas."""
    content = digest(place)
    return Corpus(str(place), _shelf("docs", place, content, cache), sources, content)


def pages(place: Path, cache: Path) -> Corpus:
    """The pages of a folder by their relative paths, or the texts of a .jsonl pool."""
    if place.is_dir():
        source: Source = FolderSource("pages", place)
    elif place.is_file() and place.suffix.lower() == ".jsonl":
        source = PoolSource("pool", place)
    elif place.exists():
        raise Misuse(f"{place}: neither a folder nor a .jsonl pool of texts. Name one of them.")
    else:
        raise Misuse(f"{place}: there is no such folder or pool. Check the path.")
    content = digest(place)
    return Corpus(str(place), _shelf("pages", place, content, cache), [source], content)


def digest(place: Path) -> str:
    """Changes with the names and the content of the files; hidden ones do not count."""
    said = hashlib.sha256()
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    for file in files:
        inside = file.name if file == place else file.relative_to(place).as_posix()
        if any(part.startswith(".") for part in inside.split("/")):
            continue
        try:
            with file.open("rb") as readable:
                content = hashlib.file_digest(readable, "sha256").digest()
        except OSError:
            content = b""  # reading says later which file cannot be read
        said.update(f"{inside}\0".encode("utf-8", "replace") + content)
    return said.hexdigest()


def _shelf(purpose: str, place: Path, content: str, cache: Path) -> Path:
    """The home of this place's index, or that of an equal place elsewhere when there is one already."""
    for note in sorted(cache.glob(f"{purpose}-*/{NOTE}")):
        if _noted(note) == content:
            return note.parent
    name = re.sub(r"[^a-z0-9]+", "-", place.resolve().name.lower()).strip("-")
    return cache / f"{purpose}-{name[:40]}-{hashlib.sha256(str(place.resolve()).encode()).hexdigest()[:10]}"


def _noted(note: Path) -> str:
    try:
        return str(json.loads(note.read_text("utf-8"))["content"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def opened(
    corpus: Corpus, embedder: Embedder, *, tell: Callable[[pipeline.Progress], None] = pipeline.ignore
) -> Iterator[Opened]:
    """The corpus with its index, brought up to date first unless it is taken as it is.

    Raises IndexBroken when nothing readable is there, and what ingesting raises.
    """
    from knowledge.adapters.chroma_index import ChromaIndex

    if corpus.sources:
        _bring_up_to_date(corpus, embedder, tell)
    generation = generations.current(corpus.home)
    if generation is None:
        raise IndexBroken(f"{corpus.name}: nothing there can be read. Name a folder with .md, .adoc, .html or .txt.")
    held = manifest.read(generation)
    index = ChromaIndex.open(generation, fingerprint=embedder.fingerprint)
    try:
        lessons = learning.of(generation, index, embedder)
        yield Opened(corpus.name, index, generation, tuple(held.documents) if held else (), lessons)
    finally:
        index.close()


def _bring_up_to_date(corpus: Corpus, embedder: Embedder, tell: Callable[[pipeline.Progress], None]) -> None:
    """Index what changed. Another process that does the same is waited for."""
    home, note = corpus.home, corpus.home / NOTE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "evals.lock"):
            pipeline.ingest(corpus.sources, home=home, embedder=embedder, progress=tell)
            if corpus.content != _noted(note):
                note.write_text(json.dumps({"content": corpus.content}), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{home}: cannot be written ({error.strerror}). Name another folder with --home.") from error
