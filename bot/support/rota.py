"""Who is on duty: weekly turns, overrides, swaps and absences, in the wall time of one zone. See rota_file for YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count, islice, pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.support.working_time import WorkingHours, WorkingTime

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(weeks=1)
_LOOKED_AHEAD = 120  # stretches of duty until somebody else has it


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    name: str
    email: str = ""
    teams_id: str = ""

    @property
    def is_team(self) -> bool:
        """Nobody is on duty, so everybody is told."""
        return not self.id


TEAM = Member("", "the whole team")


class Why(StrEnum):
    """What gives a member the duty."""

    TURN = "turn"
    OVERRIDE = "override"
    SWAP = "swap"
    STAND_IN = "stand-in"  # who had it is away


@dataclass(frozen=True, slots=True)
class Override:
    """One member has the duty from `starts` to just before `ends`, whoever's week it is."""

    starts: datetime
    ends: datetime
    member: Member
    why: Why = Why.OVERRIDE
    id: str = ""
    by: str = ""  # name of who entered it; "" for the file
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """A member is away from `starts` to just before `ends`: the duty goes to the next one who is there."""

    starts: datetime
    ends: datetime
    member: Member
    id: str = ""
    by: str = ""
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """An unbroken stretch of duty, at most a week; times are in the rota's zone."""

    member: Member
    starts: datetime
    ends: datetime
    why: Why = Why.TURN
    instead_of: Member = TEAM  # who is away, of a stand-in

    @property
    def is_override(self) -> bool:
        return self.why is not Why.TURN

    @property
    def is_unfilled(self) -> bool:
        """Nobody has the duty, and nobody wanted it so: all are away, or there are no members."""
        return self.member.is_team and self.why is not Why.OVERRIDE


class Duty(Protocol):
    """What others need to know of the rota: a `Rota` itself, or the one that is kept and edited."""

    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def members(self) -> Sequence[Member]: ...
    def sheriff_on(self, moment: datetime) -> Member: ...
    def shift_at(self, moment: datetime) -> Shift: ...
    def next_shift(self, moment: datetime) -> Shift: ...
    def backup_on(self, moment: datetime) -> Member: ...
    def member(self, id_or_name: str) -> Member | None: ...
    def local(self, moment: datetime) -> datetime: ...
    def is_working(self, moment: datetime) -> bool: ...
    def next_working(self, moment: datetime) -> datetime: ...
    def after_working(self, moment: datetime, length: timedelta) -> datetime: ...
    def working_between(self, start: datetime, end: datetime) -> timedelta: ...


