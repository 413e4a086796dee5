"""The one hybrid search: by meaning and by words, fused page by page, with the evidence for how sure to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Final

from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.model import Chunk, Kind, Passage, RankedPage
from knowledge.ports import ChunkIndex, Embedder, Field, Hit
from knowledge.wording import content_words, held, words

BREADTH: Final = 200  # chunks asked of each signal
FLOOR_RANK: Final = 50  # the page whose score counts as nothing in a signal
MEANING: Final = "meaning"
# Measured on two corpora of product documentation; for pages the words of title and path decide many a tie, for FAQ
# entries plain words mislead and spelling helps.
PAGE_WEIGHTS: Final[Mapping[str, float]] = {MEANING: 0.45, Field.TEXT: 0.35, Field.PLACE: 0.15, Field.GRAMS: 0.05}
# Together below 1: a FAQ entry is short and worded like a question, so it would outrank the page that says more.
FAQ_WEIGHTS: Final[Mapping[str, float]] = {MEANING: 0.68, Field.GRAMS: 0.17}
PER_PAGE: Final = 3  # passages of one page, and chunks that make its mean
TINY: Final = 1e-9
DUPLICATE: Final = 0.9  # share of common words from which two passages say the same


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first page; the features of confidence. All zero when nothing was found."""

    top_cosine: float = 0.0
    page_cosine: float = 0.0  # best mean over the nearest chunks of one page
    cosine_lead: float = 0.0  # top cosine in standard deviations above the mean of the found pages
    fused: float = 0.0  # the first page's fused score, 0..1
    fused_lead: float = 0.0  # the same in standard deviations above the mean of the found pages
    word_score: float = 0.0  # best BM25 as a share of what a chunk with all the question's words would have
    covered: float = 0.0  # share of the question's content words in the first passage
    covered_page: float = 0.0  # the same over all found chunks of the first page
    agreement: float = 0.0  # 1 when meaning and words have the same first page
    terms: float = 0.0  # number of content words


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brings back: passages to quote, pages in order, and the evidence."""

    passages: tuple[Passage, ...] = ()
    pages: tuple[RankedPage, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class _Signal:
    """One way of searching: chunks and pages with their scores, best first."""

    hits: Sequence[tuple[Chunk, float]]
    pages: Mapping[str, float]
    floor: float | None  # what an absent page has; None when the search would have found it, had it gone deeper

    def levels(self, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Scores put between 0, the floor, and 1, the best."""
        ranked = sorted(scores.values(), reverse=True)
        if not ranked:
            return {}
        lowest = ranked[-1] if self.floor is None else self.floor
        floor = ranked[FLOOR_RANK - 1] if len(ranked) >= FLOOR_RANK else lowest
        span = ranked[0] - floor
        return {key: max(0.0, (score - floor) / span) if span > 0 else 1.0 for key, score in scores.items()}


def search(
    question: str,
    *,
    earlier: Sequence[str] = (),  # noqa: ARG001
    index: ChunkIndex,
    embedder: Embedder,
    limit: int = 8,
    glossary: Glossary = NO_GLOSSARY,
) -> Found:
    """The best passages and pages for a question, at most `limit` passages; an empty index finds nothing.

    Raises what index and embedder raise: IndexBroken, Unavailable.
    """
    if not question.strip():
        return Found()
    worded = glossary.expanded(question)
    signals = _signals(worded, index, embedder)
    pages = _fused(signals)
    passages = _passages(pages, signals, index, limit)
    if not passages:
        return Found(pages=pages)
    return Found(passages, pages, _evidence(question, index.rarity(worded), signals, pages, passages[0].chunk))


def _signals(question: str, index: ChunkIndex, embedder: Embedder) -> dict[str, _Signal]:
    found: dict[str, list[Hit]] = {MEANING: index.nearest(embedder.embed_query(question), limit=BREADTH)}
    for searched in Field:
        found[searched] = index.matching(question, field=searched, limit=BREADTH)
    ids = dict.fromkeys(hit.chunk_id for hits in found.values() for hit in hits)
    chunks = {chunk.id: chunk for chunk in index.chunks(list(ids))}
    return {name: _signal(name, [(chunks[hit.chunk_id], hit.score) for hit in hits]) for name, hits in found.items()}


