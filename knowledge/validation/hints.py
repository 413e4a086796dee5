"""Did you mean: the nearest of a few known words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_QUOTES = "\"'“”„‟‘’‚‛«»`"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant; None when nothing is near enough to say so."""
    from rapidfuzz.distance import OSA

    plain = _plain(word)
    best, best_cost = None, 99.0
    for candidate in known:
        other = _plain(candidate)
        if plain == other:
            cost = 0.0 if word != candidate else 99.0
        else:
            cost = float(OSA.distance(plain, other, score_cutoff=4))
            if cost > _allowed(min(len(plain), len(other))):
                cost = 3.5 if _contains(plain, other) else 99.0
        # A shared first letter breaks ties: people seldom miss the first one.
        cost += 0.0 if plain[:1] == other[:1] else 0.25
        if cost < best_cost:
            best, best_cost = candidate, cost
    return best if best_cost < 90 else None


def _allowed(length: int) -> int:
    return 0 if length < 3 else 1 if length < 5 else 2 if length < 9 else 3


def _contains(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return len(short) >= 4 and long.startswith(short) and len(long) - len(short) <= 8


@lru_cache(maxsize=10_000)
def _plain(word: str) -> str:
    """Without case, quotes, and the separators that styles of naming differ in."""
    folded = unicodedata.normalize("NFKC", word).strip(_QUOTES).casefold()
    return folded.replace("-", "").replace("_", "").replace(" ", "").replace("\u00a0", "")
