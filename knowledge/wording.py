"""The words of a text: content words for comparing, identifiers kept whole, letters for spelling-tolerant matching."""

from __future__ import annotations

import re
import unicodedata
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


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order of first use, each once."""
    words = dict.fromkeys(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))
    return list(dict.fromkeys(stem(word) for word in words if word not in STOPWORDS))


def stem(word: str) -> str:
    """A word without its English ending: rough, and the same on both sides of a comparison."""
    longest = len(word) - _SHORTEST_STEM
    ending = next((ending for ending in _ENDINGS if len(ending) <= longest and word.endswith(ending)), "")
    bare = word.removesuffix(ending)
    return bare[:-1] if len(bare) > _SHORTEST_STEM and bare[-1] in "eiy" else bare


def identifiers(text: str) -> list[str]:
    """Names and codes with punctuation inside, in lower case, each once."""
    return list(dict.fromkeys(found.lower().strip("_") for found in _IDENTIFIER.findall(text) if found.strip("_")))


def letters(text: str) -> str:
    """The text's letters and digits run together, in lower case: "Argo CD" and "ArgoCD" become the same."""
    return "".join(_WORD.findall(text.lower()))
