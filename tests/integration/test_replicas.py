"""Processes on one database: who is alive, what the dead have left, and what one stores the others hear of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.occupancy import occupied
from bot.store.following import Following
from bot.store.opening import Store, open_store
from bot.store.posts import CASE_CARD
from bot.store.received import TRIES, Kept
from bot.store.replicas import Replicas
from bot.store.tables import events
from bot.store.turn_log import Claimed, InProgress
from bot.support import transitions
from bot.support.broadcast import Broadcast, Update
from knowledge.errors import Failure
from tests.fakes import a_case

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


class Stopwatch:
    """Seconds that only the test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def one(database_url: str) -> Iterator[Store]:
    store = open_store(database_url, replica="one")
    yield store
    store.close()


@pytest.fixture
def two(database_url: str) -> Iterator[Store]:
    store = open_store(database_url, replica="two")
    yield store
    store.close()


def watching(store: Store, stopwatch: Stopwatch) -> Replicas:
    return Replicas(store.engine, name="watcher", clock=lambda: AT, stopwatch=stopwatch, silent_after=20)


def test_who_beats_is_alive_and_who_stops_is_silent_after_a_while(one: Store, two: Store) -> None:
    stopwatch = Stopwatch()
    watcher = watching(one, stopwatch)
    one.replicas.enter()
    two.replicas.enter()
    found = []
    for seconds in (0, 10, 19, 21, 40):
        stopwatch.seconds = seconds
        one.replicas.beat()
        found.append(watcher.silent())

    assert found == [[], [], [], ["two"], ["two"]]


def test_a_clock_that_is_set_makes_nobody_look_dead(one: Store) -> None:
    stopwatch, now = Stopwatch(), AT
    beating = Replicas(one.engine, name="beating", clock=lambda: now, stopwatch=stopwatch)
    watcher = watching(one, stopwatch)
    beating.enter()
    found = []
    for jump in (timedelta(days=-400), timedelta(), timedelta(days=4000)):
        stopwatch.seconds += 15
        now = AT + jump
        beating.beat()
        found += watcher.silent()

    assert found == []


def test_work_of_somebody_who_never_registered_is_noticed_as_well(one: Store) -> None:
    stopwatch = Stopwatch()
    watcher = watching(one, stopwatch)

    assert watcher.silent({"gone", "watcher"}) == []
    stopwatch.seconds = 20
    assert watcher.silent({"gone", "watcher"}) == ["gone"]


def test_who_was_given_up_too_early_is_back_with_its_next_beat(one: Store) -> None:
    stopwatch = Stopwatch()
    watcher = watching(one, stopwatch)
    one.replicas.enter()
    watcher.silent()
    stopwatch.seconds = 30
    assert watcher.silent() == ["one"]
    watcher.bury("one")
    assert watcher.living() == []

    assert one.replicas.beat()

    assert watcher.living() == ["one"]
    assert watcher.silent() == []


def test_who_beats_while_being_buried_stays(one: Store) -> None:
    stopwatch = Stopwatch()
    watcher = watching(one, stopwatch)
    one.replicas.enter()
    watcher.silent()
    one.replicas.beat()

    watcher.bury("one")

    assert watcher.living() == ["one"]


def test_a_second_process_under_one_name_is_noticed_by_the_first(one: Store) -> None:
    one.replicas.enter()
    Replicas(one.engine, name="one", clock=lambda: AT).enter()

    assert not one.replicas.beat()


def test_a_stopped_replica_signs_off(one: Store) -> None:
    one.replicas.enter()

    one.replicas.leave()

    assert one.replicas.living() == []


def test_a_message_of_a_life_that_is_over_is_free_at_once(one: Store, two: Store, database_url: str) -> None:
    one.replicas.enter()
    two.replicas.enter()
    one.turns.claim("web:1")
    assert isinstance(two.turns.claim("web:1"), InProgress)

    reborn = open_store(database_url, replica="one")
    reborn.replicas.enter()

    assert reborn.turns.claim("web:1") == Claimed()
    assert isinstance(two.turns.claim("web:1"), InProgress)
    reborn.close()


