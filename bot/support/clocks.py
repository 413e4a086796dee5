"""How long a case took and may take, in working hours: first response and resolution, per severity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.support.cases import Case, EventKind
from bot.support.rota import Duty
from bot.support.severity import CaseSeverity
from bot.support.transitions import since_hand_over

ANSWERS = frozenset({EventKind.REPLIED, EventKind.DETAILS_ASKED, EventKind.RESOLVED})
_ENDS = frozenset({EventKind.RESOLVED, EventKind.CLOSED, EventKind.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Goal:
    """How soon, in working time."""

    reply: timedelta
    resolution: timedelta


DEFAULTS: Mapping[CaseSeverity, Goal] = {
    CaseSeverity.CRITICAL: Goal(timedelta(minutes=15), timedelta(hours=4)),
    CaseSeverity.HIGH: Goal(timedelta(minutes=30), timedelta(hours=9)),
    CaseSeverity.NORMAL: Goal(timedelta(minutes=40), timedelta(hours=27)),
    CaseSeverity.LOW: Goal(timedelta(hours=4), timedelta(hours=90)),
}


class GivenGoal(Protocol):
    """A goal as numbers in settings."""

    @property
    def reply_minutes(self) -> float: ...
    @property
    def resolve_hours(self) -> float: ...


def goals_of(given: object) -> Mapping[CaseSeverity, Goal]:
    """Goals by severity; `given` has a `GivenGoal` under the name of each."""
    goals: dict[CaseSeverity, Goal] = {}
    for severity in CaseSeverity:
        goal: GivenGoal = getattr(given, severity.value)
        goals[severity] = Goal(timedelta(minutes=goal.reply_minutes), timedelta(hours=goal.resolve_hours))
    return goals


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the two clocks of a case, of its present round."""

    due: datetime  # in the rota's zone
    spent: timedelta  # working time so far, or until it stopped; without what the asker took to answer
    goal: timedelta
    stopped: datetime | None = None  # when it was answered or ended; None while it runs
    waits: bool = False  # stands still, because the asker was asked something

    @property
    def is_missed(self) -> bool:
        return self.spent > self.goal


@dataclass(frozen=True, slots=True)
class Clocks:
    """Measures cases. A round begins with the hand-over, and again when the case is reopened."""

    rota: Duty
    goals: Mapping[CaseSeverity, Goal] = field(default_factory=lambda: DEFAULTS)

    def first_response(self, case: Case, now: datetime) -> Clock:
        """From the hand-over to the first words of a person."""
        begun = _begun(case)
        stopped = next((e.at for e in since_hand_over(case) if e.kind in ANSWERS or e.kind in _ENDS), None)
        goal = self.goals[case.severity].reply
        spent = self.rota.working_between(begun, stopped or now)
        return Clock(self.rota.after_working(begun, goal), spent, goal, stopped)

    def resolution(self, case: Case, now: datetime) -> Clock:
        """From the hand-over to its end; it stands still while the asker is asked for details."""
        begun, goal = _begun(case), self.goals[case.severity].resolution
        stopped = next((e.at for e in since_hand_over(case) if e.kind in _ENDS), None)
        runs = list(_runs(case, begun, stopped or now))
        spent = sum((self.rota.working_between(a, b) for a, b in runs), timedelta())
        waits = stopped is None and bool(runs) and runs[-1][1] < now
        due = self.rota.after_working(stopped or now, max(goal - spent, timedelta()))
        return Clock(due, spent, goal, stopped, waits)


def _begun(case: Case) -> datetime:
    events = since_hand_over(case)
    return events[0].at if events else case.opened


def _runs(case: Case, begun: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches in which the case was ours to work on."""
    started: datetime | None = begun
    for event in since_hand_over(case):
        if event.at > until:
            break
        if event.kind == EventKind.DETAILS_ASKED and started is not None:
            yield started, event.at
            started = None
        elif event.kind == EventKind.DETAILS_ADDED and started is None:
            started = event.at
    if started is not None:
        yield started, until
