"""Cases, turns and tickets on both databases: SQLite in a file and a real PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa

from bot.desks.sqlite import SqliteDesk
from bot.messages import Person
from bot.store.migrations import HEAD
from bot.store.opening import Store, StoreUnavailable, open_store
from bot.store.tables import metadata
from bot.store.turn_log import Answered, Claimed, InProgress, TurnLog
from bot.support import transitions
from bot.support.broadcast import Broadcast, Update
from bot.support.cases import Case, CaseState, Cause, Change, EventKind, NotPossible
from bot.support.handoff import TicketState
from knowledge.errors import DeskUnavailable, Failure, Misuse
from knowledge.model import Citation
from tests.fakes import a_case

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PAGE = Citation(1, "Job definitions", "jor/job-definitions.md", "Namespaces", "namespaces", "A job runs …")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def take(case: Case) -> Change:
    return transitions.take(case, by="Ana", at=AT)


def test_a_case_comes_back_as_it_was_saved(store: Store) -> None:
    case = a_case(
        state=CaseState.RESOLVED,
        citations=(PAGE, replace(PAGE, number=2, quote="ünïcode „quotes“")),
        reference={"serviceUrl": "https://smba.example", "nested": {"a": [1, 2]}},
        confidence=0.31,
        component="jor",
        sheriff="Ana",
        ticket="SUP-12",
        ticket_url="https://tickets.example/12",
        cause=Cause.MISSING,
        resolution="Set callers.",
        answer="I don’t know.",
    )

    saved = store.cases.save_new(case)

    assert store.cases.get(case.id) == saved
    assert [e.kind for e in saved.events] == [EventKind.OPENED]


def test_a_change_is_stored_with_its_event_and_is_heard(store: Store) -> None:
    store.cases.save_new(a_case())
    heard: list[Update] = []
    store.broadcast.listen(heard.append)

    case = store.cases.record("c-00000001", take)

    assert (case.state, case.sheriff) == (CaseState.ASSIGNED, "Ana")
    assert store.cases.get("c-00000001") == case
    assert [(u.kind, u.conversation) for u in heard] == [("taken", "web:kim")]
    assert heard[0].number == store.cases.last_event_number()


def test_a_refused_change_leaves_everything_as_it_was(store: Store) -> None:
    before = store.cases.save_new(a_case(state=CaseState.ANSWERED))

    with pytest.raises(NotPossible):
        store.cases.record("c-00000001", take)

    assert store.cases.get("c-00000001") == before


def test_a_case_that_is_not_there_is_none_or_refused(store: Store) -> None:
    assert store.cases.get("c-404") is None
    assert store.cases.find("SUP-404") is None
    assert store.cases.event(404) is None
    with pytest.raises(NotPossible, match=r"There is no case c-404\."):
        store.cases.record("c-404", take)


def test_of_many_who_take_a_case_at_once_one_has_it(store: Store) -> None:
    store.cases.save_new(a_case())

    def try_to_take(name: str) -> str:
        try:
            return store.cases.record("c-00000001", lambda c: transitions.take(c, by=name, at=AT)).sheriff
        except NotPossible:
            return ""

    with ThreadPoolExecutor(8) as pool:
        takers = [name for name in pool.map(try_to_take, [f"P{n}" for n in range(16)]) if name]

    case = store.cases.get("c-00000001")
    assert case is not None
    assert takers == [case.sheriff]
    assert [e.kind for e in case.events].count(EventKind.TAKEN) == 1


def test_a_case_is_found_by_ticket_or_id_in_any_spelling(store: Store) -> None:
    store.cases.save_new(a_case(ticket="SUP-12"))

    assert [store.cases.find(x).id for x in ("SUP-12", " sup-12 ", "c-00000001")] == ["c-00000001"] * 3  # type: ignore[union-attr]


def test_lists_are_newest_first_in_pages_and_counted(store: Store) -> None:
    for n in range(7):
        store.cases.save_new(a_case(f"c-{n}", opened=AT + timedelta(minutes=n)))

    pages = [[c.id for c in store.cases.list(limit=3, offset=offset)] for offset in (0, 3, 6)]

    assert pages == [["c-6", "c-5", "c-4"], ["c-3", "c-2", "c-1"], ["c-0"]]
    assert store.cases.count() == 7


def test_lists_are_restricted_by_state_asker_conversation_sheriff_and_time(store: Store) -> None:
    store.cases.save_new(a_case("c-1", asker=Person("lea", "Lea"), conversation="web:lea"))
    store.cases.save_new(a_case("c-2", state=CaseState.ASSIGNED, sheriff="Ana", opened=AT))
    store.cases.save_new(a_case("c-3", state=CaseState.RESOLVED, sheriff="Bo", resolution="Done."))

    def ids(**given: object) -> list[str]:
        listed = [c.id for c in store.cases.list(**given)]  # type: ignore[arg-type]
        assert store.cases.count(**given) == len(listed)  # type: ignore[arg-type]
        return sorted(listed)

    assert ids(states=(CaseState.NEW, CaseState.ASSIGNED)) == ["c-1", "c-2"]
    assert ids(asker="lea") == ids(conversation="web:lea") == ["c-1"]
    assert ids(sheriff="Bo") == ["c-3"]
    assert ids(since=AT) == ["c-2"]


def test_a_search_finds_every_word_in_question_answer_resolution_ticket_and_name(store: Store) -> None:
    store.cases.save_new(a_case("c-1", question="Partition quota of KAFKA?", ticket="SUP-7"))
    store.cases.save_new(a_case("c-2", question="100% of %namespace%?", asker=Person("z", "Zoë")))
    store.cases.record("c-2", lambda c: transitions.resolve(c, by="Bo", at=AT, cause=Cause.OTHER, resolution="Réglé."))

    def ids(text: str) -> list[str]:
        return sorted(c.id for c in store.cases.list(text=text))

    assert ids("kafka PARTITION") == ids("sup-7") == ["c-1"]
    assert ids("kafka missing") == []
    assert ids("%namespace%") == ids("zoë") == ids("réglé") == ["c-2"]
    assert ids("_ %") == []
    assert ids("  ") == ["c-1", "c-2"]


def test_a_conversation_hears_of_its_own_cases_from_where_it_left_off(store: Store) -> None:
    store.cases.save_new(a_case("c-1"))
    store.cases.save_new(a_case("c-2", conversation="web:lea"))
    seen = store.cases.events_for_conversation("web:kim")
    store.cases.record("c-1", take)
    store.cases.record("c-2", take)

    news = store.cases.events_for_conversation("web:kim", after=seen[-1].number)

    assert [s.event.kind for s in seen] == ["opened", "handed_over"]
    assert [(s.case_id, s.event.kind) for s in news] == [("c-1", "taken")]
    assert store.cases.event(news[0].number) == news[0]


def test_what_others_must_hear_of_waits_until_it_is_heard(store: Store) -> None:
    store.cases.save_new(a_case())
    store.cases.record("c-00000001", lambda c: transitions.name_sheriff(c, at=AT, sheriff="Ana"))
    store.cases.record("c-00000001", take)

    handed_over, taken = store.cases.unheard()
    store.cases.set_workflow(taken.number, "c-00000001/3")
    store.cases.heard(handed_over.number)

    assert [u.workflow for u in store.cases.unheard(case_id="c-00000001")] == ["c-00000001/3"]
    assert store.cases.unheard(before=AT) == ()
    assert len(store.cases.unheard(before=AT + timedelta(seconds=1))) == 1


def test_a_message_is_answered_once(store: Store) -> None:
    assert store.turns.claim("web:1") == Claimed()
    assert isinstance(store.turns.claim("web:1"), InProgress)
    assert store.turns.first_reply("web:1") is None

    store.turns.finish("web:1", '{"text": "yes"}')

    assert store.turns.claim("web:1") == Answered('{"text": "yes"}')
    assert store.turns.first_reply("web:1") == '{"text": "yes"}'


def test_an_abandoned_message_may_be_tried_again_but_an_answered_one_stays(store: Store) -> None:
    store.turns.claim("web:1")
    store.turns.abandon("web:1")
    assert store.turns.claim("web:1") == Claimed()

    store.turns.finish("web:1", "{}")
    store.turns.abandon("web:1")

    assert store.turns.claim("web:1") == Answered("{}")


def test_a_claim_whose_owner_died_is_taken_over_by_one(store: Store) -> None:
    now = AT
    log = TurnLog(store.engine, clock=lambda: now, given_up_after=timedelta(minutes=2))
    log.claim("web:1")

    now = AT + timedelta(minutes=1)
    assert log.claim("web:1") == InProgress(AT)

    now = AT + timedelta(minutes=3)
    assert [log.claim("web:1"), log.claim("web:1")] == [Claimed(), InProgress(now)]


def test_old_turns_are_forgotten(store: Store) -> None:
    now = AT
    log = TurnLog(store.engine, clock=lambda: now)
    log.claim("web:1")
    now = AT + timedelta(days=8)
    log.claim("web:2")

    assert log.forget(before=AT + timedelta(days=1)) == 1
    assert log.claim("web:1") == Claimed()


def test_of_many_threads_one_may_answer(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: store.turns.claim("web:1"), range(24)))

    assert claims.count(Claimed()) == 1


def test_a_new_file_that_another_process_reads_just_now_is_opened_when_it_is_free(tmp_path: Path) -> None:
    file = tmp_path / "sheriff.db"
    with sqlite3.connect(file, isolation_level=None, check_same_thread=False) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM theirs").fetchall()  # SQLite fails a change of the journal at once now
        Timer(0.3, other.rollback).start()

        store = open_store(f"sqlite:///{file}")

    assert store.turns.claim("web:1") == Claimed()
    store.close()
    other.close()


CLAIMING = """
import sys
from bot.store.opening import open_store
from bot.store.turn_log import Claimed
store = open_store(sys.argv[1])
print(sum(store.turns.claim(f"web:{n}") == Claimed() for n in range(100)))
store.close()
"""


def test_of_several_processes_that_start_at_once_each_message_is_answered_by_one(database_url: str) -> None:
    command = [sys.executable, "-c", CLAIMING, database_url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    counts = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert sum(counts) == 100


def test_tickets_are_numbered_from_one_with_the_chosen_prefix(store: Store) -> None:
    desk = SqliteDesk(store.engine, prefix="OPS", url="/desk/{case}", clock=lambda: AT)

    tickets = [desk.open(a_case(f"c-{n}"), assignee="Ana") for n in range(3)]
    desk.comment("OPS-2", "It is prod.", author="Kim", key="7")
    desk.comment("OPS-2", "It is prod.", author="Kim", key="7")
    desk.comment("OPS-2", "Thanks.", author="Kim", key="8")

    assert [t.number for t in tickets] == ["OPS-1", "OPS-2", "OPS-3"]
    assert tickets[0].url == "/desk/c-0"
    assert [(c.author, c.text) for c in desk.comments("OPS-2")] == [("Kim", "It is prod."), ("Kim", "Thanks.")]


def test_concurrent_tickets_are_unique_on_every_database(store: Store) -> None:
    desk = SqliteDesk(store.engine)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: desk.open(a_case(f"c-{n % 10}"), assignee="Ana").number, range(40)))

    assert len(set(numbers)) == 10
    assert desk.state(numbers[0]) is TicketState.OPEN


def test_a_desk_whose_database_is_gone_is_unavailable(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    desk = SqliteDesk(store.engine)
    with store.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE ticket_comments"))
        connection.execute(sa.text("DROP TABLE tickets"))

    for use in (
        lambda: desk.open(a_case(), assignee="Ana"),
        lambda: desk.comment("SUP-1", "x", author="Kim", key="1"),
        lambda: desk.close("SUP-1", resolution="x"),
    ):
        with pytest.raises(DeskUnavailable):
            use()
    store.close()


def test_the_migrations_lead_to_the_tables_of_the_code(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD


def test_opening_again_finds_everything(database_url: str) -> None:
    first = open_store(database_url)
    saved = first.cases.save_new(a_case())
    first.close()

    second = open_store(database_url)
    assert second.cases.get(saved.id) == saved
    second.close()


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    store = open_store(database_url)
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(Failure, match="was written by a newer Sheriff"):
        open_store(database_url)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=rf"{tmp_path} is a folder, not a database\. Name a file in it"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "sheriff.db").write_text("this is not a database, but long enough to be read as one " * 20)

    with pytest.raises(Failure, match=r"sheriff\.db cannot be opened: file is not a database\. Move it away"):
        open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Failure, match="the folder of the database cannot be made"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'sheriff.db'}")


def test_a_place_without_permission_is_named() -> None:
    with pytest.raises(Failure, match=r"/proc/.*cannot be"):
        open_store("sqlite:////proc/sheriff.db")


@pytest.mark.parametrize("url", ["nonsense", "", "mysql://localhost/x", "nope+nope://x"])
def test_what_is_no_database_url_is_refused(url: str) -> None:
    with pytest.raises(Misuse, match=r"Write sqlite:///… or postgresql://…|Name a database as"):
        open_store(url)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(Failure, match="cannot be opened") as failed:
        open_store("postgresql://sheriff:secret@127.0.0.1:1/sheriff")

    assert "secret" not in str(failed.value)
    assert "Check that the server runs" in str(failed.value)


def test_ten_thousand_cases_are_paged_and_searched_quickly(tmp_path: Path) -> None:
    from bot.store.rows import row_of
    from bot.store.tables import cases

    store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
    words = ["kafka", "quota", "alerting", "topology", "jor", "splunk", "dns"]
    rows = [
        row_of(
            a_case(
                f"c-{n:08}",
                question=f"Why does {words[n % 7]} fail on node {n}? " + "Some more words about it. " * 8,
                state=CaseState.NEW if n % 50 == 0 else CaseState.CLOSED,
                opened=AT + timedelta(seconds=n),
            )
        )
        for n in range(10_000)
    ]
    with store.engine.begin() as connection:
        connection.execute(cases.insert(), rows)

    began = time.perf_counter()
    page = store.cases.list(states=(CaseState.NEW,), limit=50, offset=100)
    last = store.cases.list(limit=50, offset=9_950)
    found = store.cases.list(text="splunk 9999")
    seconds = time.perf_counter() - began
    store.close()

    assert (len(page), len(last), len(found)) == (50, 50, 0)
    assert seconds < 3.0


def test_who_waits_for_updates_hears_once_that_no_more_are_to_be_waited_for() -> None:
    broadcast = Broadcast()
    ends: list[str] = []
    broadcast.listen(lambda _: None, end=lambda: ends.append("early"))
    left = broadcast.listen(lambda _: None, end=lambda: ends.append("left"))
    left()

    broadcast.close()
    broadcast.listen(lambda _: None, end=lambda: ends.append("late"))

    assert ends == ["early", "late"]


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'full.db'}")
    store.engine.dispose()
    sa.event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))

    with pytest.raises(StoreUnavailable, match=r"full\.db cannot be used: database or disk is full\. Make room"):
        store.cases.save_new(a_case(answer="a" * 200_000))
    with pytest.raises(DeskUnavailable):
        SqliteDesk(store.engine, prefix="SUP", url="", clock=lambda: AT).open(
            a_case(answer="a" * 200_000), assignee="Ana"
        )
    store.close()