@dataclass(frozen=True, slots=True)
class Rota:
    """Weekly turns in the order of `members`; the first one's week begins on `start`.

    Hand-over is at the same wall time all year: 09:00 stays 09:00 when the clocks change. Moments passed in are aware.
    """

    zone: ZoneInfo
    start: date
    handover: time = time(9)
    members: Sequence[Member] = ()
    overrides: Sequence[Override] = ()  # the later one wins where two overlap
    hours: WorkingHours = field(default_factory=WorkingHours)
    backup: str = "previous"  # or "next", or the id of a member
    absences: Sequence[Absence] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def handover_day(self) -> str:
        return WEEKDAYS[self.start.weekday()]

    @property
    def working(self) -> WorkingTime:
        return WorkingTime(self.zone, self.hours, self.holidays)

    def sheriff_on(self, moment: datetime) -> Member:
        """The member on duty; TEAM when nobody is."""
        return self._on_duty(moment)[0]

    def shift_at(self, moment: datetime) -> Shift:
        """The stretch of duty around the moment, as overrides and absences cut it out of the weekly turns."""
        return next(s for s in self._shifts_of(self._week(moment)) if _utc(moment) < _utc(s.ends))

    def shifts(self, begins: datetime, ends: datetime | None = None) -> Iterator[Shift]:
        """The stretches of duty from the one around `begins` to the one before `ends`, or for ever."""
        for week in count(self._week(begins)):
            for shift in self._shifts_of(week):
                if ends is not None and _utc(shift.starts) >= _utc(ends):
                    return
                if _utc(shift.ends) > _utc(begins):
                    yield shift

    def next_shift(self, moment: datetime) -> Shift:
        """The next stretch of somebody else's duty; the next one of all when there is only one member."""
        present, *upcoming = islice(self.shifts(moment), 2)
        others = (s for s in islice(self.shifts(moment), _LOOKED_AHEAD) if s.member != present.member)
        alone = len(self.members) <= 1 and not self.overrides
        return upcoming[0] if alone else next(others, upcoming[0])

    def week_of(self, moment: datetime) -> Shift:
        """The weekly turn around the moment, whatever overrides say."""
        week = self._week(moment)
        return Shift(self._turn_of(week), self._turn(week), self._turn(week + 1))

    def weeks(self, moment: datetime, count: int) -> Iterator[Shift]:
        """The weekly turns from the present one on, without overrides."""
        for week in range(first := self._week(moment), first + count):
            yield Shift(self._turn_of(week), self._turn(week), self._turn(week + 1))

    def backup_on(self, moment: datetime) -> Member:
        """Who is told when the sheriff does not answer: never the sheriff, nobody who is away; TEAM for want of one."""
        sheriff = self.sheriff_on(moment)
        others = [m for m in self.members if m != sheriff and not self.is_away(m, moment)]
        named = next((m for m in others if m.id == self.backup), None)
        if named or not others:
            return named or TEAM
        step = 1 if self.backup == "next" else -1
        week = self._week(moment)
        turns = (self._turn_of(week + step * n) for n in range(1, len(self.members) + 1))
        return next(m for m in turns if m in others)

    def is_away(self, member: Member, moment: datetime) -> bool:
        return any(a.member.id == member.id and _holds(a, moment) for a in self.absences)

    def absence_of(self, member: Member, begins: datetime, ends: datetime) -> Absence | None:
        """The first absence of a member that touches this time."""
        theirs = (a for a in self.absences if a.member.id == member.id)
        return next((a for a in theirs if _utc(a.starts) < _utc(ends) and _utc(begins) < _utc(a.ends)), None)

    def member(self, id_or_name: str) -> Member | None:
        wanted = id_or_name.casefold()
        return next((m for m in self.members if wanted in {m.id.casefold(), m.name.casefold()}), None)

    def local(self, moment: datetime) -> datetime:
        """The moment as the clock on the wall shows it."""
        return moment.astimezone(self.zone)

    def is_working(self, moment: datetime) -> bool:
        return self.working.is_working(moment)

    def next_working(self, moment: datetime) -> datetime:
        """The moment itself in working hours, otherwise when they begin again."""
        return self.working.next_working(moment)

    def after_working(self, moment: datetime, length: timedelta) -> datetime:
        """When `length` of working time has passed since the moment: that is when a reply is due."""
        return self.working.after_working(moment, length)

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; nothing when `end` is not after `start`."""
        return self.working.between(start, end)

    def _on_duty(self, moment: datetime) -> tuple[Member, Why, Member]:
        wanted, why = self._wanted(moment)
        if wanted.is_team or not self.is_away(wanted, moment):
            return wanted, why, TEAM
        return self._stand_in(wanted, moment), Why.STAND_IN, wanted

    def _wanted(self, moment: datetime) -> tuple[Member, Why]:
        for override in reversed(self.overrides):
            if _holds(override, moment):
                return override.member, override.why
        return self._turn_of(self._week(moment)), Why.TURN

    def _stand_in(self, away: Member, moment: datetime) -> Member:
        """The next member in order who is there."""
        place = next((n for n, m in enumerate(self.members) if m.id == away.id), -1) + 1
        following = (*self.members[place:], *self.members[:place])
        return next((m for m in following if not self.is_away(m, moment)), TEAM)

    def _shifts_of(self, week: int) -> list[Shift]:
        begins, ends = _utc(self._turn(week)), _utc(self._turn(week + 1))
        spans: tuple[Override | Absence, ...] = (*self.overrides, *self.absences)
        cuts = {_utc(edge) for span in spans for edge in (span.starts, span.ends)}
        edges = sorted({begins, ends, *(cut for cut in cuts if begins < cut < ends)})
        found: list[Shift] = []
        for starts, until in pairwise(edges):
            member, why, instead = self._on_duty(starts)
            last = found[-1] if found else None
            if last and (last.member, last.why, last.instead_of) == (member, why, instead):
                found[-1] = replace(last, ends=self.local(until))
            else:
                found.append(Shift(member, self.local(starts), self.local(until), why, instead))
        return found

    def _turn_of(self, week: int) -> Member:
        return self.members[week % len(self.members)] if self.members else TEAM

    def _week(self, moment: datetime) -> int:
        """How many hand-overs lie between `start` and the moment; negative before."""
        week = (self.local(moment).date() - self.start) // _WEEK
        return week if _utc(self._turn(week)) <= _utc(moment) else week - 1

    def _turn(self, week: int) -> datetime:
        return datetime.combine(self.start + week * _WEEK, self.handover, self.zone)


def _holds(span: Override | Absence, moment: datetime) -> bool:
    return _utc(span.starts) <= _utc(moment) < _utc(span.ends)


def _utc(moment: datetime) -> datetime:
    """Two times of one zone are otherwise compared by the wall clock, which is wrong around a change of the clocks."""
    return moment.astimezone(UTC)
