"""What became of questions lately, counted by the database: per week, and per component."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.store.tables import cases
from bot.support.cases import CaseState
from bot.support.gap_report import Week
from bot.support.ledger import WEEKS

_OVER = (cases.c.ticket.is_not(None)) | (cases.c.sheriff != "")
_SOLVED = ~_OVER & (cases.c.state == CaseState.CLOSED.value)
MOST_COMPONENTS = 8


def weeks(engine: sa.Engine, now: datetime, *, count: int = WEEKS) -> Sequence[Week]:
    """The last weeks, the oldest first; the last one ends now."""
    solved_ones, over_ones = (sa.func.coalesce(sa.func.sum(sa.case((of, 1), else_=0)), 0) for of in (_SOLVED, _OVER))
    found = []
    with engine.connect() as connection:
        for back in range(count, 0, -1):
            begins, ends = now - timedelta(weeks=back), now - timedelta(weeks=back - 1)
            query = sa.select(solved_ones, over_ones, sa.func.count())
            within = query.where(cases.c.opened >= begins, cases.c.opened < ends)
            solved, over, total = connection.execute(within).one()
            found.append(Week(begins, int(solved), int(over), int(total - solved - over)))
    return found


def components(engine: sa.Engine, since: datetime) -> Sequence[tuple[str, int, int]]:
    """What people asked about most: name, questions, and how many of them went to a person."""
    over = sa.func.sum(sa.case((_OVER, 1), else_=0))
    query = (
        sa.select(cases.c.component, sa.func.count().label("asked"), over)
        .where(cases.c.opened >= since, cases.c.component != "")
        .group_by(cases.c.component)
        .order_by(sa.desc("asked"), cases.c.component)
        .limit(MOST_COMPONENTS)
    )
    with engine.connect() as connection:
        return [(name, int(asked), int(handed)) for name, asked, handed in connection.execute(query).all()]
