"""How much of a question a text covers: shared words, rare ones first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from knowledge.wording import content_words, identifiers


@lru_cache(maxsize=512)  # one question compares the same few texts again and again
def terms(text: str) -> frozenset[str]:
    """What a text can be compared by: stems of its content words, and its identifiers whole."""
    return frozenset((*content_words(text), *identifiers(text)))


def rarity(wanted: Iterable[str], texts: Sequence[str]) -> dict[str, float]:
    """How much each wanted term tells the texts apart: high for one that few of them have."""
    having = Counter(term for text in texts for term in terms(text))
    return {term: math.log(1 + (len(texts) + 1) / (having[term] + 1)) for term in wanted}


def coverage(text: str, weights: Mapping[str, float]) -> float:
    """Which share of the weighted terms the text has, 0..1."""
    total = sum(weights.values())
    if not total:
        return 0.0
    present = terms(text)
    return sum(weight for term, weight in weights.items() if term in present) / total
