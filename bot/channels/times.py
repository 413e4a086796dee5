"""Times in words: the clock for what is to come, age for what waits, the date after a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Watch:
    """The present moment in the rota's time zone, as one page shows it."""

    now: datetime
    zone: ZoneInfo

    def at(self, moment: datetime) -> str:
        """ "10:36" today, "Mon 10:36" within a week, "12 Nov" otherwise."""
        local, today = moment.astimezone(self.zone), self.now.astimezone(self.zone)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        if abs(local - today) < timedelta(days=7):
            return f"{local:%a %H:%M}"
        return short_date(local.date(), today.date())

    def age(self, moment: datetime) -> str:
        """ "6 min", "3 h", "2 d", then the date."""
        minutes = int((self.now - moment) / timedelta(minutes=1))
        if minutes < 1:
            return "now"
        if minutes < 60:
            return f"{minutes} min"
        if minutes < 24 * 60:
            return f"{minutes // 60} h"
        if minutes < 7 * 24 * 60:
            return f"{minutes // (24 * 60)} d"
        local, today = moment.astimezone(self.zone), self.now.astimezone(self.zone)
        return short_date(local.date(), today.date())

    def ago(self, moment: datetime) -> str:
        """ "6 min ago", "just now"; "" when it is so long ago that the date says more."""
        age = self.age(moment)
        if age == "now":
            return "just now"
        return f"{age} ago" if age.endswith((" min", " h", " d")) else ""

    def day(self, iso: str) -> str:
        """A stored ISO date as "12 Nov" or "12 Nov 2025"; the text itself when it is no date."""
        try:
            return short_date(date.fromisoformat(iso[:10]), self.now.astimezone(self.zone).date())
        except ValueError:
            return iso


def short_date(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"
