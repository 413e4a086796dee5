"""What goes wrong around Sheriff: ticket system, disk, clock. Nothing is lost, and nothing happens twice."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa

from bot.store.audit import audit
from bot.store.opening import Store, StoreUnavailable, open_store
from bot.store.turn_log import utc_now
from bot.support import transitions
from bot.support.cases import Case, EventKind
from bot.support.handoff import Role, Ticket
from bot.support.rota import Member, Rota, WorkingHours
from bot.workflows import Plan, Workflows
from knowledge.errors import DeskUnavailable
from tests.fakes import MemoryDesk, RecordingNotifier, a_case
from tests.serving import eventually, serving

PARIS = ZoneInfo("Europe/Paris")
MEMBERS = (Member("ana", "Ana"), Member("bo", "Bo"))
ALWAYS = WorkingHours(frozenset(range(7)), clock_time(0), clock_time(23, 59, 59))
ROTA = Rota(zone=PARIS, start=date(2026, 1, 5), members=MEMBERS, hours=ALWAYS)
OFFICE_HOURS = Rota(zone=PARIS, start=date(2026, 1, 5), members=MEMBERS)
COMPRESSED = 600  # an hour passes in six seconds
PLAN = Plan(
    acknowledge=timedelta(hours=9),
    retry_after=[seconds / COMPRESSED for seconds in Plan().retry_after],
    sweep_every=0.2,
    sweep_older_than=timedelta(),
)


class Trouble(StrEnum):
    """How a ticket system fails."""

    NONE = "none"
    DOWN = "does not answer"
    THROTTLED = "says 429"
    BROKEN = "says 500"
    LATE = "answers too late: the ticket is there"


class TroubledDesk(MemoryDesk):
    """Counts how often it was asked to open a ticket."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble = Trouble.NONE
        self.asked = 0

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        self.asked += 1
        if self.trouble is Trouble.LATE:
            super().open(case, assignee=assignee, earlier=earlier)
        if self.trouble is not Trouble.NONE:
            raise DeskUnavailable(f"The ticket system {self.trouble}.")
        return super().open(case, assignee=assignee, earlier=earlier)


@contextmanager
def at_work(
    store: Store, desk: MemoryDesk, notifier: RecordingNotifier, folder: Path, **given: object
) -> Iterator[Workflows]:
    usual: dict[str, object] = {"rota": ROTA, "clock": utc_now, "plan": PLAN}
    url = f"sqlite:///{folder / 'workflows.db'}"
    workflows = Workflows(store.cases, desk=desk, notifier=notifier, url=url, **{**usual, **given})  # type: ignore[arg-type]
    workflows.start()
    try:
        assert workflows.wait_until_ready(60)
        yield workflows
    finally:
        workflows.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    yield opened
    opened.close()


def fresh(case_id: str = "c-00000001", at: datetime | None = None) -> Case:
    moment = at or utc_now()
    return a_case(case_id, opened=moment, updated=moment)


@pytest.mark.parametrize("trouble", [t for t in Trouble if t is not Trouble.NONE])
def test_an_hour_without_tickets_is_made_up_for_with_one_ticket_a_case(
    store: Store, tmp_path: Path, trouble: Trouble
) -> None:
    desk, notifier = TroubledDesk(), RecordingNotifier()
    desk.trouble = trouble
    ids = [f"c-{number:08}" for number in range(8)]

    with at_work(store, desk, notifier, tmp_path) as workflows:
        for case_id in ids:
            store.cases.save_new(fresh(case_id))
            workflows.hand_over(case_id, wait=0.0)
        eventually(lambda: len(notifier.texts(Role.SHERIFF)) == len(ids), within=60)
        eventually(lambda: desk.asked >= 6 * len(ids), within=120)  # the last tries are ten minutes apart
        waiting = audit(store.engine)
        shown = [store.cases.get(case_id) for case_id in ids]
        desk.trouble = Trouble.NONE
        eventually(lambda: audit(store.engine).settled, within=120)

    assert [*waiting.without_ticket] == ids
    assert all(case and any(trouble in event.text for event in case.events) for case in shown)  # people see why
    assert sorted(desk.tickets) == ids
    assert [*audit(store.engine).doubled] == []
    assert len(notifier.texts(Role.SHERIFF)) == len(ids)
    assert len(notifier.texts(Role.ASKER)) == len(ids)


