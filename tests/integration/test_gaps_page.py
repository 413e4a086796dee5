"""The page of gaps: what it shows, what its buttons do, and that nothing people wrote becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.channels.gaps_page import as_page
from bot.gap_reading import read_report
from bot.gapwork import GapWork
from bot.messages import Person
from bot.support import transitions
from bot.support.cases import CaseState, Cause, Event
from bot.support.gap_report import NOTHING, as_json, as_markdown
from bot.support.ledger import GapState
from tests.fakes import a_case
from tests.integration.test_gapwork import ANA, DNS, JOR, SmallLibrary
from tests.web_office import Office

HOSTILE = "<script>alert(1)</script> [click](javascript:alert(2)) ``` | `x` <img src=x onerror=alert(3)>"
RESOLUTION = (
    "The owner lists your application under `callers` in jor.yaml. <b onclick=alert(4)>Now</b> [see](https://evil.test)"
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(office: Office) -> TestClient:
    return TestClient(office.app(), base_url="http://127.0.0.1:3978", follow_redirects=False)


def ask(office: Office, number: int, question: str, *, who: str = "Kim") -> None:
    at = office.clock() - timedelta(hours=2)
    case = a_case(
        f"c-{number:08}",
        question=question,
        asker=Person(who.lower(), who),
        opened=at,
        updated=at,
        events=(Event(at, "opened", who, question),),
        state=CaseState.NEW,
        outcome="unanswered",
        component="jor",
    )
    office.store.cases.save_new(case)


def refresh(office: Office) -> None:
    GapWork(office.store.gaps, SmallLibrary({"jor.md": "A job runs in its own namespaces."}), office.clock).refresh()


@pytest.fixture
def filled(office: Office) -> Office:
    for number, (question, who) in enumerate(((JOR[0], "Kim"), (JOR[1], "Lea"), (DNS, "Sam"), (HOSTILE, "Eve")), 1):
        ask(office, number, question, who=who)
    at = office.clock()
    office.store.cases.record("c-00000002", lambda c: transitions.take(c, by="Ana", at=at - timedelta(minutes=30)))
    office.store.cases.record(
        "c-00000002", lambda c: transitions.resolve(c, by="Ana", at=at, cause=Cause.MISSING, resolution=RESOLUTION)
    )
    refresh(office)
    return office


def test_an_empty_history_says_what_would_fill_it(client: TestClient) -> None:
    shown = client.get("/gaps")

    assert shown.status_code == 200
    assert "A question appears here when" in shown.text
    assert NOTHING in client.get("/gaps?format=markdown").text


def test_the_costliest_gap_is_first_and_open_beside_the_list(filled: Office, client: TestClient) -> None:
    shown = client.get("/gaps").text

    assert shown.index("GAP-1") < shown.index("GAP-2")
    assert "Who asked · 2 people, 2 questions" in shown
    assert "30 min" in shown
    assert "Kim" not in shown.partition('<main class="page gaps"')[2]
    assert "Questions per week" in shown


def test_hostile_text_is_escaped_on_the_page_in_the_file_in_markdown_and_in_the_patch(
    filled: Office, client: TestClient
) -> None:
    number = next(gap.number for gap in filled.store.gaps.ranked() if "script" in gap.name)
    report = read_report(filled.store, filled.clock())

    for html in (client.get("/gaps").text, client.get(f"/gaps/GAP-{number}").text, as_page(report)):
        main = html.partition("<main")[2]
        assert "<script>alert" not in main
        assert "<img src=x" not in main
        assert "<b onclick" not in main
        assert 'href="javascript' not in main
    text = as_markdown(report)
    assert "\\<script\\>" in text
    assert "[click](java" not in text
    assert "evil.test" not in text
    assert "<b" not in text


def test_a_gap_is_marked_and_the_page_says_by_whom(filled: Office, client: TestClient) -> None:
    done = client.post("/gaps/GAP-1/draft", data={"version": "1"})
    shown = client.get("/gaps/gap-1").text

    assert (done.status_code, done.headers["location"]) == (303, "/gaps/GAP-1")
    assert "Drafted, Ana" in shown
    assert "Mark merged" in shown


def test_the_second_of_two_reviewers_is_told_and_nothing_of_his_is_stored(filled: Office, client: TestClient) -> None:
    filled.store.gaps.act(1, GapState.DRAFTED, Person("bo", "Bo"), version=1)

    late = client.post("/gaps/GAP-1/dismiss", data={"version": "1"})

    assert late.status_code == 409
    assert "Bo was faster: GAP-1 is drafted now" in late.text
    gap = filled.store.gaps.get(1)
    assert gap is not None
    assert gap.state is GapState.DRAFTED


def test_gaps_are_joined_and_split_by_their_forms(filled: Office, client: TestClient) -> None:
    other = next(gap.number for gap in filled.store.gaps.ranked() if "DNS" in gap.name)

    joined = client.post(f"/gaps/GAP-{other}/join", data={"version": "1", "other": "gap-1"})
    version = str((filled.store.gaps.get(1) or pytest.fail("gone")).version)
    split = client.post("/gaps/GAP-1/split", data={"version": version, "case": "c-00000003"})

    assert joined.headers["location"] == "/gaps/GAP-1"
    assert client.get(f"/gaps/GAP-{other}").headers["location"] == "/gaps/GAP-1"
    assert "DNS" in client.get(split.headers["location"]).text


@pytest.mark.parametrize(
    ("verb", "form", "status", "said"),
    [
        ("join", {"version": "1", "other": "GAP-99"}, 422, "cannot join GAP-99"),
        ("join", {"version": "1", "other": "x<y"}, 422, "names no gap"),
        ("split", {"version": "1"}, 422, "Choose some of the questions"),
        ("reopen", {"version": "1"}, 303, ""),
        ("draft", {}, 409, "was faster"),
        ("burn", {"version": "1"}, 404, "no such button"),
    ],
)
def test_what_cannot_be_done_is_said(
    filled: Office, client: TestClient, verb: str, form: dict[str, str], status: int, said: str
) -> None:
    done = client.post(f"/gaps/GAP-1/{verb}", data=form)

    assert done.status_code == status
    assert said in done.text


@pytest.mark.parametrize("path", ["/gaps/GAP-99", "/gaps/nothing", "/gaps/GAP-0"])
def test_a_gap_that_is_not_there_is_a_page_with_a_way_on(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_list_is_narrowed_by_state_kind_and_component(filled: Office, client: TestClient) -> None:
    filled.store.gaps.act(1, GapState.DRAFTED, ANA, version=1)

    drafted = client.get("/gaps?state=drafted").text
    nothing = client.get("/gaps?kind=wish&component=jor").text
    odd = client.get("/gaps?state=%3Cb%3E&kind=x&from=-5")

    assert "GAP-1" in drafted
    assert "/gaps/GAP-2" not in drafted
    assert "No gap is like that" in nothing
    assert odd.status_code == 200


def test_the_json_report_has_ids_states_and_patches(filled: Office, client: TestClient) -> None:
    told = client.get("/gaps?format=json").json()

    assert told == as_json(read_report(filled.store, filled.clock(), page=filled.page)) | {"at": told["at"]}
    first = told["gaps"][0]
    assert (first["id"], first["state"], first["kind"], first["people"]) == ("GAP-1", "open", "missing", 2)
    assert "+++ b/jor.md" in first["patch"]
    assert sum(w["handed_over"] + w["solved"] + w["unknown"] for w in told["weeks"]) == 4
