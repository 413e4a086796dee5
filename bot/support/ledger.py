"""Gaps of the documentation: which cases speak for one, what state it is in, and what it costs. Pure values and rules.

A gap is what people asked and were not helped with. It keeps its number while more people ask.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.support.cases import Case, CaseState, Cause, EventKind
from knowledge.errors import Misuse

WEEKS = 8
HALF_LIFE = timedelta(weeks=4)  # a person who asked four weeks ago counts half
LEAST_MINUTES = 5.0  # what a question costs that no person was called for
MOST_MINUTES = 480  # of one case: more is a case that was left lying, not work
PEOPLE_WITH_FAULT = 2  # from so many people on, or so many times, a fault in files is a gap
TIMES_WITH_FAULT = 3
RANKED_BY = (
    "Ranked by people × recency × sheriff minutes: each person counts once, half after four weeks since asking last, "
    "times the sheriff’s minutes a person (Take to Resolve, at most 480 a case), five at least."
)
FORGOTTEN = "forgotten"  # how the id begins of everybody who was taken out
_FAULT = re.compile(r"^- line \d+, column \d+: (?P<what>.*?) ?\((?P<code>[A-Z]{2,}[0-9]{2,})\)", re.MULTILINE)
_ENDED = frozenset({EventKind.RESOLVED, EventKind.CLOSED, EventKind.WITHDRAWN, EventKind.TICKET_CLOSED})


class GapState(StrEnum):
    OPEN = "open"
    DRAFTED = "drafted"
    MERGED = "merged"  # the change of the documentation is in
    VERIFIED = "verified"
    REGRESSED = "regressed"
    NOT_A_GAP = "not_a_gap"
    JOINED = "joined"  # its questions belong to another gap now


class GapKind(StrEnum):
    """Why the documentation did not help."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    OUTDATED = "outdated"
    WRONG = "wrong"
    RETRIEVAL_MISS = "retrieval_miss"
    PLATFORM_BUG = "platform_bug"
    WISH = "wish"
    FILES = "files"


class SignalKind(StrEnum):
    """How a case speaks for a gap; of several the first that holds."""

    HANDED_OVER = "handed_over"
    DOWNVOTED = "downvoted"
    UNANSWERED = "unanswered"
    HINTED = "hinted"
    CHECK_FAILED = "check_failed"


