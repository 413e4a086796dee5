"""Backups, exports, what is deleted by age and what because of whose it is."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.desks.sqlite import SqliteDesk
from bot.messages import Person
from bot.occupancy import occupied
from bot.sections import PolicySettings
from bot.settings import Settings
from bot.store import forgetting
from bot.store.audit import audit
from bot.store.forgetting import SOMEONE
from bot.store.notifications import DeskPageNotifier
from bot.store.opening import Store, open_store
from bot.store.posts import ANSWER, CASE_CARD, Post
from bot.store.tables import access_events, metadata
from bot.store.tidying import Tidying
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause
from bot.support.handoff import Notification, Role
from bot.support.rota import Member
from bot.upkeep.backup import backup_command, restore_command
from bot.upkeep.databases import check_command
from bot.upkeep.exporting import export_command, exported
from bot.upkeep.forgetting import forget_command, tidy_command
from knowledge.errors import Failure, Misuse
from tests.fakes import a_case
from tests.serving import eventually, serving

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
KIM, LEA = Person("29:kim", "Kim"), Person("29:lea", "Lea")


def settings_of(home: Path, **more: object) -> Settings:
    return Settings(home=home, **more)  # type: ignore[arg-type]


def fill(store: Store, *case_ids: str, asker: Person = KIM, at: datetime = NOW) -> None:
    for case_id in case_ids:
        store.cases.save_new(a_case(case_id, asker=asker, opened=at, updated=at))


def resolve(store: Store, case_id: str, *, at: datetime = NOW, resolution: str = "Set callers.") -> Case:
    return store.cases.record(
        case_id, lambda c: transitions.resolve(c, by="Ana", at=at, cause=Cause.OTHER, resolution=resolution)
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two cases."""
    folder = tmp_path / "home"
    store = open_store(settings_of(folder).database)
    fill(store, "c-1", "c-2")
    store.close()
    return folder


def case_ids(home: Path) -> list[str]:
    store = open_store(settings_of(home).database)
    try:
        return sorted(case.id for case in store.cases.list())
    finally:
        store.close()


# ---- backup and restore ----


def test_a_backup_brings_back_what_there_was_and_keeps_aside_what_came_after(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)
    store = open_store(settings_of(home).database)
    fill(store, "c-3")
    store.close()

    restore_command(settings_of(home), tmp_path / "b.zip", now=NOW)

    assert case_ids(home) == ["c-1", "c-2"]
    aside = home / "before-restore-20261125-100000"
    said = capsys.readouterr().out
    assert "2 cases" in said
    assert str(aside) in said
    (aside / "sheriff.db").rename(tmp_path / "sheriff.db")
    assert case_ids(tmp_path) == ["c-1", "c-2", "c-3"]


def test_a_backup_goes_into_a_new_home(home: Path, tmp_path: Path) -> None:
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)

    restore_command(settings_of(tmp_path / "new"), tmp_path / "b.zip", now=NOW)

    assert case_ids(tmp_path / "new") == ["c-1", "c-2"]
    assert list((tmp_path / "new").glob("before-restore-*")) == []


def test_a_backup_taken_while_cases_are_written_is_whole(home: Path, tmp_path: Path) -> None:
    store = open_store(settings_of(home).database)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            fill(store, f"c-w{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    eventually(lambda: store.cases.count() > 50)
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)
    stop.set()
    writer.join()
    store.close()

    restore_command(settings_of(tmp_path / "new"), tmp_path / "b.zip", now=NOW)

    restored = open_store(settings_of(tmp_path / "new").database)
    assert audit(restored.engine).damage == ""
    assert restored.cases.count() > 50
    restored.close()


