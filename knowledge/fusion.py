"""Several rankings of one question made one: each signal put between 0 and 1, then weighed page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from knowledge.model import Chunk, Kind, RankedPage
from knowledge.ports import Field

FLOOR_RANK: Final = 50  # the page whose score counts as nothing in a signal
PER_PAGE: Final = 3  # chunks of a page that make its mean
TINY: Final = 1e-9
MEANING: Final = "meaning"
MEANING_MEAN: Final = "meaning of the page"
TEXT_MEAN: Final = "text of the page"
Weights = Mapping[str, float]
# Few words are matched by any chunk in passing, so the page has to hold on several: whole-page evidence and the title
# decide. A long question is met by one passage. Chosen on two corpora of product documentation and two of paragraphs.
SHORT_WEIGHTS: Final[Weights] = {
    MEANING_MEAN: 0.4,
    MEANING: 0.1,
    TEXT_MEAN: 0.1,
    Field.TEXT: 0.1,
    Field.PLACE: 0.2,
    Field.GRAMS: 0.1,
}
LONG_WEIGHTS: Final[Weights] = {MEANING: 0.3, Field.TEXT: 0.3, Field.PLACE: 0.1, Field.GRAMS: 0.3}
SHORT: Final = 3  # content words up to which the one holds alone
LONG: Final = 8  # and from which the other does
# Together below 1: a FAQ entry is short and worded like a question, so it would outrank the page that says more.
FAQ_WEIGHTS: Final[Weights] = {MEANING: 0.6, Field.GRAMS: 0.17}
CHUNK_WEIGHTS: Final[Weights] = {MEANING: 0.45, Field.TEXT: 0.35, Field.PLACE: 0.15, Field.GRAMS: 0.05}


@dataclass(frozen=True, slots=True)
class Signal:
    """One way of searching: chunks with their scores, best first, and the same by page."""

    hits: Sequence[tuple[Chunk, float]]
    by_page: Mapping[str, Sequence[float]]  # scores of each page's chunks, best first
    floor: float | None  # what an absent page has; None when the search would have found it, had it gone deeper

    @classmethod
    def of(cls, hits: Sequence[tuple[Chunk, float]], *, floor: float | None) -> Signal:
        by_page: defaultdict[str, list[float]] = defaultdict(list)
        for chunk, score in hits:
            by_page[chunk.document_id].append(score)
        return cls(hits, by_page, floor)

    @property
    def best(self) -> dict[str, float]:
        """Each page's best score."""
        return {page: scores[0] for page, scores in self.by_page.items()}

    def mean(self, size: Callable[[str], int]) -> dict[str, float]:
        """Each page's mean over its best chunks; those that were not found count as the least that was.

        `size` says how many chunks a page has: a short page is not blamed for chunks that it does not have.
        """
        least = self.hits[-1][1] if self.floor is None and self.hits else 0.0
        means = {}
        for page, scores in self.by_page.items():
            best = scores[:PER_PAGE]
            counted = min(PER_PAGE, max(size(page), len(best)))
            means[page] = (sum(best) + least * (counted - len(best))) / counted
        return means

    @property
    def first(self) -> str:
        return self.hits[0][0].document_id if self.hits else ""

    def levels(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Scores put between 0, the floor, and 1, the best."""
        ranked = sorted(scores.values(), reverse=True)
        if not ranked:
            return {}
        lowest = ranked[-1] if self.floor is None else self.floor
        floor = ranked[FLOOR_RANK - 1] if len(ranked) >= FLOOR_RANK else lowest
        span = ranked[0] - floor
        return {key: max(0.0, (score - floor) / span) if span > 0 else 1.0 for key, score in scores.items()}


def ranked_pages(signals: Mapping[str, Signal], terms: int, size: Callable[[str], int]) -> tuple[RankedPage, ...]:
    """All pages that any signal found, best first, for a question of so many content words; `size` as in `mean`."""
    known = {chunk.document_id: chunk for signal in signals.values() for chunk, _ in signal.hits}
    levels = {name: signal.levels(signal.best) for name, signal in signals.items()}
    levels[MEANING_MEAN] = signals[MEANING].levels(signals[MEANING].mean(size))
    levels[TEXT_MEAN] = signals[Field.TEXT].levels(signals[Field.TEXT].mean(size))
    of_pages = page_weights(terms)
    scores = {
        id_: weighed(levels, id_, FAQ_WEIGHTS if chunk.kind is Kind.FAQ else of_pages) for id_, chunk in known.items()
    }
    ranked = sorted(scores, key=lambda id_: (-scores[id_], id_))
    return tuple(RankedPage(id_, known[id_].path, scores[id_]) for id_ in ranked)


def page_weights(terms: int) -> Weights:
    """The weights of signals for a question of so many content words; they sum to 1."""
    share = min(1.0, max(0.0, (terms - SHORT) / (LONG - SHORT)))
    names = dict.fromkeys((*SHORT_WEIGHTS, *LONG_WEIGHTS))
    return {name: (1.0 - share) * SHORT_WEIGHTS.get(name, 0.0) + share * LONG_WEIGHTS.get(name, 0.0) for name in names}


def weighed(levels: Mapping[str, Mapping[str, float]], key: str, weights: Weights) -> float:
    """The weighted sum of a page's or chunk's levels; what a signal did not find counts as 0."""
    return sum(weight * levels[name].get(key, 0.0) for name, weight in weights.items())


def reordered(pages: Sequence[RankedPage], rank: Mapping[str, float]) -> tuple[RankedPage, ...]:
    """Pages that have a rank put among themselves in its order, on the places and scores they hold together."""
    places = [number for number, page in enumerate(pages) if page.document_id in rank]
    order = sorted((pages[number] for number in places), key=lambda page: -rank[page.document_id])
    arranged = list(pages)
    for number, page in zip(places, order, strict=True):
        arranged[number] = RankedPage(page.document_id, page.path, pages[number].score)
    return tuple(arranged)


def mean_of_best(scores: Sequence[float]) -> float:
    """The mean of the best few; 0 when there is none."""
    return fmean(scores[:PER_PAGE]) if scores else 0.0
