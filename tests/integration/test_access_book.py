"""API tokens, ended sessions and deliveries in the database, as two replicas on it see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.identity.tokens import new_token
from bot.store.access_book import EVERYBODY, AccessBook
from bot.store.opening import open_store
from bot.store.tables import api_tokens
from knowledge.errors import Misuse
from tests.web_office import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replicas(database_url: str, clock: Clock) -> Iterator[tuple[AccessBook, AccessBook]]:
    one, two = (open_store(database_url, clock=clock) for _ in range(2))
    yield one.access, two.access
    one.close()
    two.close()


def test_a_token_made_on_one_replica_opens_on_the_other_until_it_is_revoked(
    replicas: tuple[AccessBook, AccessBook],
) -> None:
    one, two = replicas
    token = new_token()
    made = one.add("ci", token, ["ask", "validate"], expires=None, by="root")

    opened = two.opened_by(token)
    one.revoke("ci", by="root")

    assert opened is not None
    assert (opened.number, opened.scopes) == (made.number, ("ask", "validate"))
    assert two.opened_by(token) is None
    assert two.opened_by(new_token()) is None


def test_a_token_ends_by_itself(replicas: tuple[AccessBook, AccessBook], clock: Clock) -> None:
    one, _ = replicas
    token = new_token()
    one.add("ci", token, ["ask"], expires=clock() + timedelta(days=90), by="root")

    clock.pass_(days=89)
    before = one.opened_by(token)
    clock.pass_(days=1)

    assert before is not None
    assert one.opened_by(token) is None


def test_the_database_holds_no_token(replicas: tuple[AccessBook, AccessBook]) -> None:
    one, _ = replicas
    token = new_token()
    one.add("ci", token, ["ask"], expires=None, by="root")

    with one._engine.connect() as connection:
        [row] = connection.execute(sa.select(api_tokens)).all()

    assert token[4:12] not in repr(tuple(row))
    assert token not in repr(one.events())


def test_when_it_was_last_used_is_kept_to_the_minute(replicas: tuple[AccessBook, AccessBook], clock: Clock) -> None:
    one, _ = replicas
    token, made = new_token(), clock()
    one.add("ci", token, ["ask"], expires=None, by="root")
    unused = one.tokens()[0].used

    one.opened_by(token)
    clock.pass_(seconds=30)
    one.opened_by(token)
    first = one.tokens()[0].used
    clock.pass_(seconds=31)
    one.opened_by(token)

    assert (unused, first) == (None, made)
    assert one.tokens()[0].used == clock()


def test_a_name_is_free_again_when_its_token_is_over(replicas: tuple[AccessBook, AccessBook]) -> None:
    one, _ = replicas
    one.add("ci", new_token(), ["ask"], expires=None, by="root")

    with pytest.raises(Misuse, match="already"):
        one.add("ci", new_token(), ["ask"], expires=None, by="root")
    one.revoke("ci", by="ana")
    one.add("ci", new_token(), ["ask"], expires=None, by="root")

    assert [token.name for token in one.tokens()] == ["ci", "ci"]
    with pytest.raises(Misuse, match="sheriff tokens list"):
        one.revoke("cd", by="root")
    assert [event[1:] for event in one.events()][1] == ("token_revoked", "ana", "ci")


@pytest.mark.parametrize("key", ["kim-id", "KIM@example.com", EVERYBODY])
def test_sessions_of_a_person_are_over_and_later_ones_are_not(
    replicas: tuple[AccessBook, AccessBook], clock: Clock, key: str
) -> None:
    one, two = replicas
    kim, lee = ("session:1", "kim-id", "kim@example.com"), ("session:2", "lee-id", "")
    begun = clock()
    clock.pass_(minutes=1)

    one.end_sessions(key, by="root")
    one.end_sessions(key, by="root")
    clock.pass_(minutes=1)

    assert two.has_ended(kim, begun)
    assert two.has_ended(lee, begun) is (key == EVERYBODY)
    assert not two.has_ended(kim, clock())


def test_a_delivery_is_new_once_for_all_replicas(replicas: tuple[AccessBook, AccessBook], clock: Clock) -> None:
    one, two = replicas

    assert [one.is_new("sha256=1"), two.is_new("sha256=1"), two.is_new("sha256=2")] == [True, False, True]
    one.tidy(before=clock() + timedelta(days=1))
    assert one.is_new("sha256=1")
