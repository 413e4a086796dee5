"""What the rota tells by itself, each thing once: who claims it tells it, in whatever process, and after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.landmarks import RotaLandmark, passed
from bot.store.replicas import has_ended
from bot.store.tables import rota_news
from bot.store.turn_log import Clock, utc_now

WEEK = "week"  # who has the duty now and next, with the hand-over note
ASKED = "swap asked"
REMINDED = "swap reminded"
ANSWERED = "swap answered"
ALARM = "alarm"
GIVEN_UP_AFTER = timedelta(minutes=2)  # longer than sending takes: who claimed it is gone


@dataclass(frozen=True, slots=True)
class News:
    key: str
    kind: str
    told: datetime
    place: str  # in words that follow "told"; "" for the pages alone
    text: str


class RotaNews:
    """Safe to use from any thread and from several processes: the database decides who tells."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now, owner: str = "") -> None:
        """`owner` is the life of this replica: once it is over, what it did not get to tell is free at once."""
        self._owner = owner
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def claim(self, key: str, kind: str) -> bool:
        """Whether it is ours to tell; False when it was told, or somebody is telling it."""
        if self.get(key) is not None:
            return False
        passed(RotaLandmark.NEWS_DUE)
        is_ours = self._claimed(key, kind) or self._taken_over(key)
        if is_ours:
            passed(RotaLandmark.NEWS_CLAIMED)
        return is_ours

    def tell(self, key: str, text: str, *, place: str) -> None:
        """It was told; `text` is kept for the pages."""
        with self._writes.begin() as connection:
            changed = rota_news.update().where(rota_news.c.key == key)
            connection.execute(changed.values(told=self._clock(), place=place, text=text))
        passed(RotaLandmark.NEWS_STORED)

    def abandon(self, key: str) -> None:
        """It could not be told: the next one may try."""
        with self._writes.begin() as connection:
            connection.execute(rota_news.delete().where(rota_news.c.key == key, rota_news.c.told.is_(None)))

    def get(self, key: str) -> News | None:
        """What was told under this key."""
        told = sa.select(rota_news).where(rota_news.c.key == key, rota_news.c.told.is_not(None))
        with self._engine.connect() as connection:
            row = connection.execute(told).mappings().first()
        return News(row["key"], row["kind"], row["told"], row["place"], row["text"]) if row else None

    def _claimed(self, key: str, kind: str) -> bool:
        """Whether nobody had claimed it yet."""
        values = {"key": key, "kind": kind, "claimed": self._clock(), "owner": self._owner}
        try:
            with self._writes.begin() as connection:
                connection.execute(rota_news.insert().values(told=None, place="", text="", **values))
        except IntegrityError:
            return False
        return True

    def _taken_over(self, key: str) -> bool:
        stale = has_ended(rota_news.c.owner) | (rota_news.c.claimed < self._clock() - GIVEN_UP_AFTER)
        mine = rota_news.update().where(rota_news.c.key == key, rota_news.c.told.is_(None), stale)
        with self._writes.begin() as connection:
            return connection.execute(mine.values(claimed=self._clock(), owner=self._owner)).rowcount == 1
