"""The schedule as an iCal feed that people subscribe to: all-day events that leave the day free."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.support.rota import Rota, Shift, Why

if TYPE_CHECKING:
    from icalendar import Event

PAST, AHEAD = timedelta(weeks=8), timedelta(weeks=52)
_DAY = timedelta(days=1)
_WHY = {Why.OVERRIDE: "Override. ", Why.SWAP: "Swapped. ", Why.STAND_IN: "Stands in. "}


def feed(rota: Rota, now: datetime, *, host: str, name: str) -> bytes:
    """Eight weeks back and a year ahead. An event's UID follows from its start alone, so that a calendar that asks
    again changes the event instead of adding one."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Sheriff//Rota//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", rota.zone.key)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for shift in rota.shifts(now - PAST, now + AHEAD):
        calendar.add_component(_event(rota, shift, now, host))
    return bytes(calendar.to_ical())


def days_of(shift: Shift) -> tuple[date, date]:
    """First day and the day after the last one. The day of a hand-over is of the one who comes; a stretch within one
    day has that day."""
    first = shift.starts.date()
    return first, max(shift.ends.date(), first + _DAY)


def _event(rota: Rota, shift: Shift, now: datetime, host: str) -> Event:
    from icalendar import Event

    first, after = days_of(shift)
    who = "Nobody" if shift.member.is_team else shift.member.name
    event = Event()
    event.add("uid", f"duty-{shift.starts.astimezone(UTC):%Y%m%dT%H%M%SZ}@{host}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", first)
    event.add("dtend", after)
    event.add("summary", f"Sheriff: {who}")
    event.add("description", _description(rota, shift))
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["Sheriff"])
    return event


def _description(rota: Rota, shift: Shift) -> str:
    times = f"{shift.starts:%a %d %b %Y %H:%M} to {shift.ends:%a %d %b %Y %H:%M} ({rota.zone.key})."
    instead = f"{shift.instead_of.name} is away. " if shift.instead_of.name and shift.why is Why.STAND_IN else ""
    backup = rota.backup_on(shift.starts)
    return f"{_WHY.get(shift.why, '')}{instead}{times} Back-up: {backup.name}."
