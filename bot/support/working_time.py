"""Working hours and holidays: what the clocks of cases count. Wall time of one zone; lengths are real time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_LOOKED_AHEAD = 400  # days; a calendar that closes more than a year is a mistake, and then only the hours count


@dataclass(frozen=True, slots=True)
class WorkingHours:
    days: frozenset[int] = frozenset(range(5))  # 0 is Monday; never empty
    begins: time = time(9)
    ends: time = time(18)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Moments passed in are aware; those given back are in the zone."""

    zone: ZoneInfo
    hours: WorkingHours = field(default_factory=WorkingHours)
    holidays: Mapping[date, str] = field(default_factory=dict)  # day to name; nobody works on these

    def is_open_on(self, day: date) -> bool:
        return day.weekday() in self.hours.days and day not in self.holidays

    def is_working(self, moment: datetime) -> bool:
        day = moment.astimezone(self.zone).date()
        opens, closes = self._bounds(day)
        return self.is_open_on(day) and opens <= moment.astimezone(UTC) < closes

    def next_working(self, moment: datetime) -> datetime:
        """The moment itself in working hours, otherwise when they begin again."""
        if self.is_working(moment):
            return moment
        first = moment.astimezone(self.zone).date()
        days = [first + n * _DAY for n in range(_LOOKED_AHEAD)]
        usual = [day for day in days[:9] if day.weekday() in self.hours.days]  # when every day is a holiday
        for day in (*filter(self.is_open_on, days), *usual):
            opens, closes = self._bounds(day)
            if moment.astimezone(UTC) <= opens < closes:
                return opens.astimezone(self.zone)
        raise AssertionError("a week has a working day")

    def after_working(self, moment: datetime, length: timedelta) -> datetime:
        """When `length` of working time has passed since the moment: that is when a reply is due."""
        here, left = self.next_working(moment).astimezone(UTC), length
        while True:
            closes = self._bounds(here.astimezone(self.zone).date())[1]
            if left <= closes - here:
                return (here + left).astimezone(self.zone)
            left -= closes - here
            here = self.next_working(closes).astimezone(UTC)

    def between(self, begins: datetime, ends: datetime) -> timedelta:
        """How much working time lies between two moments."""
        return sum((closes - opens for opens, closes in self.stretches(begins, ends)), timedelta())

    def stretches(self, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, last = begins.astimezone(self.zone).date(), ends.astimezone(self.zone).date()
        while day <= last:
            opens, closes = self._bounds(day)
            opens, closes = max(opens, begins.astimezone(UTC)), min(closes, ends.astimezone(UTC))
            if self.is_open_on(day) and opens < closes:
                yield opens, closes
            day += _DAY

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        """In UTC, because lengths over a change of the clocks are wrong in wall time."""
        opens, closes = (datetime.combine(day, clock, self.zone) for clock in (self.hours.begins, self.hours.ends))
        return opens.astimezone(UTC), closes.astimezone(UTC)
