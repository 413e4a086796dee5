"""The one hybrid search: by meaning and by words, fused page by page, with the evidence for how sure to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from knowledge import conversation, evidence, sense
from knowledge.conversation import Query
from knowledge.evidence import Evidence
from knowledge.faq_order import NO_OPINION
from knowledge.fusion import (
    CHUNK_WEIGHTS,
    FAQ_WEIGHTS,
    LONG,
    MEANING,
    PER_PAGE,
    TINY,
    Signal,
    ranked_pages,
    reordered,
    weighed,
)
from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.lessons import NONE, Lessons
from knowledge.model import Chunk, Kind, Passage, RankedPage
from knowledge.ports import ChunkIndex, Embedder, Field, Hit, Vector
from knowledge.spelling import speller
from knowledge.wording import content_words, words

__all__ = ["Evidence", "Found", "probe", "search"]

BREADTH: Final = 200  # chunks asked of each signal
CONTRARY: Final = 0.7  # of the score of a section that does the opposite of what is asked
DUPLICATE: Final = 0.9  # share of common words from which two passages say the same


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brings back: passages to quote, pages in order, and the evidence."""

    passages: tuple[Passage, ...] = ()
    pages: tuple[RankedPage, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)
    meant: str = ""  # the question with misspelt words put right


def search(
    question: str,
    *,
    earlier: Sequence[str] = (),
    index: ChunkIndex,
    embedder: Embedder,
    limit: int = 8,
    lessons: Lessons = NONE,
    glossary: Glossary = NO_GLOSSARY,
) -> Found:
    """The best passages and pages for a question, at most `limit` passages; an empty index finds nothing.

    `earlier` are the asker's earlier turns of the conversation, oldest first: a question that leans on them is read
    with them. Raises what index and embedder raise: IndexBroken, Unavailable.
    """
    if not question.strip():
        return Found()
    asked = _understood(_query(question, index, glossary), earlier, index, embedder)
    return _found(asked.query, asked.vector, _signals(asked, index), index, limit, lessons)


def _query(question: str, index: ChunkIndex, glossary: Glossary) -> Query:
    """The question with its misspelt words put right and other names for what it names; its words stay searched for."""
    corrected = speller(index.vocabulary(), glossary.vocabulary).corrected(question)
    return Query(question, worded=glossary.expanded(corrected), corrected="" if corrected == question else corrected)


