"""Misspelt words of a question, put right with the words that the documentation itself uses.

A word is misspelt when neither the documentation nor English knows it, and meant is the one known word nearest to it:
by optimal string alignment, in which swapped neighbours are one error as a missing letter is (Damerau 1964).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.wording import STOPWORDS, stem

SHORTEST: Final = 4  # letters of a word that is put right
LONGEST: Final = 24
SHORT: Final = 5  # letters up to which one error is allowed; two beyond
MOST: Final = 6  # words of a question that are put right: beyond, it is another language or a paste
MOST_CHARACTERS: Final = 2_000  # read of a question
# Letters alone between spaces and the punctuation of prose: a part of kv-name, a_b, x.y, `code` or v2 is no such word.
_PLAIN: Final = re.compile(
    r"(?<![\w./:@%#\\<>={}\[\]$&*+~-])[A-Za-z]{4,24}(?![\w/@%#\\<>={}\[\]$&*+~-]|[.:]\w|['’]\w\w)"
)
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|https?://\S+", re.DOTALL)
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ers", "er", "ies", "ied", "es", "ed", "ly", "s", "d")


@dataclass(frozen=True)
class Speller:
    """The words that are known, and those of them that a misspelt word may have meant."""

    words: frozenset[str] = field(repr=False)
    _by_start: Mapping[tuple[str, int], Sequence[str]] = field(repr=False)

    @classmethod
    def of(cls, words: frozenset[str]) -> Speller:
        """A speller of these words, in lower case: those of the documentation and of its glossary."""
        by_start: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in words:
            if SHORTEST <= len(word) <= LONGEST and word.isalpha() and word not in STOPWORDS:
                by_start[word[0], len(word)].append(word)
        return cls(words, by_start)

    def corrected(self, question: str) -> str:
        """The question with each misspelt word replaced; the question itself when there is none.

        Left alone are identifiers, codes, numbers, quotations, abbreviations, and words that might mean two things.
        """
        pieces, end = [], 0
        for start, word in self._misspelt(question[:MOST_CHARACTERS]):
            meant = self._nearest(word.lower())
            if meant:
                pieces += [question[end:start], meant]
                end = start + len(word)
        return "".join([*pieces, question[end:]]) if pieces else question

    def _misspelt(self, question: str) -> list[tuple[int, str]]:
        """Words that nobody knows, with their places; none when they are too many to be slips."""
        shouted = question.isupper() and len(question.split()) > 2
        prose = _CODE.sub(lambda code: " " * len(code[0]), question)
        found = [
            (match.start(), match[0])
            for match in _PLAIN.finditer(prose)
            if (shouted or match[0][1:].islower()) and not self._knows(match[0].lower())
        ]
        return found if len(found) <= MOST else []

    def _knows(self, word: str) -> bool:
        return is_everyday(word) or any(form in self.words for form in _forms(word))

    def _nearest(self, word: str) -> str:
        """The one word nearest to this; "" when none is near, or two that do not share a stem are as near.

        Of words as near, one with the same letters in another order is meant: "valut" is vault rather than value.
        """
        allowed = 1 if len(word) <= SHORT else 2
        near = process.extract(
            word, self._candidates(word, allowed), scorer=OSA.distance, score_cutoff=allowed, limit=None
        )
        if not near:
            return ""
        least = min(distance for _, distance, _ in near)
        tied = [said for said, distance, _ in near if distance == least]
        nearest = [said for said in tied if sorted(said) == sorted(word)] or tied
        one = len({stem(said) for said in nearest}) == 1
        return min(nearest, key=lambda said: (len(said), said)) if one else ""

    def _candidates(self, word: str, allowed: int) -> list[str]:
        """Words of about this length that begin like it, its first two letters swapped or not: slips spare the first.

        So few are left of a large vocabulary that comparing them costs less than a millisecond.
        """
        swapped = word[1::-1]
        lengths = range(len(word) - allowed, len(word) + allowed + 1)
        alike = [said for length in lengths for said in self._by_start.get((word[0], length), ())]
        others = self._by_start.get((word[1], len(word)), ()) if word[1] != word[0] else ()
        return [*alike, *(said for said in others if said.startswith(swapped))]


@lru_cache(maxsize=4)
def speller(documentation: frozenset[str], glossary: frozenset[str] = frozenset()) -> Speller:
    """The speller of an index's vocabulary and a glossary's; made once for each pair."""
    return Speller.of(documentation | glossary)


def is_everyday(word: str) -> bool:
    """Whether a word, in lower case, is no name: everyday English, or too common to say anything."""
    return any(form in english() or form in STOPWORDS for form in _forms(word))


@cache
def english() -> frozenset[str]:
    """Common English words, in lower case: spelled right even where no documentation has them."""
    text = resources.files("knowledge").joinpath("english.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _forms(word: str) -> Iterator[str]:
    """The word, and what it may be an inflection of: "restarting" of restart, "retried" of retry."""
    yield word
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) > 2:
            yield from (base, f"{base}e", f"{base}y")
            if base[-1] == base[-2]:
                yield base[:-1]