LIVE = (GapState.OPEN, GapState.DRAFTED, GapState.MERGED, GapState.REGRESSED, GapState.VERIFIED)
UNSOLVED = (GapState.OPEN, GapState.DRAFTED, GapState.MERGED, GapState.REGRESSED)
STATE_LABELS: Mapping[GapState, str] = {
    GapState.OPEN: "Open",
    GapState.DRAFTED: "Drafted",
    GapState.MERGED: "Merged",
    GapState.VERIFIED: "Verified",
    GapState.REGRESSED: "Regressed",
    GapState.NOT_A_GAP: "Not a gap",
    GapState.JOINED: "Joined",
}
KIND_LABELS: Mapping[GapKind, str] = {
    GapKind.UNKNOWN: "Not judged",
    GapKind.MISSING: "Missing",
    GapKind.OUTDATED: "Outdated",
    GapKind.WRONG: "Wrong",
    GapKind.RETRIEVAL_MISS: "Retrieval miss",
    GapKind.PLATFORM_BUG: "Platform bug",
    GapKind.WISH: "Wish",
    GapKind.FILES: "File errors",
}
_NEXT: Mapping[GapState, frozenset[GapState]] = {
    GapState.DRAFTED: frozenset({GapState.OPEN, GapState.REGRESSED, GapState.MERGED}),
    GapState.MERGED: frozenset({GapState.OPEN, GapState.REGRESSED, GapState.DRAFTED}),
    GapState.NOT_A_GAP: frozenset({GapState.OPEN, GapState.REGRESSED, GapState.DRAFTED, GapState.MERGED}),
    GapState.OPEN: frozenset({GapState.NOT_A_GAP, GapState.DRAFTED, GapState.MERGED}),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One case that speaks for a gap."""

    case_id: str
    topic: str  # code of a diagnostic; "" for a question
    kind: SignalKind
    asker: str  # id
    at: datetime
    minutes: int  # that a sheriff had the case
    component: str
    said: str  # the same for equal questions; "" when the question was removed
    gap: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    number: int
    topic: str
    name: str
    named_from: str
    component: str
    state: GapState
    kind: GapKind
    why: str
    page: str
    place: str
    owner: str
    draft: str
    diagnosed: str
    opened: datetime
    updated: datetime
    closed: datetime | None
    version: int
    joined: int | None
    people: int
    questions: int
    minutes: int
    score: float
    weeks: Sequence[int]

    @property
    def label(self) -> str:
        return label(self.number)

    @property
    def days_to_close(self) -> float | None:
        """From the first question until it was verified."""
        return (self.closed - self.opened) / timedelta(days=1) if self.closed else None


@dataclass(frozen=True, slots=True)
class GapEvent:
    """What was done about a gap; appended, never changed."""

    at: datetime
    kind: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the signals of a gap come to."""

    people: int
    questions: int
    minutes: int
    score: float
    weeks: tuple[int, ...]
    opened: datetime
    component: str


def label(number: int) -> str:
    return f"GAP-{number}"


def number_of(text: str) -> int:
    """The number in "GAP-12", "gap 12" or "12". Raises Misuse."""
    match = re.fullmatch(r"\s*(?:gap[\s-]*)?(\d{1,9})\s*", text, re.IGNORECASE)
    if match is None:
        raise Misuse(f"{text[:40]!r} names no gap. Write its number, such as GAP-12.")
    return int(match[1])


def allowed(gap: Gap, state: GapState) -> None:
    """Raises Misuse when a person cannot bring the gap into the state."""
    if gap.state not in _NEXT.get(state, frozenset()):
        raise Misuse(
            f"{gap.label} is {STATE_LABELS[gap.state].lower()}: it cannot become {STATE_LABELS[state].lower()}."
        )


def signals_of(case: Case, *, fingerprint: str) -> list[Signal]:
    """What a case says about the documentation; needs its events. `fingerprint` is the embedder's."""
    if case.outcome == "checked":
        codes = dict.fromkeys(fault["code"] for fault in _FAULT.finditer(case.answer))
        return [_signal(case, code, SignalKind.CHECK_FAILED, f"check:{code}") for code in codes]
    kind = _kind(case)
    if kind is None:
        return []
    nobody = case.asker.id.startswith(FORGOTTEN)
    return [_signal(case, "", kind, "" if nobody else said(case.question, fingerprint))]


def fault_of(case: Case, code: str) -> str:
    """What the check of a file said about a fault, as somebody would ask for it; "" when it did not find that one."""
    for line in _FAULT.finditer(case.answer):
        if line["code"] == code:
            return f"{line['what']} ({code})"
    return ""


def said(question: str, fingerprint: str) -> str:
    """A key that equal questions share, and from which the words cannot be read."""
    plain = " ".join(question.casefold().split()).rstrip(" ?!.")
    return hashlib.sha256(f"{fingerprint}\n{plain}".encode()).hexdigest()[:40]


def cost(signals: Sequence[Signal], now: datetime) -> Cost:
    """Counts of a gap's signals, at least one; the score is what `RANKED_BY` says."""
    latest: dict[str, datetime] = {}
    weekly: list[set[str]] = [set() for _ in range(WEEKS)]
    components: dict[str, int] = {}
    for signal in signals:
        latest[signal.asker] = max(latest.get(signal.asker, signal.at), signal.at)
        age = max(now - signal.at, timedelta()) // timedelta(weeks=1)
        if age < WEEKS:
            weekly[WEEKS - 1 - age].add(signal.asker)
        if signal.component:
            components[signal.component] = components.get(signal.component, 0) + 1
    minutes = sum(signal.minutes for signal in signals)
    recency = sum(0.5 ** (max(now - at, timedelta()) / HALF_LIFE) for at in latest.values())
    return Cost(
        people=len(latest),
        questions=len(signals),
        minutes=minutes,
        score=recency * max(LEAST_MINUTES, minutes / len(latest)),
        weeks=tuple(len(people) for people in weekly),
        opened=min(signal.at for signal in signals),
        component=max(components, key=lambda name: (components[name], name), default=""),
    )


def is_repeated(signals: Sequence[Signal]) -> bool:
    """Whether a fault in files is more than one person's slip."""
    return len({signal.asker for signal in signals}) >= PEOPLE_WITH_FAULT or len(signals) >= TIMES_WITH_FAULT


def kind_of(causes: Sequence[Cause]) -> GapKind | None:
    """What sheriffs' causes settle by themselves, the newest first: a fault of the platform, or a wish."""
    settled = {Cause.PLATFORM_BUG: GapKind.PLATFORM_BUG, Cause.WISH: GapKind.WISH}
    return settled.get(causes[0]) if causes else None


def _kind(case: Case) -> SignalKind | None:
    ratings = [event.data.get("helpful") for event in case.events if event.kind == EventKind.RATED]
    if case.ticket or case.sheriff or any(e.kind == EventKind.HANDED_OVER for e in case.events):
        return SignalKind.HANDED_OVER
    if ratings and ratings[-1] is False:
        return SignalKind.DOWNVOTED
    if case.outcome == "unanswered":
        return SignalKind.UNANSWERED
    helped = case.state is CaseState.CLOSED or (ratings and ratings[-1] is True)
    return SignalKind.HINTED if case.outcome == "hinted" and not helped else None


def _signal(case: Case, topic: str, kind: SignalKind, key: str) -> Signal:
    return Signal(case.id, topic, kind, case.asker.id, case.opened, _minutes(case), case.component, key)


def _minutes(case: Case) -> int:
    """From Take to Resolve, each round by itself."""
    total, taken = timedelta(), None
    for event in case.events:
        if event.kind == EventKind.TAKEN:
            taken = event.at
        elif event.kind in _ENDED and taken is not None:
            total, taken = total + max(event.at - taken, timedelta()), None
    return min(MOST_MINUTES, round(total / timedelta(minutes=1)))
