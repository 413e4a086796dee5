"""Plays the script: every question is really answered, every step is the one that people take, in the order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.casework import Casework
from bot.demo.script import Asking, Cast
from bot.messages import Incoming, Person, Reply, ReplyKind
from bot.store.case_store import CaseStore, StoredEvent
from bot.store.outreach import Outreach
from bot.support.cases import UNTAKEN, Case, CaseState, NotPossible
from bot.support.handoff import STARTS_HAND_OVER
from bot.support.rota import Duty, Member
from bot.support.severity import CaseSeverity
from knowledge.errors import Failure

_REMINDED_AFTER = timedelta(minutes=30)  # of working time


@dataclass(slots=True)
class Hands:
    """The clock of the demonstration: it stands where the play is."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class AtOnce:
    """Delivers as the durable workflows do, at the moment at which something happens, and to this home alone."""

    def __init__(self, cases: CaseStore, outreach: Outreach, *, handed: Callable[[StoredEvent], None]) -> None:
        """`handed` hears of every hand-over."""
        self._cases = cases
        self._outreach = outreach
        self._handed = handed

    def hand_over(self, case_id: str, *, wait: float = 0) -> Case:  # noqa: ARG002 - there is nothing to wait for
        self.push(case_id)
        case = self._cases.get(case_id)
        if case is None:
            raise Failure(f"There is no case {case_id}.")
        return case

    def push(self, case_id: str) -> None:  # noqa: ARG002 - what follows in linked cases is delivered as well
        while waiting := self._cases.unheard():
            for row in waiting:
                self._deliver(row.number)

    def _deliver(self, number: int) -> None:
        event = self._cases.event(number)
        if event is None:
            return
        for _, step in self._outreach.steps_for(event.event):
            problem = step(number)
            if problem:
                raise Failure(f"The demonstration cannot go on: {problem}")
        self._outreach.finish(number)
        if event.event.kind in STARTS_HAND_OVER:
            self._handed(event)


