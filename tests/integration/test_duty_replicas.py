"""The hand-over of a week with several processes on one database, and with one that is killed while it tells it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from bot.channels.duty_news import week_key
from bot.landmarks import RotaLandmark
from bot.store.opening import Store, open_store
from bot.store.rota_news import WEEK
from tests.bot_framework import BotFramework, running_bot_framework
from tests.conftest import REPOSITORY
from tests.crashing import ARMED
from tests.rotas import paris
from tests.serving import Served, eventually, serving
from tests.web_office import ROTA_TEXT

FIRST = paris(2026, 11, 23, 9)  # Ana's week begins
WEEKS = 12
CHANNEL = "19:sheriffs@thread.tacv2"
TITLES = ("Bo now, Dan next", "Dan now, Ana next", "Ana now, Bo next")


# ---- processes that look at the same moment ----


@pytest.fixture
def lookers(database_url: str, tmp_path: Path) -> Iterator[Sequence[subprocess.Popen[str]]]:
    """Three processes on one database, each waiting for a moment at which to look."""
    (tmp_path / "rota.yaml").write_text(ROTA_TEXT)
    command = [sys.executable, "-m", "tests.telling", database_url, str(tmp_path / "rota.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, f"replica-{number}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            for number in range(3)
        ]
        assert [told_by(process) for process in processes] == [[]] * 3
        yield processes


def told_by(process: subprocess.Popen[str]) -> list[str]:
    """The titles of what a process has posted in its last look."""
    titles: list[str] = json.loads(_pipe(process.stdout).readline())
    return titles


def look(process: subprocess.Popen[str], now: datetime) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(f"{now.isoformat()}\n")
    pipe.flush()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def test_processes_that_find_a_week_due_at_the_same_moment_tell_it_once(
    lookers: Sequence[subprocess.Popen[str]],
) -> None:
    told = []
    for week in range(1, WEEKS + 1):
        now = FIRST + timedelta(weeks=week)
        for process in lookers:
            look(process, now)
        told.append([title for process in lookers for title in told_by(process)])

    assert told == [[TITLES[week % len(TITLES)]] for week in range(WEEKS)]


@pytest.mark.parametrize(("replica", "minutes", "is_ours"), [("two", 0, True), ("", 0, False), ("", 3, True)])
def test_what_a_replica_that_has_died_was_about_to_tell_is_free_at_once(
    database_url: str, replica: str, minutes: int, is_ours: bool
) -> None:
    """Of a passer-by, such as a command, nobody knows that it has died: time has to pass."""
    dead = open_store(database_url, clock=lambda: FIRST, replica=replica)
    if replica:
        dead.replicas.enter()
    other = open_store(database_url, clock=lambda: FIRST + timedelta(minutes=minutes), replica="one")
    other.replicas.enter()

    assert dead.news.claim("week:1", WEEK)
    assert not (replica and other.news.claim("week:1", WEEK))
    dead.replicas.leave()

    assert other.news.claim("week:1", WEEK) is is_ours
    dead.close()
    other.close()


# ---- servers ----


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


class Team:
    """A configuration with a rota whose week begins when the test says so, told to a channel on loopback."""

    def __init__(self, folder: Path, docs: Path, channel: BotFramework) -> None:
        self.config = folder / "sheriff.yaml"
        self.rota = folder / "rota.yaml"
        self.channel = channel
        self.config.write_text(
            f"sources: [{{name: docs, path: {docs}}}]\nrota: {self.rota}\n"
            f"teams: {{sheriff_channel: '{CHANNEL}', service_url: '{channel.url}'}}\n"
        )
        self.write(datetime.now(UTC) - timedelta(days=3))  # too late to be told

    def write(self, begins: datetime) -> None:
        """The rota is handed over at this minute."""
        new = self.rota.with_suffix(".new")
        new.write_text(
            f"start: {begins:%Y-%m-%d}\nhandover: {{time: '{begins:%H:%M}'}}\n"
            "members: [{id: ana, name: Ana}, {id: bo, name: Bo}]\n"
        )
        new.replace(self.rota)  # at once, for those who are reading

    def hand_over(self, minutes: int = 5) -> str:
        """A week has begun so long ago, and is to be told: by which key."""
        begins = (datetime.now(UTC) - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
        self.write(begins)
        return week_key(begins)

    @property
    def told(self) -> list[str]:
        """The titles of the cards that the channel has taken."""
        return [a["attachments"][0]["content"]["body"][0]["text"] for a in self.channel.messages()]

    @contextmanager
    def server(self, home: Path, model_dir: Path, url: str, **more: str) -> Iterator[Served]:
        variables = {"SHERIFF_DATABASE_URL": url, "SHERIFF_CONFIG": str(self.config), **more}
        with serving(home, model_dir, program="tests.crashing", **variables) as served:
            yield served


@pytest.fixture
def team(tmp_path: Path, small_docs: Path) -> Iterator[Team]:
    with running_bot_framework() as channel:
        yield Team(tmp_path, small_docs, channel)


@pytest.mark.parametrize(
    ("landmark", "before", "in_all"),
    [
        (RotaLandmark.NEWS_DUE, 0, 1),
        (RotaLandmark.NEWS_CLAIMED, 0, 1),
        (RotaLandmark.NEWS_SENT, 1, 2),  # Teams cannot be asked whether it has the card
    ],
)
def test_the_hand_over_that_a_killed_server_was_telling_is_told_by_the_next_start(
    small_home: Path, model_dir: Path, team: Team, landmark: RotaLandmark, before: int, in_all: int
) -> None:
    url = f"sqlite:///{small_home / 'sheriff.db'}"
    with team.server(small_home, model_dir, url, SHERIFF_CRASH_AT=landmark, SHERIFF_CRASH_WHEN="signal") as served:
        served.process.send_signal(signal.SIGUSR1)
        eventually(lambda: any(ARMED in line for line in served.lines), within=90)
        key = team.hand_over()
        assert served.process.wait(timeout=90) == -signal.SIGKILL
    assert len(team.told) == before

    with team.server(small_home, model_dir, url), opened(url) as store:
        eventually(lambda: store.news.get(key), within=90)

    assert team.told == ["Ana now, Bo next"] * in_all


def test_two_servers_on_one_postgresql_tell_each_week_once(
    small_home: Path, model_dir: Path, postgres_url: str, team: Team
) -> None:
    other_home = small_home.with_name("other")
    shutil.copytree(small_home, other_home)
    with (
        team.server(small_home, model_dir, postgres_url),
        team.server(other_home, model_dir, postgres_url),
        opened(postgres_url) as store,
    ):
        for minutes in (6, 3):
            key = team.hand_over(minutes)
            eventually(lambda key=key: store.news.get(key), within=90)  # type: ignore[misc]

    assert team.told == ["Ana now, Bo next"] * 2
