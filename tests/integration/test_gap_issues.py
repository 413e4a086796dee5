"""A gap as an issue where maintainers work: one, however often it is asked for, and closed once the gap is verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from bot import desk_wiring
from bot.gap_issues import DocsDesk
from bot.gap_reading import read_entry
from bot.sections import DeskSettings, GapSettings
from bot.settings import Settings
from bot.store.turn_log import utc_now
from bot.support.handoff import TicketState
from bot.support.ledger import GapState
from knowledge.errors import Misuse
from tests import desks
from tests.desk_double import Trouble
from tests.integration.test_gaps_page import HOSTILE, ask, refresh
from tests.integration.test_gapwork import ANA, BO, JOR
from tests.web_office import Office

PAGE = "https://sheriff.test/gaps"


@dataclass
class Docs:
    """An office with a gap, the place of its documentation, and what is between them."""

    office: Office
    kind: str
    bench: desks.Bench

    @property
    def desk(self) -> DocsDesk:
        store = self.office.store
        place: Any = desks.KINDS[self.kind][1](self.bench.double, store.gap_issues)  # type: ignore[arg-type]
        return DocsDesk(store.gaps, store.gap_issues, place, lambda gap: read_entry(store, 0, gap), PAGE)

    def open(self, number: int = 1, version: int = 1) -> str:
        return self.desk.open(number, ANA, version=version).ticket

    def written(self) -> str:
        """All that was sent to the place of the documentation."""
        sent = [json.loads(request.content) for request in self.bench.double.requests if request.content]
        return json.dumps(sent, ensure_ascii=False)

    def state(self) -> GapState:
        gap = self.office.store.gaps.get(1)
        assert gap is not None
        return gap.state


@pytest.fixture(params=sorted(desks.KINDS))
def docs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Docs]:
    office = Office(tmp_path)
    ask(office, 1, JOR[0])
    ask(office, 2, HOSTILE, who="Eve")
    refresh(office)
    yield Docs(office, request.param, desks.bench(request.param))
    office.close()


def test_a_gap_gets_one_issue_and_is_drafted(docs: Docs) -> None:
    first = docs.open()
    again = docs.open(version=2)

    assert first == again
    assert len(docs.bench.double.tickets) == 1
    assert docs.state() is GapState.DRAFTED
    said = docs.written()
    assert JOR[0] in said
    assert f"{PAGE}/GAP-1" in said
    assert "On duty" not in said
    assert "Kim" not in said
    issue = docs.office.store.gap_issues.get(1)
    assert issue is not None
    assert issue.ticket == first
    assert [e.kind for e in docs.office.store.gaps.history(1)] == ["opened", "issue", "drafted"]


def test_an_answer_that_is_lost_makes_no_second_issue(docs: Docs) -> None:
    docs.bench.double.writes_only.append(Trouble.ANSWER_LOST)

    ticket = docs.open()

    assert ticket
    assert len(docs.bench.double.tickets) == 1


def test_a_process_that_dies_after_asking_leaves_an_issue_that_the_next_finds(docs: Docs) -> None:
    store = docs.office.store
    key = store.gap_issues.begun(1).key
    docs.desk.desk.open(docs.desk._as_case(store.gaps.ranked()[0], store.gap_issues.begun(1)), assignee="")

    docs.open(number=store.gaps.ranked()[0].number)

    assert len(docs.bench.double.tickets) == 1
    issue = store.gap_issues.get(1)
    assert issue is not None
    assert issue.key == key


def test_two_places_that_share_a_repository_do_not_take_each_others_issues(docs: Docs, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Docs(Office(tmp_path / "other"), docs.kind, docs.bench)
    ask(other.office, 1, "Where do I find the Splunk index of a test namespace?")
    refresh(other.office)

    mine, theirs = docs.open(), other.open()

    other.office.close()
    assert mine != theirs


def test_what_people_wrote_does_nothing_in_the_issue(docs: Docs) -> None:
    number = next(gap.number for gap in docs.office.store.gaps.ranked() if "script" in gap.name)

    docs.open(number)

    gap, issue = docs.office.store.gaps.get(number), docs.office.store.gap_issues.get(number)
    assert gap is not None
    assert issue is not None
    text = docs.desk._as_case(gap, issue).answer  # a title is plain text everywhere
    assert "[click](java" not in text
    assert "<script>" not in text
    assert r"\\<script\\>" in docs.written()


def test_the_issue_is_closed_when_the_gap_is_verified_and_opened_again_when_it_comes_back(docs: Docs) -> None:
    ticket, gaps = docs.open(), docs.office.store.gaps
    assert not docs.desk.close_verified()

    gaps.found(1, GapState.VERIFIED, "Answered from docs:jor.md, 3.0 days after the first was asked.")
    closed = docs.desk.close_verified(), docs.desk.close_verified()
    state = docs.desk.desk.state(ticket)
    gaps.found(1, GapState.REGRESSED, "It was asked again.")
    gap = gaps.get(1)
    assert gap is not None
    again = docs.open(version=gap.version)

    assert closed == (True, False)
    assert state is TicketState.CLOSED
    assert any("Answered from docs:jor.md" in text for text in docs.bench.double.texts(1))
    assert (again, docs.desk.desk.state(ticket)) == (ticket, TicketState.OPEN)


def test_a_gap_that_is_none_gets_no_issue(docs: Docs) -> None:
    docs.office.store.gaps.act(1, GapState.NOT_A_GAP, BO, version=1)

    with pytest.raises(Misuse, match="GAP-1 needs no issue"):
        docs.open(version=2)
    assert docs.bench.double.tickets == {} or not docs.bench.double.tickets


# ---- the page and the settings ----


def client(office: Office, docs_desk: DocsDesk | None) -> TestClient:
    app = office.app(docs_desk=docs_desk)
    return TestClient(app, base_url="http://127.0.0.1:3978", follow_redirects=False)


def test_the_page_offers_it_only_where_there_is_a_place_and_leads_there(docs: Docs) -> None:
    without = client(docs.office, None)
    assert "Open an issue" not in without.get("/gaps/GAP-1").text
    assert without.post("/gaps/GAP-1/issue", data={"version": "1"}).status_code == 404

    page = client(docs.office, docs.desk)
    assert "Open an issue" in page.get("/gaps/GAP-1").text
    assert page.post("/gaps/GAP-1/issue", data={"version": "1"}).status_code == 303
    shown = page.get("/gaps/GAP-1").text
    issue = docs.office.store.gap_issues.get(1)
    assert issue is not None
    assert f'rel="noopener">{issue.ticket}</a>' in shown
    assert page.post("/gaps/GAP-1/issue", data={"version": "1"}).status_code == 409


def test_a_place_that_does_not_answer_loses_nothing_and_one_that_refuses_says_why(docs: Docs) -> None:
    page = client(docs.office, docs.desk)
    docs.bench.double.script.extend([Trouble.FAILED_BEFORE] * 12)
    silent = page.post("/gaps/GAP-1/issue", data={"version": "1"})
    docs.bench.double.script.clear()
    docs.bench.double.refusal = (403, {"message": "Forbidden"})
    refused = page.post("/gaps/GAP-1/issue", data={"version": "1"})
    docs.bench.double.refusal = None

    assert (silent.status_code, "press the button again" in silent.text) == (503, True)
    assert (refused.status_code, docs.state()) == (422, GapState.OPEN)
    assert page.post("/gaps/GAP-1/issue", data={"version": "1"}).status_code == 303


@pytest.mark.parametrize("kind", ["github", "webhook"])
def test_what_the_place_of_the_documentation_lacks_is_named_as_its_own(tmp_path: Path, kind: Any) -> None:
    office = Office(tmp_path)
    desk = DeskSettings(kind=kind, url="https://x.example", repository="acme/docs")
    settings = Settings(gaps=GapSettings(desk=desk), desk_token=SecretStr("of the cases"))

    with (
        pytest.raises(Misuse, match=r"gaps\.desk\.kind is \w+, but SHERIFF_GAPS_DESK_(TOKEN|SECRET) is not set"),
        desk_wiring.opened_docs_desk(settings, office.store, clock=utc_now),
    ):
        pytest.fail("it cannot work")
    with desk_wiring.opened_docs_desk(Settings(), office.store, clock=utc_now) as none:
        assert none is None
    office.close()
