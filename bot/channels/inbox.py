"""The sheriff's inbox: cases in groups, the one that is due first on top; and what helps to answer one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels import story
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.store.case_store import CaseStore
from bot.support.cases import OPEN, UNTAKEN, Case, CaseState
from bot.support.clocks import Clock, Clocks
from bot.support.duplicates import same_question, telling_words
from bot.support.severity import CaseSeverity

_ENDED = (CaseState.RESOLVED, CaseState.CLOSED, CaseState.WITHDRAWN)
_SHOWN = 100
_COMPARED = 300  # open cases, the newest, in which the same question is looked for
_MOST_ALIKE = 8
_ALIKE = 0.3  # share of the rarer words that two questions must have in common
FILTERS = ("open", "yours", "waiting", "resolved")


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the inbox."""

    id: str
    title: str
    facts: str
    age: str
    due: str
    over: str
    fresh: bool
    state: str
    ring: str


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: Sequence[Row]
    total: int  # of all, where only the newest are shown


@dataclass(frozen=True, slots=True)
class Inbox:
    groups: Sequence[Group]
    counts: dict[str, int]

    @property
    def first(self) -> str:
        """The case on top."""
        return next((row.id for group in self.groups for row in group.rows), "")


@dataclass(frozen=True, slots=True)
class Solved:
    """An earlier case like this one, for its resolution."""

    id: str
    title: str
    facts: str
    resolution: str


@dataclass(frozen=True, slots=True)
class AskedToo:
    """Other people's cases with the same question."""

    master: tuple[str, str] | None = None  # id and label of the case that is worked on for this one
    followers: Sequence[tuple[str, str, str]] = ()  # id, label and asker of those that this one is worked on for
    others: Sequence[tuple[str, str, str]] = ()  # id, label and asker of open ones that seem to ask the same
    heading: str = ""  # "4 people ask this since Mon 23 Nov, 10:04"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Sorts cases for one acting person."""

    services: Services
    watch: Watch
    acting: str  # name

    def inbox(self, *, view: str, text: str) -> Inbox:
        """The groups of one filter, searched by `text`."""
        cases = self.services.cases
        listed = cases.list(states=tuple(OPEN), text=text, limit=_SHOWN)
        open_ = [case for case in (cases.get(case.id) for case in listed) if case is not None]
        open_.sort(key=lambda case: (self.due(case), case.opened, case.id))
        first = [case for case in open_ if case.state in UNTAKEN or story.first_reply_is_due(case)]
        rest = [case for case in open_ if case not in first]
        waiting = [case for case in rest if case.state is CaseState.WAITING_FOR_ASKER]
        yours = [case for case in rest if case not in waiting and case.sheriff == self.acting]
        others = [case for case in rest if case not in waiting and case not in yours]
        mine = [case for case in open_ if case.sheriff == self.acting and case.state not in UNTAKEN]
        counts = {
            "open": cases.count(states=tuple(OPEN), text=text),
            "yours": len(mine),
            "waiting": len(waiting),
            "resolved": self._count_ended(text),
        }
        match view:
            case "yours":
                groups = [("Yours", mine)]
            case "waiting":
                groups = [("Waiting for the asker", waiting)]
            case "resolved":
                groups = [("Resolved", self._ended(text))]
            case _:
                groups = [
                    ("Needs a first reply", first),
                    ("Yours", yours),
                    ("With others", others),
                    ("Waiting for the asker", waiting),
                ]
        return Inbox([Group(name, [self.row(c) for c in found], len(found)) for name, found in groups if found], counts)

    @property
    def clocks(self) -> Clocks:
        return Clocks(self.services.rota, self.services.goals)

    def due(self, case: Case) -> datetime:
        """When the first reply is due, in working time after the hand-over; sooner for what is severe."""
        return self.clocks.first_response(case, self.watch.now).due

    def resolve_words(self, case: Case) -> str:
        """ "Resolve by Fri 14:00", "1 h past its goal", "Answered in 12 min, resolved in 3 h": of working time."""
        now = self.watch.now
        reply, end = self.clocks.first_response(case, now), self.clocks.resolution(case, now)
        if not case.is_open:
            return f"Answered in {_spent(reply)}, resolved in {_spent(end)} of working time" if reply.stopped else ""
        if end.waits:
            return f"The clock stands still; {_spent(end)} of working time used"
        if end.is_missed:
            return f"{_minutes(end.spent - end.goal)} past its goal"
        return f"Resolve by {self.watch.at(end.due)}"

    def due_words(self, case: Case) -> tuple[str, str]:
        """ "Reply due in 18 min" and "", or "" and "12 min past due"; both empty when nothing is due."""
        if not (case.state in UNTAKEN or story.first_reply_is_due(case)):
            return "", ""
        due = self.due(case)
        minutes = round((due - self.watch.now) / timedelta(minutes=1))
        if minutes < 0:
            return "", f"{_length(-minutes)} past due"
        if minutes <= 90:
            return f"Reply due in {_length(minutes)}", ""
        return f"Reply due {self.watch.at(due)}", ""

    def row(self, case: Case) -> Row:
        due, over = self.due_words(case)
        no_ticket = "ticket not opened yet" if case.is_open and not case.ticket else ""
        no_ticket = "ticket refused" if story.trouble(case) else no_ticket
        severity = "" if case.severity is CaseSeverity.NORMAL else case.severity.value
        facts = [severity, story.component(case), case.application, case.asker.name, case.ticket]
        if case.master:
            facts.append("linked")
        if case.is_open and case.state not in UNTAKEN and case.sheriff and case.sheriff != self.acting:
            facts.append(f"with {case.sheriff}")
        return Row(
            id=case.id,
            title=story.short_title(case),
            facts=" · ".join(fact for fact in facts if fact),
            age=self.watch.age(story.handed_over_at(case)),
            due=" · ".join(part for part in (due, no_ticket if not over else "") if part),
            over=" · ".join(part for part in (over, no_ticket if over else "") if part),
            fresh=case.state in UNTAKEN or story.first_reply_is_due(case),
            state=story.state_for_sheriff(case),
            ring=story.ring(case),
        )

    def solved_before(self, case: Case) -> list[Solved]:
        """Resolved cases whose question shares the telling words with this one, the likest first."""
        return [self._solved(other) for other in alike(case, self.services.cases)]

    def asked_too(self, case: Case) -> AskedToo:
        """Who else asks this, by linked cases and by the words of open ones."""
        cases = self.services.cases
        master = cases.get(case.master) if case.master else None
        linked, alike_ = askers_of_the_same(case, cases)
        everybody = [case, *linked, *alike_]
        people = len({each.asker.id for each in everybody})
        since = self.watch.at(min(each.opened for each in everybody))
        return AskedToo(
            master=(master.id, master.label) if master else None,
            followers=[_known_as(each) for each in linked],
            others=[_known_as(each) for each in alike_[:_MOST_ALIKE]],
            heading=f"{people} people ask this since {since}" if people > 1 else "",
        )

    def _solved(self, case: Case) -> Solved:
        cause = story.CAUSES[case.cause] if case.cause else ""
        facts = [case.label, f"{case.sheriff}, {self.watch.at(case.updated)}", cause.lower()]
        return Solved(case.id, story.short_title(case), " · ".join(f for f in facts if f), case.resolution)

    def _ended(self, text: str) -> list[Case]:
        """Cases that a person had; those that Sheriff alone answered are no work of the desk."""
        found = self.services.cases.list(states=_ENDED, text=text, limit=_SHOWN)
        return [case for case in found if case.sheriff or case.ticket]

    def _count_ended(self, text: str) -> int:
        return len(self._ended(text))


