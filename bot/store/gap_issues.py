"""Which gap has an issue where maintainers work. Also the Attempts of that place: what keeps an issue from being made
twice."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.tables import gap_issues, gaps
from bot.store.turn_log import Clock, utc_now
from bot.support.ledger import GapState, label


@dataclass(frozen=True, slots=True)
class Issue:
    """The issue of a gap, or that one was asked for."""

    gap: int
    key: str  # by which it is found again: no other Sheriff that uses the same place has it
    ticket: str  # such as GH-31; "" until there is one
    url: str


class GapIssues:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def get(self, number: int) -> Issue | None:
        """None for a gap that nobody has asked an issue for."""
        with self._engine.connect() as connection:
            return _issue(connection.execute(sa.select(gap_issues).where(gap_issues.c.gap == number)).first())

    def begun(self, number: int) -> Issue:
        """The issue of a gap as far as it is; the first call chooses its key."""
        key = f"{label(number)}-{secrets.token_hex(4)}".lower()
        first = {"gap": number, "key": key, "tried": None, "ticket": "", "url": "", "closed": None}
        found = self.get(number)
        while found is None:
            try:
                with self._writes.begin() as connection:
                    connection.execute(gap_issues.insert().values(first))
            except IntegrityError:
                pass  # another process was faster
            found = self.get(number)
        return found

    def opened(self, number: int, ticket: str, url: str) -> None:
        """There is an issue now, and it is open."""
        values = {"ticket": ticket, "url": url, "closed": None}
        with self._writes.begin() as connection:
            connection.execute(gap_issues.update().where(gap_issues.c.gap == number).values(values))

    def to_close(self) -> list[Issue]:
        """Issues whose gaps are verified, and which Sheriff has not closed yet."""
        query = (
            sa.select(gap_issues)
            .join(gaps, gaps.c.number == gap_issues.c.gap)
            .where(gaps.c.state == str(GapState.VERIFIED), gap_issues.c.ticket != "", gap_issues.c.closed.is_(None))
            .order_by(gap_issues.c.gap)
        )
        with self._engine.connect() as connection:
            return [issue for row in connection.execute(query) if (issue := _issue(row))]

    def closed(self, number: int) -> None:
        """Sheriff has closed the issue, or it never will be."""
        with self._writes.begin() as connection:
            connection.execute(gap_issues.update().where(gap_issues.c.gap == number).values(closed=self._clock()))

    # ---- Attempts, by key ----

    def last(self, key: str) -> datetime | None:
        """When an issue was last asked for; None: never."""
        with self._engine.connect() as connection:
            tried: datetime | None = connection.execute(
                sa.select(gap_issues.c.tried).where(gap_issues.c.key == key)
            ).scalar()
        return tried

    def claim(self, key: str, *, after: datetime | None) -> bool:
        """Note that one is asked for now; False when somebody else has done so since `after`."""
        unchanged = gap_issues.c.tried.is_(None) if after is None else gap_issues.c.tried == after
        with self._writes.begin() as connection:
            update = gap_issues.update().where(gap_issues.c.key == key, unchanged)
            return connection.execute(update.values(tried=self._clock())).rowcount == 1


def _issue(row: sa.Row[tuple[object, ...]] | None) -> Issue | None:
    return Issue(row.gap, row.key, row.ticket, row.url) if row is not None else None
