"""First response and resolution in working hours, over nights, weekends and the change of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sections import HandoffSettings
from bot.support.cases import Case, CaseState, Event, EventKind
from bot.support.clocks import DEFAULTS, Clocks, goals_of
from bot.support.rota import Member, Rota
from bot.support.severity import CaseSeverity
from tests.fakes import a_case

PARIS = ZoneInfo("Europe/Paris")
ROTA = Rota(PARIS, date(2026, 11, 23), members=(Member("ana", "Ana"), Member("bo", "Bo")))
CLOCKS = Clocks(ROTA)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def case_with(*events: tuple[str, str], severity: CaseSeverity = CaseSeverity.NORMAL) -> Case:
    told = tuple(Event(at(when).astimezone(UTC), kind, "Ana") for when, kind in events)
    return replace(a_case(state=CaseState.ASSIGNED), events=told, severity=severity)


def test_a_case_of_friday_evening_waits_over_the_weekend() -> None:
    case = case_with(("2026-11-27T17:50", EventKind.HANDED_OVER))

    clock = CLOCKS.first_response(case, at("2026-11-30T09:10"))

    assert clock.spent == 20 * MINUTE
    assert clock.due == at("2026-11-30T09:30")
    assert not clock.is_missed


@pytest.mark.parametrize(
    ("severity", "due"),
    [("critical", "10:15"), ("high", "10:30"), ("normal", "10:40"), ("low", "14:00")],
)
def test_a_severe_case_is_due_sooner(severity: str, due: str) -> None:
    case = case_with(("2026-11-25T10:00", EventKind.HANDED_OVER), severity=CaseSeverity(severity))

    assert f"{CLOCKS.first_response(case, at('2026-11-25T10:01')).due:%H:%M}" == due


def test_the_first_words_of_a_person_stop_the_clock_of_the_first_response_taking_does_not() -> None:
    case = case_with(
        ("2026-11-25T10:00", EventKind.HANDED_OVER),
        ("2026-11-25T10:05", EventKind.TAKEN),
        ("2026-11-25T11:00", EventKind.REPLIED),
    )

    clock = CLOCKS.first_response(case, at("2026-11-26T10:00"))

    assert (clock.spent, clock.stopped, clock.is_missed) == (HOUR, at("2026-11-25T11:00"), True)


def test_the_clock_of_the_resolution_stands_still_while_the_asker_is_asked() -> None:
    asked = [("2026-11-25T10:00", EventKind.HANDED_OVER), ("2026-11-25T11:00", EventKind.DETAILS_ASKED)]
    waiting = CLOCKS.resolution(case_with(*asked), at("2026-11-25T16:00"))
    asked += [("2026-11-25T16:00", EventKind.DETAILS_ADDED), ("2026-11-25T17:00", EventKind.RESOLVED)]
    ended = CLOCKS.resolution(case_with(*asked), at("2026-11-30T09:00"))

    assert (waiting.spent, waiting.waits) == (HOUR, True)
    assert (ended.spent, ended.waits, ended.stopped) == (2 * HOUR, False, at("2026-11-25T17:00"))


def test_a_reopened_case_is_measured_anew() -> None:
    case = case_with(
        ("2026-11-25T10:00", EventKind.HANDED_OVER),
        ("2026-11-25T10:10", EventKind.RESOLVED),
        ("2026-11-26T14:00", EventKind.REOPENED),
    )

    assert CLOCKS.first_response(case, at("2026-11-26T14:30")).spent == 30 * MINUTE
    assert CLOCKS.resolution(case, at("2026-11-26T15:00")).spent == HOUR


@pytest.mark.parametrize(("friday", "monday"), [("2027-03-26", "2027-03-29"), ("2026-10-23", "2026-10-26")])
def test_the_weekend_on_which_the_clocks_change_costs_no_working_hour(friday: str, monday: str) -> None:
    assert ROTA.working_between(at(f"{friday}T17:00"), at(f"{monday}T10:00")) == 2 * HOUR


moments = st.timedeltas(timedelta(), timedelta(days=700)).map(lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since)


@given(moments, st.timedeltas(timedelta(), timedelta(hours=60)))
def test_when_so_much_working_time_has_passed_so_much_lies_between(moment: datetime, length: timedelta) -> None:
    assert ROTA.working_between(moment, ROTA.after_working(moment, length)) == length


@given(moments, moments, moments)
def test_working_time_adds_up(one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))

    parts = ROTA.working_between(first, middle) + ROTA.working_between(middle, last)

    assert ROTA.working_between(first, last) == parts
    assert ROTA.working_between(last, first) == (timedelta() if first < last else parts)


def test_the_goals_of_settings_that_say_nothing_are_the_goals_of_the_code() -> None:
    assert goals_of(HandoffSettings().goals) == DEFAULTS
