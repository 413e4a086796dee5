"""The demonstration: a made-up quarter in a marked home, from which nothing leaves and which is never mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from bot import wiring
from bot.commands import GapsWanted, gaps_command
from bot.demo.command import demo_command, fill, remove_command
from bot.demo.script import Cast, script
from bot.demo.stage import Hands
from bot.library import Library, Reading
from bot.messages import Person
from bot.occupancy import occupied
from bot.sections import DeskSettings, TeamsSettings
from bot.settings import Settings, load
from bot.store.demonstration import Demonstration
from bot.store.opening import Store, open_store
from bot.store.replicas import Replicas
from bot.store.tables import metadata
from bot.support.cases import CaseState, EventKind
from bot.support.wishes import WishState
from bot.upkeep.exporting import exported
from ingestion.sources import FaqSource
from knowledge import bundled
from knowledge.errors import Failure, Misuse
from knowledge.relevance import Policy
from tests.fakes import HashEmbedder, a_case
from tests.web_office import Office

FRIDAY = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
WEEKS = 2


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library(tmp_path_factory.mktemp("index"), Reading(HashEmbedder(), None, Policy(0.6, 0.3)))
    library.ingest([FaqSource("faq", bundled.FAQ)])
    yield library
    library.close()


def filled(home: Path, library: Library, *, seed: int = 7) -> Store:
    settings, hands = Settings(home=home), Hands(FRIDAY)
    store = open_store(settings.database, clock=hands)
    store.demonstration.begin(Demonstration(FRIDAY, seed, WEEKS))
    fill(settings, store, library, hands, until=FRIDAY)
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Store]:
    store = filled(tmp_path_factory.mktemp("demo"), library)
    yield store
    store.close()


def history(store: Store) -> list[tuple[Any, ...]]:
    return [
        (case.id, case.question, case.state, case.outcome, tuple((e.at, e.kind, e.actor, e.text) for e in case.events))
        for case in store.cases.walk()
    ]


def test_the_history_ends_now_and_each_case_goes_forward_in_time(store: Store) -> None:
    begins = FRIDAY - timedelta(weeks=WEEKS)
    for case in store.cases.walk():
        moments = [event.at for event in case.events]
        assert moments == sorted(moments)
        assert begins - timedelta(days=1) < moments[0]
        assert moments[-1] <= FRIDAY


def test_everything_that_people_do_is_there(store: Store) -> None:
    kinds = {event.kind for case in store.cases.walk() for event in case.events}

    assert kinds >= {
        EventKind.HANDED_OVER,
        EventKind.SHERIFF_NAMED,
        EventKind.TICKET_OPENED,
        EventKind.SHERIFF_TOLD,
        EventKind.TAKEN,
        EventKind.REPLIED,
        EventKind.DETAILS_ASKED,
        EventKind.DETAILS_ADDED,
        EventKind.RESOLVED,
        EventKind.CLOSED,
        EventKind.RATED,
    }
    assert {wish.state for wish in store.requests.all()} > {WishState.OPEN}
    assert [notice.title for notice in store.notices.active()]
    assert len(store.rota(bundled.ROTA).changes()) >= 2


def test_some_cases_are_still_open_and_others_have_ended(store: Store) -> None:
    states = {case.state for case in store.cases.walk()}

    assert states & {CaseState.NEW, CaseState.ASSIGNED, CaseState.WAITING_FOR_ASKER}
    assert {CaseState.RESOLVED, CaseState.CLOSED} <= states


def test_a_resolved_case_has_cause_and_words_and_an_answered_one_its_citations(store: Store) -> None:
    for case in store.cases.walk():
        if case.state is CaseState.RESOLVED:
            assert case.cause is not None
            assert case.resolution
        if case.outcome == "answered":
            assert case.citations


def test_nobody_is_left_to_be_told_of_anything(store: Store) -> None:
    assert store.cases.unheard() == ()
    assert store.request_news.due() == []


def test_the_same_seed_gives_the_same_history_and_another_one_another(
    store: Store, library: Library, tmp_path: Path
) -> None:
    same, other = filled(tmp_path / "same", library), filled(tmp_path / "other", library, seed=8)
    try:
        assert history(same) == history(store)
        assert history(other) != history(store)
    finally:
        same.close()
        other.close()


def test_the_plot_keeps_to_working_days_but_for_a_few_questions() -> None:
    asked = script(Cast.read(), monday=datetime(2026, 11, 23, tzinfo=UTC), weeks=13, seed=1)

    weekend = sum(asking.at.weekday() >= 5 for asking in asked)
    weeks = [sum(asking.at.isocalendar().week == week for asking in asked) for week in range(36, 49)]
    assert weekend < len(asked) / 20
    assert max(weeks) == weeks[-6]  # the one with the incident
    assert len({asking.by for asking in asked}) >= 55


# ---- never with real cases ----


def test_a_home_with_a_case_is_refused_and_stays_as_it_was(database_url: str) -> None:
    store = open_store(database_url)
    store.cases.save_new(a_case("c-1"))

    with pytest.raises(Misuse, match=r"no empty home.*1 cases"):
        store.demonstration.begin(Demonstration(FRIDAY, 7, 13))

    assert store.demonstration.get() is None
    assert store.cases.count() == 1
    store.close()


def test_a_shared_database_that_somebody_uses_is_refused(database_url: str) -> None:
    store = open_store(database_url)
    Replicas(store.engine, name="two", clock=lambda: FRIDAY).enter()

    with pytest.raises(Misuse, match="in use by two"):
        store.demonstration.begin(Demonstration(FRIDAY, 7, 13))

    store.close()


def test_an_empty_database_is_marked_once(database_url: str) -> None:
    store = open_store(database_url)
    store.demonstration.begin(Demonstration(FRIDAY, 7, 13))

    assert store.demonstration.get() == Demonstration(FRIDAY, 7, 13)
    with pytest.raises(Misuse, match="sheriff demo --remove"):
        store.demonstration.begin(Demonstration(FRIDAY, 7, 13))
    store.close()


def test_a_home_that_is_served_or_reads_other_pages_is_refused(tmp_path: Path, small_docs: Path) -> None:
    with occupied(tmp_path, why="busy"), pytest.raises(Failure, match="Stop it first"):
        demo_command(Settings(home=tmp_path), seed=7, weeks=13, now=FRIDAY)
    with pytest.raises(Misuse, match="reads other documentation"):
        demo_command(load(small_docs.with_suffix(".yaml"), home=tmp_path), seed=7, weeks=13, now=FRIDAY)


# ---- cleared ----


def test_a_removed_demonstration_leaves_nothing_and_real_cases_may_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(Settings(home=tmp_path).database)
    store.demonstration.begin(Demonstration(FRIDAY, 7, WEEKS))
    store.cases.save_new(a_case("c-asked-since"))
    store.requests.ask("A dark theme", Person("kim", "Kim"))
    store.news.claim("week:1", "week")
    store.turns.claim("web:kim:1")
    store.close()

    remove_command(Settings(home=tmp_path), now=FRIDAY)

    assert "The demonstration is gone" in capsys.readouterr().out
    store = open_store(Settings(home=tmp_path).database)
    with store.engine.connect() as connection:
        assert [table.name for table in metadata.sorted_tables if connection.execute(table.select()).first()] == []
    store.cases.save_new(a_case("c-real"))
    store.close()
    with pytest.raises(Misuse, match="holds no demonstration"):
        remove_command(Settings(home=tmp_path), now=FRIDAY)


def test_real_cases_are_never_removed(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path).database)
    store.cases.save_new(a_case("c-real"))

    with pytest.raises(Misuse, match="Nothing was removed"):
        remove_command(Settings(home=tmp_path), now=FRIDAY)

    assert store.cases.count() == 1
    store.close()


# ---- marked, and nothing leaves ----


def test_the_settings_of_a_demonstration_reach_nobody_outside(store: Store, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        desk=DeskSettings(kind="github", repository="meridian/support", prefix="OPS"),
        teams=TeamsSettings(sheriff_channel="19:abc@thread.tacv2"),
        teams_app_id="11111111-1111-1111-1111-111111111111",
        teams_app_password=SecretStr("secret"),
    )

    kept = wiring.inward(settings, store)

    assert (kept.desk.kind, kept.desk.prefix) == ("sqlite", "OPS")
    assert (kept.teams_app_id, kept.teams.sheriff_channel, kept.teams.remind_after_hours) == ("", "", 0)
    assert kept.handoff.reminders == 0
    real = open_store(settings.database)
    assert wiring.inward(settings, real) is settings
    real.close()


def test_every_page_of_a_demonstration_says_so_and_others_do_not(tmp_path: Path) -> None:
    office = Office(tmp_path)
    paths = ("/", "/desk", "/rota", "/gaps", "/nowhere")
    try:
        for marked in (True, False):
            app = office.app(demonstration=marked)
            with TestClient(app, base_url="http://127.0.0.1:3978", headers={"accept": "text/html"}) as client:
                assert ["Demonstration data" in client.get(path).text for path in paths] == [marked] * len(paths)
                assert client.get("/api/v1/status").json()["demonstration"] is marked
    finally:
        office.close()


def test_exports_and_reports_of_a_demonstration_say_so(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.loads(next(iter(exported(store.cases, since=None, demonstration=True))))
    assert line["demonstration"] is True

    marked = open_store(Settings(home=tmp_path).database)
    marked.demonstration.begin(Demonstration(FRIDAY, 7, 13))
    marked.close()
    for form in ("md", "html", "json"):
        gaps_command(Settings(home=tmp_path), GapsWanted(form))
        said = capsys.readouterr().out
        assert "demonstration" in said.lower()
        if form == "json":
            assert json.loads(said)["demonstration"] is True