def probe(
    question: str, vector: Vector, *, index: ChunkIndex, hides: Sequence[Callable[[Chunk], bool]], lessons: Lessons
) -> list[Evidence]:
    """For each way of hiding chunks, the evidence for a question if those were not there. Raises IndexBroken."""
    query, breadth = Query(question), 2 * BREADTH
    signals = _signals(_Asked(query, vector, index.nearest(vector, limit=breadth)), index, breadth)
    return [
        _found(
            query, vector, {name: _visible(signal, hidden) for name, signal in signals.items()}, index, 1, lessons
        ).evidence
        for hidden in hides
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, where it lies, and what lies near it."""

    query: Query
    vector: Vector
    near: Sequence[Hit]

    @property
    def closeness(self) -> float:
        return self.near[0].score if self.near else 0.0


def _understood(question: Query, earlier: Sequence[str], index: ChunkIndex, embedder: Embedder) -> _Asked:
    """The question alone, or with what its asker said before, if that brings it nearer to some text."""
    vector = embedder.embed_query(question.worded or question.text)
    alone = _Asked(question, vector, index.nearest(vector, limit=BREADTH))
    query = conversation.leaning(question, earlier)
    if not query.earlier:
        return alone
    drawn = vector + sum(turn.meaning * embedder.embed_query(turn.text) for turn in query.earlier)
    drawn = np.asarray(drawn / max(TINY, float(np.linalg.norm(drawn))), dtype=np.float32)
    together = _Asked(query, drawn, index.nearest(drawn, limit=BREADTH))
    return together if together.closeness > alone.closeness - conversation.allowance(question.text) else alone


def _signals(asked: _Asked, index: ChunkIndex, breadth: int = BREADTH) -> dict[str, Signal]:
    query = asked.query
    found: dict[str, Sequence[Hit]] = {MEANING: asked.near}
    for searched in Field:
        found[searched] = index.matching(query.text, field=searched, limit=breadth, faint=query.faint)
    ids = dict.fromkeys(hit.chunk_id for hits in found.values() for hit in hits)
    chunks = {chunk.id: chunk for chunk in index.chunks(list(ids))}
    return {
        name: Signal.of([(chunks[hit.chunk_id], hit.score) for hit in hits], floor=None if name == MEANING else 0.0)
        for name, hits in found.items()
    }


def _visible(signal: Signal, hidden: Callable[[Chunk], bool]) -> Signal:
    return Signal.of(
        [(chunk, score) for chunk, score in signal.hits if not hidden(chunk)][:BREADTH], floor=signal.floor
    )


def _found(
    query: Query, vector: Vector, signals: Mapping[str, Signal], index: ChunkIndex, limit: int, lessons: Lessons
) -> Found:
    terms = LONG if query.earlier else len(content_words(query.text))
    pages = ranked_pages(signals, terms, index.size)
    entries = lessons.faq.opinion(query.meant, vector) if lessons.faq else NO_OPINION
    pages = _naming(sense.codes(query.text), reordered(pages, entries.scores), signals)
    passages = _passages(query.meant, pages, signals, index, limit)
    if not passages:
        return Found(pages=pages)
    rarity = index.rarity(query.meant, faint=query.faint)
    gathered = evidence.gather(query.meant, rarity, signals, pages, passages[0].chunk)
    # Beside pages, several entries and pages may be right, and a narrow choice says nothing.
    alone = all(page.document_id in entries.scores for page in pages)
    choice = entries.choice if alone else 0.0
    return Found(passages, pages, replace(lessons.applied(gathered, vector), choice=choice), query.meant)


def _naming(
    codes: Sequence[str], pages: tuple[RankedPage, ...], signals: Mapping[str, Signal]
) -> tuple[RankedPage, ...]:
    """Pages with the codes that a question names before those without them: another code is another fault."""
    if not codes:
        return pages
    texts: defaultdict[str, str] = defaultdict(str)
    for chunk in {chunk.id: chunk for signal in signals.values() for chunk, _ in signal.hits}.values():
        texts[chunk.document_id] += f" {chunk.place} {chunk.indexed_text}".lower()
    named = {page.document_id for page in pages if all(code in texts[page.document_id] for code in codes)}
    order = sorted(pages, key=lambda page: page.document_id not in named)
    return tuple(replace(page, score=place.score) for page, place in zip(order, pages, strict=True))


def _passages(
    question: str, pages: Sequence[RankedPage], signals: Mapping[str, Signal], index: ChunkIndex, limit: int
) -> tuple[Passage, ...]:
    """The best chunks of the best pages: a page's score, scaled by how near each chunk is to the page's best."""
    best_pages = pages[:limit]
    chunks = _scored_chunks(question, {page.document_id for page in best_pages}, signals)
    candidates: list[Passage] = []
    for page in best_pages:
        ranked = sorted(chunks[page.document_id], key=lambda passage: -passage.score)[:PER_PAGE]
        best = max(ranked[0].score, TINY)
        candidates += [Passage(passage.chunk, page.score * passage.score / best) for passage in ranked]
    candidates.sort(key=lambda passage: -passage.score)
    return tuple(_distinct(_answers(_opened(candidates, question, index), index), limit))


def _opened(passages: Sequence[Passage], question: str, index: ChunkIndex) -> Sequence[Passage]:
    """The passages; for a question that is the title of the first page, that page's opening before them."""
    if not passages or not sense.is_topic(question, passages[0].chunk.title):
        return passages
    first = sense.opening(index.document(passages[0].chunk.document_id))
    return passages if first is None else [Passage(first, passages[0].score), *passages]


def _scored_chunks(question: str, wanted: Container[str], signals: Mapping[str, Signal]) -> Mapping[str, list[Passage]]:
    levels = {
        name: signal.levels({chunk.id: score for chunk, score in signal.hits}) for name, signal in signals.items()
    }
    chunks = {chunk.id: chunk for signal in signals.values() for chunk, _ in signal.hits}
    by_page: defaultdict[str, list[Passage]] = defaultdict(list)
    for chunk in chunks.values():
        if chunk.document_id in wanted:
            weights = FAQ_WEIGHTS if chunk.kind is Kind.FAQ else CHUNK_WEIGHTS
            share = CONTRARY if sense.is_contrary(question, chunk.headings) else 1.0
            by_page[chunk.document_id].append(Passage(chunk, share * weighed(levels, chunk.id, weights)))
    return by_page


def _answers(candidates: Iterable[Passage], index: ChunkIndex) -> Iterator[Passage]:
    """A way of asking becomes the entry it stands for, so that the passage's text is the answer."""
    for passage in candidates:
        if not passage.chunk.phrasing:
            yield passage
            continue
        entry = next((chunk for chunk in index.document(passage.chunk.document_id) if not chunk.phrasing), None)
        if entry is not None:
            yield Passage(entry, passage.score)


def _distinct(passages: Iterable[Passage], limit: int) -> list[Passage]:
    kept: list[Passage] = []
    seen: list[frozenset[str]] = []
    for passage in passages:
        said = frozenset(words(passage.chunk.text))
        if len(kept) < limit and not any(_alike(said, other) for other in seen):
            kept.append(passage)
            seen.append(said)
    return kept


def _alike(said: frozenset[str], other: frozenset[str]) -> bool:
    together = len(said | other)
    return together == 0 or len(said & other) / together >= DUPLICATE
