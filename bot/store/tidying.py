"""Removes what is kept long enough: ended cases after the time that the policy sets, and replies given long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from bot.store.opening import Store
from bot.store.tables import (
    case_facts,
    cases,
    events,
    gap_signals,
    notifications,
    posts,
    ticket_comments,
    tickets,
    unheard,
)
from bot.store.turn_log import Clock
from bot.support.cases import OPEN

log = structlog.get_logger(__name__)
REDELIVERED_WITHIN = timedelta(days=30)  # older messages are not sent again: their replies are forgotten
REPLAYED_WITHIN = timedelta(days=365)  # a delivery that comes again later has the tickets looked at once more
PLAUSIBLE = timedelta(days=31)  # since anything was stored; a clock further ahead than that is taken to be wrong
EVERY = 24 * 3600.0  # seconds
_AT_ONCE = 500


def expired(engine: sa.Engine, *, before: datetime) -> Sequence[str]:
    """Ids of the cases that ended, and that nothing has happened to since the moment; the longest untouched first."""
    over = cases.c.state.not_in([state.value for state in OPEN]) & (cases.c.updated < before)
    owed = cases.c.id.in_(sa.select(unheard.c.case_id))
    with engine.connect() as connection:
        query = sa.select(cases.c.id).where(over, ~owed).order_by(cases.c.updated, cases.c.id)
        return tuple(connection.execute(query).scalars())


def remove(engine: sa.Engine, case_ids: Sequence[str]) -> None:
    """Delete cases with all that hangs on them: events, notifications, posts, and tickets of the built-in desk."""
    for start in range(0, len(case_ids), _AT_ONCE):
        some = case_ids[start : start + _AT_ONCE]
        own_tickets = sa.select(tickets.c.number).where(tickets.c.case_id.in_(some))
        with engine.execution_options(writes=True).begin() as connection:
            connection.execute(ticket_comments.delete().where(ticket_comments.c.ticket_number.in_(own_tickets)))
            for table in (tickets, notifications, posts, unheard, events, case_facts, gap_signals):
                connection.execute(table.delete().where(table.c.case_id.in_(some)))
            connection.execute(cases.delete().where(cases.c.id.in_(some)))


def is_plausible(engine: sa.Engine, now: datetime) -> bool:
    """Whether the clock may be right, judged by what was stored last: a wrong one would delete what is still young."""
    with engine.connect() as connection:
        newest: datetime | None = connection.execute(
            sa.select(events.c.at).order_by(events.c.number.desc()).limit(1)
        ).scalar()
    return newest is None or now - newest < PLAUSIBLE


class Tidying:
    """Removes what is old. Several replicas may do so at once."""

    def __init__(self, store: Store, *, retention: timedelta | None, clock: Clock) -> None:
        """`retention` is how long an ended case is kept; None: for ever."""
        self._store = store
        self._retention = retention
        self._clock = clock

    def tidy(self) -> int:
        """Remove what is due; returns how many cases that were."""
        now = self._clock()
        if not is_plausible(self._store.engine, now):
            log.warning(
                "not_tidied", reason="Nothing was stored for a month: is the clock right?", clock=now.isoformat()
            )
            return 0
        self._store.turns.forget(before=now - REDELIVERED_WITHIN)
        self._store.access.tidy(before=now - REPLAYED_WITHIN)
        self._store.received.forget(before=now - REDELIVERED_WITHIN)
        if self._retention is None:
            return 0
        due = expired(self._store.engine, before=now - self._retention)
        remove(self._store.engine, due)
        if due:
            log.info("cases_removed", count=len(due), untouched_for_days=self._retention.days)
        return len(due)
