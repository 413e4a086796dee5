"""One member asks another to swap duty: it moves only on acceptance, and lapses when the first shift starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.support.cases import NotPossible
from bot.support.rota import Member, Override, Rota, Why

_REMINDED_BEFORE = timedelta(days=3)


class FieldFault(NotPossible):
    """A form that cannot be done as it was filled in, and which field to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class SwapState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody answered in time


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `starts` to just before `ends`; aware moments."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Swap:
    """A request: the asker gives a stretch of his duty, and takes one of the other's, or none."""

    number: int  # of the change that asked
    asker: Member
    other: Member
    gives: Stretch
    takes: Stretch | None
    asked: datetime
    answer: SwapState = SwapState.ASKED
    answered: datetime | None = None

    @property
    def lapses(self) -> datetime:
        """When the first of the two stretches starts."""
        return min((s.starts for s in (self.gives, self.takes) if s), key=lambda moment: moment.astimezone(UTC))

    def state(self, now: datetime) -> SwapState:
        is_late = self.answer is SwapState.ASKED and now >= self.lapses
        return SwapState.LAPSED if is_late else self.answer

    def overrides(self) -> tuple[Override, ...]:
        """What holds once it is accepted."""
        label, by = f"s{self.number}", f"{self.asker.name} and {self.other.name}"
        given = Override(self.gives.starts, self.gives.ends, self.other, Why.SWAP, label, by, self.answered)
        if self.takes is None:
            return (given,)
        taken = Override(self.takes.starts, self.takes.ends, self.asker, Why.SWAP, label, by, self.answered)
        return (given, taken)


def remind_at(swap: Swap, rota: Rota) -> datetime | None:
    """When the other one is reminded: in working hours, three days before it lapses; None when it was asked later."""
    due = rota.next_working(swap.lapses - _REMINDED_BEFORE)
    return due if swap.asked < due < swap.lapses else None


def require_askable(rota: Rota, swap: Swap, known: Sequence[Swap], now: datetime) -> None:
    """Raises FieldFault when this cannot be asked: the duty is not theirs to swap, or one of them is away."""
    if swap.asker.id == swap.other.id:
        raise FieldFault("takes", f"{swap.asker.name} cannot swap with {swap.asker.name}. Choose somebody else's duty.")
    for field, stretch in (("gives", swap.gives), ("takes", swap.takes)):
        if stretch and stretch.starts >= stretch.ends:
            raise FieldFault(field, "The end is not after the start. Write a later end.")
        if stretch and stretch.starts <= now:
            raise FieldFault(field, "This duty has begun already. Choose a later one, or add an override.")
    if any(_same(swap, other) and other.state(now) is SwapState.ASKED for other in known):
        raise FieldFault("gives", f"{swap.other.name} has been asked this already, and has not answered yet.")
    _require_theirs(rota, swap)


def require_answerable(rota: Rota, swap: Swap, by: str, now: datetime, *, accepting: bool) -> None:
    """Raises NotPossible unless this member may answer now. `by` is a member's id."""
    if by != swap.other.id:
        raise NotPossible(f"Only {swap.other.name} can answer this: it was {swap.other.name} who was asked.")
    _require_open(swap, now)
    if accepting:
        _require_theirs(rota, swap)


def require_withdrawable(swap: Swap, by: str, now: datetime) -> None:
    """Raises NotPossible unless this member may take the request back now."""
    if by != swap.asker.id:
        raise NotPossible(f"Only {swap.asker.name} can withdraw this: it was {swap.asker.name} who asked.")
    _require_open(swap, now)


def _require_open(swap: Swap, now: datetime) -> None:
    ends = {
        SwapState.ACCEPTED: f"{swap.other.name} has accepted this swap already. Ask for another to change it.",
        SwapState.DECLINED: f"{swap.other.name} has declined this swap. {swap.asker.name} can ask for another one.",
        SwapState.WITHDRAWN: f"{swap.asker.name} has withdrawn this swap. Nothing is left to answer.",
        SwapState.LAPSED: "This swap has lapsed: the shift has started. Add an override instead.",
    }
    state = swap.state(now)
    if state in ends:
        raise NotPossible(ends[state])


def _require_theirs(rota: Rota, swap: Swap) -> None:
    for field, stretch, owner, taker in (
        ("gives", swap.gives, swap.asker, swap.other),
        ("takes", swap.takes, swap.other, swap.asker),
    ):
        if stretch is None:
            continue
        if any(shift.member.id != owner.id for shift in rota.shifts(stretch.starts, stretch.ends)):
            raise FieldFault(field, f"{owner.name} does not have the duty in all of that time. Look at the rota again.")
        away = rota.absence_of(taker, stretch.starts, stretch.ends)
        if away is not None:
            since, until = (f"{rota.local(moment):%a %d %b %H:%M}" for moment in (away.starts, away.ends))
            raise FieldFault(field, f"{taker.name} is away from {since} to {until}. Choose other days.")


def _same(one: Swap, other: Swap) -> bool:
    return (one.asker.id, one.other.id, one.gives, one.takes) == (
        other.asker.id,
        other.other.id,
        other.gives,
        other.takes,
    )
