"""The sets that a case belongs to, and what is counted of them: pure functions over facts of cases."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.insight_charts import length
from bot.support import transitions
from bot.support.case_facts import Fate, facts_of
from bot.support.cases import Case, CaseState, Cause, Change
from bot.support.insight_period import wanted_of
from bot.support.insight_tables import Table, as_csv, as_json, rates, tables
from bot.support.insights import Insights, Row, Wanted, clock_of, history_of, insights
from bot.support.transitions import begin
from bot.support.working_time import WorkingTime
from knowledge.errors import Misuse
from knowledge.model import Citation
from tests.fakes import a_case

WORKING = WorkingTime(ZoneInfo("Europe/Paris"))
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Paris
FRIDAY = MONDAY + timedelta(days=4, hours=6)
PAGE = Citation(1, "Quotas", "kafka/quotas.md", "Raise", "raise", "Set it.")


def hours(count: float) -> datetime:
    return MONDAY + timedelta(hours=count)


def asked(outcome: str = "answered", **given: object) -> Case:
    """A case of Monday 10:00, answered with a source unless told otherwise."""
    usual: dict[str, Any] = {
        "outcome": outcome,
        "citations": (PAGE,),
        "opened": MONDAY,
        "updated": MONDAY,
        "component": "kafka",
    }
    usual["state"] = CaseState.NEW if outcome == "unanswered" else CaseState.ANSWERED
    return begin(a_case(**(usual | given)))


def then(case: Case, *changes: object) -> Case:
    for change in changes:
        made: Change = change(case)  # type: ignore[operator]
        case = replace(made.case, events=(*case.events, *made.events))
    return case


def solved(case: Case) -> Change:
    return transitions.solved(case, by="Kim", at=hours(1))


def down(case: Case) -> Change:
    return transitions.rate(case, by="Kim", at=hours(1), helpful=False)


def up(case: Case) -> Change:
    return transitions.rate(case, by="Kim", at=hours(2), helpful=True)


def ask_person(case: Case) -> Change:
    return transitions.ask_sheriff(case, by="Kim", at=hours(1))


def row(case: Case) -> Row:
    facts = facts_of(case)
    pauses = " ".join(f"{a}-{b}" for a, b in facts.pauses)
    return (
        facts.opened,
        facts.asker,
        facts.application,
        facts.channel,
        facts.component,
        facts.fate.value,
        int(facts.cited),
        facts.heard,
        facts.sheriff,
        facts.handed,
        facts.responded,
        facts.taken,
        facts.ended,
        pauses,
    )


def count(cases: Sequence[Case], *, now: datetime = FRIDAY, **wanted: str) -> Insights:
    period = Wanted(date(2026, 11, 23), date(2026, 11, 29), **wanted)
    return insights(history_of([row(case) for case in cases], first=1), period, WORKING, now)


@pytest.mark.parametrize(
    ("case", "fate"),
    [
        (asked(), Fate.QUIET),
        (asked("hinted"), Fate.QUIET),
        (then(asked(), solved), Fate.SOLVED),
        (then(asked(), down), Fate.DOWN),
        (then(asked(), down, up), Fate.QUIET),
        (then(asked(), down, solved), Fate.SOLVED),
        (then(asked(), ask_person), Fate.ASKED),
        (then(asked(), ask_person, solved), Fate.ASKED),
        (then(asked(), solved, ask_person), Fate.ASKED),
        (asked("unanswered"), Fate.UNKNOWN),
        (asked("forwarded", state=CaseState.NEW), Fate.ASKED),
        (then(asked("unanswered"), lambda c: transitions.withdraw(c, by="Kim", at=hours(1))), Fate.UNKNOWN),
        (asked("checked"), Fate.CHECKED),
        (then(asked("checked"), ask_person), Fate.ASKED),
        (asked("clarify"), Fate.ASKED_BACK),
    ],
)
def test_each_case_has_one_fate(case: Case, fate: Fate) -> None:
    assert facts_of(case).fate is fate


def test_silence_counts_after_three_working_days_and_never_as_success() -> None:
    early = count([asked()], now=MONDAY + timedelta(days=2, hours=23)).outcomes
    silent = count([asked()], now=MONDAY + timedelta(days=3)).outcomes

    assert (early.early, early.silent) == (1, 0)
    assert (silent.early, silent.silent, silent.solved) == (0, 1, 0)


def test_a_weekend_is_no_silence() -> None:
    friday = MONDAY + timedelta(days=4)

    found = count([asked(opened=friday)], now=friday + timedelta(days=4))

    assert found.outcomes.early == 1


def test_rates_overlap_and_bands_do_not() -> None:
    cases = [asked(), then(asked(), solved), then(asked(), ask_person), asked("unanswered"), asked("checked")]

    found = count(cases)

    assert [(rate.name, rate.count, rate.of, rate.percent) for rate in rates(found.outcomes)] == [
        ("Answered, cited", 3, 4, 75),
        ("Confirmed solved", 1, 4, 25),
        ("Silent", 1, 4, 25),
        ("Handed over", 2, 4, 50),
    ]
    assert found.outcomes.checked == 1
    assert sum(week.outcomes.questions for week in found.weeks) == 4


def test_an_answer_without_a_source_is_not_cited() -> None:
    assert facts_of(asked(citations=())).cited is False
    assert facts_of(asked("unanswered")).cited is False  # what was looked at was not shown as an answer


def test_a_first_response_is_a_persons_words_in_working_hours() -> None:
    evening = MONDAY + timedelta(hours=7, minutes=30)  # 17:30 in Paris
    case = then(
        asked("unanswered", opened=evening),
        lambda c: transitions.take(c, by="Ana", at=evening + timedelta(minutes=1)),
        lambda c: transitions.reply(c, by="Ana", at=evening + timedelta(hours=16), text="Set callers."),
    )

    found = count([case])

    assert (found.times.response.count, found.times.response.median) == (1, 3600)  # half an hour on each day


def test_what_is_withdrawn_before_anybody_answers_is_no_response() -> None:
    case = then(asked("unanswered"), lambda c: transitions.withdraw(c, by="Kim", at=hours(1)))

    found = count([case])

    assert (found.times.response.count, found.times.resolution.count) == (0, 0)


def test_the_time_of_a_resolution_leaves_out_what_the_asker_took() -> None:
    case = then(
        asked("unanswered"),
        lambda c: transitions.take(c, by="Ana", at=hours(0.5)),
        lambda c: transitions.ask_for_details(c, by="Ana", at=hours(1), text="Which one?"),
        lambda c: transitions.add_details(c, by="Kim", at=hours(4), text="The blue one."),
        lambda c: transitions.resolve(c, by="Ana", at=hours(5), cause=Cause.MISSING, resolution="Set it."),
        lambda c: transitions.solved(c, by="Kim", at=hours(30)),
    )

    found = count([case])

    assert found.times.resolution.median == 2 * 3600
    assert found.times.worked == 1.5 * 3600


def test_a_case_that_was_opened_again_counts_until_its_last_end() -> None:
    def resolve(at: datetime) -> object:
        return lambda c: transitions.resolve(c, by="Ana", at=at, cause=Cause.OTHER, resolution=f"At {at}.")

    case = then(
        asked("unanswered", ticket="SUP-1"),
        resolve(hours(1)),
        lambda c: transitions.add_details(c, by="Kim", at=hours(3), text="Not yet."),
        resolve(hours(5)),
    )

    assert count([case]).times.resolution.median == 3 * 3600
    assert facts_of(then(case, lambda c: transitions.reopen(c, by="Kim", at=hours(6)))).ended == 0


def test_one_person_who_asks_ten_thousand_times_is_one_person() -> None:
    once = row(asked())
    period = Wanted(date(2026, 11, 23), date(2026, 11, 29))

    found = insights(history_of([once] * 10_000), period, WORKING, FRIDAY)

    assert (found.adoption.people, found.adoption.new, found.adoption.cases) == (1, 1, 10_000)
    assert [week.adoption.people for week in found.weeks] == [1]


def test_people_are_new_only_in_the_week_of_their_first_question() -> None:
    period = Wanted(date(2026, 11, 16), date(2026, 11, 29))
    early, late, before = asked(opened=MONDAY - timedelta(days=7)), asked(), asked(asker=replace(asked().asker, id="z"))

    history = history_of([row(early), row(late), row(before)], known=frozenset({"z"}))
    found = insights(history, period, WORKING, FRIDAY)

    assert [(w.adoption.people, w.adoption.new, w.adoption.returning) for w in found.weeks] == [(1, 1, 0), (2, 0, 2)]
    assert (found.adoption.people, found.adoption.new) == (2, 1)


def test_rota_load_tells_cases_that_came_outside_working_hours() -> None:
    night = asked("unanswered", opened=MONDAY + timedelta(hours=12), sheriff="Ana")
    day = asked("unanswered", sheriff="Ana")

    found = count([night, day, asked("unanswered", sheriff="Bo")])

    assert [(load.sheriff, load.cases, load.out_of_hours, load.weeks) for load in found.load] == [
        ("Ana", 2, 1, [2]),
        ("Bo", 1, 0, [1]),
    ]


def test_filters_leave_the_choices_as_they_are() -> None:
    cases = [asked(), asked(component="jor", channel="teams"), asked(component="")]

    found = count(cases, component="jor")

    assert found.outcomes.questions == 1
    assert found.choices == (["jor", "kafka"], ["teams", "web"])
    assert count(cases, component="(none)").outcomes.questions == 1
    assert count(cases, component="nothing").outcomes.questions == 0


def test_an_empty_history_counts_nothing() -> None:
    found = count([])

    assert found.outcomes.questions == 0
    assert all(rate.percent == 0 for rate in rates(found.outcomes))
    assert [table.name for table in tables(found).values()] == list(tables(found))
    assert as_json(found)["questions"] == 0


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 20))
def test_the_quick_clock_agrees_with_the_rotas(begins: int, lasts: int) -> None:
    summer_ends = datetime(2026, 10, 10, tzinfo=UTC)
    start = summer_ends + timedelta(minutes=begins)
    end = start + timedelta(minutes=lasts)

    clock = clock_of(WORKING, int(summer_ends.timestamp()), int(datetime(2026, 12, 31, tzinfo=UTC).timestamp()))
    read = clock(np.array([int(start.timestamp()), int(end.timestamp())]))

    assert int(read[1] - read[0]) == WORKING.between(start, end).total_seconds()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_of_a_file_is_a_formula(cell: str) -> None:
    table = Table("t", "T", "", ("Name", "Count"), [(cell, -1), ('say "hi",\nthere', 2)])

    rows = list(csv.reader(io.StringIO(as_csv(table), newline="")))

    assert rows[1] == [f"'{cell}", "-1"]
    assert rows[2] == ['say "hi",\nthere', "2"]


def test_a_period_begins_on_a_monday_and_ends_today() -> None:
    today, first = date(2026, 11, 27), date(2025, 1, 15)

    assert wanted_of(today=today, first=first) == Wanted(date(2026, 10, 5), today)
    assert wanted_of(today=today, first=first, period="all").since == first
    assert wanted_of(today=today, first=None, period="all") == Wanted(today, today)
    assert wanted_of(today=today, first=first, since="1999-01-01", until="2099-01-01") == Wanted(first, today)


@pytest.mark.parametrize("given", [{"since": "2026-13-01"}, {"until": "x"}, {"period": "3"}, {"since": "0001-01-01"}])
def test_what_is_no_day_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(Misuse):
        wanted_of(today=date(2026, 11, 27), first=None, **given)


def test_lengths_are_read_at_a_glance() -> None:
    assert [length(s) for s in (0, 28 * 60, 5.5 * 3600, 12 * 3600, 1_000 * 3600)] == [
        "0 min",
        "28 min",
        "5 h 30",
        "12 h",
        "1,000 h",
    ]
