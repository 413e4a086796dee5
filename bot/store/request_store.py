"""What people wish for, and who wants it, too: one wish once, one vote a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.tables import requests, votes
from bot.store.turn_log import Clock, utc_now
from knowledge.errors import Misuse

LONGEST = 500  # characters of a wish


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    number: int
    text: str
    by: str  # name
    at: datetime
    votes: int

    @property
    def label(self) -> str:
        return f"FR-{self.number}"


class RequestStore:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def ask(self, text: str, by: Person) -> FeatureRequest:
        """Store a wish with its asker's vote; the same words again are a vote for the first. Raises Misuse."""
        text = " ".join(text.split())
        if not text:
            raise Misuse("Write what you wish for: request a quota page for Couchbase.")
        if len(text) > LONGEST:
            raise Misuse(f"The request has {len(text):,} characters; at most {LONGEST} are kept. Shorten it.")
        said = text.casefold().rstrip(".!? ")
        try:
            with self._writes.begin() as connection:
                values = {"text": text, "said": said, "by_id": by.id, "by_name": by.name, "at": self._clock()}
                connection.execute(requests.insert().values(values))
        except IntegrityError:
            pass  # wished for before
        with self._engine.connect() as connection:
            same = sa.select(requests.c.number).where(requests.c.said == said)
            number = int(connection.execute(same).scalar_one())
        return self.vote(number, by)

    def vote(self, number: int, by: Person) -> FeatureRequest:
        """Count a person's vote once. Raises Misuse when there is no such request."""
        known = self.get(number)
        if known is None:
            raise Misuse(f"There is no request FR-{number}. “top requests” lists them.")
        try:
            with self._writes.begin() as connection:
                connection.execute(votes.insert().values(request=number, voter=by.id, at=self._clock()))
        except IntegrityError:
            return known  # one vote a person
        return self.get(number) or known

    def get(self, number: int) -> FeatureRequest | None:
        found = self._select(requests.c.number == number, limit=1)
        return found[0] if found else None

    def top(self, *, limit: int = 5) -> Sequence[FeatureRequest]:
        """The most wanted first; of equally wanted ones the older."""
        return self._select(sa.true(), limit=limit)

    def has_voted(self, number: int, person_id: str) -> bool:
        with self._engine.connect() as connection:
            mine = sa.select(votes.c.request).where(votes.c.request == number, votes.c.voter == person_id)
            return connection.execute(mine).first() is not None

    def _select(self, where: sa.ColumnElement[bool], *, limit: int) -> Sequence[FeatureRequest]:
        wanted = sa.func.count(votes.c.voter)
        query = (
            sa.select(requests, wanted.label("votes"))
            .join(votes, votes.c.request == requests.c.number, isouter=True)
            .where(where)
            .group_by(requests.c.number)
            .order_by(wanted.desc(), requests.c.number)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(FeatureRequest(r["number"], r["text"], r["by_name"], r["at"], r["votes"]) for r in rows)
