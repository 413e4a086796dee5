"""The processes that share one database: each says again and again that it is alive, and notices who no longer does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.store.tables import replicas

SILENT_AFTER = 20.0  # seconds without a beat: four are missed, and what it had is resumed well within a minute


@dataclass(frozen=True, slots=True)
class _Pulse:
    life: str
    beats: int


_NONE = _Pulse("", 0)


class Replicas:
    """This process among its fellows. Used by one thread, apart from `life`.

    Who is silent is told by a stopwatch of our own beside counters that do not grow: no clock that is set, and no two
    machines whose clocks differ, can make a living replica look dead.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        name: str,
        clock: Callable[[], datetime],
        stopwatch: Callable[[], float] = time.monotonic,
        silent_after: float = SILENT_AFTER,
    ) -> None:
        """Without a name nothing is registered: `life` is empty, and others go by the time that has passed."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock
        self._stopwatch = stopwatch
        self._silent_after = silent_after
        self._seen: dict[str, tuple[_Pulse, float]] = {}
        self.name = name
        self.life = uuid4().hex if name else ""

    def enter(self) -> None:
        """Begin a life under this name; an earlier one is over, whoever had it."""
        with self._writes.begin() as connection:
            connection.execute(replicas.delete().where(replicas.c.name == self.name))
            connection.execute(replicas.insert().values(self._row()))

    def beat(self) -> bool:
        """Say that we live. False when another process has begun a life under our name."""
        mine = (replicas.c.name == self.name) & (replicas.c.life == self.life)
        with self._writes.begin() as connection:
            beaten = replicas.update().where(mine).values(beats=replicas.c.beats + 1, at=self._clock())
            if connection.execute(beaten).rowcount:
                return True
        try:
            with self._writes.begin() as connection:  # we were asleep so long that others have given us up
                connection.execute(replicas.insert().values(self._row()))
        except IntegrityError:
            return False
        return True

    def leave(self) -> None:
        """We stop, in order."""
        with self._writes.begin() as connection:
            mine = (replicas.c.name == self.name) & (replicas.c.life == self.life)
            connection.execute(replicas.delete().where(mine))

    def silent(self, also: Iterable[str] = ()) -> list[str]:
        """The fellows that have not been heard of for so long that they must have died, sorted.

        `also` names processes that have left work behind and need not be registered.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(replicas.c.name, replicas.c.life, replicas.c.beats)).all()
        pulses = dict.fromkeys(also, _NONE) | {row.name: _Pulse(row.life, row.beats) for row in rows}
        pulses.pop(self.name, None)
        now = self._stopwatch()
        before = self._seen
        self._seen = {
            name: before[name] if name in before and before[name][0] == pulse else (pulse, now)
            for name, pulse in pulses.items()
        }
        return sorted(name for name, (_, since) in self._seen.items() if now - since >= self._silent_after)

    def bury(self, name: str) -> None:
        """Forget a silent fellow, unless it has just been heard of again: what it worked on is free for others."""
        pulse, _ = self._seen.pop(name)
        with self._writes.begin() as connection:
            same = (replicas.c.name == name) & (replicas.c.life == pulse.life) & (replicas.c.beats == pulse.beats)
            connection.execute(replicas.delete().where(same))

    def living(self) -> list[str]:
        """Names of all that are registered, this one included, sorted."""
        with self._engine.connect() as connection:
            return sorted(connection.execute(sa.select(replicas.c.name)).scalars())

    def _row(self) -> dict[str, object]:
        return {"name": self.name, "life": self.life, "beats": 0, "at": self._clock()}


def has_ended(owner: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether the life in a column has ended, for a query; never that of the empty one, which is nobody's."""
    return (owner != "") & owner.not_in(sa.select(replicas.c.life))


def is_over(connection: sa.Connection, life: str) -> bool:
    """Whether a life that has claimed something has ended; unknown for the empty one, which is nobody's."""
    if not life:
        return False
    return connection.execute(sa.select(replicas.c.name).where(replicas.c.life == life)).first() is None