def test_a_slow_ticket_system_holds_up_neither_people_nor_other_cases(store: Store, tmp_path: Path) -> None:
    class SlowDesk(MemoryDesk):
        def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
            time.sleep(1.0)
            return super().open(case, assignee=assignee, earlier=earlier)

    desk, notifier = SlowDesk(), RecordingNotifier()
    with at_work(store, desk, notifier, tmp_path) as workflows:
        answered = []
        for number in range(6):
            store.cases.save_new(fresh(f"c-{number}"))
            answered.append(workflows.hand_over(f"c-{number}", wait=0.05).ticket)
        eventually(lambda: audit(store.engine).settled, within=60)

    assert answered == [""] * 6
    assert len(desk.tickets) == 6
    assert [*audit(store.engine).doubled] == []


# ---- the disk ----


def fill_up(store: Store, *, pages: int) -> None:
    """Let the database have no more pages than these from now on: SQLite then says that the disk is full."""
    store.engine.dispose()  # the limit belongs to a connection
    with store.engine.connect() as connection:
        limit = connection.connection.cursor()
        limit.execute(f"PRAGMA max_page_count = {pages}")
        assert limit.fetchone()[0] >= 1
        limit.close()


def test_on_a_full_disk_a_case_is_refused_whole_and_later_stored_whole(store: Store) -> None:
    store.cases.save_new(fresh("c-1"))
    fill_up(store, pages=1)
    long = a_case("c-2", question="Why? " * 20_000, opened=utc_now(), updated=utc_now())

    with pytest.raises(StoreUnavailable, match=r"database or disk is full\. Make room on the disk\."):
        store.cases.save_new(long)
    refused = audit(store.engine)
    fill_up(store, pages=1_000_000)
    store.cases.save_new(long)

    assert (refused.cases, refused.damage) == (1, "")
    assert (audit(store.engine).cases, audit(store.engine).damage) == (2, "")


def test_a_server_whose_disk_is_full_acknowledges_nothing_and_goes_on_when_there_is_room(
    small_home: Path, small_docs: Path, model_dir: Path
) -> None:
    with serving(small_home, model_dir, SHERIFF_CONFIG=str(small_docs.with_suffix(".yaml"))) as served:
        served.wait_until_ready(180)
        first = served.ask("Can I get a FortranGrid licence for Solaris?", id="m-1")
        pid, unlimited = served.process.pid, resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, unlimited))
        message = {"id": "m-2", "text": "Can I get a FortranGrid licence for Amiga?"}
        refused = httpx.post(f"{served.url}/api/v1/ask", json=message, timeout=180)
        alive = httpx.get(f"{served.url}/healthz", timeout=60)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        second = served.ask(message["text"], id="m-2")
        with_room = open_store(f"sqlite:///{small_home / 'sheriff.db'}")
        eventually(lambda: audit(with_room.engine).settled, within=300)
        found = audit(with_room.engine)
        with_room.close()

    assert refused.status_code == 503, refused.text
    assert "cannot be used" in refused.json()["error"]
    assert alive.status_code == 200
    assert first["case"]["ticket"] != second["case"]["ticket"]  # type: ignore[index]
    assert (found.cases, [*found.doubled], found.damage) == (2, [], "")


