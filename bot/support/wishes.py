"""Feature requests: what one is, the states it goes through, and when two are the same. Pure values and rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.messages import Person
from bot.support.likeness import Likeness, set_apart
from knowledge.errors import Misuse

LONGEST = 500  # characters of a wish
LONGEST_REASON = 500
JOINED_AT = 0.86  # cosine from which a new wish is counted as a vote for an older one; see docs/why.md
PROPOSED_AT = 0.62  # cosine from which a maintainer is asked whether two are the same
_COMPARED = 400  # of the open ones, the most wanted; more pairs would keep a page waiting


class WishState(StrEnum):
    OPEN = "open"
    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    DECLINED = "declined"
    DUPLICATE = "duplicate"  # counted with another one; only merging leads here, only splitting out of it


CHOSEN = tuple(state for state in WishState if state is not WishState.DUPLICATE)  # what a maintainer may set
ALIVE = frozenset({WishState.OPEN, WishState.PLANNED, WishState.STARTED})  # still to be voted for


class WishEvent(StrEnum):
    ASKED = "asked"
    STATE = "state"
    MERGED = "merged"  # by a maintainer
    JOINED = "joined"  # by Sheriff, because the words are very much alike
    SPLIT = "split"
    APART = "apart"  # a maintainer says that two are not the same


@dataclass(frozen=True, slots=True)
class Voter:
    """Who wants something, and how the person is reached when something becomes of it."""

    person: Person
    channel: str = ""
    reference: Mapping[str, Any] = field(default_factory=dict)  # JSON, of the conversation that it was said in


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    number: int
    text: str
    by: str  # name
    at: datetime
    votes: int  # persons, those of the requests that are counted with it included
    by_id: str = ""
    state: WishState = WishState.OPEN
    master: int = 0  # number of the request that it is counted with; 0 for none
    reason: str = ""  # why it is in this state, in a maintainer's words
    version: int = 0  # grows with each change

    @property
    def label(self) -> str:
        return f"FR-{self.number}"

    @property
    def root(self) -> int:
        """The number under which its votes are counted."""
        return self.master or self.number


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a request's history."""

    number: int
    request: int
    at: datetime
    kind: WishEvent
    by: str  # name
    text: str  # the reason
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two requests that may be the same, the older one first."""

    kept: FeatureRequest
    other: FeatureRequest
    cosine: float


def number_of(label: object) -> int:
    """3 of "FR-3", "fr 3" or 3. Raises Misuse for what names no request."""
    digits = str(label).strip().upper().removeprefix("FR").lstrip("- ")
    if not isinstance(label, int | str) or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise Misuse("No request is named. “top requests” lists them with their numbers.")
    return int(digits)


def said_as(text: str) -> str:
    """The text as it is compared: without case, spaces and the dot at its end."""
    return " ".join(text.split()).casefold().rstrip(".!? ")


def the_same(
    text: str, known: Sequence[FeatureRequest], likeness: Likeness, *, names: Iterable[str] = ()
) -> FeatureRequest | None:
    """The request that a new wish is a vote for; None when it is one of its own."""
    names = tuple(names)
    cosines = likeness.between(text, [one.text for one in known])
    best = max(zip(cosines, known, strict=True), key=lambda pair: pair[0], default=None)
    if best is None or best[0] < JOINED_AT or set_apart(text, best[1].text, names):
        return None
    return best[1]


def proposals(
    known: Sequence[FeatureRequest],
    likeness: Likeness,
    *,
    apart: frozenset[frozenset[int]] = frozenset(),
    limit: int = 10,
) -> Sequence[Alike]:
    """Pairs that a maintainer may merge, the likest first; `apart` are those that were found to differ."""
    looked_at = sorted(known, key=lambda one: (-one.votes, one.number))[:_COMPARED]
    if len(looked_at) < 2:
        return ()
    vectors = likeness.vectors([one.text for one in looked_at])
    cosines = vectors @ vectors.T
    found = []
    for n, one in enumerate(looked_at):
        for m in range(n + 1, len(looked_at)):
            other = looked_at[m]
            if cosines[n, m] >= PROPOSED_AT and frozenset((one.number, other.number)) not in apart:
                older, newer = sorted((one, other), key=lambda each: each.number)
                found.append(Alike(older, newer, float(cosines[n, m])))
    return sorted(found, key=lambda pair: (-pair.cosine, pair.other.number))[:limit]
