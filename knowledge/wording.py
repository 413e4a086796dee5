"""The words of a text: content words for comparing, identifiers kept whole, letters for spelling-tolerant matching."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

STOPWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """a about after all also am an and another any are as at be because been before being but by can cannot could
    did do does doing done for from get gets getting got had has have having hello hi how i if in into is it its
    just like many may me might more most must my need needs no not of on one only or other our out over own please
    shall she should so some such than thank thanks that the their them then there these they this those through to
    too under until up upon us use used using very via want wants was way we were what when where whether which while
    who whom whose why will with without would you your
    don doesn didn isn aren wasn couldn shouldn won ll re ve s t d m""",
    )
)
_WORD: Final = re.compile(r"[^\W_]+")
# A word that carries punctuation inside: kafka.topic.partitions, ORA-01017, my_key, %namespace%. The look-behind keeps
# the search linear on a paste without spaces.
_IDENTIFIER: Final = re.compile(r"(?<![\w%])%?\w+(?:[.:/@-]+\w+)+%?|(?<![\w%])%\w+%|(?<!\w)\w*_\w*")
_ENDINGS: Final = (
    *("ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate"),
    *("ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s"),
)
_SHORTEST_STEM: Final = 3


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order of first use, each once."""
    return list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFKC", text).lower())))


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order of first use, each once."""
    return list(dict.fromkeys(stem(word) for word in words(text) if word not in STOPWORDS))


def held(stems: Sequence[str], text: str) -> list[str]:
    """Those of the stems that a word of the text has; far quicker than `content_words` of a long text."""
    # A stem is how its words begin, so that few words are left to be stemmed.
    present = {stem(word) for word in words(text) if word.startswith(tuple(stems))}
    return [wanted for wanted in stems if wanted in present]


@lru_cache(maxsize=1 << 16)  # a question meets the same words in all its passages
def stem(word: str) -> str:
    """A word without its English ending: rough, and the same on both sides of a comparison."""
    longest = len(word) - _SHORTEST_STEM
    for ending in _ENDINGS:
        if word.endswith(ending) and len(ending) <= longest:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] in "eiy" else word


def identifiers(text: str) -> list[str]:
    """Names and codes with punctuation inside, in lower case, each once."""
    return list(dict.fromkeys(found.lower().strip("_") for found in _IDENTIFIER.findall(text) if found.strip("_")))


def letters(text: str) -> str:
    """The text's letters and digits run together, in lower case: "Argo CD" and "ArgoCD" become the same."""
    return "".join(_WORD.findall(text.lower()))
