"""Tickets in ticket systems of others, from the case's side: refused, tried again, closed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.casework import Casework
from bot.channels.desk_events import DeskEvents
from bot.desks.signing import signature
from bot.messages import Person
from bot.store.attempts import CaseAttempts
from bot.store.audit import audit
from bot.store.opening import Store, open_store
from bot.store.read_back import ReadBack, Watch
from bot.store.tables import case_facts, cases, events, unheard
from bot.store.turn_log import utc_now
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, EventKind, NotPossible
from bot.support.handoff import Found, Role, TicketState
from bot.workflows import Plan, Workflows
from knowledge.errors import DeskUnavailable
from tests.desk_double import Time
from tests.fakes import MemoryAttempts, MemoryDesk, RecordingNotifier, a_case
from tests.integration.test_workflows import ROTA, eventually, fresh

KIM, ANA = Person("kim", "Kim"), Person("ana", "Ana")
CASE = "c-00000001"
WHY = "GitHub refuses (403). SHERIFF_DESK_TOKEN needs “Issues: read and write” for acme/platform."


@dataclass
class Office:
    """Cases with real workflows; the desk and the channel are stand-ins."""

    folder: Path
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    notifier: RecordingNotifier = field(default_factory=RecordingNotifier)

    def __post_init__(self) -> None:
        self.store: Store = open_store(f"sqlite:///{self.folder / 'sheriff.db'}")
        plan = Plan(retry_after=(0.05,), sweep_every=0.2, sweep_older_than=timedelta(seconds=1))
        self.workflows = Workflows(
            self.store.cases,
            desk=self.desk,
            notifier=self.notifier,
            rota=ROTA,
            clock=utc_now,
            url=f"sqlite:///{self.folder / 'workflows.db'}",
            plan=plan,
        )
        self.casework = Casework(self.store.cases, workflows=self.workflows, rota=ROTA, clock=utc_now)
        self.back = ReadBack(self.store.cases, desk=self.desk, push=self.workflows.push, clock=utc_now)

    def handed_over(self) -> Case:
        self.store.cases.save_new(fresh(CASE))
        case = self.workflows.hand_over(CASE, wait=20)
        self.settle()
        return case

    def settle(self) -> None:
        eventually(lambda: not self.store.cases.unheard(), within=20)

    def case(self) -> Case:
        case = self.store.cases.get(CASE)
        assert case is not None
        return case

    def kinds(self) -> list[str]:
        return [event.kind for event in self.case().events]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("tickets"))
    office.workflows.start()
    assert office.workflows.wait_until_ready(20)
    yield office
    office.workflows.stop()
    office.store.close()


@pytest.fixture
def office(running: Office) -> Office:
    """One running service for all tests; each begins with empty tables."""
    running.settle()
    with running.store.engine.begin() as connection:
        for table in (unheard, case_facts, events, cases):
            connection.execute(table.delete())
    for kept in (running.desk.tickets, running.desk.closed, running.desk.written):
        kept.clear()
    running.desk.still_open.clear()
    running.desk.refuses, running.desk.down, running.desk.deleted = "", False, 0
    running.notifier.told.clear()
    return running


# ---- refused for good ----


def test_a_refused_ticket_is_not_asked_for_again_and_the_sheriff_is_told_why(office: Office) -> None:
    office.desk.refuses = WHY

    case = office.handed_over()

    assert case.ticket == ""
    assert office.kinds().count(EventKind.TICKET_FAILED) == 1
    assert office.notifier.texts(Role.SHERIFF) == [f"Kim needs a person: {case.question}\n\nThere is no ticket. {WHY}"]
    assert "The ticket system refused a ticket; the team sees why." in office.casework.standing(case)
    assert WHY not in office.casework.standing(case)
    assert [letter.id for letter in office.store.cases.dead_letters()] == [CASE]


def test_a_refused_ticket_that_is_tried_again_in_vain_stays_refused(office: Office) -> None:
    office.desk.refuses = WHY
    office.handed_over()

    office.casework.retry_ticket(CASE, ANA)
    office.settle()

    assert office.kinds().count(EventKind.TICKET_FAILED) == 2
    assert [letter.id for letter in office.store.cases.dead_letters()] == [CASE]


def test_a_refused_ticket_is_opened_when_somebody_has_it_tried_again(office: Office) -> None:
    office.desk.refuses = WHY
    office.handed_over()
    office.desk.refuses = ""

    office.casework.retry_ticket(CASE, ANA)
    office.settle()

    assert office.case().ticket == "MEM-1"
    assert office.store.cases.dead_letters() == ()
    with pytest.raises(NotPossible, match="refused nothing of MEM-1"):
        office.casework.retry_ticket(CASE, ANA)


def test_a_refused_ticket_is_opened_when_the_case_is_handed_over_again(office: Office) -> None:
    office.desk.refuses = WHY
    office.handed_over()
    office.desk.refuses = ""
    office.casework.resolve(CASE, ANA, Cause.OTHER, "Restarted.")

    office.casework.reopen(CASE, KIM, "It is back.")
    office.settle()

    assert office.case().ticket == "MEM-1"
    assert office.store.cases.dead_letters() == ()


def test_notes_that_were_refused_are_written_when_they_are_tried_again(office: Office) -> None:
    office.handed_over()
    office.desk.refuses = WHY
    office.casework.reply(CASE, ANA, "Which node?")
    office.casework.add_details(CASE, KIM, "It is prod.")
    office.casework.resolve(CASE, ANA, Cause.MISSING, "Set callers.")
    office.settle()
    assert any(text.startswith("Ana resolved MEM-1") for text in office.notifier.texts(Role.ASKER))  # all the same
    assert office.desk.written == {}
    office.desk.refuses = ""

    office.casework.retry_ticket(CASE, ANA)
    office.settle()

    assert list(office.desk.written.values()) == ["Which node?", "It is prod.", "Set callers."]
    assert office.desk.closed == {"MEM-1": "Set callers."}
    assert office.store.cases.dead_letters() == ()


def test_a_case_of_which_nothing_was_refused_has_nothing_to_try_again(office: Office) -> None:
    office.handed_over()

    with pytest.raises(NotPossible, match="refused nothing of MEM-1; there is nothing to try again"):
        office.casework.retry_ticket(CASE, ANA)


# ---- closed in the ticket system ----


def test_a_ticket_closed_in_the_ticket_system_resolves_the_case_and_its_people_hear_once(office: Office) -> None:
    office.handed_over()
    office.desk.closed["MEM-1"] = "The broker was restarted."

    looks = [office.back.look() for _ in range(3)]
    office.settle()

    case = office.case()
    assert looks == [[CASE], [], []]
    assert (case.state, case.cause, case.resolution) == (
        CaseState.RESOLVED,
        Cause.CLOSED_IN_DESK,
        "The broker was restarted.",
    )
    said = "MEM-1 was closed in the ticket system:\n\nThe broker was restarted."
    assert office.notifier.texts(Role.ASKER) == [f"{said}\n\nTo reopen it, start the message with “MEM-1:”."]
    assert office.notifier.texts(Role.SHERIFF)[1:] == [said]
    assert office.desk.written == {}  # the ticket itself need not hear of it


def test_two_processes_that_see_it_closed_resolve_it_once(office: Office) -> None:
    office.handed_over()
    office.desk.closed["MEM-1"] = ""
    other = ReadBack(office.store.cases, desk=office.desk, push=office.workflows.push, clock=utc_now)

    looks = [office.back.look(), other.look()]
    office.settle()

    assert looks == [[CASE], []]
    assert office.kinds().count(EventKind.TICKET_CLOSED) == 1
    said = [text for text in office.notifier.texts(Role.ASKER) if "closed in the ticket system" in text]
    assert [text.startswith("MEM-1 was closed in the ticket system.\n\nTo reopen it") for text in said] == [True]


def test_a_case_that_is_reopened_opens_its_ticket_and_is_not_resolved_by_it(office: Office) -> None:
    office.handed_over()
    office.desk.closed["MEM-1"] = "Restarted."
    office.back.look()
    office.settle()
    office.desk.down = True
    office.casework.add_details(CASE, KIM, "It is back.")
    office.desk.down, told = False, office.desk.closed["MEM-1"]

    resolved = office.back.look()  # the ticket may still be closed: the hand-over is on its way
    office.settle()

    assert told == "Restarted."
    assert resolved == []
    assert office.case().state is CaseState.REOPENED
    assert office.desk.state("MEM-1") is TicketState.OPEN
    assert office.back.look() == []


def test_a_case_that_changed_while_its_ticket_was_looked_at_is_looked_at_again_later(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    store.cases.save_new(a_case(ticket="MEM-1"))

    class Interrupted(MemoryDesk):
        def changed_among(self, *, opened: object, closed: object) -> dict[str, Found]:
            store.cases.record(CASE, lambda case: transitions.take(case, by="Ana", at=utc_now()))
            return {"MEM-1": Found(TicketState.CLOSED, "Done.")}

    looks = []
    for _ in range(2):
        for row in store.cases.unheard():
            store.cases.heard(row.number)
        looks.append(ReadBack(store.cases, desk=Interrupted(), push=lambda _: None, clock=utc_now).look())
    store.close()

    assert looks == [[], [CASE]]  # the second time Ana has it already


def test_a_case_whose_ticket_could_not_be_opened_again_is_not_resolved_by_it(office: Office) -> None:
    office.handed_over()
    office.casework.resolve(CASE, ANA, Cause.OTHER, "Restarted.")
    office.settle()
    office.desk.refuses = WHY
    office.casework.reopen(CASE, KIM, "It is back.")
    office.settle()
    office.desk.refuses = ""

    assert office.back.look() == []
    assert office.case().state is CaseState.REOPENED


def test_the_watch_looks_when_it_is_woken_and_again_when_the_news_have_settled(tmp_path: Path) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            raise DeskUnavailable("GitHub cannot be reached.")

    watch = Watch(look, every=3600, lag=0.01)
    watch.start()
    try:
        watch.wake()
        eventually(lambda: len(looks) == 2)
    finally:
        watch.stop()

    assert looks == [0, 1]


def test_a_call_from_the_ticket_system_ends_with_the_asker_told(office: Office) -> None:
    office.handed_over()
    watch = Watch(office.back.look, every=3600, lag=0.01)
    listener = DeskEvents("webhook", "s3cret", watch.wake, utc_now, is_new=lambda _: True)
    app = FastAPI()
    app.include_router(listener.router())
    office.desk.closed["MEM-1"] = "Restarted."
    timestamp = str(int(utc_now().timestamp()))
    headers = {"x-sheriff-timestamp": timestamp, "x-sheriff-signature": signature("s3cret", timestamp, b"{}")}
    watch.start()
    try:
        answers = [TestClient(app).post("/api/desk/webhook/events", content=b"{}", headers=headers) for _ in range(2)]
        eventually(lambda: office.notifier.texts(Role.ASKER))
    finally:
        watch.stop()

    assert [answer.status_code for answer in answers] == [202, 202]
    assert office.case().state is CaseState.RESOLVED
    assert len(office.notifier.texts(Role.ASKER)) == 1


def test_those_who_ask_the_same_hear_that_the_ticket_was_closed(office: Office) -> None:
    office.handed_over()
    other = "c-00000002"
    office.store.cases.save_new(fresh(other))
    office.workflows.hand_over(other, wait=20)
    office.casework.link(other, ANA, to=CASE)
    office.settle()
    office.desk.closed["MEM-1"] = "Restarted."

    office.back.look()
    eventually(lambda: len([t for t in office.notifier.texts(Role.ASKER) if "Restarted." in t]) == 2)

    linked = office.store.cases.get(other)
    assert linked is not None
    assert (linked.state, linked.cause) == (CaseState.RESOLVED, Cause.CLOSED_IN_DESK)


# ---- opened again in the ticket system ----


def resolved_in_the_office(office: Office) -> None:
    """A case of which Sheriff knows that its ticket is closed."""
    office.handed_over()
    office.casework.resolve(CASE, ANA, Cause.MISSING, "Set callers.")
    office.settle()
    assert office.back.look() == []
    office.notifier.told.clear()


def test_a_ticket_opened_again_in_the_ticket_system_reopens_the_case_and_its_people_hear_once(office: Office) -> None:
    resolved_in_the_office(office)
    office.desk.closed.clear()

    looks = [office.back.look()]
    office.settle()
    looks += [office.back.look() for _ in range(3)]
    office.settle()

    case = office.case()
    assert looks == [[CASE], [], [], []]
    assert case.state is CaseState.REOPENED
    assert [(e.actor, e.text) for e in case.events if e.kind == EventKind.REOPENED] == [("Ticket system", "")]
    assert office.notifier.texts(Role.ASKER) == ["MEM-1 was opened again in the ticket system. It is being worked on."]
    assert office.notifier.texts(Role.SHERIFF) == ["MEM-1 was opened again in the ticket system."]
    assert office.desk.state("MEM-1") is TicketState.OPEN


def test_resolving_a_case_that_was_reopened_there_closes_the_ticket_again(office: Office) -> None:
    resolved_in_the_office(office)
    office.desk.closed.clear()
    office.back.look()
    office.settle()

    office.casework.resolve(CASE, ANA, Cause.MISSING, "Set callers, too.")
    office.settle()

    assert office.desk.closed == {"MEM-1": "Set callers, too."}
    assert [office.back.look() for _ in range(3)] == [[], [], []]
    assert office.case().state is CaseState.RESOLVED


def test_a_ticket_that_looks_open_after_sheriff_closed_it_does_not_reopen_the_case(office: Office) -> None:
    office.handed_over()
    office.casework.resolve(CASE, ANA, Cause.MISSING, "Set callers.")
    office.settle()
    office.desk.still_open.add("MEM-1")

    lagging = [office.back.look() for _ in range(3)]
    office.desk.still_open.clear()
    settled = [office.back.look() for _ in range(3)]

    assert lagging == settled == [[], [], []]
    assert office.case().state is CaseState.RESOLVED


def test_a_ticket_that_flickers_after_it_was_seen_closed_does_not_reopen_the_case(tmp_path: Path) -> None:
    store, time, desk = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}"), Time(), MemoryDesk()
    back = ReadBack(store.cases, desk=desk, push=lambda _: None, clock=time, lag=timedelta(seconds=10))
    ticket = desk.open(a_case(), assignee="Ana").number
    desk.close(ticket, resolution="Set callers.")
    store.cases.save_new(a_case(ticket=ticket, sheriff="Ana", state=CaseState.RESOLVED, updated=time()))
    time.sleep(10)
    looks = [back.look()]  # closed
    desk.still_open.add(ticket)
    looks += [back.look()]  # asked another of its servers, which is behind
    time.sleep(10)
    looks += [back.look()]  # it is still open when that cannot be any more

    store.close()
    assert looks == [[], [], [CASE]]


def test_a_ticket_closed_and_opened_again_there_resolves_and_reopens_the_case(office: Office) -> None:
    office.handed_over()
    seen = []
    for _ in range(2):
        office.desk.closed["MEM-1"] = "Restarted."
        office.back.look()
        office.settle()
        seen.append(office.case().state)
        office.desk.closed.clear()
        office.back.look()
        office.settle()
        seen.append(office.case().state)

    assert seen == [CaseState.RESOLVED, CaseState.REOPENED] * 2
    assert len(office.notifier.texts(Role.ASKER)) == 4


def test_two_processes_that_see_it_open_reopen_it_once(office: Office) -> None:
    resolved_in_the_office(office)
    office.desk.closed.clear()
    other = ReadBack(office.store.cases, desk=office.desk, push=office.workflows.push, clock=utc_now)

    looks = [office.back.look(), other.look()]
    office.settle()

    assert looks == [[CASE], []]
    assert office.kinds().count(EventKind.REOPENED) == 1


def test_a_ticket_that_could_not_be_closed_does_not_reopen_the_case(office: Office) -> None:
    office.handed_over()
    office.desk.refuses = WHY
    office.casework.resolve(CASE, ANA, Cause.MISSING, "Set callers.")
    office.settle()
    office.desk.refuses = ""

    looks = [office.back.look() for _ in range(2)]
    office.casework.retry_ticket(CASE, ANA)
    office.settle()
    looks += [office.back.look() for _ in range(2)]

    assert looks == [[], [], [], []]
    assert office.case().state is CaseState.RESOLVED
    assert office.desk.state("MEM-1") is TicketState.CLOSED


def test_a_ticket_of_a_withdrawn_case_may_be_opened_again_without_sheriff(office: Office) -> None:
    office.handed_over()
    office.casework.withdraw(CASE, KIM)
    office.settle()
    office.back.look()
    office.desk.closed.clear()

    assert office.back.look() == []
    assert office.case().state is CaseState.WITHDRAWN


def test_a_call_from_the_ticket_system_ends_with_the_case_reopened(office: Office) -> None:
    resolved_in_the_office(office)
    office.desk.closed.clear()
    watch = Watch(office.back.look, every=3600, lag=0.01)
    listener = DeskEvents("webhook", "s3cret", watch.wake, utc_now, is_new=lambda _: True)
    app = FastAPI()
    app.include_router(listener.router())
    timestamp = str(int(utc_now().timestamp()))
    headers = {"x-sheriff-timestamp": timestamp, "x-sheriff-signature": signature("s3cret", timestamp, b"{}")}
    watch.start()
    try:
        answer = TestClient(app).post("/api/desk/webhook/events", content=b"{}", headers=headers)
        eventually(lambda: office.notifier.texts(Role.ASKER))
    finally:
        watch.stop()

    assert answer.status_code == 202
    assert office.case().state is CaseState.REOPENED


# ---- deleted in the ticket system ----


def test_a_deleted_ticket_is_a_dead_letter_that_the_sheriff_hears_of_once(office: Office) -> None:
    office.handed_over()
    office.notifier.told.clear()
    office.desk.delete("MEM-1")

    looks = [office.back.look()]
    office.settle()
    looks += [office.back.look() for _ in range(2)]
    office.settle()

    said = "MEM-1 is no longer in the ticket system. Try again to open a new ticket."
    assert looks == [[CASE], [], []]
    assert [letter.id for letter in office.store.cases.dead_letters()] == [CASE]
    assert office.notifier.texts(Role.SHERIFF) == [said]
    assert office.notifier.texts(Role.ASKER) == []
    assert office.desk.tickets == {}  # a person decides


def test_trying_again_opens_one_new_ticket_with_all_that_was_written(office: Office) -> None:
    office.handed_over()
    office.casework.reply(CASE, ANA, "Which node?")
    office.casework.add_details(CASE, KIM, "It is prod.")
    office.settle()
    office.desk.delete("MEM-1")
    office.back.look()
    office.settle()

    office.casework.retry_ticket(CASE, ANA)
    office.settle()

    assert office.case().ticket == "MEM-2"
    assert [ticket.number for ticket in office.desk.tickets.values()] == ["MEM-2"]
    assert [said for (ticket, _), said in office.desk.written.items() if ticket == "MEM-2"] == [
        "Which node?",
        "It is prod.",
    ]
    assert office.store.cases.dead_letters() == ()
    assert office.back.look() == []
    assert audit(office.store.engine).doubled == []


def test_a_deleted_ticket_of_a_case_that_has_ended_is_nobody_s_trouble(office: Office) -> None:
    resolved_in_the_office(office)
    office.desk.delete("MEM-1")

    assert office.back.look() == []
    assert office.store.cases.dead_letters() == ()


def test_a_deleted_ticket_is_forgotten_when_its_case_ends_and_made_anew_when_that_comes_back(office: Office) -> None:
    office.handed_over()
    office.desk.delete("MEM-1")
    office.back.look()
    office.casework.resolve(CASE, ANA, Cause.OTHER, "Restarted.")
    office.settle()
    ended = office.store.cases.dead_letters()

    office.casework.reopen(CASE, KIM, "It is back.")
    office.settle()

    assert ended == ()
    assert office.case().ticket == "MEM-2"
    assert len(office.desk.tickets) == 1


# ---- one ticket, through the workflows ----


def test_attempts_are_kept_with_the_case_and_only_one_of_two_is_granted(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    store.cases.save_new(a_case())
    time = Time()
    attempts = CaseAttempts(store.cases, clock=time)

    granted = [attempts.claim(CASE, after=None), attempts.claim(CASE, after=None)]
    first = attempts.last(CASE)
    time.sleep(5)
    granted += [attempts.claim(CASE, after=first), attempts.claim(CASE, after=first)]
    last = CaseAttempts(store.cases, clock=time).last(CASE)
    store.close()

    assert granted == [True, False, True, False]
    assert first is not None
    assert last == first + timedelta(seconds=5)
    assert MemoryAttempts(time).last(CASE) is None
