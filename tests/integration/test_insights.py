"""Figures from stored events: the page, its files, and the same numbers on both databases."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from bot.insight_commands import insights_command
from bot.messages import Person
from bot.settings import Settings
from bot.store import forgetting
from bot.store.opening import Store, open_store
from bot.store.tables import case_facts
from bot.store.tidying import remove
from bot.support import transitions
from bot.support.case_facts import facts_of
from bot.support.cases import CaseState, Cause
from bot.support.insights import Insights, Wanted, bounds, insights
from bot.support.working_time import WorkingTime
from knowledge.errors import Misuse
from knowledge.model import Citation
from tests.fakes import a_case
from tests.web_office import Office

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
PAGE = Citation(1, "Quotas", "kafka/quotas.md", "Raise", "raise", "Set it.")
HERE = "http://127.0.0.1:3978"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


def fill(store: Store) -> None:
    """One question of each kind, of three people."""
    at = MONDAY
    for number, outcome in enumerate(("answered", "hinted", "answered", "unanswered", "checked"), start=1):
        is_new = outcome == "unanswered"
        store.cases.save_new(
            a_case(
                f"c-{number}",
                state=CaseState.NEW if is_new else CaseState.ANSWERED,
                outcome=outcome,
                asker=Person(f"29:{number % 3}", f"Person {number % 3}"),
                citations=() if outcome == "checked" else (PAGE,),
                opened=at,
                updated=at,
                component="kafka",
                application="orders-api",
            )
        )
    store.cases.record("c-1", lambda c: transitions.solved(c, by="Person 1", at=at))
    store.cases.record("c-3", lambda c: transitions.ask_sheriff(c, by="Person 0", at=at + timedelta(hours=1)))
    for case, minutes in (("c-3", 90), ("c-4", 30)):
        late = at + timedelta(minutes=minutes)
        store.cases.record(case, partial(transitions.take, by="Ana", at=late))
        store.cases.record(case, partial(transitions.reply, by="Ana", at=late, text="Set callers."))


def count(store: Store, *, now: datetime = NOW) -> Insights:
    working = WorkingTime(ZoneInfo("UTC"))
    wanted = Wanted(MONDAY.date(), now.date())
    since, until = bounds(wanted, working.zone)
    store.facts.mend()
    return insights(store.facts.history(since=since, until=until), wanted, working, now)


def test_both_databases_count_the_same(store: Store) -> None:
    fill(store)

    found = count(store)

    o = found.outcomes
    assert (o.solved, o.silent, o.early, o.down, o.asked, o.unknown) == (1, 1, 0, 0, 1, 1)
    assert (o.questions, o.cited, o.handed, o.checked) == (4, 3, 2, 1)
    assert (found.times.response.count, found.times.response.median) == (2, 30 * 60)
    assert (found.adoption.people, found.adoption.new, found.adoption.applications) == (3, 3, 1)
    assert [(load.sheriff, load.cases, load.out_of_hours) for load in found.load] == [("Ana", 2, 0)]


def test_facts_made_anew_are_those_that_were_written_with_each_change(store: Store) -> None:
    fill(store)
    written = stored(store)

    with store.engine.execution_options(writes=True).begin() as connection:
        connection.execute(case_facts.delete())

    assert store.facts.mend() == 5
    assert stored(store) == written
    assert store.facts.mend() == 0


def test_an_event_that_another_program_stored_is_noticed(store: Store) -> None:
    fill(store)
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.execute(case_facts.update().where(case_facts.c.case_id == "c-3").values(events=1, handed=0))

    assert store.facts.mend() == 1
    assert count(store).outcomes.handed == 2


def stored(store: Store) -> list[tuple[object, ...]]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(case_facts).order_by(case_facts.c.case_id))]


def test_a_forgotten_person_still_counts_as_one_and_as_nobody(store: Store) -> None:
    fill(store)
    before = count(store)

    for person in ("Person 0", "Person 1"):
        forgetting.forget(store.engine, forgetting.footprint(store.engine, forgetting.people(store.engine, person)[0]))

    assert "Person 1" not in str(stored(store))
    assert "29:1" not in str(stored(store))
    after = count(store)
    assert (after.outcomes, after.times, after.adoption) == (before.outcomes, before.times, before.adoption)
    written = stored(store)
    store.facts.rebuild()
    assert stored(store) == written


def test_any_name_may_stand_in_a_column(store: Store) -> None:
    names = ["", " ", "a\x1fb", "日本語", "x;y,z", "'; DROP TABLE cases; --"]
    for number, name in enumerate(names):
        store.cases.save_new(
            a_case(f"c-{number}", application=name, component=name, sheriff=name, opened=MONDAY, updated=MONDAY)
        )

    found = count(store)

    assert (found.outcomes.questions, found.adoption.applications) == (6, 5)
    assert {component.name for component in found.components} == {"(none)", " ", "a b", *names[3:]}


def test_cases_that_are_removed_take_their_facts_along(store: Store) -> None:
    fill(store)
    store.cases.record("c-4", lambda c: transitions.withdraw(c, by="Person 1", at=NOW))
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("DELETE FROM unheard"))

    remove(store.engine, ["c-4"])

    assert count(store).outcomes.questions == 3


def test_the_facts_are_those_of_the_case_as_it_is_read(store: Store) -> None:
    fill(store)
    store.cases.record("c-4", lambda c: transitions.ask_for_details(c, by="Ana", at=NOW, text="Which one?"))
    resolved = store.cases.record(
        "c-4", lambda c: transitions.resolve(c, by="Ana", at=NOW, cause=Cause.MISSING, resolution="Set callers.")
    )

    case = store.cases.get("c-4")

    assert case is not None
    assert facts_of(case) == facts_of(resolved)


# ---- the page ----


def test_an_empty_history_says_what_fills_it(office: Office) -> None:
    with TestClient(office.app(), base_url=HERE) as client:
        page = client.get("/insights")

    assert page.status_code == 200
    assert "No questions yet" in page.text
    assert "<svg" not in page.text


def test_the_page_shows_rates_with_counts_and_definitions(office: Office) -> None:
    office.ask("How do I raise a Kafka quota?")

    with TestClient(office.app(), base_url=HERE) as client:
        page = client.get("/insights").text

    assert "<b>100 %</b>1 of 1. An answer or a hint with a source was shown" in page
    assert "silence is not counted as success" in page
    assert page.count("Show as table") >= 2
    assert '<a href="/insights" aria-current="page">Insights</a>' in page


def test_one_person_who_asks_often_is_one_person(office: Office) -> None:
    for _ in range(20):
        office.ask("How do I raise a Kafka quota?")

    with TestClient(office.app(), base_url=HERE) as client:
        rows = table(client.get("/insights/adoption.csv").text)

    assert [(row["People"], row["New"], row["Cases"]) for row in rows if row["Cases"] != "0"] == [("1", "1", "20")]


def test_hostile_names_are_escaped_on_the_page_and_defused_in_files(office: Office) -> None:
    nasty = '=HYPERLINK("http://evil")'
    office.store.cases.save_new(
        a_case(
            "c-1", component=nasty, sheriff="<script>alert(1)</script>", opened=office.clock(), updated=office.clock()
        )
    )

    with TestClient(office.app(), base_url=HERE) as client:
        page = client.get("/insights").text
        components = client.get("/insights/components.csv")

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert components.headers["content-disposition"] == 'attachment; filename="sheriff-components.csv"'
    assert table(components.text)[0]["Component"] == f"'{nasty}"


def test_filters_restrict_what_is_counted(office: Office) -> None:
    for number, component in enumerate(("kafka", "kafka", "jor")):
        office.store.cases.save_new(
            a_case(f"c-{number}", component=component, opened=office.clock(), updated=office.clock())
        )

    with TestClient(office.app(), base_url=HERE) as client:
        rows = table(client.get("/insights/rates.csv", params={"component": "kafka", "channel": "web"}).text)
        none = client.get("/insights", params={"component": "kafka", "channel": "teams"}).text

    assert rows[0]["Of"] == "2"
    assert "Nothing was asked in this period" in none


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"since": "yesterday"}, "write a day, such as 2026-11-01"),
        ({"since": "2026-11-20", "until": "2026-11-01"}, "Give a first day that is not after the last"),
        ({"period": "9"}, "choose 8, 13, 26, 52 (weeks), or all"),
        ({"until": "0001-01-01", "period": "52"}, "write a day"),
    ],
)
def test_a_period_that_is_none_is_refused_in_words(office: Office, query: dict[str, str], says: str) -> None:
    with TestClient(office.app(), base_url=HERE) as client:
        response = client.get("/insights", params=query, headers={"accept": "application/json"})

    assert response.status_code == 422
    assert says in response.json()["error"]


def test_a_table_that_there_is_not_is_told(office: Office) -> None:
    with TestClient(office.app(), base_url=HERE) as client:
        response = client.get("/insights/people.csv")

    assert response.status_code == 404


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# ---- the command ----


def test_the_command_prints_the_figures_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(home=tmp_path)
    store = open_store(settings.database)
    fill(store)
    store.close()

    run_command(settings, output="text")
    text = capsys.readouterr().out
    run_command(settings, output="json", rebuild=True)
    printed = capsys.readouterr()
    run_command(settings, output="csv", table="rota")
    rota = table(capsys.readouterr().out)

    assert "Confirmed solved  25 %  1 of 4. The asker pressed" in text
    found = json.loads(printed.out)
    assert (found["questions"], found["people"], found["checked"]) == (4, 3, 1)
    assert [row["Questions"] for row in found["tables"]["rates"]["rows"]][:4] == [3, 1, 1, 2]
    assert printed.err == "sheriff: the facts of 5 cases were made anew.\n"
    assert [(row["Sheriff"], row["Cases"]) for row in rota] == [("Ana", "2")]


def test_the_command_says_what_an_empty_history_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(Settings(home=tmp_path))

    assert "No questions yet. Figures appear with the first one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "name", "says"), [("xml", "rates", "choose text, json, csv"), ("csv", "x", "choose rates,")]
)
def test_the_command_refuses_what_there_is_not(tmp_path: Path, output: str, name: str, says: str) -> None:
    with pytest.raises(Misuse, match=says):
        run_command(Settings(home=tmp_path), output=output, table=name)


def run_command(settings: Settings, *, output: str = "text", table: str = "rates", rebuild: bool = False) -> None:
    insights_command(settings, asked={}, output=output, table=table, rebuild=rebuild, now=NOW)