def test_a_card_that_a_dead_replica_did_not_get_to_send_may_be_sent_at_once(one: Store, two: Store) -> None:
    one.cases.save_new(a_case())
    one.replicas.enter()
    two.replicas.enter()
    assert one.posts.claim("c-00000001", CASE_CARD, "19:x")
    assert not two.posts.claim("c-00000001", CASE_CARD, "19:x")

    one.replicas.leave()

    assert two.posts.claim("c-00000001", CASE_CARD, "19:x")


def test_a_kept_message_is_worked_on_by_one_and_taken_up_when_that_one_has_died(one: Store, two: Store) -> None:
    one.replicas.enter()
    two.replicas.enter()

    key = one.received.keep("19:x", "m-1", {"text": "Why?"})
    again = two.received.keep("19:x", "m-1", {"text": "Why?"})
    meanwhile = two.received.left()
    one.replicas.leave()
    taken_up = [two.received.left(), two.received.left()]
    two.received.done(key)
    two.replicas.leave()

    assert key
    assert again == ""
    assert meanwhile == []
    assert taken_up == [[Kept(key, {"text": "Why?"})], []]
    assert one.received.left() == []


def test_a_message_that_kills_whoever_takes_it_up_is_left_alone_in_the_end(one: Store, database_url: str) -> None:
    one.replicas.enter()
    one.received.keep("19:x", "m-1", {"text": "Why?"})
    taken_up = []
    for _ in range(TRIES + 2):
        reborn = open_store(database_url, replica="one")
        reborn.replicas.enter()
        taken_up.append(len(reborn.received.left()))
        reborn.close()

    assert taken_up == [1] * (TRIES - 1) + [0] * 3


def test_what_one_replica_stores_is_published_in_the_other_once(one: Store, two: Store) -> None:
    heard: list[Update] = []
    following = Following(two.engine, two.broadcast)
    two.broadcast.listen(heard.append)

    one.cases.save_new(a_case())
    two.cases.record("c-00000001", lambda c: transitions.take(c, by="Ana", at=AT))
    following.look()
    following.look()

    assert sorted((u.number, u.kind, u.conversation) for u in heard) == [
        (1, "opened", "web:kim"),
        (2, "handed_over", "web:kim"),
        (3, "taken", "web:kim"),
    ]


def test_what_was_there_before_is_not_news(one: Store, two: Store) -> None:
    one.cases.save_new(a_case())
    heard: list[Update] = []
    two.broadcast.listen(heard.append)

    Following(two.engine, two.broadcast).look()

    assert heard == []


def test_an_event_whose_transaction_ends_late_is_heard_of_late(one: Store) -> None:
    one.cases.save_new(a_case())
    stopwatch, heard, broadcast = Stopwatch(), list[int](), Broadcast()
    broadcast.listen(lambda u: heard.append(u.number))
    following = Following(one.engine, broadcast, stopwatch=stopwatch)
    row = {"case_id": "c-00000001", "at": AT, "kind": "taken", "actor": "Ana", "text": "", "data": {}}

    def store(number: int) -> None:
        with one.engine.execution_options(writes=True).begin() as connection:
            connection.execute(events.insert().values(number=number, **row))
        following.look()

    store(5)  # 3 and 4 were given out before it
    stopwatch.seconds = 30
    store(4)
    stopwatch.seconds = 61
    following.look()
    store(3)  # nobody waits that long

    assert heard == [5, 4]


HOLDING = """
import sys, time
from pathlib import Path
from bot.occupancy import occupied
with occupied(Path(sys.argv[1]), why="taken"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_home_is_held_by_one_process_and_free_when_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Failure, match="taken"), occupied(tmp_path, why="taken"):
            pass
        holder.kill()

    with occupied(tmp_path, why="taken"):
        pass
