"""Notices: who sees them, when they end, who may end them, and when Sheriff proposes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from bot.channels.conversation import Reader, merged
from bot.channels.notice_news import NoticeNews
from bot.channels.pages import environment
from bot.channels.teams_thread import Place
from bot.channels.times import Watch
from bot.messages import NoticeShown, Person
from bot.store.forgetting import footprint, forget, people
from bot.support.cases import CaseState, Event, EventKind
from bot.support.handoff import Refused
from bot.support.notices import RiseRule, end_of
from bot.support.overtaken import Overtaken
from bot.support.transitions import withdraw
from knowledge.errors import Misuse
from tests.fakes import a_case
from tests.web_office import ANA, BO, Office

QUOTAS = "Kafka partition quotas are frozen in eu-west"
ASKED = "How do I raise a Kafka quota?"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(office.app(), base_url="http://localhost") as client:
        yield client


def shown(office: Office, question: str) -> list[str]:
    return [notice.title for notice in office.notices.shown(question)]


FROZEN = "Why is the quota of my topic frozen?"


def asked_by(office: Office, people: int, *, times: int = 1) -> None:
    for n in range(people):
        for time in range(times):
            who, at = Person(f"p{n}", f"P{n}"), office.clock() - timedelta(minutes=40 - n)
            case = a_case(f"c-{n:04d}{time:04d}", question=FROZEN, asker=who, opened=at, updated=at)
            office.store.cases.save_new(case)


def test_a_question_that_a_notice_is_about_sees_it_and_another_one_does_not(office: Office) -> None:
    office.notices.pin(QUOTAS, ANA, "4h", questions=["Why is my partition quota not raised?"])

    assert shown(office, "Why is my Kafka partition quota not raised?") == [QUOTAS]
    assert shown(office, "What does ORA-01017 mean?") == []


def test_a_notice_ends_by_itself_and_can_be_moved_and_ended_before(office: Office) -> None:
    notices = office.notices
    notices.pin(QUOTAS, ANA, "1h")
    notices.move(1, BO, "3h")
    office.clock.now += timedelta(hours=2)
    still = shown(office, QUOTAS)
    office.clock.now += timedelta(hours=2)

    assert (still, shown(office, QUOTAS)) == ([QUOTAS], [])
    with pytest.raises(Overtaken, match="ended by itself"):
        notices.end(1, ANA)
    notices.pin(QUOTAS, ANA, "1h")
    notices.end(2, BO)
    assert shown(office, QUOTAS) == []
    assert [each.kind for each in notices.store.history(2)] == ["pinned", "ended"]


def test_the_second_of_two_sheriffs_is_told_who_was_faster(office: Office) -> None:
    notices = office.notices
    seen = notices.pin(QUOTAS, ANA, "1h").version
    notices.move(1, BO, "2h", seen=seen)

    with pytest.raises(Overtaken, match="Bo changed it"):
        notices.move(1, ANA, "30m", seen=seen)
    notices.end(1, BO)
    with pytest.raises(Overtaken, match="Bo ended it"):
        notices.end(1, ANA)


def test_alike_questions_of_many_people_propose_a_notice_once(office: Office) -> None:
    asked_by(office, 7)
    notices = office.notices

    found = notices.look()

    assert found is not None
    assert found.sentence == "7 people in 6 minutes"
    assert notices.look() is None


def test_four_people_who_ask_a_hundred_times_are_four_people(office: Office) -> None:
    asked_by(office, 4, times=25)

    assert office.notices.look() is None


def test_how_many_within_how_long_is_the_operators_choice(office: Office) -> None:
    asked_by(office, 3)
    before = office.notices.look()

    office.notices.rule = RiseRule(people=3, within=timedelta(minutes=30))
    narrow = office.notices.look()
    office.notices.rule = RiseRule(people=3, within=timedelta(minutes=45))

    assert (before, narrow) == (None, None)
    assert office.notices.look() is not None


def test_different_questions_of_many_people_propose_nothing(office: Office) -> None:
    for n, question in enumerate(
        ("ORA-01017?", "Where is alerting.yaml?", "DNS record?", "JOR calendar", "Splunk index")
    ):
        at = office.clock() - timedelta(minutes=n)
        case = a_case(f"c-{n:08d}", question=question, asker=Person(f"p{n}", f"P{n}"), opened=at, updated=at)
        office.store.cases.save_new(case)

    assert office.notices.look() is None


def test_nothing_is_proposed_that_a_notice_covers(office: Office) -> None:
    asked_by(office, 7)
    office.notices.pin("Quotas are frozen", ANA, "1h", questions=[FROZEN])

    assert office.notices.look() is None


def test_one_tap_pins_what_is_proposed_and_the_second_one_is_told(office: Office) -> None:
    asked_by(office, 7)
    notices = office.notices
    notices.look()

    pinned = notices.pin_proposal(1, ANA)

    assert shown(office, FROZEN) == [pinned.title]
    assert pinned.case_id == "c-00000000"
    with pytest.raises(Overtaken, match="Ana has pinned it"):
        notices.pin_proposal(1, BO)


def test_a_proposal_is_posted_in_the_sheriffs_channel_and_its_refusal_stops_nothing(office: Office) -> None:
    asked_by(office, 7)
    sent: list[Any] = []

    class Outbox:
        def post(self, reference: Any, message: Any) -> str:
            sent.append(message)
            raise Refused("blocked")

        def update(self, reference: Any, activity: str, message: Any) -> None:
            raise AssertionError

    news = NoticeNews(office.notices, Outbox(), Place("19:sheriffs"))

    assert news.sweep() is not None
    assert news.sweep() is None
    assert "7 people in 6 minutes ask this" in str(sent)
    assert "pin_notice" in str(sent)


NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("words", "hours"),
    [("4h", 4), ("90 min", 1.5), ("2 days", 48), ("18:00", 6), ("11:00", 23), ("2026-11-24T13:00", 1)],
)
def test_an_end_is_a_span_a_time_or_a_date(words: str, hours: float) -> None:
    assert end_of(words, NOON, ZoneInfo("Europe/Paris")) - NOON == timedelta(hours=hours)


@pytest.mark.parametrize("words", ["", "soon", "0h", "31d", "25:00", "2020-01-01", "9999h"])
def test_an_end_in_the_past_or_too_far_away_is_refused(words: str) -> None:
    with pytest.raises(Misuse):
        end_of(words, NOON, ZoneInfo("Europe/Paris"))


# ---- the page ----


def post(client: TestClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers={"origin": "http://localhost"})


def test_a_notice_is_pinned_moved_and_ended_on_its_page(office: Office, client: TestClient) -> None:
    page = post(client, "/notices", title=QUOTAS, text="Wait for **noon**.", until="4h").text
    assert QUOTAS in page
    assert "<strong>noon</strong>" in page

    post(client, "/notices/1/move", until="6h", seen="0")
    late = post(client, "/notices/1/end", seen="0")
    post(client, "/notices/1/end", seen="1")

    assert late.status_code == 409
    assert "No issue is known." in client.get("/notices").text


def test_hostile_words_in_a_notice_do_nothing(office: Office, client: TestClient) -> None:
    page = post(client, "/notices", title="<script>x</script>", text="<img src=x onerror=y>", until="4h").text

    assert "<script>x" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"title": "", "until": "4h"}, "Say in a line"),
        ({"title": "x" * 300, "until": "4h"}, "at most 200"),
        ({"title": "x", "until": "never"}, "is no time"),
        ({"title": "x", "until": "4h", "case": "SUP-99"}, "no open case SUP-99"),
    ],
)
def test_what_is_no_notice_is_refused_and_kept_in_the_form(
    office: Office, client: TestClient, form: dict[str, str], said: str
) -> None:
    answer = post(client, "/notices", **form)

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{form["title"]}"' in answer.text


def test_the_desk_offers_what_rises_and_pins_it_with_one_tap(office: Office, client: TestClient) -> None:
    asked_by(office, 7)
    office.notices.look()

    desk = client.get("/desk").text
    post(client, "/notices/1/pin")

    assert "7 people in 6 minutes" in desk
    assert "7 people in 6 minutes" not in client.get("/desk").text
    assert [notice.by for notice in office.store.notices.active()] == ["Ana"]


def test_a_forgotten_persons_words_leave_notices_and_proposals(office: Office) -> None:
    asked_by(office, 7)
    office.notices.look()
    office.notices.pin_proposal(1, ANA)
    for person in list(people(office.store.engine, "P0")):
        office.store.cases.record("c-00000000", lambda case: withdraw(case, by="P0", at=office.clock()))
        forget(office.store.engine, footprint(office.store.engine, person))

    notice = office.store.notices.get(1)

    assert notice is not None
    assert (notice.title, list(notice.questions)) == ("(removed)", [])
    assert office.store.notices.proposal(1).question == "(removed)"


def test_who_is_affected_is_counted_once_and_attached_to_the_case_worked_on_for_all(
    office: Office, client: TestClient
) -> None:
    office.ask("Why are all topics of mine frozen?")
    [master] = office.store.cases.list()
    office.casework.ask_sheriff(master.id, master.asker)
    office.notices.pin(QUOTAS, ANA, "4h", case=master.id)
    notice = NoticeShown(1, QUOTAS, "", "Ana", "14:36", has_case=True)
    opened = Event(office.clock(), EventKind.OPENED, "Eve", "", {"notices": [asdict(notice)]})
    eve = a_case("c-eve", state=CaseState.ANSWERED, asker=Person("eve", "Eve"), events=(opened,))
    office.store.cases.save_new(eve)

    first = office.notices.affected(eve, eve.asker)
    again = office.notices.affected(eve, eve.asker)
    attached = office.casework.attach("c-eve", eve.asker, to=first[1])

    assert first == again == (1, master.id)
    assert attached.master == master.id


def test_after_the_end_nobody_is_affected_any_more(office: Office) -> None:
    office.notices.pin(QUOTAS, ANA, "1h")
    notice = NoticeShown(1, QUOTAS, "", "Ana", "14:36")
    opened = Event(office.clock(), EventKind.OPENED, "Eve", "", {"notices": [asdict(notice)]})
    office.clock.now += timedelta(hours=2)

    with pytest.raises(Misuse, match="has ended"):
        office.notices.affected(a_case("c-eve", events=(opened,)), BO)


def test_a_stored_answer_shows_its_notice_again_after_a_restart(office: Office) -> None:
    notice = NoticeShown(1, "<b>Frozen</b>", "Wait.", "Ana", "14:36")
    opened = Event(office.clock(), EventKind.OPENED, "Eve", "", {"notices": [asdict(notice)]})
    case = a_case("c-eve", state=CaseState.ANSWERED, answer="Set it.", events=(opened,))
    reader = Reader(Watch(office.clock(), office.book.zone), "", lambda _: case)

    [turn] = [reader.turn(exchange) for exchange in merged((), [case])]

    assert [shown.title for shown in turn.notices] == ["<b>Frozen</b>"]
    page = environment().get_template("_turn.html").render(turn=turn)
    assert "&lt;b&gt;Frozen" in page
    assert page.index("Frozen") < page.index("Set it.")
