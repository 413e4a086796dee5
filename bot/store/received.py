"""Messages that a channel was told have arrived, kept until they are answered: a crash in between loses none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.tables import received, replicas
from bot.store.turn_log import Clock

TRIES = 5  # a message that the process has died of so often is not the one to die of again


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that nobody works on any more."""

    key: str
    body: Mapping[str, Any]


class Received:
    """Safe to use from any thread and from several processes: the database decides who works on a message."""

    def __init__(self, engine: sa.Engine, *, clock: Clock, owner: str = "") -> None:
        """`owner` is the life of this replica: once it is over, another one takes up what it had."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock
        self._owner = owner

    def keep(self, conversation: str, message: str, body: Mapping[str, Any]) -> str:
        """Store a message before its channel is told that it has arrived. Returns the key to call `done` with; "" when
        it is here already, from an earlier delivery that is being worked on."""
        key = hashlib.sha256(f"{conversation}\n{message}".encode()).hexdigest()
        values = {"key": key, "at": self._clock(), "body": dict(body), "owner": self._owner, "tries": 1}
        try:
            with self._writes.begin() as connection:
                connection.execute(received.insert().values(values))
        except IntegrityError:
            return ""
        return key

    def done(self, key: str) -> None:
        """It has its answer, or the news that there is none."""
        with self._writes.begin() as connection:
            connection.execute(received.delete().where(received.c.key == key))

    def forget(self, *, before: datetime) -> None:
        """Drop what came before the moment and could never be answered."""
        with self._writes.begin() as connection:
            connection.execute(received.delete().where(received.c.at < before))

    def left(self) -> list[Kept]:
        """The messages of replicas that have died, oldest first: they are ours from now on."""
        dead = (received.c.owner != self._owner) & received.c.owner.not_in(sa.select(replicas.c.life))
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(received).where(dead, received.c.tries < TRIES).order_by(received.c.at)
            )
            rows = found.all()
        return [Kept(row.key, row.body) for row in rows if self._taken_over(row.key, row.owner)]

    def _taken_over(self, key: str, owner: str) -> bool:
        same = (received.c.key == key) & (received.c.owner == owner)
        with self._writes.begin() as connection:
            mine = received.update().where(same).values(owner=self._owner, tries=received.c.tries + 1)
            return connection.execute(mine).rowcount == 1