def test_a_workflow_that_could_not_write_down_a_step_is_resumed_when_there_is_room(
    store: Store, tmp_path: Path
) -> None:
    from dbos._dbos import _get_dbos_instance

    full = threading.Event()

    class FillingDesk(MemoryDesk):
        def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
            ticket = super().open(case, assignee=assignee, earlier=earlier)
            if len(self.tickets) == 1:
                full.set()
            return ticket

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if full.is_set() and not statement.lstrip().upper().startswith("SELECT"):
            raise sqlite3.OperationalError("disk I/O error")

    desk, notifier = FillingDesk(), RecordingNotifier()
    with at_work(store, desk, notifier, tmp_path, plan=replace(PLAN, stalled_after=0.5)) as workflows:
        sa.event.listen(_get_dbos_instance()._sys_db.engine, "before_cursor_execute", refuse)
        store.cases.save_new(fresh())
        workflows.hand_over("c-00000001", wait=0.0)
        eventually(full.is_set)
        eventually(lambda: not workflows._running)  # DBOS has let go of it
        full.clear()
        store.cases.save_new(fresh("c-00000002"))
        eventually(lambda: audit(store.engine).settled, within=60)

    assert len(desk.tickets) == 2
    assert [*audit(store.engine).doubled] == []
    assert len(notifier.texts(Role.SHERIFF)) == 2


# ---- the clock ----


@pytest.mark.parametrize("jump", [timedelta(days=-3), timedelta(hours=-1), timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_jumps_between_storing_and_telling_holds_nothing_up(
    store: Store, tmp_path: Path, jump: timedelta
) -> None:
    desk, notifier = MemoryDesk(), RecordingNotifier()
    store.cases.save_new(fresh())  # and the process dies

    with at_work(store, desk, notifier, tmp_path, clock=lambda: utc_now() + jump):
        eventually(lambda: audit(store.engine).settled, within=60)

    assert len(notifier.texts(Role.SHERIFF)) == 1
    assert [*audit(store.engine).doubled] == []


def test_a_clock_set_back_and_forth_while_at_work_tells_everybody_once(store: Store, tmp_path: Path) -> None:
    desk, notifier = MemoryDesk(), RecordingNotifier()
    jumps = [timedelta(days=days) for days in (0, -30, 2, -1, 60)]
    jump = jumps[0]

    with at_work(store, desk, notifier, tmp_path, clock=lambda: utc_now() + jump) as workflows:
        for number, jump in enumerate(jumps):
            store.cases.save_new(fresh(f"c-{number}", utc_now() + jump))
            workflows.hand_over(f"c-{number}", wait=0.0)
            if number % 2:
                store.cases.record(f"c-{number}", lambda c: transitions.take(c, by="Ana", at=utc_now()))
        eventually(lambda: audit(store.engine).settled, within=60)

    told = [store.cases.get(f"c-{number}") for number in range(len(jumps))]
    assert [[e.kind for e in case.events].count(EventKind.SHERIFF_TOLD) for case in told if case] == [1] * len(jumps)
    assert len(desk.tickets) == len(jumps)


@pytest.mark.parametrize(
    ("friday", "hours"),
    [
        (datetime(2026, 3, 27, 17, 45, tzinfo=PARIS), 62.5),  # an hour is missing in that weekend
        (datetime(2026, 10, 23, 17, 45, tzinfo=PARIS), 64.5),  # and one too many in this
        (datetime(2026, 11, 6, 17, 45, tzinfo=PARIS), 63.5),
    ],
)
def test_over_the_weekend_of_a_clock_change_a_reminder_comes_at_the_same_wall_time(
    store: Store, tmp_path: Path, friday: datetime, hours: float
) -> None:
    workflows = Workflows(
        store.cases,
        desk=MemoryDesk(),
        notifier=RecordingNotifier(),
        rota=OFFICE_HOURS,
        clock=lambda: friday.astimezone(UTC),
        url=f"sqlite:///{tmp_path / 'workflows.db'}",
        plan=Plan(acknowledge=timedelta(minutes=30)),
    )

    due = friday.astimezone(UTC) + timedelta(seconds=workflows._seconds_until_reminder())

    assert due.astimezone(PARIS).strftime("%a %H:%M") == "Mon 09:15"
    assert workflows._seconds_until_reminder() == hours * 3600
