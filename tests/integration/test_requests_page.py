"""The page of feature requests: who sees what, who decides, and what a second reviewer is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.messages import Person
from bot.support.wishes import WishState
from tests.web_office import ANA, KIM, Office

SIZING = "a page on Couchbase sizing"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(office.app(), base_url="http://localhost") as client:
        yield client


def post(client: TestClient, path: str, **form: str) -> int:
    return client.post(path, data=form, headers={"origin": "http://localhost"}, follow_redirects=False).status_code


def page(client: TestClient, query: str = "") -> str:
    return client.get(f"/requests{query}").text


def test_a_wish_is_asked_for_voted_for_and_taken_back_on_the_page(office: Office, client: TestClient) -> None:
    office.store.requests.ask(SIZING, KIM)

    post(client, "/requests/1/vote")
    voted = office.store.requests.top()[0].votes
    post(client, "/requests/1/unvote")

    assert (voted, office.store.requests.top()[0].votes) == (2, 1)


def test_a_wish_alike_is_counted_with_the_older_one_and_can_be_called_different(
    office: Office, client: TestClient
) -> None:
    office.store.requests.ask(SIZING, KIM)

    answer = client.post("/requests", data={"text": f"{SIZING} please"}, headers={"origin": "http://localhost"})

    assert "No, mine is different" in answer.text
    assert office.store.requests.top()[0].votes == 2
    post(client, "/requests/2/different")
    assert [wish.votes for wish in office.store.requests.top()] == [1, 1]


def test_hostile_words_are_shown_as_they_are(office: Office, client: TestClient) -> None:
    office.store.requests.ask('<script>alert(1)</script> "><img src=x onerror=alert(2)>', Person("x", "<b>X</b>"))

    shown = page(client)

    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "&lt;b&gt;X" in shown


def test_a_maintainer_sets_a_state_with_a_reason_and_the_voters_see_it(office: Office, client: TestClient) -> None:
    post(client, "/requests", text=SIZING)

    post(client, "/requests/1/state", state="planned", reason="In the spring.", seen="0")

    assert "In the spring." in page(client)
    # who decides here is on duty, not the visitor who asked, so that visitor hears of it
    assert "Your wishes" in client.get("/").text


def test_the_second_reviewer_is_told_and_keeps_what_was_written(office: Office, client: TestClient) -> None:
    office.store.requests.ask(SIZING, KIM)
    office.store.requests.set_state(1, WishState.PLANNED, ANA)

    form = {"state": "declined", "reason": "Too dear.", "seen": "0"}
    answer = client.post("/requests/1/state", data=form, headers={"origin": "http://localhost"})

    assert answer.status_code == 409
    assert "Ana changed it" in answer.text
    assert 'value="Too dear."' in answer.text
    wish = office.store.requests.get(1)
    assert wish is not None
    assert wish.state is WishState.PLANNED


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/requests", {"text": "  "}, "Write what you wish for"),
        ("/requests", {"text": "x" * 501}, "at most 500"),
        ("/requests/1/state", {"state": "duplicate"}, "by merging it"),
        ("/requests/1/state", {"state": "never"}, "Choose what becomes of it"),
        ("/requests/1/merge", {"into": "FR-1"}, "counted with itself"),
        ("/requests/1/merge", {"into": "nonsense"}, "No request is named"),
        ("/requests/9/vote", {}, "There is no request FR-9"),
        ("/requests/1/split", {}, "counted by itself already"),
    ],
)
def test_what_cannot_be_stored_is_refused_in_words(
    office: Office, client: TestClient, path: str, form: dict[str, str], said: str
) -> None:
    office.store.requests.ask(SIZING, KIM)

    answer = client.post(path, data=form, headers={"origin": "http://localhost"})

    assert answer.status_code == 422
    assert said in answer.text


def test_merged_and_split_on_the_page(office: Office, client: TestClient) -> None:
    office.store.requests.ask(SIZING, KIM)
    office.store.requests.ask("something else", ANA)

    post(client, "/requests/2/merge", into="fr-1", seen="0")
    merged = page(client)
    post(client, "/requests/2/split", seen="1")

    assert "Counted with it: 1" in merged
    assert "Counted with it" not in page(client)