def askers_of_the_same(case: Case, cases: CaseStore) -> tuple[list[Case], list[Case]]:
    """Other people's cases: those that are linked to this one, and open ones that seem to ask the same."""
    linked = [each for each in cases.followers(case.id) if each.is_open or not case.is_open]
    if not case.is_open:
        return linked, []
    known = {case.id, case.master, *(each.id for each in linked)}
    open_ = cases.list(states=tuple(OPEN), limit=_COMPARED)
    return linked, same_question(case, [each for each in open_ if each.id not in known and not each.master])


def alike(case: Case, cases: CaseStore, *, most: int = 3) -> list[Case]:
    """Resolved cases whose question shares the telling words with this one, the likest first."""
    words = telling_words(case.question)
    scored = [
        (len(words & telling_words(other.question)) / max(1, len(words)), other)
        for other in cases.list(states=(CaseState.RESOLVED, CaseState.CLOSED), limit=300)
        if other.resolution and other.id != case.id
    ]
    likest = sorted((pair for pair in scored if pair[0] >= _ALIKE), key=lambda pair: -pair[0])[:most]
    return [other for _, other in likest]


def _known_as(case: Case) -> tuple[str, str, str]:
    return case.id, case.label, case.asker.name


def _spent(clock: Clock) -> str:
    return _minutes(clock.spent)


def _minutes(length: timedelta) -> str:
    return _length(round(length / timedelta(minutes=1)))


def _length(minutes: int) -> str:
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
