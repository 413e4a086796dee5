"""What sheriffs have resolved lately, for what is to follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.tables import events, faq_drafts
from bot.support.cases import Cause, EventKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """One resolution, and what nobody has made of it yet."""

    case_id: str
    by: str  # name
    for_faq: bool  # wanted there, and not drafted
    is_wish: bool  # and not kept as a request


def outcomes(engine: sa.Engine, since: datetime) -> Sequence[Outcome]:
    """The last resolution of each case since then, of which something is still to be made; oldest first."""
    resolved = (
        sa.select(events.c.case_id, events.c.actor, events.c.data)
        .where(events.c.kind == str(EventKind.RESOLVED), events.c.at >= since)
        .order_by(events.c.number)
    )
    wished = sa.select(events.c.case_id).where(events.c.kind == str(EventKind.WISHED), events.c.at >= since)
    with engine.connect() as connection:
        last = {row.case_id: row for row in connection.execute(resolved)}
        drafted = set(connection.execute(sa.select(faq_drafts.c.case_id).where(faq_drafts.c.at >= since)).scalars())
        kept = set(connection.execute(wished).scalars())
    found = (
        Outcome(
            row.case_id,
            row.actor,
            row.data.get("faq") is True and row.case_id not in drafted,
            row.data.get("cause") == str(Cause.WISH) and row.case_id not in kept,
        )
        for row in last.values()
    )
    return [outcome for outcome in found if outcome.for_faq or outcome.is_wish]
