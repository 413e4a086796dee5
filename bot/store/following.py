"""News of cases from the other processes on the same database: what they store is published here, too."""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from bot.store.tables import cases, events
from bot.support.broadcast import Broadcast, Update

log = structlog.get_logger(__name__)
EVERY = 1.0  # seconds
_LATE = 60.0  # seconds that a number may be missing: it was given out and its transaction has not ended
_AT_ONCE = 1000


class Following:
    """Reads the events that were stored since the last look, by their numbers; the clocks of others do not matter."""

    def __init__(
        self,
        engine: sa.Engine,
        broadcast: Broadcast,
        *,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._broadcast = broadcast
        self._stopwatch = stopwatch
        self._last = self._newest()
        self._missing: dict[int, float] = {}  # numbers that were skipped, and since when

    def look(self) -> None:
        """Publish what is new since the last look. PostgreSQL gives out numbers before it stores: a number that was
        skipped is looked for again."""
        wanted = (events.c.number > self._last) | events.c.number.in_(list(self._missing))
        query = (
            sa.select(events.c.number, events.c.case_id, events.c.kind, cases.c.conversation)
            .join(cases, cases.c.id == events.c.case_id)
            .where(wanted)
            .order_by(events.c.number)
            .limit(_AT_ONCE)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        self._note([row.number for row in rows])
        for row in rows:
            self._broadcast.publish(Update(row.number, row.case_id, row.conversation, row.kind))

    def _note(self, found: list[int]) -> None:
        now, newest = self._stopwatch(), max(found, default=self._last)
        skipped = set(range(self._last + 1, newest + 1))
        self._missing |= dict.fromkeys(skipped, now)
        self._missing = {n: since for n, since in self._missing.items() if n not in found and now - since < _LATE}
        self._last = max(self._last, newest)

    def _newest(self) -> int:
        with self._engine.connect() as connection:
            newest: int | None = connection.execute(sa.select(sa.func.max(events.c.number))).scalar()
        return newest or 0
