"""Known issues that a sheriff pinned: whom they concern, until when, and when Sheriff proposes one. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bot.support.cases import Case
from bot.support.likeness import Likeness
from knowledge.errors import Misuse

SHOWN_AT = 0.55  # cosine of a question with a notice, or with a question that it was pinned for; see docs/why.md
MOST_SHOWN = 2  # notices above one answer
LONGEST_TITLE, LONGEST_TEXT, MOST_QUESTIONS = 200, 2_000, 20
LONGEST = timedelta(days=30)
OFFERED_FOR = timedelta(hours=12)  # a proposal; questions that rise again later are another one
_SPAN = re.compile(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


class NoticeEvent(StrEnum):
    PINNED = "pinned"
    MOVED = "moved"  # another end
    ENDED = "ended"
    AFFECTED = "affected"


@dataclass(frozen=True, slots=True)
class Notice:
    number: int
    title: str
    text: str  # Markdown of the sheriff
    by: str  # name
    at: datetime
    ends: datetime
    questions: Sequence[str] = ()
    case_id: str = ""  # that is worked on for all who are affected; "" for none
    version: int = 0

    def is_active(self, now: datetime) -> bool:
        return self.at <= now < self.ends


@dataclass(frozen=True, slots=True)
class RiseRule:
    """From when on alike questions are many."""

    people: int = 5  # different ones
    within: timedelta = timedelta(minutes=60)


USUAL = RiseRule()


@dataclass(frozen=True, slots=True)
class Rise:
    """Questions of many people within a short time that mean the same."""

    question: str  # the most central one
    cases: Sequence[str]  # ids, oldest first
    questions: Sequence[str]  # distinct ones
    askers: int
    minutes: int

    @property
    def key(self) -> str:
        return self.cases[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A notice that Sheriff proposes."""

    number: int
    at: datetime
    question: str
    cases: Sequence[str]
    askers: int
    minutes: int
    state: str  # "open", "pinned" or "dismissed"
    by: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.askers} people in {self.minutes} minutes"


@dataclass(frozen=True, slots=True)
class NoticeHappened:
    number: int
    notice: int
    at: datetime
    kind: NoticeEvent
    by: str
    text: str
    data: Mapping[str, Any]


def concerning(question: str, notices: Sequence[Notice], likeness: Likeness) -> list[Notice]:
    """Those that a question is to see first, the likest first."""
    scored = []
    for notice in notices:
        cosines = likeness.between(question, [notice.title, *notice.questions])
        scored.append((max(cosines), notice))
    return [notice for cosine, notice in sorted(scored, key=lambda p: -p[0]) if cosine >= SHOWN_AT][:MOST_SHOWN]


def rising(cases: Sequence[Case], likeness: Likeness, *, now: datetime, rule: RiseRule = USUAL) -> Rise | None:
    """The questions of the window that most people asked alike; None when they are too few. One person counts once."""
    fresh = sorted((c for c in cases if now - rule.within <= c.opened <= now), key=lambda c: (c.opened, c.id))
    if len({case.asker.id for case in fresh}) < rule.people:
        return None
    vectors = likeness.vectors([case.question for case in fresh])
    near = vectors @ vectors.T >= SHOWN_AT
    best: tuple[int, int] = (0, 0)
    for n in range(len(fresh)):
        askers = len({fresh[m].asker.id for m in near[n].nonzero()[0]})
        best = max(best, (askers, -n))
    askers, place = best[0], -best[1]
    if askers < rule.people:
        return None
    alike = [fresh[m] for m in near[place].nonzero()[0]]
    took = alike[-1].opened - alike[0].opened
    return Rise(
        question=fresh[place].question,
        cases=[case.id for case in alike],
        questions=list(dict.fromkeys(case.question for case in alike))[:MOST_QUESTIONS],
        askers=askers,
        minutes=max(1, round(took / timedelta(minutes=1))),
    )


def end_of(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that "4h", "90 min", "2 days", "18:00" or "2026-11-27T18:00" names, in the future. Raises Misuse."""
    words = words.strip()
    if span := _SPAN.fullmatch(words):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[span[2][0].lower()]
        end = now + timedelta(**{unit: int(span[1])})
    elif (clock := _CLOCK.fullmatch(words)) and int(clock[1]) < 24 and int(clock[2]) < 60:
        local = now.astimezone(zone)
        end = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        end = end if end > local else end + timedelta(days=1)
    else:
        try:
            end = datetime.fromisoformat(words)
        except ValueError as error:
            raise Misuse(f"“{words[:40]}” is no time. Write 4h, 2 days, 18:00 or 2026-11-27T18:00.") from error
        end = end if end.tzinfo else end.replace(tzinfo=zone)
    if not now < end <= now + LONGEST:
        raise Misuse("A notice ends in the future, at most 30 days from now. Give another end.")
    return end
