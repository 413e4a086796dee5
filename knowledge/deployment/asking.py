"""A question in words about a value at a leaf: "what is the alert threshold on pf-blue?"."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.deployment.explaining import Explained, explain, in_context
from knowledge.deployment.leaves import Leaves
from knowledge.deployment.topology import Place
from knowledge.validation.tree import path_text
from knowledge.wording import STOPWORDS, stem

MOST_LEAVES: Final = 5  # explained in one reply
_WORD: Final = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EMPTY: Final = frozenset({"value", "effective", "set", "leaf", "node", "show", "tell", "explain", "hold", "there"})


@dataclass(frozen=True, slots=True)
class Told:
    """What holds at one leaf of what was asked."""

    leaf: Place
    found: Sequence[Explained]
    shown: Sequence[Explained]  # the same with the keys of the elements that they stand in


def ask(leaves: Leaves, question: str) -> list[Told]:
    """The values that a question names, at the leaves it names; nothing when it names no value.

    A leaf is named by any part of its path or a label ("production"); without one, all leaves are meant.
    """
    asked = [word.casefold() for word in _WORD.findall(question)]
    everywhere = list(leaves.topology.root.leaves())
    places = {word for word in asked if any(_is_named(leaf, word) for leaf in everywhere)}
    rest = [word for word in asked if word not in places]
    told: list[Told] = []
    for leaf in _meant(everywhere, places):
        found = _values(explain(leaves, leaf), rest)
        if found:
            told.append(Told(leaf, found, in_context(found, leaves, leaf)))
    return told


def _meant(everywhere: Sequence[Place], places: Collection[str]) -> list[Place]:
    """The leaves of which most names are said; all when none is."""
    counts = [sum(_is_named(leaf, word) for word in places) for leaf in everywhere]
    most = max(counts, default=0)
    return [leaf for leaf, count in zip(everywhere, counts, strict=True) if count == most]


def _is_named(leaf: Place, word: str) -> bool:
    """Whether a word is a name on the way to a leaf, one of its labels, or beginnings of names: prod-eu."""
    names = [name.casefold() for name in leaf.path]
    labels = {str(bound.value).casefold() for place in leaf.upwards() for bound in place.labels.values()}
    if word in names or word in labels:
        return True
    parts = word.split("-")
    rest = iter(names)
    return len(parts) > 1 and all(any(_begins(name, part) for name in rest) for part in _grouped(parts, names))


def _begins(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}-")


def _grouped(parts: Sequence[str], names: Sequence[str]) -> list[str]:
    """The parts of a word, those together that are one name: prod-eu-west is prod and eu-west."""
    grouped: list[str] = []
    place = 0
    while place < len(parts):
        ends = range(len(parts), place, -1)
        end = next((e for e in ends if "-".join(parts[place:e]) in names), place + 1)
        grouped.append("-".join(parts[place:end]))
        place = end
    return grouped


def _values(everything: Sequence[Explained], asked: Sequence[str]) -> list[Explained]:
    """The values whose key is said; of several, those of which more of the way is said too."""
    stems = {stem(word) for word in asked if word not in STOPWORDS and word not in _EMPTY}
    scored = [(len(stems & _way(one)), one) for one in everything if stems & _key(one)]
    most = max((score for score, _ in scored), default=0)
    return [one for score, one in scored if score == most]


def _key(one: Explained) -> set[str]:
    last = next((str(step) for step in reversed(one.path) if isinstance(step, str)), "")
    return _stems(last)


def _way(one: Explained) -> set[str]:
    return _stems(f"{one.component} {path_text(one.path)}")


def _stems(text: str) -> set[str]:
    words = _WORD.findall(_HUMP.sub(" ", text))
    return {stem(word.casefold()) for word in words} | {stem(text.casefold())}
