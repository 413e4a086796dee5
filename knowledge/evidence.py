"""What speaks for the first page of a search: numbers from which confidence is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import fmean, pstdev

from knowledge.fusion import FLOOR_RANK, MEANING, TINY, Signal, mean_of_best
from knowledge.model import Chunk, RankedPage
from knowledge.ports import Field
from knowledge.wording import content_words, held, letters


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the first page; the features of confidence. All zero when nothing was found."""

    top_cosine: float = 0.0
    page_cosine: float = 0.0  # best mean over the nearest chunks of one page
    first_cosine: float = 0.0  # mean over the nearest chunks of the first page
    background: float = 0.0  # top cosine above the mean similarity to questions of everyday life
    cosine_lead: float = 0.0  # top cosine in standard deviations above the mean of the found pages
    fused: float = 0.0  # the first page's fused score, 0..1
    fused_lead: float = 0.0  # the same in standard deviations above the mean of the found pages
    word_score: float = 0.0  # best BM25 as a share of what a chunk with all the question's words would have
    first_words: float = 0.0  # the same of the first page
    spelling: float = 0.0  # best BM25 over character 4-grams, for each letter of the question
    covered: float = 0.0  # share of the question's content words in the first passage
    covered_page: float = 0.0  # the same over all found chunks of the first page
    agreement: float = 0.0  # 1 when meaning and words have the same first page
    terms: float = 0.0  # number of content words
    own: float = 0.0  # log odds by what this index's own sentences taught; 0 when nothing was learnt
    choice: float = 0.0  # log odds by how far the first FAQ entry stands out from the others; 0 for a page
    familiar: float = 0.0  # log odds by a log of earlier questions; 0 without one


FEATURES = frozenset(field.name for field in fields(Evidence))


@dataclass(frozen=True, slots=True)
class Linear:
    """Log odds as a weighted sum of standardised features of Evidence."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def logit(self, evidence: Evidence) -> float:
        terms = zip(self.names, self.means, self.scales, self.coefficients, strict=True)
        return self.intercept + sum(
            coefficient * (float(getattr(evidence, name)) - mean) / scale for name, mean, scale, coefficient in terms
        )


def gather(
    question: str, rarity: float, signals: Mapping[str, Signal], pages: Sequence[RankedPage], first: Chunk
) -> Evidence:
    """The evidence for the first of the pages, `first` being the passage quoted from it.

    `rarity` is that of the question's words (`ChunkIndex.rarity`). What needs lessons is left at 0.
    """
    meaning, text, grams = signals[MEANING], signals[Field.TEXT], signals[Field.GRAMS]
    terms = content_words(question)
    fused = [page.score for page in pages[:FLOOR_RANK]]
    page, whole = pages[0].document_id, max(1.0, rarity)
    of_page = {chunk.id: chunk for signal in signals.values() for chunk, _ in signal.hits if chunk.document_id == page}
    best = meaning.best
    return Evidence(
        top_cosine=max(best.values(), default=0.0),
        page_cosine=max((mean_of_best(cosines) for cosines in meaning.by_page.values()), default=0.0),
        first_cosine=mean_of_best(meaning.by_page.get(page, ())),
        cosine_lead=_lead(list(best.values())[:FLOOR_RANK]),
        fused=fused[0],
        fused_lead=_lead(fused),
        word_score=max(text.best.values(), default=0.0) / whole,
        first_words=text.best.get(page, 0.0) / whole,
        spelling=max(grams.best.values(), default=0.0) / max(1, len(letters(question))),
        covered=_covered(terms, [first]),
        covered_page=_covered(terms, of_page.values()),
        agreement=float(meaning.first == text.first),
        terms=float(len(terms)),
    )


def _lead(scores: Sequence[float]) -> float:
    spread = pstdev(scores) if scores else 0.0
    return (scores[0] - fmean(scores)) / spread if spread > TINY else 0.0


def _covered(terms: Sequence[str], chunks: Iterable[Chunk]) -> float:
    text = " ".join(f"{chunk.place} {chunk.indexed_text}" for chunk in chunks)
    return len(held(terms, text)) / max(1, len(terms))
