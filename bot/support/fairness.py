"""How much duty each member had and will have: whether the rota is fair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.support.rota import Member, Rota

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Load:
    """Of one member in one stretch of time."""

    days: float  # of 24 hours, nights and weekends included
    hours: float  # of working time


@dataclass(frozen=True, slots=True)
class Share:
    member: Member
    past: Load
    planned: Load


NOTHING = Load(0, 0)


def shares(rota: Rota, now: datetime, *, weeks: int) -> Sequence[Share]:
    """Each member's duty in as many weeks before now and after it, overrides, swaps and absences included.

    Time in which nobody was on duty is in the last row, of the whole team, when there is any."""
    here, span = rota.local(now), timedelta(weeks=weeks)  # in wall time: so many weeks ago at this hour
    past, planned = loads(rota, here - span, here), loads(rota, here, here + span)
    unfilled = [m for m in (*past, *planned) if m.is_team][:1]
    return [Share(m, past.get(m, NOTHING), planned.get(m, NOTHING)) for m in (*rota.members, *unfilled)]


def loads(rota: Rota, begins: datetime, ends: datetime) -> Mapping[Member, Load]:
    found: dict[Member, Load] = {}
    for shift in rota.shifts(begins, ends):
        starts = max(shift.starts.astimezone(UTC), begins.astimezone(UTC))
        until = min(shift.ends.astimezone(UTC), ends.astimezone(UTC))
        so_far = found.get(shift.member, NOTHING)
        worked = rota.working.between(starts, until) / timedelta(hours=1)
        found[shift.member] = Load(so_far.days + (until - starts) / _DAY, so_far.hours + worked)
    return found
