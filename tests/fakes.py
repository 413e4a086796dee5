"""Stand-ins for the outside, each run through the same contract suite as the real thing."""

from __future__ import annotations

import math
import re
import threading
import time
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bot.messages import Person
from bot.noticing import Notices
from bot.store.opening import Store
from bot.support.cases import Case, CaseState
from bot.support.handoff import Found, Notification, Role, Ticket, TicketState, unexpected
from bot.support.likeness import Likeness
from bot.wishing import Wishes
from knowledge.errors import DeskRefused, DeskUnavailable, ModelUnavailable, Unavailable
from knowledge.model import Chunk, Kind
from knowledge.ports import ChatMessage, Faint, Field, Form, Hit, Matrix, Vector


class HashEmbedder:
    """Vectors from hashed words and character 4-grams: no model, yet similar texts are near each other."""

    def __init__(self, dimension: int = 64) -> None:
        self._dimension = dimension
        self.embedded: list[str] = []  # every text ever embedded, so that a test can see what was done again

    @property
    def fingerprint(self) -> str:
        return f"hash-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.embedded.extend(texts)
        rows = [self._vector(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self._dimension), dtype=np.float32)

    def embed_query(self, text: str) -> Vector:
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        vector = np.zeros(self._dimension, dtype=np.float32)
        vector[0] = 0.01  # a text without words still has a direction
        for feature in (*_words(text), *_grams(text)):
            weight = 1.0 if feature.startswith(" ") else 4.0
            place = zlib.crc32(feature.encode())
            vector[place % self._dimension] += weight if place & 0x10000 else -weight
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def wishes_of(store: Store) -> Wishes:
    """Feature requests of a store, compared by their words; about Couchbase is not about Kafka."""
    return Wishes(store.requests, Likeness(HashEmbedder().embed), names=("couchbase", "kafka"))


def notices_of(store: Store, clock: Callable[[], datetime]) -> Notices:
    """Notices of a store, compared by their words."""
    return Notices(
        store.notices, store.cases, Likeness(HashEmbedder().embed), clock=clock, zone=ZoneInfo("Europe/Paris")
    )


