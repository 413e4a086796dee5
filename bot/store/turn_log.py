"""Which messages were answered, so that one that is delivered twice gets one answer and opens one case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.replicas import is_over
from bot.store.tables import turns

Clock = Callable[[], datetime]
GIVEN_UP_AFTER = timedelta(minutes=2)  # longer than any answer takes: whoever claimed it is gone


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The message is ours to answer: call `finish` or `abandon`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """It was answered before, like this."""

    reply: str  # JSON


@dataclass(frozen=True, slots=True)
class InProgress:
    """Another thread or process is answering it."""

    since: datetime


class TurnLog:
    """Safe to use from any thread and from several processes: the database decides who was first."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        clock: Clock = utc_now,
        given_up_after: timedelta = GIVEN_UP_AFTER,
        owner: str = "",
    ) -> None:
        """`owner` is the life of this replica: once it is over, what it left unanswered is free at once."""
        self._owner = owner
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock
        self._given_up_after = given_up_after

    def claim(self, key: str) -> Claimed | Answered | InProgress:
        """Take the message, unless it is answered or being answered; an abandoned one is taken over."""
        now = self._clock()
        try:
            with self._writes.begin() as connection:
                connection.execute(turns.insert().values(key=key, claimed=now, reply=None, owner=self._owner))
        except IntegrityError:
            return self._claim_known(key, now)
        return Claimed()

    def finish(self, key: str, reply: str) -> None:
        """Remember the reply; the same message gets it from now on."""
        with self._writes.begin() as connection:
            connection.execute(turns.update().where(turns.c.key == key).values(reply=reply))

    def abandon(self, key: str) -> None:
        """It could not be answered: the next delivery may try again."""
        with self._writes.begin() as connection:
            connection.execute(turns.delete().where(turns.c.key == key, turns.c.reply.is_(None)))

    def first_reply(self, key: str) -> str | None:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(turns.c.reply).where(turns.c.key == key)).scalar_one_or_none()

    def forget(self, *, before: datetime) -> int:
        """Drop turns claimed before the moment; returns how many. Channels deliver again for hours, not for weeks."""
        with self._writes.begin() as connection:
            return connection.execute(turns.delete().where(turns.c.claimed < before)).rowcount

    def _claim_known(self, key: str, now: datetime) -> Claimed | Answered | InProgress:
        with self._writes.begin() as connection:
            row = connection.execute(sa.select(turns).where(turns.c.key == key)).one_or_none()
            if row is None:  # abandoned between the two looks
                return InProgress(now)
            if row.reply is not None:
                return Answered(row.reply)
            if now - row.claimed < self._given_up_after and not is_over(connection, row.owner):
                return InProgress(row.claimed)
            same = (turns.c.claimed == row.claimed) & (turns.c.owner == row.owner) & turns.c.reply.is_(None)
            mine = turns.update().where(turns.c.key == key, same).values(claimed=now, owner=self._owner)
            taken = connection.execute(mine).rowcount
        return Claimed() if taken else InProgress(now)
