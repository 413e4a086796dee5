"""Whether the database holds what was promised: sound files, no case without its ticket, nobody told twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.tables import cases, events, tickets, unheard
from bot.support.cases import OPEN, EventKind
from bot.support.handoff import STARTS_HAND_OVER
from bot.support.transitions import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts of one moment; ids are sorted."""

    cases: int
    handed_over: int
    without_ticket: Sequence[str]  # ids of open, handed-over cases whose ticket is still to come
    refused: Sequence[str]  # ids of those whose ticket was refused: people see why, and may have it tried again
    untold: Sequence[str]  # ids of open, handed-over cases whose sheriff is still to hear of them
    doubled: Sequence[str]  # ids of cases with two tickets, or whose sheriff was called twice for one hand-over
    unheard: int  # events that somebody has yet to hear of
    damage: str  # what the database says of its own files; "" when they are sound

    @property
    def settled(self) -> bool:
        """Nothing is left to do."""
        return not (self.unheard or self.without_ticket or self.untold)


def audit(engine: sa.Engine) -> Audit:
    """Look at everything; reads the whole database."""
    handed = sa.select(events.c.case_id).where(events.c.kind.in_(list(STARTS_HAND_OVER)))
    told = sa.select(events.c.case_id).where(events.c.kind.in_([EventKind.SHERIFF_TOLD, EventKind.NOT_TOLD]))
    waiting = (cases.c.id.in_(handed)) & cases.c.state.in_([state.value for state in OPEN])
    dead = cases.c.id.in_(_dead_letters())
    with engine.connect() as connection:

        def count(query: sa.Select[tuple[str]]) -> int:
            return connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()

        def ids(*where: sa.ColumnElement[bool]) -> list[str]:
            return list(connection.execute(sa.select(cases.c.id).where(*where).order_by(cases.c.id)).scalars())

        return Audit(
            cases=count(sa.select(cases.c.id)),
            handed_over=count(handed.distinct()),
            without_ticket=ids(waiting, cases.c.ticket.is_(None), ~dead),
            refused=ids(waiting, cases.c.ticket.is_(None), dead),
            untold=ids(waiting, cases.c.id.not_in(told)),
            doubled=sorted(_doubled(connection)),
            unheard=count(sa.select(unheard.c.case_id)),
            damage=damage(connection),
        )


def damage(connection: sa.Connection) -> str:
    """What SQLite finds wrong in its file, in a line; "" when it is sound. PostgreSQL looks after its own."""
    if connection.dialect.name != "sqlite":
        return ""
    found = list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    told = [line for line in found if line != "ok"] + [
        f"{row[0]} row {row[1]} has lost its {row[2]}" for row in orphans
    ]
    return "; ".join(told[:3])


def _dead_letters() -> sa.Select[tuple[str]]:
    """Ids of cases whose last word from the ticket system is a refusal; as `transitions.dead_letter` has it."""
    retried = events.c.kind.in_([EventKind.TICKET_RETRIED, *STARTS_HAND_OVER])
    failed_at = sa.func.max(sa.case((events.c.kind.in_(DEAD_LETTERS), events.c.number), else_=0))
    retried_at = sa.func.max(sa.case((retried, events.c.number), else_=0))
    return sa.select(events.c.case_id).group_by(events.c.case_id).having(failed_at > retried_at)


def _doubled(connection: sa.Connection) -> set[str]:
    """Two tickets of the built-in desk, two numbers on one case, or more calls than hand-overs."""
    two_tickets = sa.select(tickets.c.case_id).group_by(tickets.c.case_id).having(sa.func.count() > 1)
    by_case = sa.select(events.c.case_id).group_by(events.c.case_id)
    opened = sa.case((events.c.kind == EventKind.TICKET_OPENED, events.c.text))
    two_numbers = by_case.having(sa.func.count(opened.distinct()) > 1 + _how_many([EventKind.TICKET_GONE]))
    two_calls = by_case.having(_how_many([EventKind.SHERIFF_TOLD]) > _how_many(list(STARTS_HAND_OVER)))
    queries = (two_tickets, two_numbers, two_calls)
    return {case_id for query in queries for case_id in connection.execute(query).scalars()}


def _how_many(kinds: Sequence[EventKind]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((events.c.kind.in_(kinds), 1), else_=0))