@dataclass(slots=True)
class Stage:
    """Everything that is played on, and what is still to come."""

    cast: Cast
    hands: Hands
    cases: CaseStore
    rota: Duty
    outreach: Outreach
    take: Callable[[Incoming], Reply] = field(init=False)
    casework: Casework = field(init=False)
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _serial: itertools.count[int] = field(default_factory=itertools.count)
    _asked: dict[str, Asking] = field(default_factory=dict)  # by case

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Have something happen then."""
        heapq.heappush(self._agenda, (moment.astimezone(UTC), next(self._serial), act))

    def play(self, *, until: datetime) -> None:
        """Let everything happen that comes before the moment; what is not possible by then just does not happen."""
        while self._agenda and self._agenda[0][0] <= until:
            self.hands.now, _, act = heapq.heappop(self._agenda)
            try:
                act()
            except NotPossible:
                continue

    # The asker

    def ask(self, asking: Asking, *, again: str = "") -> None:
        text, identity = again or asking.text, f"demo-{asking.number}{'-again' if again else ''}"
        conversation = f"demo:{asking.by.id}"
        reply = self.take(Incoming(identity, asking.channel, conversation, asking.by, text))
        if reply.case is None:
            return
        self._asked[reply.case.id] = asking
        if reply.outcome is ReplyKind.CLARIFY and reply.choices and not again:
            self._after(asking, 1, 4, partial(self.ask, asking, again=reply.choices[0]))
        elif reply.case.state == CaseState.ANSWERED.value:
            self._react(reply.case.id, asking, sure=reply.outcome is ReplyKind.ANSWERED)
        elif asking.draw.random() < 0.07:
            self._after(asking, 2, 25, partial(self.casework.withdraw, reply.case.id, asking.by))
        if reply.outcome is ReplyKind.UNANSWERED:  # `handed` came before the case was known to be this one's
            self._work_on(reply.case.id)

    def _react(self, case_id: str, asking: Asking, *, sure: bool) -> None:
        solved, good, bad, wants = (0.5, 0.14, 0.06, 0.05) if sure else (0.28, 0.08, 0.12, 0.22)
        draw, casework = asking.draw.random(), self.casework
        if draw < solved:
            self._after(asking, 2, 45, partial(casework.solved, case_id, asking.by))
        elif draw < solved + good:
            self._after(asking, 1, 20, partial(casework.rate, case_id, asking.by, helpful=True))
        elif draw < solved + good + bad:
            why = self.cast.say("thumbs_down", asking)
            self._after(asking, 1, 20, partial(casework.rate, case_id, asking.by, helpful=False, reason=why))
            if asking.draw.random() < 0.6:
                self._after(asking, 21, 40, partial(casework.ask_sheriff, case_id, asking.by))
        elif draw < solved + good + bad + wants:
            self._after(asking, 3, 30, partial(casework.ask_sheriff, case_id, asking.by))

    # The sheriff

    def handed(self, event: StoredEvent) -> None:
        """Somebody is asked: reminded when nobody takes it, and then it is worked on."""
        reminded = self.rota.after_working(self.hands.now, _REMINDED_AFTER)
        self.at(reminded, partial(self.outreach.remind, event.number, 1))
        if event.case_id in self._asked:
            self._work_on(event.case_id)

    def _work_on(self, case_id: str) -> None:
        draw = self._asked[case_id].draw
        minutes = min(draw.lognormvariate(2.6, 0.8), 170)
        self.at(self._working(minutes), partial(self._taken, case_id))

    def _taken(self, case_id: str) -> None:
        asking, sheriff, case = self._asked[case_id], self._on_duty(), self._case(case_id)
        if case.state not in UNTAKEN:
            return
        master = self._same(case, asking)
        if master is not None:
            self.casework.link(case_id, sheriff, to=master.id)
            return
        self.casework.take(case_id, sheriff)
        draw = asking.draw.random()
        severity = asking.topic.severity or ("high" if draw < 0.06 else "low" if draw > 0.95 else "")
        if severity and case.severity.value != severity:
            self.casework.set_severity(case_id, sheriff, CaseSeverity(severity))
        minutes = self._first_steps(case_id, asking, sheriff)
        minutes += min(20 + asking.draw.lognormvariate(4.9, 1.0), 27 * 60)
        if asking.lasting:
            return
        self.at(self._working(minutes), partial(self._resolved, case_id))

    def _first_steps(self, case_id: str, asking: Asking, sheriff: Person) -> float:
        """What comes between taking and resolving; returns how many minutes of work it takes."""
        draw, spent = asking.draw, asking.draw.uniform(3, 20)
        if asking.topic.replies:
            for minute, words in enumerate(asking.topic.replies):
                self.at(self._working(5 + 40 * minute), partial(self.casework.reply, case_id, sheriff, words))
            return 60.0
        if draw.random() < (0.45 if asking.lasting else 0.25):
            asked, added = self.cast.say("details_asked", asking), self.cast.say("details_added", asking)
            self.at(self._working(spent), partial(self.casework.ask_for_details, case_id, sheriff, asked))
            spent += draw.uniform(10, 150)
            if not asking.lasting:
                self.at(self._working(spent), partial(self.casework.add_details, case_id, asking.by, added))
        elif draw.random() < 0.55:
            words = self.cast.say("replies", asking)
            self.at(self._working(spent), partial(self.casework.reply, case_id, sheriff, words))
        if draw.random() < 0.1:
            other = draw.choice([member for member in self.rota.members if member.name != sheriff.name])
            self.at(self._working(spent + 10), partial(self.casework.hand_to, case_id, sheriff, other.id))
        return spent

    def _resolved(self, case_id: str) -> None:
        case, asking = self._case(case_id), self._asked[case_id]
        if not case.is_open or case.master:
            return
        by = self._person(self.rota.member(case.sheriff)) or self._on_duty()
        topic, again = asking.topic, case.resolution != ""
        words = f"{'Once more, and checked on the leaf you named. ' if again else ''}{topic.resolution}"
        faq = topic.cause is not None and asking.draw.random() < 0.2
        self.casework.resolve(case_id, by, asking.cause(), words, faq=faq)
        draw = asking.draw.random()
        if draw < 0.07 and not again:
            words, later = self.cast.say("reopened", asking), self._working(asking.draw.uniform(60, 900))
            self.at(later, partial(self.casework.reopen, case_id, asking.by, words))
        elif draw < 0.6:
            self._after(asking, 5, 600, partial(self.casework.solved, case_id, asking.by))

    def _same(self, case: Case, asking: Asking) -> Case | None:
        """A case that is worked on already and asks the same."""
        found = (self._case(other) for other, its in self._asked.items() if its.topic == asking.topic)
        others = [one for one in found if one.id != case.id and one.is_open and not one.master and one.sheriff]
        taken = [one for one in others if one.state not in UNTAKEN]
        return taken[0] if taken and asking.draw.random() < 0.9 else None

    # Helpers

    def _after(self, asking: Asking, least: float, most: float, act: Callable[[], object]) -> None:
        self.at(self.hands.now + timedelta(minutes=asking.draw.uniform(least, most)), act)

    def _working(self, minutes: float) -> datetime:
        return self.rota.after_working(self.hands.now, timedelta(minutes=minutes))

    def _on_duty(self) -> Person:
        member = self.rota.sheriff_on(self.hands.now)
        return self._person(None if member.is_team else member) or self._person(self.rota.members[0]) or Person("", "")

    def _person(self, member: Member | None) -> Person | None:
        return Person(member.id, member.name) if member else None

    def _case(self, case_id: str) -> Case:
        case = self.cases.get(case_id)
        if case is None:
            raise Failure(f"There is no case {case_id}.")
        return case
