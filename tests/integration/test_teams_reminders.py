"""Silent askers are asked once whether it helped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import teams_wiring
from bot.channels.teams_reminders import Reminders
from bot.messages import Person
from bot.sections import ServerSettings, TeamsSettings
from bot.settings import Settings
from bot.store.opening import Store, open_store
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause
from bot.support.handoff import Refused
from knowledge.errors import Unavailable
from tests.teams_bot import NOW, clock

KIM = Person("aad-kim", "Kim")
DAY = timedelta(days=1)


class Recorder:
    """An outbox that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.posted: list[Mapping[str, Any]] = []
        self.failure: Exception | None = None

    def post(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        if self.failure:
            raise self.failure
        self.posted.append({"reference": reference, **message})
        return f"sent-{len(self.posted)}"

    def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        raise AssertionError("nothing is updated")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}", clock=clock)
    yield store
    store.close()


def answered(
    store: Store,
    number: int,
    *,
    ago: timedelta,
    channel: str = "teams",
    outcome: str = "answered",
    service_url: str = "https://smba.trafficmanager.net/teams/",
) -> Case:
    at = NOW - ago
    to = {"conversation": {"id": "19:x"}, "serviceUrl": service_url}
    case = Case(f"c-{number:08d}", CaseState.ANSWERED, "quota?", KIM, channel, "19:x", at, at, outcome, reference=to)
    return store.cases.save_new(case)


def reminders(store: Store, outbox: Recorder, after: timedelta = DAY) -> Reminders:
    return Reminders(store.cases, store.posts, outbox, clock, after)


def test_a_silent_asker_is_reminded_once_and_silence_changes_nothing(store: Store) -> None:
    outbox, case = Recorder(), answered(store, 1, ago=DAY + timedelta(hours=1))

    assert [reminders(store, outbox).sweep() for _ in range(2)] == [1, 0]

    card = outbox.posted[0]["attachments"][0]["content"]
    assert [a["verb"] for a in card["actions"]] == ["solved", "ask_sheriff"]
    assert store.cases.get(case.id) == case


def resolved(store: Store, *, ago: timedelta, opened: timedelta = DAY * 9) -> Case:
    case = answered(store, 1, ago=opened)
    store.cases.record(case.id, lambda c: transitions.ask_sheriff(c, by="Kim", at=NOW - opened))
    done = partial(transitions.resolve, by="Ana", at=NOW - ago, cause=Cause.OTHER, resolution="Grant the role.")
    return store.cases.record(case.id, done)


def test_who_says_nothing_of_a_resolution_is_asked_once_however_old_the_question_is(store: Store) -> None:
    outbox, case = Recorder(), resolved(store, ago=DAY * 2)

    assert [reminders(store, outbox).sweep() for _ in range(2)] == [1, 0]

    card = outbox.posted[0]["attachments"][0]["content"]
    assert "Grant the role." in str(card["body"])
    assert [a["verb"] for a in card["actions"]] == ["solved"]
    assert store.cases.get(case.id) == case


def test_who_has_confirmed_a_resolution_is_not_asked(store: Store) -> None:
    case = resolved(store, ago=DAY * 2)
    store.cases.record(case.id, partial(transitions.solved, by="Kim", at=NOW - DAY * 2))

    assert reminders(store, Recorder()).sweep() == 0


@pytest.mark.parametrize(
    "given",
    [
        {"ago": timedelta(hours=23)},
        {"ago": timedelta(days=5)},
        {"ago": DAY * 2, "channel": "web"},
        {"ago": DAY * 2, "outcome": "checked"},
    ],
)
def test_nobody_else_is_reminded(store: Store, given: dict[str, Any]) -> None:
    answered(store, 1, **given)

    assert reminders(store, Recorder()).sweep() == 0


def test_who_pressed_a_thumb_is_not_reminded(store: Store) -> None:
    case = answered(store, 1, ago=DAY * 2)
    store.cases.record(case.id, lambda c: transitions.rate(c, by="Kim", at=case.opened, helpful=False))

    assert reminders(store, Recorder()).sweep() == 0


def test_without_a_time_nobody_is_reminded(store: Store) -> None:
    answered(store, 1, ago=DAY * 2)

    assert reminders(store, Recorder(), timedelta()).sweep() == 0


@pytest.mark.parametrize(
    ("service_url", "reminded"),
    [
        ("http://127.0.0.1:5003", 1),
        ("http://localhost:5003/emulator", 1),
        ("http://[::1]:5003", 1),
        ("https://smba.trafficmanager.net/teams/", 0),
        ("http://127.0.0.1.evil.example/", 0),
        ("http://[", 0),
        ("", 0),
    ],
)
def test_without_an_app_id_those_on_this_machine_are_reminded(store: Store, service_url: str, reminded: int) -> None:
    answered(store, 1, ago=DAY * 2, service_url=service_url)

    found = teams_wiring.reminders(Settings(), store, outbox=Recorder(), clock=clock)

    assert found.sweep() == reminded


@pytest.mark.parametrize(
    ("settings", "reminded"),
    [
        (Settings(server=ServerSettings(host="0.0.0.0")), 0),
        (Settings(teams=TeamsSettings(remind_after_hours=0)), 0),
        (Settings(teams_app_id="app", server=ServerSettings(host="0.0.0.0")), 1),
    ],
)
def test_reminders_go_where_answers_go(store: Store, settings: Settings, reminded: int) -> None:
    answered(store, 1, ago=DAY * 2)
    answered(store, 2, ago=DAY * 2, service_url="http://127.0.0.1:5003", outcome="checked")

    assert teams_wiring.reminders(settings, store, outbox=Recorder(), clock=clock).sweep() == reminded


def test_an_outage_is_tried_again_and_a_blocked_bot_is_not(store: Store) -> None:
    answered(store, 1, ago=DAY * 2)
    outbox = Recorder()

    outbox.failure = Unavailable("down")
    assert reminders(store, outbox).sweep() == 0
    outbox.failure = None
    assert reminders(store, outbox).sweep() == 1

    answered(store, 2, ago=DAY * 2)
    outbox.failure = Refused("blocked")
    assert reminders(store, outbox).sweep() == 0
    outbox.failure = None
    assert reminders(store, outbox).sweep() == 0
