"""What the middle needs from outside. Each Protocol has two real implementations and one contract suite in tests/."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from knowledge.model import Chunk

Vector = NDArray[np.float32]  # (dimension,), length 1
Matrix = NDArray[np.float32]  # (count, dimension), rows of length 1
Faint = Sequence[tuple[str, float]]  # further texts to look for, each with a weight below 1


class Embedder(Protocol):
    """Turns text into vectors of length 1; equal text gives equal vectors."""

    @property
    def fingerprint(self) -> str:
        """Changes when vectors would: an index of another fingerprint cannot be searched with this embedder."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Vectors in the order of texts, shape (len(texts), dimension). Raises Unavailable if it is remote and down."""

    def embed_query(self, text: str) -> Vector:
        """Vector of one question, shape (dimension,). Raises Unavailable likewise."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a model is to write: an object by a JSON Schema without optional parts, which services hold it to."""

    name: str
    schema: Mapping[str, Any]


class ChatModel(Protocol):
    """A language model that writes text. It gets no tools."""

    @property
    def name(self) -> str: ...

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        """Pieces of the answer as they come. Raises ModelUnavailable on time-out, error, a stream that stops without
        a finish reason, or an empty answer; what was yielded before must then be thrown away. `seconds` bounds the
        whole call, loading and retrying included; None: the model's own limit, which it never exceeds. With `form` the
        service is asked to hold the model to it; one that cannot is asked without, and plain text comes back: who
        reads must know both."""


@runtime_checkable
class Warmable(Protocol):
    """A model that can load what it needs before the first question, without contacting anybody."""

    def warm(self) -> None: ...


class Field(StrEnum):
    """The searchable fields of the words side."""

    TEXT = "text"  # body, stemmed, together with the place
    PLACE = "place"  # path, title and headings
    GRAMS = "grams"  # character 4-grams of place and body: typing errors, "ArgoCD" for "Argo CD"


@dataclass(frozen=True, slots=True)
class Hit:
    chunk_id: str
    score: float  # cosine for `nearest`, BM25 for `matching`


class ChunkIndex(Protocol):
    """The one store of knowledge: searchable by meaning and by words. Raises IndexBroken when it cannot be read."""

    def nearest(self, vector: Vector, *, limit: int) -> list[Hit]:
        """Best cosine first."""

    def matching(self, words: str, *, field: Field, limit: int, faint: Faint = ()) -> list[Hit]:
        """Best BM25 first; no query syntax: any text is safe. Terms of `faint` texts that the words do not have count
        with the weight given."""

    def rarity(self, words: str, *, faint: Faint = ()) -> float:
        """Sum of the inverse document frequencies of the words in TEXT, those found nowhere included: about what
        `matching` gives to a chunk that holds them all."""

    def vocabulary(self) -> frozenset[str]:
        """Every word of pages and entries as they spell it, in lower case without accents; ways of asking, which may
        be misspelt, are left out. The same object until the next write, computed once."""

    def vectors(self, ids: Sequence[str]) -> Matrix:
        """The stored vectors, shape (len(ids), dimension), in the order asked for. Every id must be there."""

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks in the order asked for; unknown ids are left out."""

    def document(self, document_id: str) -> list[Chunk]:
        """A document's chunks by `order`; empty when unknown."""

    def size(self, document_id: str) -> int:
        """How many chunks a document has; 0 when unknown."""

    def document_ids(self) -> list[str]:
        """Every document that has a chunk here, sorted."""

    def count(self) -> int: ...

    def add(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Store new chunks. An id that is already there is an error of the caller."""

    def remove(self, document_ids: Sequence[str]) -> None:
        """Forget documents with all their chunks; unknown ids are no error."""

    def close(self) -> None: ...
