"""Days on which nobody works, from calendars in iCal form: national holidays, or the company's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from knowledge import bundled
from knowledge.errors import Misuse

_UNTIL = datetime(2070, 1, 1)  # noqa: DTZ001 - all-day events know no zone
_MOST = 4_000  # days that one entry may close
_REPEATS = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_ONCE = ("dtstart", "dtend", "duration", "rrule")  # an event that has one of these twice says nothing
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holidays:
    days: Mapping[date, str]  # with the name of each
    skipped: int = 0  # entries that last a part of a day, or that cannot be read


def calendar_path(name: str, folder: Path) -> Path:
    """The file a name stands for: a path from the folder, or a bundled calendar such as `france`."""
    known = {file.stem: file for file in sorted(bundled.HOLIDAYS.glob("*.ics"))}
    return known.get(name.casefold()) or folder / name


def bundled_calendars() -> list[str]:
    return sorted(file.stem for file in bundled.HOLIDAYS.glob("*.ics"))


def read_holidays(path: Path) -> Holidays:
    """The whole days of a calendar's events. Raises Misuse, naming file and remedy, when it is no calendar."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        names = ", ".join(bundled_calendars())
        remedy = f"Name an .ics file beside the rota, or one of the bundled calendars: {names}"
        raise Misuse(f"{path}: the calendar cannot be read ({reason}). {remedy}.") from error
    return _days_of(text, str(path))


def _days_of(text: str, name: str) -> Holidays:
    from icalendar import Calendar  # a quarter of a second: only a rota that names a calendar pays it

    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise Misuse(f"{name}: not an iCal calendar ({_short(error)}). Export it as .ics once more.") from error
    if not calendars:
        raise Misuse(f"{name}: not an iCal calendar (no whole VCALENDAR in it). Export it as .ics once more.")
    days: dict[date, str] = {}
    skipped = 0
    for event in (event for calendar in calendars for event in calendar.walk("VEVENT")):
        found = list(islice(_closed(event), _MOST))
        skipped += not found and str(event.get("status", "")).upper() != "CANCELLED"
        days.update(dict.fromkeys(found, str(event.get("summary", "")).strip() or "Holiday"))
    return Holidays(days, skipped)


def _closed(event: Any) -> Iterator[date]:
    """The days of one event, each time it recurs; none for one that is cancelled or lasts hours."""
    twice = any(isinstance(event.get(name), list) for name in _ONCE)
    if event.errors or twice or str(event.get("status", "")).upper() == "CANCELLED" or "dtstart" not in event:
        return
    first = event["dtstart"].dt
    if type(first) is not date:
        return
    length = _length(event)
    left_out = {entry.dt for entry in _lists(event.get("exdate"))}
    for start in (*_recurring(event, first), *(entry.dt for entry in _lists(event.get("rdate")))):
        if type(start) is date and start.year < _UNTIL.year and start not in left_out:
            yield from (start + n * _DAY for n in range(length))


def _length(event: Any) -> int:
    """In days; the end of an all-day event is the first day after it."""
    if "dtend" in event and type(event["dtend"].dt) is date:
        days: int = (event["dtend"].dt - event["dtstart"].dt).days
        return max(1, days)
    return max(1, event["duration"].dt.days) if "duration" in event else 1


def _recurring(event: Any, first: date) -> Iterator[date]:
    rule = event.get("rrule")
    if not rule:
        yield first
        return
    if str(rule.get("freq", [""])[0]).upper() not in _REPEATS:
        return
    from dateutil.rrule import rrulestr

    times = int(rule.pop("count", [_MOST])[0])
    last = rule.pop("until", [_UNTIL])[0]
    until = min(_UNTIL, datetime(last.year, last.month, last.day))  # noqa: DTZ001 - as above
    try:
        repeated = rrulestr(rule.to_ical().decode(), dtstart=datetime(first.year, first.month, first.day))  # noqa: DTZ001
        yield from (moment.date() for moment in islice(repeated.replace(until=until), times))
    except ValueError:
        return


def _lists(given: Any) -> Iterator[Any]:
    """EXDATE and RDATE stand once or several times, each with one date or several."""
    for entry in given if isinstance(given, list) else [given] if given else []:
        yield from entry.dts


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:120]