def _signal(name: str, hits: Sequence[tuple[Chunk, float]]) -> _Signal:
    pages: dict[str, float] = {}
    for chunk, score in hits:
        pages.setdefault(chunk.document_id, score)
    return _Signal(hits, pages, floor=None if name == MEANING else 0.0)


def _fused(signals: Mapping[str, _Signal]) -> tuple[RankedPage, ...]:
    known = {chunk.document_id: chunk for signal in signals.values() for chunk, _ in signal.hits}
    levels = {name: signal.levels(signal.pages) for name, signal in signals.items()}
    scores = {id_: _weighed(levels, id_, chunk.kind) for id_, chunk in known.items()}
    ranked = sorted(scores, key=lambda id_: (-scores[id_], id_))
    return tuple(RankedPage(id_, known[id_].path, scores[id_]) for id_ in ranked)


def _weighed(levels: Mapping[str, Mapping[str, float]], key: str, kind: Kind) -> float:
    weights = FAQ_WEIGHTS if kind is Kind.FAQ else PAGE_WEIGHTS
    return sum(weight * levels[name].get(key, 0.0) for name, weight in weights.items())


def _passages(
    pages: Sequence[RankedPage], signals: Mapping[str, _Signal], index: ChunkIndex, limit: int
) -> tuple[Passage, ...]:
    """The best chunks of the best pages: a page's score, scaled by how near each chunk is to the page's best."""
    best_pages = pages[:limit]
    chunks = _scored_chunks({page.document_id for page in best_pages}, signals)
    candidates: list[Passage] = []
    for page in best_pages:
        ranked = sorted(chunks[page.document_id], key=lambda passage: -passage.score)[:PER_PAGE]
        best = max(ranked[0].score, TINY)
        candidates += [Passage(passage.chunk, page.score * passage.score / best) for passage in ranked]
    candidates.sort(key=lambda passage: -passage.score)
    return tuple(_distinct(_answers(candidates, index), limit))


def _scored_chunks(wanted: Container[str], signals: Mapping[str, _Signal]) -> Mapping[str, list[Passage]]:
    levels = {
        name: signal.levels({chunk.id: score for chunk, score in signal.hits}) for name, signal in signals.items()
    }
    chunks = {chunk.id: chunk for signal in signals.values() for chunk, _ in signal.hits}
    by_page: defaultdict[str, list[Passage]] = defaultdict(list)
    for chunk in chunks.values():
        if chunk.document_id in wanted:
            by_page[chunk.document_id].append(Passage(chunk, _weighed(levels, chunk.id, chunk.kind)))
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


def _evidence(
    question: str, rarity: float, signals: Mapping[str, _Signal], pages: Sequence[RankedPage], first: Chunk
) -> Evidence:
    meaning, matching = signals[MEANING], signals[Field.TEXT]
    terms = content_words(question)
    fused = [page.score for page in pages[:FLOOR_RANK]]
    of_page = {
        chunk.id: chunk
        for signal in signals.values()
        for chunk, _ in signal.hits
        if chunk.document_id == pages[0].document_id
    }
    return Evidence(
        top_cosine=max(meaning.pages.values(), default=0.0),
        page_cosine=_page_cosine(meaning),
        cosine_lead=_lead(list(meaning.pages.values())[:FLOOR_RANK]),
        fused=fused[0],
        fused_lead=_lead(fused),
        word_score=max(matching.pages.values(), default=0.0) / max(1.0, rarity),
        covered=_covered(terms, [first]),
        covered_page=_covered(terms, of_page.values()),
        agreement=float(next(iter(meaning.pages), "") == next(iter(matching.pages), None)),
        terms=float(len(terms)),
    )


def _page_cosine(meaning: _Signal) -> float:
    by_page: defaultdict[str, list[float]] = defaultdict(list)
    for chunk, cosine in meaning.hits:
        by_page[chunk.document_id].append(cosine)
    return max((fmean(cosines[:PER_PAGE]) for cosines in by_page.values()), default=0.0)


def _lead(scores: Sequence[float]) -> float:
    spread = pstdev(scores) if scores else 0.0
    return (scores[0] - fmean(scores)) / spread if spread > TINY else 0.0


def _covered(terms: Sequence[str], chunks: Iterable[Chunk]) -> float:
    text = " ".join(f"{chunk.place} {chunk.indexed_text}" for chunk in chunks)
    return len(held(terms, text)) / max(1, len(terms))
