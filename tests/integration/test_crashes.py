"""A server that dies at any place between a message and its sheriff: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.landmarks import Landmark
from bot.store.audit import Audit, audit
from bot.store.opening import Store, open_store
from bot.support.cases import EventKind
from tests.bot_framework import running_bot_framework
from tests.conftest import REPOSITORY
from tests.crashing import ARMED
from tests.serving import Served, eventually, serving

FIRST_TO_KEEP = (
    list(Landmark).index(Landmark.CASE_STORED) - 1
)  # from here on the case is there without a second delivery


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def question(number: int) -> str:
    return f"Can I get FortranGrid licence number {number} for Solaris?"


def settle(store: Store) -> Audit:
    """Wait until nobody is owed anything."""
    eventually(lambda: audit(store.engine).settled, within=90)
    return audit(store.engine)


class Course:
    """One home after another is started on one database: each takes up what the one before has left, then dies."""

    def __init__(self, home: Path, docs: Path, model_dir: Path, url: str) -> None:
        self.home, self.model_dir = home, model_dir
        self.variables = {"SHERIFF_DATABASE_URL": url, "SHERIFF_CONFIG": str(docs.with_suffix(".yaml"))}

    @contextmanager
    def server(self, **more: str) -> Iterator[Served]:
        with serving(self.home, self.model_dir, program="tests.crashing", **self.variables, **more) as served:
            yield served

    def die_at(self, landmark: Landmark, served: Served, number: int) -> None:
        """Send a message to a server that dies of it."""
        served.process.send_signal(signal.SIGUSR1)
        eventually(lambda: any(ARMED in line for line in served.lines))
        with suppress(httpx.HTTPError):
            served.ask(question(number), id=f"m-{number}")
        assert served.process.wait(timeout=60) == -signal.SIGKILL, f"{landmark} was not reached"


def test_at_every_landmark_a_killed_server_loses_nothing_and_doubles_nothing(
    small_home: Path, small_docs: Path, model_dir: Path, database_url: str, tmp_path: Path
) -> None:
    course = Course(small_home, small_docs, model_dir, database_url)
    landmarks = [landmark for landmark in Landmark if landmark is not Landmark.MESSAGE_KEPT]  # the API keeps none

    for number, landmark in enumerate([*landmarks, None]):
        crash = {"SHERIFF_CRASH_AT": landmark, "SHERIFF_CRASH_WHEN": "signal"} if landmark else {}
        with course.server(**crash) as served, opened(database_url) as store:
            if number > FIRST_TO_KEEP:
                assert settle(store).cases == number
            if number:
                again = served.ask(question(number - 1), id=f"m-{number - 1}")
                assert again["case"]["ticket"]  # type: ignore[index]
            found = settle(store)
            assert (found.cases, [*found.doubled], found.damage) == (number, [], "")
            if landmark:
                course.die_at(landmark, served, number)

    with opened(database_url) as store:
        told = [
            [e.kind for e in store.cases.get(c.id).events].count(EventKind.SHERIFF_TOLD) for c in store.cases.list()
        ]  # type: ignore[union-attr]
        tickets = {case.ticket for case in store.cases.list()}
    assert told == [1] * len(landmarks)
    assert len(tickets) == len(landmarks)


@pytest.mark.parametrize("landmark", [Landmark.MESSAGE_KEPT, Landmark.CASE_WRITTEN, Landmark.REPLY_STORED])
def test_a_message_that_teams_was_told_has_arrived_is_answered_after_a_crash_without_being_sent_again(
    small_home: Path, small_docs: Path, model_dir: Path, landmark: Landmark
) -> None:
    url = f"sqlite:///{small_home / 'sheriff.db'}"
    course = Course(small_home, small_docs, model_dir, url)
    with running_bot_framework() as framework:
        message = framework.message(f"<at>Sheriff</at> {question(0)}", recipient={"id": "28:sheriff"})
        message["entities"] = [{"type": "mention", "text": "<at>Sheriff</at>", "mentioned": {"id": "28:sheriff"}}]
        with course.server(SHERIFF_CRASH_AT=landmark) as served:
            with suppress(httpx.HTTPError):
                accepted = httpx.post(f"{served.url}/api/messages", json=message, timeout=120)
                assert accepted.status_code == 202
            assert served.process.wait(timeout=120) == -signal.SIGKILL

        with course.server(), opened(url) as store:
            eventually(lambda: count(store, "cases"), within=120)
            found = settle(store)
            eventually(lambda: count(store, "received") == 0)

        assert (found.cases, [*found.doubled]) == (1, [])
        answers = [said for said in framework.messages() if said.get("text") != "Still looking …"]
        assert len(answers) == 1


def count(store: Store, table: str) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def test_an_unknown_landmark_is_refused_with_those_there_are() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tests.crashing", "--help"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "SHERIFF_CRASH_AT": "lunch"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert refused.returncode == 1
    assert (
        "SHERIFF_CRASH_AT=lunch: there is no such landmark. Choose one of: message kept, message received, "
        in refused.stderr
    )


def test_nothing_that_is_shipped_knows_of_crashing() -> None:
    shipped = [
        file for package in ("bot", "evals", "ingestion", "knowledge") for file in (REPOSITORY / package).rglob("*.py")
    ]

    assert [file for file in shipped if "SHERIFF_CRASH" in file.read_text("utf-8")] == []
