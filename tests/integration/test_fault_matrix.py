"""What an asker meets when a part is broken: a sentence, never a crash, and nothing acknowledged that is not stored."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.store.audit import audit
from bot.store.opening import StoreUnavailable, open_store
from tests.fakes import a_case
from tests.serving import Served, serving

QUESTION = "How do I raise a quota?"


# ---- the database ----


@pytest.fixture
def served(small_home: Path, small_docs: Path, model_dir: Path) -> Iterator[Served]:
    with serving(small_home, model_dir, SHERIFF_CONFIG=str(small_docs.with_suffix(".yaml"))) as server:
        server.wait_until_ready()
        yield server


def ask(served: Served, number: int) -> httpx.Response:
    return httpx.post(f"{served.url}/api/v1/ask", json={"text": QUESTION, "id": f"m-{number}"}, timeout=60)


def test_a_database_that_is_locked_moved_away_and_put_back_loses_nothing_that_was_acknowledged(
    served: Served, small_home: Path
) -> None:
    file, elsewhere = small_home / "sheriff.db", small_home / "elsewhere.db"
    before = ask(served, 1)

    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(1.0, other.execute, ["ROLLBACK"]).start()
        locked = ask(served, 2)

    file.rename(elsewhere)
    gone, alive = ask(served, 3), httpx.get(f"{served.url}/healthz", timeout=60)
    was_made = file.exists()
    elsewhere.rename(file)
    after = ask(served, 3)

    assert (before.status_code, locked.status_code, after.status_code) == (200, 200, 200)
    assert (gone.status_code, alive.status_code) == (503, 200)
    assert "is gone. Put it back" in gone.json()["error"]
    assert not was_made
    with closing(open_store(f"sqlite:///{file}")) as store:
        found = audit(store.engine)
    assert (found.cases, found.damage) == (3, "")


def test_another_file_in_its_place_is_neither_written_nor_mixed_with_the_first(tmp_path: Path) -> None:
    file, restored = tmp_path / "sheriff.db", tmp_path / "restored.db"
    with closing(open_store(f"sqlite:///{restored}")) as store:
        store.cases.save_new(a_case("c-00000007"))
    with closing(open_store(f"sqlite:///{file}")) as store:
        store.cases.save_new(a_case("c-00000001"))
        restored.replace(file)

        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"was replaced while Sheriff used it\. Stop Sheriff"):
                store.cases.save_new(a_case("c-00000002"))


def test_a_postgresql_that_goes_away_is_told_and_used_again_when_it_is_back(postgres_url: str) -> None:
    admin = sa.create_engine(sa.make_url(postgres_url).set(drivername="postgresql+psycopg", database="postgres"))
    others = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    name = sa.make_url(postgres_url).database
    host = Path(str(sa.make_url(postgres_url).query["host"]))
    (socket,) = host.glob(".s.PGSQL.*[0-9]")
    away = socket.with_name("away")
    with closing(open_store(postgres_url)) as store, admin.connect() as connection:
        store.cases.save_new(a_case("c-00000001"))
        socket.rename(away)
        connection.execute(others, {"name": name})
        try:
            with pytest.raises(StoreUnavailable, match="cannot be used"):
                store.cases.save_new(a_case("c-00000002"))
        finally:
            away.rename(socket)
        store.cases.save_new(a_case("c-00000002"))

        assert {case.id for case in store.cases.list()} == {"c-00000001", "c-00000002"}
    admin.dispose()


# ---- the index ----


@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_an_index_that_breaks_while_it_serves_is_told_or_still_answers_and_health_stays(
    served: Served, small_home: Path, damage: str
) -> None:
    files = [file for file in (small_home / "index").rglob("*") if file.is_file()]
    for file in files:
        if damage == "missing":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:10])

    asked = [ask(served, number) for number in range(3)]
    alive = httpx.get(f"{served.url}/healthz", timeout=60)

    assert {answer.status_code for answer in asked} <= {200, 503}
    assert all(answer.json().get("error", "").count("Traceback") == 0 for answer in asked)
    assert alive.status_code == 200
