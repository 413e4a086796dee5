"""Which days figures are wanted of, from what somebody chose or typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from bot.support.insights import Wanted
from knowledge.errors import Misuse

PERIODS: Mapping[str, int] = {"8": 8, "13": 13, "26": 26, "52": 52}  # weeks, the present one included
ALL = "all"
_EARLIEST = 1970  # year
USUAL = "8"


def wanted_of(
    *,
    today: date,
    first: date | None,
    period: str = USUAL,
    since: str = "",
    until: str = "",
    component: str = "",
    channel: str = "",
) -> Wanted:
    """The days that are meant; days that are given win over the period. `first` is the day of the first case.

    Raises Misuse, with the remedy, for what is no day, no period, or the wrong way round.
    """
    first = min(first or today, today)
    last = min(_day("until", until), today) if until else today
    if since:
        begins = _day("since", since)
    elif period == ALL:
        begins = first
    elif period in PERIODS:
        begins = last - timedelta(days=last.weekday()) - timedelta(weeks=PERIODS[period] - 1)
    else:
        raise Misuse(f"period={period[:40]!r}: choose {', '.join(PERIODS)} (weeks), or {ALL}.")
    if begins > last:
        raise Misuse(f"The period begins on {begins} and ends on {last}. Give a first day that is not after the last.")
    if since or period == ALL:
        begins = max(begins, min(first, last))  # nothing was asked before
    return Wanted(begins, last, component, channel)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if day.year < _EARLIEST:
        raise Misuse(f"{name}={text[:40]!r}: write a day, such as 2026-11-01.")
    return day