def test_a_home_that_is_served_is_backed_up_and_not_restored(
    small_home: Path, small_docs: Path, model_dir: Path, tmp_path: Path
) -> None:
    config = {"SHERIFF_CONFIG": str(small_docs.with_suffix(".yaml"))}
    with serving(small_home, model_dir, **config) as served:
        first = served.ask("Can I get a FortranGrid licence for Solaris?", id="m-1")
        backup_command(settings_of(small_home), tmp_path / "b.zip", now=NOW)
        with pytest.raises(Failure, match=r"Sheriff serves from .*Stop it, then restore"):
            restore_command(settings_of(small_home), tmp_path / "b.zip", now=NOW)
        served.ask("Can I get a FortranGrid licence for Amiga?", id="m-2")

    restore_command(settings_of(small_home), tmp_path / "b.zip", now=NOW)

    with serving(small_home, model_dir, **config) as served:
        again = served.ask("Can I get a FortranGrid licence for Solaris?", id="m-1")
        count = httpx.get(f"{served.url}/api/v1/cases", timeout=30).json()["count"]
        store = open_store(settings_of(small_home).database)
        eventually(lambda: audit(store.engine).settled, within=60)
        assert [*audit(store.engine).doubled] == []
        store.close()
    assert again == first
    assert count == 1


def test_no_backup_replaces_a_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("precious")

    with pytest.raises(Misuse, match="is there already"):
        backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)
    assert (tmp_path / "b.zip").read_text() == "precious"


def test_a_backup_of_nothing_or_to_nowhere_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no cases to back up"):
        backup_command(settings_of(tmp_path / "empty"), tmp_path / "b.zip", now=NOW)
    with pytest.raises(Misuse, match="there is no folder"):
        backup_command(settings_of(home), tmp_path / "nowhere" / "b.zip", now=NOW)


def cut_short(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-200])


def of_another_program(backup: Path) -> None:
    with zipfile.ZipFile(backup, "w") as packed:
        packed.writestr("letter.txt", "Dear Kim")


def with_a_changed_database(backup: Path) -> None:
    with zipfile.ZipFile(backup) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    held["sheriff.db"] = held["sheriff.db"][:-1] + b"?"
    with zipfile.ZipFile(backup, "w") as packed:
        for name, content in held.items():
            packed.writestr(name, content)


def with_a_path_outside(backup: Path) -> None:
    with zipfile.ZipFile(backup, "a") as packed:
        about = json.loads(packed.read("backup.json"))
    about["files"]["../../evil"] = ""
    with zipfile.ZipFile(backup, "w") as packed:
        packed.writestr("backup.json", json.dumps(about))


@pytest.mark.parametrize("spoil", [cut_short, of_another_program, with_a_changed_database, with_a_path_outside])
def test_a_backup_that_is_not_whole_changes_nothing(home: Path, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)
    spoil(tmp_path / "b.zip")
    before = (home / "sheriff.db").read_bytes()

    with pytest.raises(Failure, match=re.escape(str(tmp_path / "b.zip"))):
        restore_command(settings_of(home), tmp_path / "b.zip", now=NOW)

    assert (home / "sheriff.db").read_bytes() == before
    assert [file.name for file in home.iterdir() if "restor" in file.name] == []


