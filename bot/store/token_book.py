"""Tokens of language models by day and person: one book for all processes that share the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, tzinfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.tables import token_use

_EVERYBODY = ""


class TokenBook:
    """Counts what is spent before it is spent, so that calls at the same moment cannot spend it twice."""

    def __init__(self, engine: sa.Engine, *, clock: Callable[[], datetime], zone: Callable[[], tzinfo]) -> None:
        """A day ends at midnight of the zone."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock
        self._zone = zone

    def reserve(self, person: str, tokens: int, *, everybody: int, each: int) -> str:
        """Note tokens for a person's call if the limits of all and of each leave room; 0 is no limit.

        Returns the day they were noted for, or "" when there is no room and nothing was noted.
        """
        day = self._clock().astimezone(self._zone()).date().isoformat()
        with self._writes.begin() as connection:
            rows = [(_EVERYBODY, everybody), *([(_key(person), each)] if person else [])]
            for key, limit in rows:
                if not _add(connection, day, key, tokens, limit):
                    connection.rollback()
                    return ""
            connection.execute(token_use.delete().where(token_use.c.day < day))
        return day

    def settle(self, person: str, day: str, difference: int) -> None:
        """What a call really used, more or less than was noted for it on that day."""
        keys = [_EVERYBODY, *([_key(person)] if person else [])]
        mine = (token_use.c.day == day) & token_use.c.person.in_(keys)
        with self._writes.begin() as connection:
            connection.execute(token_use.update().where(mine).values(tokens=token_use.c.tokens + difference))

    def used(self, person: str = _EVERYBODY) -> int:
        """Today's tokens of a person, or of all."""
        day = self._clock().astimezone(self._zone()).date().isoformat()
        key = _key(person) if person else _EVERYBODY
        mine = (token_use.c.day == day) & (token_use.c.person == key)
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(token_use.c.tokens).where(mine)).scalar() or 0)


def _add(connection: sa.Connection, day: str, key: str, tokens: int, limit: int) -> bool:
    """Whether the limit left room; the row is locked by the first statement until the transaction ends."""
    made = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(made(token_use).values(day=day, person=key, tokens=0).on_conflict_do_nothing())
    mine = (token_use.c.day == day) & (token_use.c.person == key)
    has_room = sa.true() if limit == 0 else token_use.c.tokens + tokens <= limit
    added = token_use.update().where(mine, has_room).values(tokens=token_use.c.tokens + tokens)
    return bool(connection.execute(added).rowcount)


def _key(person: str) -> str:
    """Nobody's name is kept: a day's counts need only be told apart."""
    return hashlib.sha256(person.encode()).hexdigest()[:32]
