"""Rotas for tests, and hypothesis strategies for whole ones: any zone, members, hours, overrides and absences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.support.rota import TEAM, Absence, Member, Override, Rota
from bot.support.working_time import WorkingHours

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
ANA, BO, DAN, EVE = (Member(name.lower(), name) for name in ("Ana", "Bo", "Dan", "Eve"))
MONDAY = date(2026, 1, 5)
ROTA = Rota(zone=PARIS, start=MONDAY, members=(ANA, BO, DAN))
_HOUR = timedelta(hours=1)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[misc, arg-type]


zones = st.sampled_from([PARIS, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")])
moments = st.integers(min_value=0, max_value=4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
spans = st.tuples(moments, st.integers(1, 24 * 40)).map(lambda given: (given[0], given[0] + given[1] * _HOUR))


@st.composite
def hours(draw: st.DrawFn) -> WorkingHours:
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    begins, ends = sorted(draw(st.lists(times, min_size=2, max_size=2, unique=True)))
    return WorkingHours(days, begins, ends)


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    members = draw(st.lists(st.sampled_from([ANA, BO, DAN, EVE]), unique=True))
    overrides = [
        Override(*draw(spans), draw(st.sampled_from([*members, TEAM])), id=f"o{n}")
        for n in range(draw(st.integers(0, 4)))
    ]
    absences = [
        Absence(*draw(spans), draw(st.sampled_from(members)), id=f"a{n}")
        for n in range(draw(st.integers(0, 4)) if members else 0)
    ]
    return Rota(
        zone=draw(zones),
        start=MONDAY + timedelta(days=draw(st.integers(0, 6))),
        handover=draw(times),
        members=tuple(members),
        overrides=tuple(overrides),
        absences=tuple(absences),
        hours=draw(hours()),
        backup=draw(st.sampled_from(["previous", "next", "bo"])),
        holidays={day.date(): "closed" for day in draw(st.lists(moments, max_size=3))},
    )
