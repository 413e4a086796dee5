"""The tables' versions: an older database is brought up to date with all that is in it, a newer one is left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.desks.sqlite import SqliteDesk
from bot.settings import Settings
from bot.store import schema
from bot.store.migrations import HEAD
from bot.store.opening import open_store, opened_engine
from bot.store.posts import Post
from bot.store.tables import metadata
from bot.store.turn_log import Answered
from bot.support.cases import CaseState, EventKind
from bot.upkeep.databases import status_command, upgrade_command
from knowledge.errors import Failure

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RELEASED = sorted(schema._known())
FACTS = {
    "case_id": "c-1",
    "opened": 1,
    "asker": "kim",
    "application": "",
    "channel": "web",
    "component": "",
    "fate": "unknown",
    "cited": 0,
    "heard": 1,
    "sheriff": "",
    "handed": 1,
    "responded": 0,
    "taken": 0,
    "ended": 0,
    "pauses": "",
    "refused": 0,
    "events": 1,
}
# What a database of each version held, table by table; later versions hold this and more.
HELD: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "0001": {
        "cases": {
            "id": "c-1",
            "state": "new",
            "question": "How do I shard Kafka?",
            "asker_id": "kim",
            "asker_name": "Kim",
            "channel": "web",
            "conversation": "web:kim",
            "opened": AT,
            "updated": AT,
            "outcome": "unanswered",
            "answer": "",
            "confidence": 0.1,
            "citations": [],
            "component": "kafka",
            "sheriff": "Ana",
            "ticket": "SUP-1",
            "ticket_url": "/desk/c-1",
            "cause": None,
            "resolution": "",
            "reference": {"serviceUrl": "https://smba.example"},
            "searched": "how do i shard kafka?",
        },
        "events": {
            "number": 1,
            "case_id": "c-1",
            "at": AT,
            "kind": "handed_over",
            "actor": "Sheriff",
            "text": "",
            "data": {},
        },
        "unheard": {"event_number": 1, "case_id": "c-1", "since": AT, "workflow": "c-1/1"},
        "turns": {"key": "web:kim:1", "claimed": AT, "reply": '{"text": "yes"}'},
        "notifications": {
            "number": 1,
            "key": "1/sheriff",
            "at": AT,
            "case_id": "c-1",
            "role": "sheriff",
            "member_id": "ana",
            "member_name": "Ana",
            "kind": "handed_over",
            "text": "Kim needs a person.",
        },
        "tickets": {
            "number": 1,
            "case_id": "c-1",
            "state": "open",
            "title": "How do I shard Kafka?",
            "body": "Kim asked.",
            "assignee": "Ana",
            "opened": AT,
            "resolution": "",
        },
        "ticket_comments": {
            "number": 1,
            "ticket_number": 1,
            "key": "2",
            "at": AT,
            "author": "Kim",
            "text": "It is prod.",
        },
    },
    "0002": {
        "posts": {
            "number": 1,
            "case_id": "c-1",
            "purpose": "case card",
            "conversation": "19:x",
            "activity": "a-1",
            "claimed": AT,
        },
        "requests": {"number": 1, "text": "Wish", "said": "wish", "by_id": "kim", "by_name": "Kim", "at": AT},
        "votes": {"request": 1, "voter": "kim", "at": AT},
    },
    "0004": {
        "rota_changes": {"number": 1, "at": AT, "by_id": "ana", "by_name": "Ana", "kind": "x", "data": {}},
        "rota_news": {
            "key": "week/1",
            "kind": "week",
            "claimed": AT,
            "told": AT,
            "place": "in Teams",
            "text": "Ana now.",
        },
    },
    "0005": {"replicas": {"name": "one", "life": "1", "beats": 7, "at": AT}},
    "0006": {"received": {"key": "k", "at": AT, "body": {"text": "Why?"}, "owner": "0", "tries": 1}},
    "0007": {},
    "0008": {"demonstration": {"number": 1, "at": AT, "seed": 7, "weeks": 13}},
    "0009": {
        "request_events": {
            "number": 1,
            "request": 1,
            "at": AT,
            "kind": "state",
            "by_id": "ana",
            "by_name": "Ana",
            "text": "Soon.",
            "data": {},
        },
        "request_news": {"event": 1, "voter": "kim", "at": AT},
    },
    "0010": {"case_facts": FACTS},
    "0011": {
        "gaps": {
            "number": 1,
            "topic": "",
            "name": "Sharding",
            "named_from": "c-1",
            "component": "kafka",
            "state": "open",
            "kind": "missing",
            "why": "",
            "page": "",
            "place": "",
            "owner": "",
            "draft": "",
            "diagnosed": "",
            "opened": AT,
            "updated": AT,
            "version": 1,
            "people": 1,
            "questions": 1,
            "minutes": 0,
            "score": 1.0,
            "weeks": [1],
        },
        "gap_signals": {
            "case_id": "c-1",
            "topic": "",
            "kind": "handed_over",
            "asker": "kim",
            "at": AT,
            "minutes": 0,
            "component": "kafka",
            "said": "s",
            "gap": 1,
        },
        "gap_texts": {"said": "s", "vector": b"00"},
        "gap_events": {
            "number": 1,
            "gap": 1,
            "at": AT,
            "kind": "opened",
            "by_id": "",
            "by_name": "Sheriff",
            "text": "",
        },
        "gap_ledger": {"name": "ledger", "seen": AT, "grouped": 1, "embeddings": "", "asked": "", "refreshed": AT},
        "gap_pages": {"document": "docs:a.md", "hash": "h", "changed": AT},
    },
    "0013": {
        "api_tokens": {"number": 1, "name": "ci", "digest": "0" * 64, "scopes": ["validate"], "created": AT},
        "ended_sessions": {"key": "kim", "before": AT},
        "access_events": {"number": 1, "at": AT, "kind": "token_created", "by_name": "root", "text": "ci"},
        "desk_deliveries": {"key": "0" * 64, "at": AT},
    },
    "0014": {"token_use": {"day": "2026-03-02", "person": "", "tokens": 7}},
}


def make_older(url: str, version: str) -> None:
    """A database as the Sheriff of that version left it, with a row in each table."""
    with opened_engine(url) as engine, engine.execution_options(writes=True).begin() as connection:
        schema._migrate(connection, version)
        tables = sa.MetaData()
        tables.reflect(connection)
        for of_version in (tables_of for number, tables_of in sorted(HELD.items()) if number <= version):
            for name, row in of_version.items():
                connection.execute(tables.tables[name].insert().values(row))


def settings(url: str, home: Path) -> Settings:
    return Settings(home=home, database_url=url)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", RELEASED)
def test_each_released_version_is_upgraded_with_all_that_it_holds(database_url: str, version: str) -> None:
    make_older(database_url, version)

    store = open_store(database_url)

    case = store.cases.get("c-1")
    assert case is not None
    assert (case.state, case.ticket, case.asker.name, case.opened) == (CaseState.NEW, "SUP-1", "Kim", AT)
    assert [event.kind for event in case.events] == [EventKind.HANDED_OVER]
    assert [row.workflow for row in store.cases.unheard()] == ["c-1/1"]
    assert store.turns.claim("web:kim:1") == Answered('{"text": "yes"}')
    assert [comment.text for comment in SqliteDesk(store.engine).comments("SUP-1")] == ["It is prod."]
    if version >= "0002":
        assert store.posts.of_case("c-1", "case card") == Post("c-1", "19:x", "a-1")
        assert [(wish.text, wish.votes) for wish in store.requests.top()] == [("Wish", 1)]
    store.close()
    assert_up_to_date(database_url)


def assert_up_to_date(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with opened_engine(url) as engine:
        assert schema.version(engine) == HEAD
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
    ours = [d for d in differences if not (isinstance(d, tuple) and str(getattr(d[1], "schema", "")) == "dbos")]
    assert ours == []


def test_the_command_upgrades_once_and_says_so_twice(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_older(database_url, "0001")

    upgrade_command(settings(database_url, tmp_path))
    upgrade_command(settings(database_url, tmp_path))
    status_command(settings(database_url, tmp_path))

    first, second, third = capsys.readouterr().out.splitlines()
    assert first.endswith(f": upgraded from version 0001 to {HEAD}.")
    assert second.endswith(f": up to date (version {HEAD}).")
    assert third == second
    assert_up_to_date(database_url)


UPGRADING = """
import sys
from pathlib import Path
from bot.settings import Settings
from bot.upkeep.databases import upgrade_command
upgrade_command(Settings(home=Path(sys.argv[2]), database_url=sys.argv[1]))
"""


def test_several_processes_upgrade_at_once_and_one_does_it(database_url: str, tmp_path: Path) -> None:
    make_older(database_url, "0001")

    command = [sys.executable, "-c", UPGRADING, database_url, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum("upgraded from version 0001" in text for text in said) == 1
    assert_up_to_date(database_url)


def test_an_older_or_missing_database_is_told_with_the_remedy(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        with pytest.raises(Failure, match=r"there is no database yet\. .*`sheriff db upgrade` makes it"):
            status_command(settings(database_url, tmp_path))
    make_older(database_url, "0001")

    with pytest.raises(Failure, match=rf"version 0001; this program needs {HEAD}\. Run `sheriff db upgrade`\."):
        status_command(settings(database_url, tmp_path))


@pytest.mark.parametrize("command", [upgrade_command, status_command])
def test_a_newer_database_is_refused_with_both_versions(database_url: str, tmp_path: Path, command: Any) -> None:
    upgrade_command(settings(database_url, tmp_path))
    with opened_engine(database_url) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Failure, match=rf"9999.*{HEAD}.*[Rr]un the newer"):
        command(settings(database_url, tmp_path))
