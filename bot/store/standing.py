"""Counts what waits, for the gauges of /metrics."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.tables import case_facts, cases, received, unheard
from bot.support.cases import OPEN
from bot.support.standing import Standing


def standing(engine: sa.Engine) -> Standing:
    """As it is now. Raises StoreUnavailable while the database does not answer."""
    is_open = cases.c.state.in_([state.value for state in OPEN])
    without = sa.func.sum(sa.case((cases.c.ticket.is_(None), 1), else_=0))
    by_state = sa.select(cases.c.state, sa.func.count(), sa.func.min(cases.c.opened), without).where(is_open)
    with engine.connect() as connection:
        rows = connection.execute(by_state.group_by(cases.c.state)).all()

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()

        return Standing(
            open_cases={state.value: 0 for state in sorted(OPEN)} | {row[0]: row[1] for row in rows},
            oldest=min((row[2] for row in rows), default=None),
            tickets_pending=sum(int(row[3]) for row in rows),
            dead_letters=count(case_facts, case_facts.c.refused == 1),
            news_waiting=count(unheard),
            messages_waiting=count(received),
        )