def test_a_backup_of_a_newer_version_is_refused(home: Path, tmp_path: Path) -> None:
    with sqlite3.connect(home / "sheriff.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)

    with pytest.raises(Failure, match="made by a newer Sheriff"):
        restore_command(settings_of(tmp_path / "new"), tmp_path / "b.zip", now=NOW)


def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(home: Path, tmp_path: Path) -> None:
    content = bytearray((home / "sheriff.db").read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\x5a" * (4096 * 2)
    (home / "sheriff.db").write_bytes(content)

    with pytest.raises(Failure, match=r"sheriff\.db"):
        backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize(
    ("command", "tool"), [(backup_command, "pg_dump --format=custom"), (restore_command, "pg_restore --clean")]
)
def test_with_postgresql_its_own_tools_are_named_without_the_password(
    tmp_path: Path, command: Callable[..., None], tool: str
) -> None:
    settings = settings_of(tmp_path, database_url="postgresql://sheriff:secret@db.example:5432/cases")

    with pytest.raises(Misuse) as refused:
        command(settings, tmp_path / "b.dump", now=NOW)

    assert tool in str(refused.value)
    assert "postgresql://sheriff@db.example:5432/cases" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_home_is_not_restored_by_two_at_once(home: Path, tmp_path: Path) -> None:
    backup_command(settings_of(home), tmp_path / "b.zip", now=NOW)

    with occupied(home, why="taken"), pytest.raises(Failure, match="Stop it"):
        restore_command(settings_of(home), tmp_path / "b.zip", now=NOW)


# ---- check and export ----


def test_a_refused_ticket_is_no_lost_one_and_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(settings_of(home).database)
    store.cases.record("c-1", lambda c: transitions.refused(c, at=NOW, number=2, reason="No such project."))
    found = audit(store.engine)
    store.close()

    check_command(settings_of(home))

    assert (found.without_ticket, found.refused) == (["c-2"], ["c-1"])
    assert "1 were refused a ticket: the desk page says why" in capsys.readouterr().out


def test_a_sound_database_is_told_with_what_is_still_owed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_command(settings_of(home))

    assert capsys.readouterr().out.splitlines()[0].endswith("sheriff.db: sound. 2 cases, 2 handed over.")


def test_an_export_has_a_line_for_each_case_with_what_happened_to_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(settings_of(home).database)
    resolve(store, "c-2", at=NOW + timedelta(days=2))
    store.close()

    export_command(settings_of(home), since="", target=None)
    everything = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    export_command(settings_of(home), since="2026-11-26", target=tmp_path / "new.jsonl")
    changed = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text("utf-8").splitlines()]

    assert [case["id"] for case in everything] == ["c-1", "c-2"]
    assert [case["id"] for case in changed] == ["c-2"]
    assert changed[0]["resolution"] == "Set callers."
    assert changed[0]["asker"] == {"id": "29:kim", "name": "Kim"}
    assert [event["kind"] for event in changed[0]["events"]] == ["opened", "handed_over", "resolved"]


def test_more_cases_than_are_read_at_once_are_exported_once_each(database_url: str) -> None:
    store = open_store(database_url)
    fill(store, *(f"c-{number:04}" for number in range(1_203)))

    lines = [json.loads(line)["id"] for line in exported(store.cases, since=None)]
    store.close()

    assert lines == [f"c-{number:04}" for number in range(1_203)]


def test_a_moment_that_is_none_is_refused(home: Path) -> None:
    with pytest.raises(Misuse, match="write a day or a moment: 2026-11-01"):
        export_command(settings_of(home), since="yesterday", target=None)


# ---- retention ----


@pytest.fixture
def store(database_url: str) -> Store:
    opened = open_store(database_url, clock=lambda: NOW)
    old = NOW - timedelta(days=400)
    fill(opened, "c-open", "c-old", at=old)
    fill(opened, "c-new")
    for case_id, at in (("c-old", old), ("c-new", NOW)):
        resolve(opened, case_id, at=at)
    desk = SqliteDesk(opened.engine, clock=lambda: old)
    for case_id in ("c-open", "c-old", "c-new"):
        case = opened.cases.get(case_id)
        assert case is not None
        ticket = desk.open(case, assignee="Ana")
        desk.comment(ticket.number, "Kim: it is prod.", author="Kim", key="1")
        opened.posts.remember(Post(case_id, "19:x", f"a-{case_id}"), CASE_CARD)
        opened.posts.remember(Post(case_id, "a:kim", f"b-{case_id}"), ANSWER)
        told = Notification(f"{case_id}/sheriff", Role.SHERIFF, Member("ana", "Ana"), case, case.events[0], "Kim asks.")
        DeskPageNotifier(opened.engine, clock=lambda: old).tell(told)
    for row in opened.cases.unheard():
        opened.cases.heard(row.number)
    return opened


def left(store: Store) -> list[str]:
    return sorted(case.id for case in store.cases.list())


def test_ended_cases_are_deleted_when_their_time_is_over_and_open_ones_never(store: Store) -> None:
    tidying = Tidying(store, retention=timedelta(days=365), clock=lambda: NOW + timedelta(days=1))

    assert tidying.tidy() == 1
    assert tidying.tidy() == 0
    assert left(store) == ["c-new", "c-open"]
    for table in ("events", "notifications", "posts", "tickets"):
        with store.engine.connect() as connection:
            rest = connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE case_id = 'c-old'")).scalar_one()  # noqa: S608
        assert rest == 0, table
    store.close()


def test_replies_and_messages_that_nobody_sends_again_are_forgotten(store: Store) -> None:
    store.turns.claim("web:1")
    store.received.keep("19:x", "m-1", {"text": "Why?"})
    fill(store, "c-later", at=NOW + timedelta(days=30))

    Tidying(store, retention=None, clock=lambda: NOW + timedelta(days=31)).tidy()

    with store.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM received")).scalar_one() == 0
        assert connection.execute(sa.text("SELECT count(*) FROM turns")).scalar_one() == 0
    store.close()


def test_without_a_policy_nothing_is_deleted(store: Store) -> None:
    assert Tidying(store, retention=None, clock=lambda: NOW).tidy() == 0
    assert left(store) == ["c-new", "c-old", "c-open"]
    store.close()


def test_a_clock_far_ahead_deletes_nothing(store: Store) -> None:
    ahead = Tidying(store, retention=timedelta(days=365), clock=lambda: NOW + timedelta(days=3650))

    assert ahead.tidy() == 0
    assert left(store) == ["c-new", "c-old", "c-open"]
    store.close()


def test_a_clock_far_behind_deletes_nothing(store: Store) -> None:
    assert Tidying(store, retention=timedelta(days=365), clock=lambda: NOW - timedelta(days=3650)).tidy() == 0
    assert left(store) == ["c-new", "c-old", "c-open"]
    store.close()


def test_a_case_that_somebody_has_yet_to_hear_of_stays(store: Store) -> None:
    store.cases.record("c-old", lambda c: transitions.reopen(c, by="Kim", at=NOW - timedelta(days=390), text="Again."))
    store.cases.record("c-old", lambda c: transitions.withdraw(c, by="Kim", at=NOW - timedelta(days=390)))

    assert Tidying(store, retention=timedelta(days=365), clock=lambda: NOW).tidy() == 0
    store.close()


def test_the_command_says_how_many_before_it_deletes_them(
    store: Store, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path, database_url=database_url, policy=PolicySettings(retention_days=365))

    tidy_command(settings, days=None, dry_run=True, now=NOW)
    assert left(store) == ["c-new", "c-old", "c-open"]
    tidy_command(settings, days=None, dry_run=False, now=NOW)

    assert left(store) == ["c-new", "c-open"]
    assert [line.split(" cases ")[0] for line in capsys.readouterr().out.splitlines()] == ["1", "1"]
    store.close()


def test_without_a_policy_the_command_asks_for_days(home: Path) -> None:
    with pytest.raises(Misuse, match=r"Set policy\.retention_days, or give --days"):
        tidy_command(settings_of(home), days=None, dry_run=True, now=NOW)


# ---- a person's data ----


def forget(store: Store, url: str, home: Path, who: str) -> None:
    forget_command(settings_of(home, database_url=url), who, yes=True)


def everything_stored(store: Store) -> str:
    """All rows of all tables as text."""
    tables = sa.MetaData()
    tables.reflect(store.engine)
    with store.engine.connect() as connection:
        return "\n".join(
            str(tuple(row)) for table in tables.sorted_tables for row in connection.execute(sa.select(table))
        )


def test_a_forgotten_person_is_found_nowhere_and_the_counts_stay(
    store: Store, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.cases.record("c-open", lambda c: transitions.withdraw(c, by="Kim", at=NOW))
    store.requests.ask("A quota page", KIM)
    store.turns.claim("teams:29:kim:1")
    store.turns.finish("teams:29:kim:1", '{"text": "Hello Kim"}')
    store.received.keep("19:x", "m-1", {"from": {"id": "29:kim", "name": "Kim"}, "text": "Why?"})
    fill(store, "c-lea", asker=LEA)
    store.cases.record("c-lea", lambda c: transitions.take(c, by="Kim", at=NOW))
    before = store.cases.count()

    forget(store, database_url, tmp_path, "kim")

    stored = everything_stored(store)
    assert "Kim" not in stored
    assert "29:kim" not in stored
    assert store.cases.count() == before
    old, lea = store.cases.get("c-old"), store.cases.get("c-lea")
    assert old is not None
    assert lea is not None
    assert (old.asker.name, old.question, old.cause, old.resolution) == (
        SOMEONE,
        "(removed)",
        Cause.OTHER,
        "Set callers.",
    )
    assert (lea.sheriff, lea.asker.name, lea.state) == (SOMEONE, "Lea", CaseState.ASSIGNED)
    assert store.requests.top()[0].votes == 0
    assert "3 cases they asked" in capsys.readouterr().out
    store.close()


def test_a_forgotten_person_is_not_in_the_record_of_tokens_and_sessions(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    store.cases.record("c-open", lambda c: transitions.withdraw(c, by="Kim", at=NOW))
    with store.engine.begin() as connection:
        rows = [
            {"at": NOW, "kind": "token_made", "by_name": "Kim", "text": "reports"},
            {"at": NOW, "kind": "signed_out", "by_name": "Lea", "text": "sessions of Kim (29:kim)"},
        ]
        connection.execute(access_events.insert(), rows)

    forget(store, database_url, tmp_path, "29:kim")

    assert [(by, text) for _, _, by, text in store.access.events()] == [
        ("Lea", f"sessions of {SOMEONE} ({SOMEONE})"),
        (SOMEONE, "reports"),
    ]
    store.close()


def test_every_table_is_known_to_forgetting_or_has_nobody_in_it() -> None:
    nobody = {"unheard", "replicas", "gap_ledger", "gap_issues", "gap_pages", "demonstration"}
    nobody |= {"api_tokens", "desk_deliveries", "token_use"}  # the last has hashes, for a day
    needed = {"ended_sessions"}  # without it a copied cookie would be good again; its rows go after a year

    told = {table.name for table in vars(forgetting).values() if isinstance(table, sa.Table)}

    assert told | nobody | needed == set(metadata.tables)
    assert not told & (nobody | needed)


def test_what_was_forgotten_is_not_in_the_file_either(home: Path) -> None:
    store = open_store(settings_of(home).database)
    fill(store, "c-secret", asker=LEA)
    store.cases.record("c-secret", lambda c: transitions.add_details(c, by="Lea", at=NOW, text="zanzibar"))
    store.cases.record("c-secret", lambda c: transitions.withdraw(c, by="Lea", at=NOW))
    assert b"zanzibar" in (home / "sheriff.db").read_bytes() + (home / "sheriff.db-wal").read_bytes()
    store.close()

    forget_command(settings_of(home), "Lea", yes=True)

    assert [file.name for file in home.glob("sheriff.db*") if b"zanzibar" in file.read_bytes()] == []


def test_somebody_who_still_waits_is_not_forgotten(store: Store, database_url: str, tmp_path: Path) -> None:
    before = everything_stored(store)

    with pytest.raises(Failure, match=r"Kim still waits for c-open\. Resolve or withdraw that first"):
        forget(store, database_url, tmp_path, "Kim")

    assert everything_stored(store) == before
    store.close()


def test_of_two_people_with_one_name_the_id_decides_and_the_other_stays(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    store.cases.record("c-open", lambda c: transitions.withdraw(c, by="Kim", at=NOW))
    fill(store, "c-other", asker=Person("29:other", "Kim"))

    with pytest.raises(Misuse, match=r"Several people are called Kim\. Name one by id: 29:kim, 29:other\."):
        forget(store, database_url, tmp_path, "Kim")
    forget(store, database_url, tmp_path, "29:kim")

    other = store.cases.get("c-other")
    assert other is not None
    assert (other.asker, other.events[0].actor) == (Person("29:other", "Kim"), "Kim")
    store.close()


def test_a_stranger_and_sheriff_itself_are_not_there_to_forget(store: Store, database_url: str, tmp_path: Path) -> None:
    for who in ("Zoë", "Sheriff", SOMEONE, ""):
        with pytest.raises(Failure, match="Nothing is stored of"):
            forget(store, database_url, tmp_path, who)
    store.close()


def test_where_nobody_can_be_asked_yes_has_to_be_said(home: Path) -> None:
    store = open_store(settings_of(home).database)
    for case_id in ("c-1", "c-2"):
        store.cases.record(case_id, lambda c: transitions.withdraw(c, by="Kim", at=NOW))
    store.close()

    with pytest.raises(Misuse, match="Add --yes"):
        forget_command(settings_of(home), "Kim", yes=False)
