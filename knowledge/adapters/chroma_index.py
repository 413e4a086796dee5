"""The knowledge index: Chroma holds vectors and text, a derived word index beside it finds by words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from filelock import FileLock

from knowledge.adapters import chunk_codec
from knowledge.adapters.lexical_index import LexicalIndex, Stamp
from knowledge.errors import IndexBroken, Misuse, Unavailable
from knowledge.model import Chunk
from knowledge.ports import Faint, Field, Hit, Matrix, Vector

COLLECTION: Final = "knowledge"
BATCH: Final = 5_000  # Chroma takes 5,461 at most
SEARCH_BREADTH: Final = 256  # the beam of a query: at least as many as a search asks for
PROBED: Final = 50
SERVER_SECONDS: Final = 20.0
REMEDY: Final = "Run `sheriff ingest` to build it again"
FILTERS: Final = ("document_id", "source", "kind", "component")
# Chroma shares one system among the clients of a path, in a register that two threads must not change at once.
_REGISTER: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an index is, for people, and which class of error its trouble is."""

    name: str
    remote: bool

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """Whatever Chroma raises for a damaged index or a silent server, as ours."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except httpx.HTTPError as error:
            raise self._silent(error) from error
        except ValueError as error:
            # Chroma's client reports a server it cannot reach as a bare ValueError.
            raise self._silent(error) if self.remote else self._broken(error) from error
        except (ChromaError, sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> IndexBroken:
        if "readonly" in str(error):
            return IndexBroken(
                f"The index in {self.name} cannot be opened, because nothing may be written there: "
                "Chroma writes beside it also for reading. Let this account write to the folder."
            )
        return IndexBroken(f"The index in {self.name} cannot be read ({error}). {REMEDY}.")

    def _silent(self, error: Exception) -> Unavailable:
        return Unavailable(f"The Chroma server at {self.name} does not answer ({error}). Check that it is running.")


class ChromaIndex:
    """ports.ChunkIndex over a Chroma collection, embedded in a folder or on a server.

    One process at a time may write a folder. Give `add` hundreds of chunks at once: each call is one commit.
    """

    def __init__(self, client: Any, collection: Any, place: _Place, lexical_folder: Path) -> None:
        self._client = client
        self._collection = collection
        self._place = place
        self._writing = threading.Lock()
        self._lexical = self._derived(lexical_folder)

    @classmethod
    def create(cls, folder: Path, fingerprint: str) -> ChromaIndex:
        """A new, empty index in folder for vectors of this fingerprint; Misuse when one is there already."""
        if (folder / "chroma" / "chroma.sqlite3").exists():
            raise Misuse(f"{folder} already holds an index. Choose another folder, or open that one.")
        place = _Place(str(folder), remote=False)
        with place.trouble():
            folder.mkdir(parents=True, exist_ok=True)
            client = _embedded_client(folder / "chroma")
            return cls(client, create_collection(client, COLLECTION, fingerprint), place, folder / "lexical")

    @classmethod
    def open(cls, folder: Path, *, fingerprint: str | None = None) -> ChromaIndex:
        """The index in folder; IndexBroken when it is missing, damaged, or of another fingerprint."""
        place = _Place(str(folder), remote=False)
        if not (folder / "chroma" / "chroma.sqlite3").is_file():
            raise IndexBroken(f"There is no index in {folder}. {REMEDY}.")
        with place.trouble():
            client = _embedded_client(folder / "chroma")
        return cls._checked(client, COLLECTION, place, folder / "lexical", fingerprint)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        lexical_folder: Path,
        collection: str = COLLECTION,
        fingerprint: str | None = None,
        create: bool = True,
    ) -> ChromaIndex:
        """The index on a Chroma server, words derived into lexical_folder; with a fingerprint, and unless `create` says
        otherwise, it is created if missing.

        Raises Unavailable when the server does not answer.
        """
        from chromadb.errors import NotFoundError

        place = _Place(f"{url} (collection {collection})", remote=True)
        client = _server_client(url, place)
        with place.trouble():
            try:
                client.get_collection(collection, embedding_function=None)
            except NotFoundError:
                if fingerprint is not None and create:
                    create_collection(client, collection, fingerprint)
        return cls._checked(client, collection, place, lexical_folder, fingerprint)

    @classmethod
    def _checked(
        cls, client: Any, name: str, place: _Place, lexical_folder: Path, fingerprint: str | None
    ) -> ChromaIndex:
        try:
            with place.trouble():
                collection = client.get_collection(name, embedding_function=None)
                _check_fingerprint(collection, place, fingerprint)
                _check_vectors(collection, place)
                return cls(client, collection, place, lexical_folder)
        except Exception:
            _close(client, place)
            raise

    @property
    def fingerprint(self) -> str:
        """The embedder's fingerprint this index was made with."""
        return str((self._collection.metadata or {}).get("fingerprint", ""))

    def nearest(self, vector: Vector, *, limit: int) -> list[Hit]:
        wanted = min(limit, self._lexical.count())
        if wanted < 1:
            return []
        with self._place.trouble():
            found = self._collection.query(query_embeddings=[vector], n_results=wanted, include=["distances"])
        return [Hit(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def matching(self, words: str, *, field: Field, limit: int, faint: Faint = ()) -> list[Hit]:
        with self._place.trouble():
            return self._lexical.matching(words, field=field, limit=limit, faint=faint)

    def rarity(self, words: str, *, faint: Faint = ()) -> float:
        with self._place.trouble():
            return self._lexical.rarity(words, faint=faint)

    def vocabulary(self) -> frozenset[str]:
        with self._place.trouble():
            return self._lexical.vocabulary()

    def vectors(self, ids: Sequence[str]) -> Matrix:
        import numpy as np

        found: dict[str, Vector] = {}
        with self._place.trouble():
            for start in range(0, len(ids), BATCH):
                part = self._collection.get(ids=list(ids[start : start + BATCH]), include=["embeddings"])
                found |= dict(zip(part["ids"], part["embeddings"], strict=True))
        rows = [found[id_] for id_ in ids]
        return np.asarray(rows, dtype=np.float32) if rows else np.zeros((0, 0), dtype=np.float32)

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        with self._place.trouble():
            return self._lexical.chunks(ids)

    def document(self, document_id: str) -> list[Chunk]:
        with self._place.trouble():
            return self._lexical.documents([document_id])

    def size(self, document_id: str) -> int:
        return self._lexical.size(document_id)

    def document_ids(self) -> list[str]:
        return self._lexical.document_ids()

    def count(self) -> int:
        with self._place.trouble():
            return int(self._collection.count())

    def add(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        if len(chunks) != len(vectors):
            raise ValueError(f"{len(chunks)} chunks came with {len(vectors)} vectors")
        ids = [chunk.id for chunk in chunks]
        if len(set(ids)) < len(ids) or self._lexical.chunks(ids):
            raise ValueError("a chunk with this id is already in the index")
        if not chunks:
            return
        with self._writing, self._place.trouble():
            for start in range(0, len(chunks), BATCH):
                part = slice(start, start + BATCH)
                self._collection.add(embeddings=vectors[part], **_columns(chunks[part]))
            self._lexical.add(chunks)
            self._seal()

    def remove(self, document_ids: Sequence[str]) -> None:
        with self._writing, self._place.trouble():
            gone = [chunk.id for chunk in self._lexical.documents(document_ids)]
            if not gone:
                return
            for start in range(0, len(gone), BATCH):
                self._collection.delete(ids=gone[start : start + BATCH])
            self._lexical.remove(document_ids)
            self._seal()

    def close(self) -> None:
        """Let go of files and connections; the index cannot be used afterwards."""
        _close(self._client, self._place)

    def _seal(self) -> None:
        # The number changes with every write, so that a word index left behind by a crash is recognised.
        known = dict(self._collection.metadata or {})
        self._collection.modify(metadata=known | {"revision": int(known.get("revision", 0)) + 1})
        self._lexical.seal(self._stamp())

    def _stamp(self) -> Stamp:
        revision = int((self._collection.metadata or {}).get("revision", 0))
        return Stamp(collection=str(self._collection.id), revision=revision, count=self._collection.count())

    def _derived(self, folder: Path) -> LexicalIndex:
        folder.parent.mkdir(parents=True, exist_ok=True)
        found = LexicalIndex.open(folder, self._stamp())
        if found is not None:
            return found
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            found = LexicalIndex.open(folder, self._stamp())  # another process may have been faster
            return found or self._rebuilt(folder)

    def _rebuilt(self, folder: Path) -> LexicalIndex:
        stamp, rebuilt = self._stamp(), LexicalIndex.create(folder)
        for start in range(0, stamp.count, BATCH):
            page = self._collection.get(limit=BATCH, offset=start, include=["documents", "metadatas"])
            rows = zip(page["documents"], page["metadatas"], strict=True)
            rebuilt.add([chunk_codec.decode(kept["chunk"], text=text) for text, kept in rows])
        rebuilt.seal(stamp)
        return rebuilt


@contextmanager
def connected(url: str, collection: str) -> Iterator[Any]:
    """A client of a Chroma server, closed at the end; its trouble is told as that of the collection."""
    place = _Place(f"{url} (collection {collection})", remote=True)
    client = _server_client(url, place)
    try:
        with place.trouble():
            yield client
    finally:
        _close(client, place)


def _server_client(url: str, place: _Place) -> Any:
    import chromadb

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misuse(f"{url!r} is not the address of a Chroma server. Write it as http://host:8000.")
    secure = parts.scheme == "https"
    with place.trouble():
        client = chromadb.HttpClient(
            host=parts.hostname, port=parts.port or (443 if secure else 8000), ssl=secure, settings=_settings()
        )
    for session in _sessions(client):
        session.timeout = SERVER_SECONDS
    return client


def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _embedded_client(folder: Path) -> Any:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.errors import ChromaError

    with _REGISTER:
        try:
            return chromadb.PersistentClient(str(folder), settings=_settings())
        except (ChromaError, AttributeError, ValueError):
            # Chroma keeps the half-started system under its path and would hand it out again after a repair.
            SharedSystemClient._identifier_to_system.pop(str(folder), None)  # noqa: SLF001
            raise


def _sessions(client: Any) -> list[Any]:
    # The HTTP clients under a Chroma client: it sets no time-out on them and never closes them.
    return [part._server._session for part in (client, client._admin_client)]  # noqa: SLF001


def _close(client: Any, place: _Place) -> None:
    if place.remote:
        for session in _sessions(client):
            session.close()
    with _REGISTER:
        client.close()


def create_collection(client: Any, name: str, fingerprint: str, **more: int) -> Any:
    """A new collection for vectors of a fingerprint; `more` is kept with it."""
    return client.create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "ef_search": SEARCH_BREADTH}},
        metadata={"fingerprint": fingerprint, "revision": 0, **more},
    )


def _check_fingerprint(collection: Any, place: _Place, expected: str | None) -> None:
    found = (collection.metadata or {}).get("fingerprint")
    if expected is not None and found != expected:
        raise IndexBroken(
            f"The index in {place.name} was made with another embedding model ({found}; now {expected}). {REMEDY}."
        )


def _check_vectors(collection: Any, place: _Place) -> None:
    # A lost vector folder shows no error in Chroma, only too few neighbours.
    some = collection.get(limit=1, include=["embeddings"])
    expected = min(PROBED, collection.count())
    if not expected:
        return
    found = collection.query(query_embeddings=some["embeddings"], n_results=expected, include=[])["ids"][0]
    if len(found) < expected:
        raise IndexBroken(f"The index in {place.name} has lost vectors. {REMEDY}.")


def _columns(chunks: Sequence[Chunk]) -> dict[str, Any]:
    return {
        "ids": [chunk.id for chunk in chunks],
        "documents": [_storable(chunk.text) for chunk in chunks],
        "metadatas": [
            {name: str(getattr(chunk, name)) for name in FILTERS}
            | {"chunk": _storable(chunk_codec.encode(chunk, without="text"))}
            for chunk in chunks
        ],
    }


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
