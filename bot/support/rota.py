"""Who is on duty: weekly turns with overrides, counted in the wall time of one zone. See rota_file for its YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(weeks=1)


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


@dataclass(frozen=True, slots=True)
class Override:
    """One member covers from `starts` to just before `ends`, whoever's week it is."""

    starts: datetime
    ends: datetime
    member: Member


@dataclass(frozen=True, slots=True)
class Shift:
    """An unbroken stretch of duty; times are in the rota's zone."""

    member: Member
    starts: datetime
    ends: datetime
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class WorkingHours:
    days: frozenset[int] = frozenset(range(5))  # 0 is Monday; never empty
    begins: time = time(9)
    ends: time = time(18)


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

    @property
    def handover_day(self) -> str:
        return WEEKDAYS[self.start.weekday()]

    def sheriff_on(self, moment: datetime) -> Member:
        """The member on duty; TEAM when nobody is."""
        return self._on_duty(moment)[0]

    def shift_at(self, moment: datetime) -> Shift:
        """The stretch of duty around the moment, as overrides cut it out of the weekly turns."""
        member, is_override = self._on_duty(moment)
        week = self._week(moment)
        edges = sorted({self._turn(week), self._turn(week + 1), *self._override_edges()}, key=_utc)
        starts = max((e for e in edges if _utc(e) <= _utc(moment)), key=_utc)
        ends = min((e for e in edges if _utc(e) > _utc(moment)), key=_utc)
        return Shift(member, starts, ends, is_override)

    def next_shift(self, moment: datetime) -> Shift:
        """The next stretch of somebody else's duty; the next one of all when there is only one member."""
        present = self.shift_at(moment)
        upcoming = self.shift_at(present.ends)
        for _ in range(len(self.members) + len(self.overrides)):
            if upcoming.member != present.member:
                return upcoming
            upcoming = self.shift_at(upcoming.ends)
        return self.shift_at(present.ends)

    def weeks(self, moment: datetime, count: int) -> Iterator[Shift]:
        """The weekly turns from the present one on, without overrides."""
        for week in range(first := self._week(moment), first + count):
            yield Shift(self._turn_of(week), self._turn(week), self._turn(week + 1))

    def backup_on(self, moment: datetime) -> Member:
        """Who is told when the sheriff does not answer: never the sheriff; TEAM when there is nobody else."""
        others = [m for m in self.members if m != self.sheriff_on(moment)]
        named = next((m for m in others if m.id == self.backup), None)
        if named or not others:
            return named or TEAM
        step = 1 if self.backup == "next" else -1
        week = self._week(moment)
        turns = (self._turn_of(week + step * n) for n in range(1, len(self.members) + 1))
        return next(m for m in turns if m in others)

    def member(self, id_or_name: str) -> Member | None:
        wanted = id_or_name.casefold()
        return next((m for m in self.members if wanted in {m.id.casefold(), m.name.casefold()}), None)

    def local(self, moment: datetime) -> datetime:
        """The moment as the clock on the wall shows it."""
        return moment.astimezone(self.zone)

    def is_working(self, moment: datetime) -> bool:
        here = self.local(moment)
        return here.weekday() in self.hours.days and self.hours.begins <= here.time() < self.hours.ends

    def next_working(self, moment: datetime) -> datetime:
        """The moment itself in working hours, otherwise when they begin again."""
        if self.is_working(moment):
            return moment
        here = self.local(moment)
        openings = (self._at(here.date() + timedelta(days=n), self.hours.begins) for n in range(9))
        return next(o for o in openings if _utc(o) >= _utc(moment) and o.weekday() in self.hours.days)

    def after_working(self, moment: datetime, length: timedelta) -> datetime:
        """When `length` of working time has passed since the moment: that is when a reply is due."""
        here, left = self.next_working(moment), length
        while True:
            closing = self._at(self.local(here).date(), self.hours.ends)
            today = _utc(closing) - _utc(here)
            if left <= today:
                return self.local(_utc(here) + left)
            left -= max(today, timedelta())
            here = self.next_working(closing)

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two moments; nothing when `end` is not after `start`."""
        passed, here = timedelta(), self.next_working(start)
        while _utc(here) < _utc(end):
            closing = self._at(self.local(here).date(), self.hours.ends)
            passed += min(_utc(closing), _utc(end)) - _utc(here)
            here = self.next_working(closing)
        return passed

    def _on_duty(self, moment: datetime) -> tuple[Member, bool]:
        for override in reversed(self.overrides):
            if _utc(override.starts) <= _utc(moment) < _utc(override.ends):
                return override.member, True
        return self._turn_of(self._week(moment)), False

    def _turn_of(self, week: int) -> Member:
        return self.members[week % len(self.members)] if self.members else TEAM

    def _week(self, moment: datetime) -> int:
        """How many hand-overs lie between `start` and the moment; negative before."""
        week = (self.local(moment).date() - self.start) // _WEEK
        return week if _utc(self._turn(week)) <= _utc(moment) else week - 1

    def _turn(self, week: int) -> datetime:
        return self._at(self.start + week * _WEEK, self.handover)

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone)

    def _override_edges(self) -> Iterator[datetime]:
        for override in self.overrides:
            yield override.starts
            yield override.ends


def _utc(moment: datetime) -> datetime:
    """Two times of one zone are otherwise compared by the wall clock, which is wrong around a change of the clocks."""
    return moment.astimezone(UTC)
