"""Which message of ours in a channel belongs to which case: posted once, found again after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.replicas import has_ended
from bot.store.tables import posts
from bot.store.turn_log import Clock, utc_now

CASE_CARD = "case card"  # in the sheriffs' channel; the first message of its thread
ANSWER = "answer"  # to the asker
GIVEN_UP_AFTER = timedelta(minutes=2)  # longer than sending takes: who claimed it is gone


@dataclass(frozen=True, slots=True)
class Post:
    """A message that stands in a conversation."""

    case_id: str
    conversation: str
    activity: str


class Posts:
    """Safe to use from any thread and from several processes: the database decides who posts."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now, owner: str = "") -> None:
        """`owner` is the life of this replica: once it is over, what it did not get to send is free at once."""
        self._owner = owner
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def claim(self, case_id: str, purpose: str, conversation: str) -> bool:
        """Whether it is ours to post; False when it was posted, or somebody is posting it."""
        values = {"case_id": case_id, "purpose": purpose, "conversation": conversation, "claimed": self._clock()}
        try:
            with self._writes.begin() as connection:
                connection.execute(posts.insert().values(activity=None, owner=self._owner, **values))
        except IntegrityError:
            return self._taken_over(case_id, purpose)
        return True

    def posted(self, case_id: str, purpose: str, activity: str) -> None:
        """It stands there under this id."""
        with self._writes.begin() as connection:
            connection.execute(posts.update().where(*_of(case_id, purpose)).values(activity=activity))

    def abandon(self, case_id: str, purpose: str) -> None:
        """It could not be sent: the next one may try."""
        with self._writes.begin() as connection:
            connection.execute(posts.delete().where(*_of(case_id, purpose), posts.c.activity.is_(None)))

    def remember(self, post: Post, purpose: str) -> None:
        """Note a message that was sent already; the newest one of a purpose counts."""
        with self._writes.begin() as connection:
            connection.execute(posts.delete().where(*_of(post.case_id, purpose)))
            values = {"case_id": post.case_id, "purpose": purpose, "conversation": post.conversation}
            connection.execute(posts.insert().values(activity=post.activity, claimed=self._clock(), **values))

    def of_case(self, case_id: str, purpose: str) -> Post | None:
        return self._first(*_of(case_id, purpose), posts.c.activity.is_not(None))

    def case_of(self, conversation: str, activity: str) -> str:
        """The case that a message in a conversation belongs to; "" when it belongs to none."""
        found = self._first(posts.c.activity == activity, posts.c.conversation == conversation)
        return found.case_id if found else ""

    def is_reached(self, conversation: str) -> bool:
        """Whether a message of ours was ever taken there."""
        return self._first(posts.c.conversation == conversation, posts.c.activity != "") is not None

    def _first(self, *where: sa.ColumnElement[bool]) -> Post | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(posts).where(*where)).mappings().first()
        return Post(row["case_id"], row["conversation"], row["activity"]) if row else None

    def _taken_over(self, case_id: str, purpose: str) -> bool:
        stale = has_ended(posts.c.owner) | (posts.c.claimed < self._clock() - GIVEN_UP_AFTER)
        mine = posts.update().where(*_of(case_id, purpose), posts.c.activity.is_(None), stale)
        with self._writes.begin() as connection:
            return connection.execute(mine.values(claimed=self._clock(), owner=self._owner)).rowcount == 1


def _of(case_id: str, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
    return posts.c.case_id == case_id, posts.c.purpose == purpose