class MemoryIndex:
    """A ChunkIndex in two dictionaries, with a plain BM25."""

    def __init__(self, embedder: HashEmbedder | None = None, chunks: Sequence[Chunk] = ()) -> None:
        self._chunks: dict[str, Chunk] = {}
        self._vectors: dict[str, Vector] = {}
        self._vocabulary: frozenset[str] | None = None
        if embedder is not None and chunks:
            self.add(chunks, embedder.embed([chunk.indexed_text for chunk in chunks]))

    def nearest(self, vector: Vector, *, limit: int) -> list[Hit]:
        hits = [Hit(id_, float(stored @ vector)) for id_, stored in self._vectors.items()]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def matching(self, words: str, *, field: Field, limit: int, faint: Faint = ()) -> list[Hit]:
        terms = {id_: Counter(_terms(chunk, field)) for id_, chunk in self._chunks.items()}
        wanted = _weighted(words, faint, _grams if field is Field.GRAMS else _words)
        average = sum(bag.total() for bag in terms.values()) / max(1, len(terms))
        scores: defaultdict[str, float] = defaultdict(float)
        for word, weight in wanted.items():
            having = [id_ for id_, bag in terms.items() if bag[word]]
            idf = weight * math.log(1 + (len(terms) - len(having) + 0.5) / (len(having) + 0.5))
            for id_ in having:
                count, length = terms[id_][word], terms[id_].total()
                scores[id_] += idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / average))
        return sorted((Hit(id_, score) for id_, score in scores.items()), key=lambda hit: -hit.score)[:limit]

    def rarity(self, words: str, *, faint: Faint = ()) -> float:
        bags = [set(_terms(chunk, Field.TEXT)) for chunk in self._chunks.values()]
        rarity = 0.0
        for word, weight in _weighted(words, faint, _words).items():
            count = sum(word in bag for bag in bags)
            rarity += weight * math.log(1 + (len(bags) - count + 0.5) / (count + 0.5))
        return rarity

    def vocabulary(self) -> frozenset[str]:
        if self._vocabulary is None:
            self._vocabulary = frozenset(self._spelled())
        return self._vocabulary

    def _spelled(self) -> list[str]:
        said = " ".join(chunk.indexed_text for chunk in self._chunks.values() if not chunk.phrasing).lower()
        plain = "".join(c for c in unicodedata.normalize("NFKD", said) if not unicodedata.combining(c))
        return re.findall(r"[^\W_]+", plain)

    def vectors(self, ids: Sequence[str]) -> Matrix:
        rows = [self._vectors[id_] for id_ in ids]
        return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)

    def size(self, document_id: str) -> int:
        return len(self.document(document_id))

    def document_ids(self) -> list[str]:
        return sorted({chunk.document_id for chunk in self._chunks.values()})

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [self._chunks[id_] for id_ in ids if id_ in self._chunks]

    def document(self, document_id: str) -> list[Chunk]:
        found = [chunk for chunk in self._chunks.values() if chunk.document_id == document_id]
        return sorted(found, key=lambda chunk: chunk.order)

    def count(self) -> int:
        return len(self._chunks)

    def add(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        self._vocabulary = None
        for chunk, vector in zip(chunks, vectors, strict=True):
            self._chunks[chunk.id] = chunk
            self._vectors[chunk.id] = vector

    def remove(self, document_ids: Sequence[str]) -> None:
        self._vocabulary = None
        gone = set(document_ids)
        for id_ in [id_ for id_, chunk in self._chunks.items() if chunk.document_id in gone]:
            del self._chunks[id_], self._vectors[id_]

    def close(self) -> None:
        return None


class ScriptedChat:
    """A ChatModel that says what it was given; with `fault` it breaks after the last piece."""

    def __init__(self, *pieces: str, fault: str = "") -> None:
        self._pieces = pieces
        self._fault = fault
        self.heard: list[Sequence[ChatMessage]] = []  # every prompt, so that a test can read it
        self.forms: list[Form | None] = []  # and the form that was asked for

    @property
    def name(self) -> str:
        return "scripted"

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        self.heard.append(messages)
        self.forms.append(form)
        yield from self._pieces
        if self._fault or not any(map(str.isalnum, "".join(self._pieces))):
            raise ModelUnavailable(self._fault or "The model scripted sent an empty answer.")


def a_chunk(text: str, *, document: str = "docs:page.md", order: int = 0, **given: Any) -> Chunk:
    """A chunk with every field filled in, so that a test names only what it is about."""
    source, path = document.split(":", 1)
    fields: dict[str, Any] = {
        "id": f"{document}#{order}",
        "document_id": document,
        "source": source,
        "path": path,
        "title": path.rsplit("/", 1)[-1].removesuffix(".md").replace("-", " ").capitalize(),
        "kind": Kind.PAGE,
        "headings": (),
        "anchor": "",
        "order": order,
        "text": text,
    }
    return Chunk(**(fields | given))


def _weighted(words: str, faint: Faint, split: Callable[[str], list[str]]) -> dict[str, float]:
    weighted: dict[str, float] = {}
    for text, weight in ((words, 1.0), *faint):
        for word in split(text):
            weighted.setdefault(word, weight)
    return weighted


def _words(text: str) -> list[str]:
    return [word.removesuffix("s") for word in re.findall(r"\w+", text.lower())]


def _grams(text: str) -> list[str]:
    letters = "".join(re.findall(r"\w+", text.lower()))
    return [f" {letters[i : i + 4]}" for i in range(len(letters) - 3)]


def _terms(chunk: Chunk, field: Field) -> list[str]:
    place = f"{chunk.path} {chunk.place}"
    if field is Field.PLACE:
        return _words(place)
    body = f"{chunk.place} {chunk.phrasing} {chunk.text}"
    return _grams(body) if field is Field.GRAMS else _words(body)


class MemoryDesk:
    """A Desk in memory. Set `down` to have it answer nobody, `refuses` to have it refuse all with these words."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}  # by case id
        self.assignees: dict[str, str] = {}  # by ticket number
        self.earlier: dict[str, Sequence[Case]] = {}  # what was asked before, by ticket number
        self.closed: dict[str, str] = {}  # resolution by ticket number
        self.written: dict[tuple[str, str], str] = {}  # text by ticket number and key
        self.deleted = 0  # tickets that somebody deleted
        self.still_open: set[str] = set()  # numbers of tickets that are shown as open, whatever they are
        self.down = False
        self.after = 0.0  # seconds for which it asks to be left alone while it is down
        self.called: list[float] = []  # when anything was asked of it, on the monotonic clock
        self.refuses = ""  # why it will do nothing
        self._lock = threading.Lock()

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        self._answer()
        with self._lock:
            ticket = self.tickets.setdefault(case.id, Ticket(f"MEM-{len(self.tickets) + self.deleted + 1}"))
            self.assignees[ticket.number] = assignee
            self.earlier.setdefault(ticket.number, earlier)
            self.closed.pop(ticket.number, None)
            return ticket

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        self._answer()
        if self.state(ticket) is not TicketState.UNKNOWN:
            self.written.setdefault((ticket, key), text)

    def close(self, ticket: str, *, resolution: str) -> None:
        self._answer()
        if self.state(ticket) is TicketState.OPEN:
            self.closed[ticket] = resolution

    def state(self, ticket: str) -> TicketState:
        if all(ticket != known.number for known in self.tickets.values()):
            return TicketState.UNKNOWN
        return TicketState.CLOSED if ticket in self.closed else TicketState.OPEN

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        self._answer()
        asked = [ticket for ticket in (*opened, *closed) if ticket.startswith("MEM-")]
        found = {ticket: Found(self.state(ticket), self.closed.get(ticket, "")) for ticket in asked}
        found |= dict.fromkeys(self.still_open & found.keys(), Found(TicketState.OPEN))
        return unexpected(found, opened=opened, closed=closed)

    def check(self) -> str:
        self._answer()
        return "in memory."

    def delete(self, number: str) -> None:
        """Somebody deletes a ticket."""
        self.tickets = {case: ticket for case, ticket in self.tickets.items() if ticket.number != number}
        self.deleted += 1

    def _answer(self) -> None:
        self.called.append(time.monotonic())
        if self.down:
            raise DeskUnavailable("The ticket system is not answering.", after=self.after)
        if self.refuses:
            raise DeskRefused(self.refuses)


class MemoryAttempts:
    """Attempts in memory."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.at: dict[str, datetime] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def last(self, case_id: str) -> datetime | None:
        return self.at.get(case_id)

    def claim(self, case_id: str, *, after: datetime | None) -> bool:
        with self._lock:
            if self.at.get(case_id) != after:
                return False
            self.at[case_id] = self._clock()
            return True


class RecordingNotifier:
    """A Notifier that remembers what it was to tell. Set `down` to have it answer nobody."""

    def __init__(self, *, where: str = "in the test") -> None:
        self.told: dict[str, Notification] = {}  # by key
        self.down = False
        self._where = where

    def tell(self, notification: Notification) -> str:
        if self.down:
            raise Unavailable("The channel is not answering.")
        self.told.setdefault(notification.key, notification)
        return self._where

    def texts(self, role: Role) -> list[str]:
        return [n.text for n in self.told.values() if n.role is role]


def a_case(case_id: str = "c-00000001", *, state: CaseState = CaseState.NEW, **given: Any) -> Case:
    """A case of Kim's with everything that a test does not care about filled in."""
    usual: dict[str, Any] = {
        "question": "Can JOR start a job in a namespace of another application?",
        "asker": Person("kim", "Kim"),
        "channel": "web",
        "conversation": "web:kim",
        "opened": datetime(2026, 11, 25, 9, 36, tzinfo=UTC),
        "updated": datetime(2026, 11, 25, 9, 36, tzinfo=UTC),
        "outcome": "unanswered" if state is CaseState.NEW else "answered",
    }
    return Case(id=case_id, state=state, **(usual | given))
