"""The rota over changes of the clocks, absences and holidays; and what holds for every rota at every moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from bot.support.rota import TEAM, Absence, Override, Rota, Why
from bot.support.working_time import WorkingHours, WorkingTime
from tests.rotas import ANA, BO, DAN, MONDAY, NEW_YORK, PARIS, ROTA, moments, paris, rotas, spans

CHANGES = [  # the Monday after, the hand-over in UTC before and after, real length of the week that ends then
    (PARIS, date(2027, 3, 29), 8, 7, 167),
    (PARIS, date(2026, 10, 26), 7, 8, 169),
    (NEW_YORK, date(2027, 3, 15), 14, 13, 167),
    (NEW_YORK, date(2026, 11, 2), 13, 14, 169),
]


@pytest.mark.parametrize(("zone", "monday", "before", "after", "length"), CHANGES)
def test_hand_over_stays_at_nine_over_both_changes_of_the_clocks(
    zone: ZoneInfo, monday: date, before: int, after: int, length: int
) -> None:
    rota = replace(ROTA, zone=zone)
    sunday = datetime.combine(monday - timedelta(days=1), time(12), UTC)

    week = rota.shift_at(sunday)

    assert (week.starts.hour, week.ends.hour, week.ends.date()) == (9, 9, monday)
    assert (week.starts.astimezone(UTC).hour, week.ends.astimezone(UTC).hour) == (before, after)
    assert week.ends.astimezone(UTC) - week.starts.astimezone(UTC) == timedelta(hours=length)
    assert rota.sheriff_on(week.ends) != rota.sheriff_on(week.ends - timedelta(seconds=1))


@pytest.mark.parametrize(("zone", "monday"), [(zone, monday) for zone, monday, *_ in CHANGES])
def test_working_clocks_count_nine_hours_a_day_over_a_change_of_the_clocks(zone: ZoneInfo, monday: date) -> None:
    working = WorkingTime(zone)
    friday = datetime.combine(monday - timedelta(days=3), time(17), zone)
    tuesday = datetime.combine(monday + timedelta(days=1), time(9), zone)

    assert working.after_working(friday, timedelta(hours=2)) == datetime.combine(monday, time(10), zone)
    assert working.between(friday, tuesday) == timedelta(hours=10)
    assert not working.is_working(datetime.combine(monday - timedelta(days=1), time(12), zone))


@pytest.mark.parametrize(
    ("zone", "monday", "hours"), [(CHANGES[0][0], CHANGES[0][1], 23), (PARIS, date(2026, 10, 26), 25)]
)
def test_who_works_through_the_night_of_the_change_works_its_real_length(
    zone: ZoneInfo, monday: date, hours: int
) -> None:
    working = WorkingTime(zone, WorkingHours(frozenset({6}), time(0), time(23, 59)))
    sunday = datetime.combine(monday - timedelta(days=1), time(0), zone)

    worked = working.between(sunday, sunday + timedelta(days=1))

    assert worked == timedelta(hours=hours) - timedelta(minutes=1)


# ---- absence ----


def away(member: object, *span: datetime) -> Absence:
    return Absence(span[0], span[1], member)  # type: ignore[arg-type]


def test_the_turn_of_who_is_away_goes_to_the_next_one_who_is_there() -> None:
    rota = replace(
        ROTA,
        absences=[away(BO, paris(2026, 1, 12), paris(2026, 1, 20)), away(DAN, paris(2026, 1, 15), paris(2026, 1, 16))],
    )

    week = list(rota.shifts(paris(2026, 1, 12, 9), paris(2026, 1, 19, 9)))

    assert [(s.member, s.why, s.instead_of) for s in week] == [
        (DAN, Why.STAND_IN, BO),
        (ANA, Why.STAND_IN, BO),
        (DAN, Why.STAND_IN, BO),
    ]
    assert week[1].starts == paris(2026, 1, 15)
    assert rota.sheriff_on(paris(2026, 1, 19, 9)) == DAN  # whose own week begins


def test_when_everybody_is_away_the_team_has_the_duty_and_that_is_no_override() -> None:
    rota = replace(ROTA, absences=[away(m, paris(2026, 1, 6), paris(2026, 1, 7)) for m in ROTA.members])

    shift = rota.shift_at(paris(2026, 1, 6, 12))

    assert (shift.member, shift.is_unfilled) == (TEAM, True)
    assert not replace(shift, why=Why.OVERRIDE).is_unfilled
    assert rota.backup_on(paris(2026, 1, 6, 12)) == TEAM


def test_who_covers_and_is_away_is_stood_in_for_as_well() -> None:
    cover = Override(paris(2026, 1, 6), paris(2026, 1, 7), BO)
    rota = replace(ROTA, overrides=[cover], absences=[away(BO, paris(2026, 1, 6, 12), paris(2026, 1, 8))])

    assert rota.sheriff_on(paris(2026, 1, 6, 9)) == BO
    assert rota.sheriff_on(paris(2026, 1, 6, 13)) == DAN


@pytest.mark.parametrize("backup", ["previous", "next", "bo"])
def test_the_back_up_is_nobody_who_is_away(backup: str) -> None:
    rota = replace(ROTA, backup=backup, absences=[away(BO, paris(2026, 1, 5), paris(2026, 1, 9))])

    assert rota.backup_on(paris(2026, 1, 6)) == DAN


# ---- holidays ----


def test_on_a_holiday_every_clock_stands_still() -> None:
    rota = replace(ROTA, holidays={date(2026, 5, 1): "Fête du Travail"})

    assert not rota.is_working(paris(2026, 5, 1, 12))
    assert rota.next_working(paris(2026, 5, 1, 12)) == paris(2026, 5, 4, 9)
    assert rota.after_working(paris(2026, 4, 30, 17, 50), timedelta(minutes=40)) == paris(2026, 5, 4, 9, 30)
    assert rota.working.between(paris(2026, 4, 27), paris(2026, 5, 4)) == timedelta(hours=4 * 9)


def test_a_calendar_that_closes_for_ever_does_not_stop_the_clock() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=n): "closed" for n in range(800)}

    assert replace(ROTA, holidays=closed).next_working(paris(2026, 1, 5, 12)) == paris(2026, 1, 6, 9)


# ---- whatever the rota ----


@settings(deadline=None)
@given(rotas(), moments)
def test_at_every_moment_one_stretch_holds_and_says_who_has_the_duty(rota: Rota, moment: datetime) -> None:
    shift = rota.shift_at(moment)

    assert shift.starts.astimezone(UTC) <= moment < shift.ends.astimezone(UTC)
    assert shift.member == rota.sheriff_on(moment)
    assert shift.ends.astimezone(UTC) - shift.starts.astimezone(UTC) <= timedelta(days=7, hours=1)


@settings(deadline=None)
@given(rotas(), moments)
def test_stretches_follow_each_other_without_a_gap(rota: Rota, moment: datetime) -> None:
    following = list(islice(rota.shifts(moment), 12))

    assert following[0] == rota.shift_at(moment)
    assert all(one.ends == other.starts for one, other in pairwise(following))


@settings(deadline=None)
@given(rotas(), moments)
def test_nobody_who_is_away_has_the_duty_or_backs_it_up(rota: Rota, moment: datetime) -> None:
    sheriff, backup = rota.sheriff_on(moment), rota.backup_on(moment)

    assert not rota.is_away(sheriff, moment)
    assert not rota.is_away(backup, moment)
    assert sheriff != backup or sheriff == TEAM


@settings(deadline=None)
@given(rotas(), moments)
def test_somebody_who_is_there_has_the_duty_unless_an_override_says_the_team(rota: Rota, moment: datetime) -> None:
    shift = rota.shift_at(moment)

    if shift.is_unfilled:
        assert all(rota.is_away(member, moment) for member in rota.members)


@settings(deadline=None)
@given(rotas(), moments)
def test_hand_over_is_at_the_same_wall_time_all_year(rota: Rota, moment: datetime) -> None:
    week = rota.week_of(moment)

    assert (week.starts.time(), week.ends.time()) == (rota.handover, rota.handover)
    assert week.starts.weekday() == rota.start.weekday()
    assert (week.ends.date() - week.starts.date()).days == 7


@settings(deadline=None)
@given(rotas(), moments, spans)
def test_working_time_to_when_something_is_due_is_its_length(
    rota: Rota, moment: datetime, span: tuple[datetime, datetime]
) -> None:
    length = (span[1] - span[0]) / 40

    due = rota.after_working(moment, length)

    assert rota.working.between(moment, due) == length
    assert rota.is_working(rota.next_working(moment))


@settings(deadline=None)
@given(rotas(), moments)
def test_a_next_one_is_always_named(rota: Rota, moment: datetime) -> None:
    following = rota.next_shift(moment)

    assert following.starts.astimezone(UTC) >= rota.shift_at(moment).ends.astimezone(UTC)


def test_the_start_may_be_any_day() -> None:
    assert replace(ROTA, start=MONDAY + timedelta(days=2)).handover_day == "wednesday"
