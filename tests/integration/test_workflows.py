"""Hand-over on real DBOS, a real database and threads; only the desk and the channel are stand-ins."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.desks.sqlite import SqliteDesk
from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.replicas import Replicas
from bot.store.turn_log import utc_now
from bot.support import transitions
from bot.support.cases import Case, CaseState, EventKind
from bot.support.handoff import Role, TicketState, why_no_ticket
from bot.support.rota import Member, Rota, WorkingHours
from bot.workflows import Plan, Workflows
from knowledge.errors import Misuse
from tests.fakes import MemoryDesk, RecordingNotifier, a_case

DAY_AND_NIGHT = WorkingHours(frozenset(range(7)), clock_time(0), clock_time(23, 59, 59))
ROTA = Rota(
    zone=ZoneInfo("Europe/Paris"),
    start=date(2026, 1, 5),
    members=(Member("ana", "Ana"), Member("bo", "Bo")),
    hours=DAY_AND_NIGHT,
)
PATIENT = Plan(
    acknowledge=timedelta(hours=1), retry_after=(0.2, 0.2), sweep_every=0.2, sweep_older_than=timedelta(seconds=1)
)


@dataclass
class Office:
    store: Store
    desk: MemoryDesk
    notifier: RecordingNotifier
    folder: Path

    def workflows(self, plan: Plan = PATIENT) -> Workflows:
        return Workflows(
            self.store.cases,
            desk=self.desk,
            notifier=self.notifier,
            rota=ROTA,
            clock=utc_now,
            url=f"sqlite:///{self.folder / 'workflows.db'}",
            plan=plan,
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    yield Office(store, MemoryDesk(), RecordingNotifier(), tmp_path)
    store.close()


@pytest.fixture
def running(office: Office) -> Iterator[Workflows]:
    workflows = office.workflows()
    workflows.start()
    assert workflows.wait_until_ready(20)
    yield workflows
    workflows.stop()


def fresh(case_id: str = "c-00000001", **given: Any) -> Case:
    return a_case(case_id, opened=utc_now(), updated=utc_now(), **given)


def eventually(true: Callable[[], object], *, within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def kinds(case: Case | None) -> list[str]:
    assert case is not None
    return [event.kind for event in case.events]


def test_a_handed_over_case_has_ticket_and_sheriff_when_the_call_returns(office: Office, running: Workflows) -> None:
    office.store.cases.save_new(fresh())
    duty = ROTA.sheriff_on(utc_now()).name

    began = time.monotonic()
    case = running.hand_over("c-00000001", wait=20)

    assert time.monotonic() - began < 15.0  # not the whole time that it may wait; about 0.05 s on an idle machine
    assert (case.ticket, case.sheriff, case.state) == ("MEM-1", duty, CaseState.NEW)
    assert office.desk.assignees["MEM-1"] == duty
    assert kinds(case) == ["opened", "handed_over", "sheriff_named", "ticket_opened", "sheriff_told"]
    assert office.notifier.texts(Role.ASKER) == []  # the reply to the asker names the ticket already


def test_handing_over_twice_changes_nothing(office: Office, running: Workflows) -> None:
    office.store.cases.save_new(fresh())
    first = running.hand_over("c-00000001", wait=20)

    again = running.hand_over("c-00000001", wait=20)

    assert again == first
    assert len(office.notifier.told) == 1


def test_without_an_answer_from_the_desk_the_case_is_kept_and_the_asker_hears_later(
    office: Office, running: Workflows
) -> None:
    office.desk.down = True
    office.store.cases.save_new(fresh())

    case = running.hand_over("c-00000001", wait=20)

    assert case.ticket == ""
    assert "sheriff_told" in kinds(case)
    pending = next(e.text for e in case.events if e.kind == EventKind.TICKET_PENDING)
    assert pending.startswith("The ticket system is not answering. Next try ")

    office.desk.down = False
    eventually(lambda: "asker_told" in kinds(office.store.cases.get("c-00000001")))
    eventually(lambda: not office.store.cases.unheard())
    assert "Ticket MEM-1 is open." in office.notifier.texts(Role.ASKER)[0]
    assert len(office.notifier.texts(Role.SHERIFF)) == 1


def test_a_desk_that_asks_to_be_left_alone_is_left_alone_also_by_the_next_process(office: Office) -> None:
    office.desk.down, office.desk.after = True, 3.0
    office.store.cases.save_new(fresh())
    first = office.workflows()
    first.start()
    assert first.wait_until_ready(20)
    first.push("c-00000001")
    eventually(lambda: "sheriff_told" in kinds(office.store.cases.get("c-00000001")))
    first.stop()
    office.desk.down = False

    second = office.workflows()
    second.start()
    eventually(lambda: not office.store.cases.unheard(), within=30)
    second.stop()

    case = office.store.cases.get("c-00000001")
    assert case is not None
    assert case.ticket == "MEM-1"
    assert office.desk.called[1] - office.desk.called[0] >= 3.0  # it would be tried again after 0.2 seconds


def test_a_desk_that_asks_for_days_is_asked_again_all_the_same(office: Office) -> None:
    office.desk.down, office.desk.after = True, 9e5
    office.store.cases.save_new(fresh())
    workflows = office.workflows(replace(PATIENT, longest_asked=0.1))
    workflows.start()
    assert workflows.wait_until_ready(20)
    workflows.push("c-00000001")
    eventually(lambda: len(office.desk.called) >= 3)
    workflows.stop()


def test_a_plan_heeds_what_is_asked_up_to_an_hour() -> None:
    plan = Plan()

    assert [plan.delay(0, asked) for asked in (0.0, 3.0, 60.0, 3600.0, 9e9)] == [5, 5, 60, 3600, 3600]
    assert [plan.delay(9, asked) for asked in (0.0, 60.0, 1200.0)] == [600, 600, 1200]


def test_the_case_says_when_the_next_try_is_however_regular_the_tries_are(office: Office) -> None:
    office.desk.down, office.desk.after = True, 1800.0
    office.store.cases.save_new(fresh())
    workflows = office.workflows(replace(PATIENT, retry_after=(0.2,)))
    workflows.start()
    assert workflows.wait_until_ready(20)
    before = utc_now()
    case = workflows.hand_over("c-00000001", wait=20)
    workflows.stop()

    about = [f"{ROTA.local(before + timedelta(seconds=1800 + late)):%H:%M}" for late in (0, 30, 60)]
    assert why_no_ticket(case) in {f"The ticket system is not answering. Next try {at}." for at in about}


def test_a_new_ticket_tells_what_the_asker_asked_before_in_the_same_conversation(
    office: Office, running: Workflows
) -> None:
    now = utc_now()
    for case_id, ago, given in (
        ("c-1", timedelta(days=2), {}),
        ("c-2", timedelta(minutes=9), {}),
        ("c-3", timedelta(minutes=5), {"asker": Person("lee", "Lee")}),
        ("c-4", timedelta(minutes=4), {"conversation": "elsewhere"}),
        ("c-5", timedelta(minutes=3), {}),
    ):
        office.store.cases.save_new(a_case(case_id, state=CaseState.ANSWERED, opened=now - ago, updated=now, **given))
    office.store.cases.save_new(a_case(opened=now, updated=now))
    office.store.cases.save_new(a_case("c-6", state=CaseState.ANSWERED, opened=now + timedelta(minutes=1), updated=now))

    running.hand_over("c-00000001", wait=20)

    assert [each.id for each in office.desk.earlier["MEM-1"]] == ["c-5", "c-2"]


def test_a_slow_desk_does_not_keep_the_asker_waiting(office: Office, running: Workflows) -> None:
    office.store.cases.save_new(fresh())
    opening = office.desk.open

    class SlowDesk(MemoryDesk):
        def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> object:  # type: ignore[override]
            time.sleep(0.5)
            return opening(case, assignee=assignee, earlier=earlier)

    office.desk.__class__ = SlowDesk

    case = running.hand_over("c-00000001", wait=0.1)

    assert case.ticket == ""
    eventually(lambda: office.notifier.texts(Role.ASKER))


def test_a_case_stored_before_the_workflows_were_ready_is_picked_up(office: Office) -> None:
    workflows = office.workflows()
    office.store.cases.save_new(fresh())

    case = workflows.hand_over("c-00000001", wait=0.05)
    assert case.ticket == ""

    workflows.start()
    try:
        eventually(lambda: office.desk.tickets)
        eventually(lambda: office.notifier.texts(Role.ASKER))
    finally:
        workflows.stop()


def test_a_case_withdrawn_before_it_has_a_ticket_gets_none(office: Office) -> None:
    workflows = office.workflows()
    office.store.cases.save_new(fresh())
    office.store.cases.record("c-00000001", lambda c: transitions.withdraw(c, by="Kim", at=utc_now()))

    workflows.start()
    try:
        eventually(lambda: not office.store.cases.unheard())
    finally:
        workflows.stop()

    assert office.desk.tickets == {}
    assert office.notifier.texts(Role.SHERIFF) == []


def test_nobody_taking_the_case_tells_the_back_up_and_then_the_team(office: Office) -> None:
    workflows = office.workflows(Plan(acknowledge=timedelta(seconds=0.1), reminders=2, sweep_every=1))
    workflows.start()
    try:
        office.store.cases.save_new(fresh())
        workflows.hand_over("c-00000001", wait=20)
        eventually(lambda: office.notifier.texts(Role.TEAM), within=20)
    finally:
        workflows.stop()

    backup = ROTA.backup_on(utc_now()).name
    assert [n.to.name for n in office.notifier.told.values()][1:] == [backup, "the whole team"]
    reminded = [e.text for e in office.store.cases.get("c-00000001").events if e.kind == EventKind.REMINDED]  # type: ignore[union-attr]
    assert reminded == [f"{backup} was told in the test.", "The whole team was told in the test."]


def test_a_case_that_was_taken_reminds_nobody(office: Office) -> None:
    workflows = office.workflows(Plan(acknowledge=timedelta(seconds=0.1), reminders=1, sweep_every=1))
    workflows.start()
    try:
        office.store.cases.save_new(fresh())
        workflows.hand_over("c-00000001", wait=20)
        office.store.cases.record("c-00000001", lambda c: transitions.take(c, by="Ana", at=utc_now()))
        workflows.push("c-00000001")
        eventually(lambda: not office.store.cases.unheard())
        time.sleep(2.5)  # the reminder was due after a tenth of a second
    finally:
        workflows.stop()

    assert office.notifier.texts(Role.BACKUP) == []


def test_a_reopened_case_goes_to_the_sheriff_again_under_its_old_ticket(office: Office, running: Workflows) -> None:
    office.store.cases.save_new(fresh())
    running.hand_over("c-00000001", wait=20)
    office.store.cases.record("c-00000001", lambda c: transitions.solved(c, by="Kim", at=utc_now()))
    running.push("c-00000001")
    eventually(lambda: office.desk.state("MEM-1") is TicketState.CLOSED)

    office.store.cases.record("c-00000001", lambda c: transitions.reopen(c, by="Kim", at=utc_now(), text="It is back."))
    case = running.hand_over("c-00000001", wait=20)

    assert (case.ticket, case.state) == ("MEM-1", CaseState.REOPENED)
    assert office.desk.state("MEM-1") is TicketState.OPEN
    assert "Kim reopened MEM-1. It is back." in office.notifier.texts(Role.SHERIFF)


def test_a_channel_that_is_down_is_tried_again(office: Office, running: Workflows) -> None:
    office.notifier.down = True
    office.store.cases.save_new(fresh())

    running.hand_over("c-00000001", wait=0.1)
    eventually(lambda: office.desk.tickets)
    assert "sheriff_told" not in kinds(office.store.cases.get("c-00000001"))

    office.notifier.down = False
    eventually(lambda: "sheriff_told" in kinds(office.store.cases.get("c-00000001")))


def test_many_cases_at_once_each_get_one_ticket(office: Office, running: Workflows) -> None:
    ids = [f"c-{n:08}" for n in range(20)]
    for case_id in ids:
        office.store.cases.save_new(fresh(case_id))
        running.push(case_id)

    eventually(lambda: not office.store.cases.unheard())

    assert sorted(office.desk.tickets) == ids
    assert len({t.number for t in office.desk.tickets.values()}) == 20


def test_only_one_can_run_in_a_process(office: Office, running: Workflows) -> None:
    with pytest.raises(Misuse, match="run in this process already"):
        office.workflows().start()


def test_a_workflow_database_that_cannot_be_used_is_named(office: Office) -> None:
    (office.folder / "workflows.db").mkdir()
    workflows = office.workflows()

    workflows.start()
    try:
        eventually(lambda: workflows.problem)
    finally:
        workflows.stop()

    assert workflows.problem.startswith("Hand-overs wait: ")
    assert "workflows.db" in workflows.problem


CRASHING = """
import os, sys, threading, time
from pathlib import Path
from bot.desks.sqlite import SqliteDesk
from bot.store.opening import open_store
from tests.fakes import RecordingNotifier
from tests.integration.test_workflows import fresh, make

