"""Who has yet to hear what became of a feature request, and who has heard: each person once of each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.store.tables import request_events, request_news
from bot.store.turn_log import Clock, utc_now
from bot.support.wishes import Happened, WishEvent

GIVEN_UP_AFTER = timedelta(minutes=2)  # longer than sending takes: who claimed it is gone
SETTLES = timedelta(minutes=2)  # without another change for the same person: several are told in one message
LONGEST_WAIT = timedelta(minutes=15)  # however many follow
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one voter has yet to hear, oldest first."""

    voter: str
    events: Sequence[Happened]


class RequestNews:
    """Safe to use from any thread and from several processes: the database decides who tells."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def due(self) -> Sequence[Waiting]:
        """Voters with something to hear that has settled, or that has waited long enough."""
        now, free = self._clock(), request_news.c.claimed.is_(None) | self._stale
        query = _with_events().where(request_news.c.told.is_(None), free).limit(_AT_ONCE)
        found: dict[str, list[Happened]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query).mappings():
                found.setdefault(row["voter"], []).append(_happened(row))
        return [
            Waiting(voter, events)
            for voter, events in found.items()
            if now - events[-1].at >= SETTLES or now - events[0].at >= LONGEST_WAIT
        ]

    def claim(self, waiting: Waiting) -> bool:
        """Whether it is ours to tell; False when somebody else is telling it."""
        ours = request_news.update().where(*self._of(waiting), request_news.c.claimed.is_(None) | self._stale)
        with self._writes.begin() as connection:
            return connection.execute(ours.values(claimed=self._clock())).rowcount == len(waiting.events)

    def told(self, waiting: Waiting, *, place: str) -> None:
        """The voter has heard, in this place: words that follow "told"."""
        with self._writes.begin() as connection:
            done = request_news.update().where(*self._of(waiting))
            connection.execute(done.values(told=self._clock(), place=place))

    def abandon(self, waiting: Waiting) -> None:
        """It could not be told: the next one may try."""
        with self._writes.begin() as connection:
            connection.execute(request_news.update().where(*self._of(waiting)).values(claimed=None))

    def recent(self, voter: str, *, since: datetime) -> Sequence[Happened]:
        """What a person was to hear since then, the newest first, told or not."""
        query = _with_events(newest_first=True).where(request_news.c.voter == voter, request_news.c.at >= since)
        with self._engine.connect() as connection:
            return tuple(_happened(row) for row in connection.execute(query.limit(50)).mappings())

    @property
    def _stale(self) -> sa.ColumnElement[bool]:
        return request_news.c.claimed < self._clock() - GIVEN_UP_AFTER

    def _of(self, waiting: Waiting) -> tuple[sa.ColumnElement[bool], ...]:
        numbers = [event.number for event in waiting.events]
        news = request_news.c
        return news.voter == waiting.voter, news.event.in_(numbers), news.told.is_(None)


def _with_events(*, newest_first: bool = False) -> sa.Select[tuple[object, ...]]:
    number = request_events.c.number
    joined = request_news.join(request_events, request_events.c.number == request_news.c.event)
    query: sa.Select[tuple[object, ...]] = sa.select(request_news.c.voter, request_events).select_from(joined)
    return query.order_by(number.desc() if newest_first else number, request_news.c.voter)


def _happened(row: sa.RowMapping) -> Happened:
    return Happened(
        row["number"], row["request"], row["at"], WishEvent(row["kind"]), row["by_name"], row["text"], row["data"]
    )
