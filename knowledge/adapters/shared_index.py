"""Indexes on one Chroma server for many processes: each collection is named for its content, and one fills it.

Processes with the same sources want the same name, so they share a collection without talking to each other. A
collection that is complete is never written again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowledge.adapters.chroma_index import BATCH, REMEDY, ChromaIndex, connected, create_collection
from knowledge.errors import IndexBroken

FILE: Final = "collection.json"  # in the folder of a generation: which collection it stands for
PREFIX: Final = "sheriff-"
KEPT: Final = 3  # complete collections: the newest ones; somebody may still be using the one before
LOOK_EVERY: Final = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class SharedIndexes:
    """The collections of one server. Every method raises Unavailable when that does not answer."""

    url: str
    patience: float = 120.0  # seconds without growth after which whoever fills a collection is taken to have died
    stopwatch: Callable[[], float] = time.monotonic

    def open(self, folder: Path, fingerprint: str) -> ChromaIndex:
        """The collection that a folder stands for; IndexBroken when there is none, or not on this server."""
        return ChromaIndex.connect(
            self.url,
            lexical_folder=folder / "lexical",
            collection=self._name_in(folder),
            fingerprint=fingerprint,
            create=False,
        )

    def prepare(self, folder: Path, *, key: str, size: int, fingerprint: str, before: Path | None) -> bool:
        """Have the folder stand for the collection of a key, which is to hold `size` chunks.

        True: it is complete. False: it is the caller's to fill and then to `complete`; it holds by then what the
        collection of the folder `before` holds. While another process fills it, this waits.
        """
        name = f"{PREFIX}{key}"
        old = self._name_in(before) if before else ""
        with connected(self.url, name) as client:
            ours = self._ours(client, name, size, fingerprint)
            if ours and old:
                _copy(
                    client.get_collection(old, embedding_function=None),
                    client.get_collection(name, embedding_function=None),
                )
        (folder / FILE).write_text(json.dumps({"collection": name}), encoding="utf-8")
        return not ours

    def complete(self, folder: Path) -> None:
        """The collection is filled: others may use it. The oldest ones of the server are removed."""
        name = self._name_in(folder)
        with connected(self.url, name) as client:
            _mark(client, name, complete=True)
            finished = sorted(
                (c for c in client.list_collections() if c.name.startswith(PREFIX) and _of(c, "complete")),
                key=lambda c: int(_of(c, "number")),
            )
            for collection in finished[:-KEPT]:
                client.delete_collection(collection.name)

    def _ours(self, client: Any, name: str, size: int, fingerprint: str) -> bool:
        """Whether it is this process that has to fill the collection."""
        count, since = -1, self.stopwatch()
        while True:
            found = _find(client, name)
            if found is None:
                if _created(client, name, fingerprint):
                    return True
                continue
            grown = found.count()
            if _of(found, "complete"):
                if grown == size:
                    _mark(client, name, complete=True)  # it is in use again: the newest
                    return False
                client.delete_collection(name)  # it has lost some
            elif grown != count:
                count, since = grown, self.stopwatch()
            elif self.stopwatch() - since > self.patience:
                client.delete_collection(name)
            else:
                time.sleep(LOOK_EVERY)

    def _name_in(self, folder: Path) -> str:
        try:
            return str(json.loads((folder / FILE).read_text("utf-8"))["collection"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexBroken(f"The index in {folder} is not on the Chroma server at {self.url}. {REMEDY}.") from error


def _find(client: Any, name: str) -> Any | None:
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None


def _created(client: Any, name: str, fingerprint: str) -> bool:
    """False when another process was faster."""
    from chromadb.errors import ChromaError

    try:
        create_collection(client, name, fingerprint, complete=False, number=_next(client))
    except ChromaError:
        if _find(client, name) is None:
            raise
        return False
    return True


def _mark(client: Any, name: str, *, complete: bool) -> None:
    collection = client.get_collection(name, embedding_function=None)
    collection.modify(metadata={**(collection.metadata or {}), "complete": complete, "number": _next(client)})


def _next(client: Any) -> int:
    return 1 + max((int(_of(c, "number")) for c in client.list_collections() if c.name.startswith(PREFIX)), default=0)


def _of(collection: Any, key: str) -> int:
    return int((collection.metadata or {}).get(key, 0))


def _copy(source: Any, target: Any) -> None:
    for start in range(0, source.count(), BATCH):
        page = source.get(limit=BATCH, offset=start, include=["embeddings", "documents", "metadatas"])
        target.add(
            ids=page["ids"], embeddings=page["embeddings"], documents=page["documents"], metadatas=page["metadatas"]
        )
