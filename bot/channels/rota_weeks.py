"""The coming weeks as the page draws them: a bar of seven days for each, and the same in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.support.rota import WEEKDAYS, Rota, Shift, Why
from bot.support.rota_changes import Kept
from bot.support.swaps import Stretch, Swap, SwapState

_DAY = timedelta(days=1)
_LETTER = 3.0  # per cent of a week that a letter of a name takes


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the bar; places in per cent of the week."""

    kind: str  # the class it is drawn with
    at: float
    width: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    number: str
    dates: str
    name: str  # of who has the week's turn, where the bar begins with it
    blocks: Sequence[Block]
    now: float | None
    backup: str
    changes: Sequence[str]


def weeks(kept: Kept, now: datetime, count: int) -> list[Week]:
    return [_week(kept, Stretch(turn.starts, turn.ends), now) for turn in kept.rota.weeks(now, count)]


def day_names(rota: Rota) -> list[str]:
    """Beginning with the day of the hand-over."""
    first = rota.start.weekday()
    return [day[:2].capitalize() for day in (*WEEKDAYS[first:], *WEEKDAYS[:first])]


def span_words(starts: datetime, ends: datetime, handover: time) -> str:
    """Local times as "Thu 26 Nov 13:00 – Fri 27 Nov 09:00"; "26 – 27 Nov" for whole days, and from hand-over to
    hand-over."""
    if starts.time() == ends.time() == handover:
        return dates_words(starts.date(), ends.date())
    if starts.time() == ends.time() == time(0):
        last = ends.date() - _DAY
        return dates_words(starts.date(), last)
    if starts.date() == ends.date():
        return f"{starts:%a} {starts.day} {starts:%b} {starts:%H:%M} – {ends:%H:%M}"
    return f"{starts:%a} {starts.day} {starts:%b} {starts:%H:%M} – {ends:%a} {ends.day} {ends:%b} {ends:%H:%M}"


def dates_words(first: date, last: date) -> str:
    """ "23 – 30 Nov", "30 Nov – 7 Dec", "24 Dec"."""
    if first == last:
        return f"{first.day} {first:%b}"
    month = "" if (first.month, first.year) == (last.month, last.year) else f" {first:%b}"
    return f"{first.day}{month} – {last.day} {last:%b}"


def _week(kept: Kept, week: Stretch, now: datetime) -> Week:
    rota = kept.rota
    shifts = list(rota.shifts(week.starts, week.ends))
    holidays = [day for day in _days(week) if day in rota.holidays and day.weekday() in rota.hours.days]
    asked = [(swap, part) for swap in kept.swaps if swap.state(now) is SwapState.ASKED for part in _parts(swap, week)]
    is_now = week.starts.astimezone(UTC) <= now < week.ends.astimezone(UTC)
    blocks = [
        *(_holiday(day, rota, week) for day in holidays),
        *(_block("ask-swap", part, week) for _, part in asked),
        *(_shift(shift, week) for shift in shifts if shift.why is not Why.TURN),
    ]
    first = shifts[0]
    return Week(
        f"W{week.starts.isocalendar().week}",
        dates_words(week.starts.date(), week.ends.date()),
        _called(first) if first.why is Why.TURN else "",
        blocks,
        _place(now, week) if is_now else None,
        rota.backup_on(max(week.starts.astimezone(UTC), now) if is_now else week.starts).name,
        [*_words(shifts, rota), *(_asked(swap) for swap, _ in asked), *_closed(rota, holidays)],
    )


def _words(shifts: Sequence[Shift], rota: Rota) -> Iterator[str]:
    whole = len(shifts) == 1
    for shift in shifts:
        when = "" if whole else f" {span_words(shift.starts, shift.ends, rota.handover)}"
        match shift.why:
            case Why.OVERRIDE:
                yield f"{_called(shift)} covers{when}"
            case Why.SWAP:
                yield f"Swapped: {_called(shift)}{when}"
            case Why.STAND_IN:
                yield f"{_called(shift)} for {shift.instead_of.name}, who is away{when}"
            case _:
                pass


def _asked(swap: Swap) -> str:
    return f"{swap.asker.name} asks {swap.other.name} to swap"


def _closed(rota: Rota, holidays: Sequence[date]) -> Iterator[str]:
    for day in holidays:
        yield f"Closed on {day.day} {day:%b}: {rota.holidays[day]}"


def _called(shift: Shift) -> str:
    return "Nobody" if shift.is_unfilled else shift.member.name[:1].upper() + shift.member.name[1:]


def _shift(shift: Shift, week: Stretch) -> Block:
    kinds = {Why.OVERRIDE: "cover", Why.SWAP: "cover", Why.STAND_IN: "stand-in"}
    kind = "nobody" if shift.is_unfilled else kinds[shift.why]
    block = _block(kind, Stretch(shift.starts, shift.ends), week)
    name = "Team" if shift.member.is_team else _called(shift)
    return Block(kind, block.at, block.width, name if block.width > _LETTER * len(name) else "")


def _holiday(day: date, rota: Rota, week: Stretch) -> Block:
    begins = datetime.combine(day, time(0), rota.zone)
    return _block("off", Stretch(begins, datetime.combine(day + _DAY, time(0), rota.zone)), week)


def _block(kind: str, part: Stretch, week: Stretch) -> Block:
    begins, ends = _place(part.starts, week), _place(part.ends, week)
    return Block(kind, begins, round(ends - begins, 1))


def _place(moment: datetime, week: Stretch) -> float:
    begins, ends, here = (m.astimezone(UTC) for m in (week.starts, week.ends, moment))
    return round(min(100.0, max(0.0, 100 * ((here - begins) / (ends - begins)))), 1)


def _parts(swap: Swap, week: Stretch) -> Iterator[Stretch]:
    for part in (swap.gives, swap.takes):
        if part and part.starts < week.ends and week.starts < part.ends:
            yield part


def _days(week: Stretch) -> Iterator[date]:
    day = week.starts.date()
    while day <= week.ends.date():
        if _day_in(day, week):
            yield day
        day += _DAY


def _day_in(day: date, week: Stretch) -> bool:
    """The day of a hand-over is shown in the week that begins then, unless that is at midnight."""
    return week.starts.date() <= day < week.ends.date()