class DyingDesk(SqliteDesk):
    def open(self, case, *, assignee, earlier=()):
        ticket = super().open(case, assignee=assignee, earlier=earlier)
        if ticket.number == "SUP-7":
            os.kill(os.getpid(), 9)  # the ticket is made; nothing of it is stored with the case
        return ticket

folder = Path(sys.argv[1])
store = open_store(f"sqlite:///{folder / 'sheriff.db'}")
workflows = make(store, DyingDesk(store.engine), RecordingNotifier(), folder)
workflows.start()
workflows.wait_until_ready(30)
for n in range(12):
    store.cases.save_new(fresh(f"c-{n:08}"))
    workflows.push(f"c-{n:08}")
    time.sleep(0.02)
time.sleep(30)
"""


def make(
    store: Store, desk: SqliteDesk, notifier: RecordingNotifier, folder: Path, replica: str = "first"
) -> Workflows:
    return Workflows(
        store.cases,
        desk=desk,
        notifier=notifier,
        rota=ROTA,
        clock=utc_now,
        url=f"sqlite:///{folder / 'workflows.db'}",
        plan=replace(PATIENT, beat_every=0.1),
        replicas=Replicas(store.engine, name=replica, clock=utc_now, silent_after=1.0),
    )


@pytest.mark.parametrize("replica", ["first", "another"])
def test_killed_half_way_nothing_is_lost_and_no_ticket_is_doubled(tmp_path: Path, replica: str) -> None:
    """Started again under its own name, or with only another replica left."""
    crashed = subprocess.run([sys.executable, "-c", CRASHING, str(tmp_path)], check=False, timeout=60)
    assert crashed.returncode == -signal.SIGKILL

    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    stored = store.cases.count()
    notifier = RecordingNotifier()
    workflows = make(store, SqliteDesk(store.engine), notifier, tmp_path, replica)
    workflows.start()
    try:
        eventually(lambda: not store.cases.unheard(), within=30)
    finally:
        workflows.stop()
    tickets = [case.ticket for case in store.cases.list(limit=50)]
    store.close()

    assert stored >= 7
    assert sorted(tickets, key=lambda t: int(t[4:])) == [f"SUP-{n}" for n in range(1, stored + 1)]


def test_cases_and_workflows_share_one_postgresql(postgres_url: str) -> None:
    store = open_store(postgres_url)
    desk = SqliteDesk(store.engine)
    workflows = Workflows(
        store.cases, desk=desk, notifier=RecordingNotifier(), rota=ROTA, clock=utc_now, url=postgres_url, plan=PATIENT
    )
    workflows.start()
    try:
        assert workflows.wait_until_ready(20)
        store.cases.save_new(fresh())

        case = workflows.hand_over("c-00000001", wait=20)
        eventually(lambda: not store.cases.unheard())
    finally:
        workflows.stop()
        store.close()

    assert (case.ticket, case.sheriff) == ("SUP-1", ROTA.sheriff_on(utc_now()).name)


def test_a_bug_in_a_step_is_tried_again_by_the_sweep(office: Office, running: Workflows) -> None:
    failures = iter([ZeroDivisionError("a bug")])

    class BuggyDesk(MemoryDesk):
        def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
            for bug in failures:
                raise bug
            super().comment(ticket, text, author=author, key=key)

    office.desk.__class__ = BuggyDesk
    office.store.cases.save_new(fresh())
    running.hand_over("c-00000001", wait=20)
    office.store.cases.record("c-00000001", lambda c: transitions.reply(c, by="Ana", at=utc_now(), text="Set callers."))

    running.push("c-00000001")

    eventually(lambda: not office.store.cases.unheard())
    assert list(office.desk.written.values()) == ["Set callers."]


def test_times_in_events_are_aware_and_in_utc(office: Office, running: Workflows) -> None:
    office.store.cases.save_new(fresh())

    case = running.hand_over("c-00000001", wait=20)

    assert all(event.at.tzinfo is UTC for event in case.events[2:])
    assert all(isinstance(event.at, datetime) for event in case.events)
