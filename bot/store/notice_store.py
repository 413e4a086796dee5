"""Notices and what happened to them: events are appended, and two who act at once cannot both succeed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.messages import Person
from bot.store.tables import notice_events, notice_proposals, notices
from bot.store.turn_log import Clock, utc_now
from bot.support.notices import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_QUESTIONS,
    Notice,
    NoticeEvent,
    NoticeHappened,
    Proposal,
    Rise,
)
from bot.support.overtaken import Overtaken
from knowledge.errors import Misuse


class NoticeStore:
    """Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._clock = clock

    def pin(
        self,
        title: str,
        by: Person,
        ends: datetime,
        *,
        text: str = "",
        questions: Sequence[str] = (),
        case_id: str = "",
    ) -> Notice:
        """Store a notice. Raises Misuse for one without a title, or too long."""
        title, text = " ".join(title.split()), text.strip()
        if not title:
            raise Misuse("Say in a line what is known, such as: Kafka quotas are frozen in eu-west.")
        for name, said, most in (("title", title, LONGEST_TITLE), ("text", text, LONGEST_TEXT)):
            if len(said) > most:
                raise Misuse(f"The {name} has {len(said):,} characters; at most {most:,} are kept. Shorten it.")
        kept = list(dict.fromkeys(" ".join(each.split()) for each in questions if each.strip()))[:MOST_QUESTIONS]
        values = {"at": self._clock(), "by_id": by.id, "by_name": by.name, "ends": ends, "case_id": case_id}
        with self._writes.begin() as connection:
            insert = notices.insert().values(title=title, text=text, questions=kept, **values)
            number = int(connection.execute(insert.returning(notices.c.number)).scalar_one())
            self._note(connection, number, NoticeEvent.PINNED, by, data={"ends": ends.isoformat()})
        return self.required(number)

    def move(self, number: int, by: Person, ends: datetime, *, seen: int | None = None) -> Notice:
        """Give a notice another end. Raises Overtaken when a colleague changed it since version `seen`."""
        known = self._running(number)
        with self._writes.begin() as connection:
            self._update(connection, known, seen, ends=ends)
            self._note(connection, number, NoticeEvent.MOVED, by, data={"ends": ends.isoformat()})
        return self.required(number)

    def end(self, number: int, by: Person, *, seen: int | None = None) -> Notice:
        """It is over now. Raises as `move` does."""
        known, now = self._running(number), self._clock()
        with self._writes.begin() as connection:
            self._update(connection, known, seen, ends=now)
            self._note(connection, number, NoticeEvent.ENDED, by)
        return self.required(number)

    def affected(self, number: int, by: Person) -> int:
        """Note that a person has the trouble, once; how many have it."""
        with self._writes.begin() as connection:
            if by.id not in _affected(connection, number):
                self._note(connection, number, NoticeEvent.AFFECTED, by)
            return len(_affected(connection, number))

    def active(self) -> Sequence[Notice]:
        """Those that hold now, the newest first."""
        now = self._clock()
        return self._select(notices.c.at <= now, notices.c.ends > now)

    def past(self, *, limit: int = 20) -> Sequence[Notice]:
        """Those that are over, the latest first."""
        return self._select(notices.c.ends <= self._clock(), limit=limit)

    def get(self, number: int) -> Notice | None:
        return next(iter(self._select(notices.c.number == number)), None)

    def required(self, number: int) -> Notice:
        known = self.get(number)
        if known is None:
            raise Misuse(f"There is no notice {number}. `sheriff notice list` and the page “Notices” list them.")
        return known

    def history(self, number: int) -> Sequence[NoticeHappened]:
        """What happened to a notice, oldest first."""
        query = sa.select(notice_events).where(notice_events.c.notice == number).order_by(notice_events.c.number)
        with self._engine.connect() as connection:
            return tuple(
                NoticeHappened(r.number, r.notice, r.at, NoticeEvent(r.kind), r.by_name, r.text, r.data)
                for r in connection.execute(query)
            )

    # What Sheriff proposes

    def propose(self, rise: Rise) -> Proposal | None:
        """Store a proposal; None when it was made before, by this process or another."""
        values = {"key": rise.key, "at": self._clock(), "question": rise.question, "cases": list(rise.cases)}
        more = {"askers": rise.askers, "minutes": rise.minutes, "state": "open"}
        try:
            with self._writes.begin() as connection:
                insert = notice_proposals.insert().values(**values, **more).returning(notice_proposals.c.number)
                number = int(connection.execute(insert).scalar_one())
        except IntegrityError:
            return None
        return self.proposal(number)

    def proposals(self, *, since: datetime, only_open: bool = True) -> Sequence[Proposal]:
        """Proposals made since then, the newest first."""
        where = [notice_proposals.c.at >= since]
        where += [notice_proposals.c.state == "open"] if only_open else []
        query = sa.select(notice_proposals).where(*where).order_by(notice_proposals.c.number.desc()).limit(50)
        with self._engine.connect() as connection:
            return tuple(_proposal(row) for row in connection.execute(query).mappings())

    def proposal(self, number: int) -> Proposal:
        query = sa.select(notice_proposals).where(notice_proposals.c.number == number)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise Misuse("This proposal is not known any more. Pin the notice on the page “Notices”.")
        return _proposal(row)

    def settle(self, number: int, by: Person, state: str) -> None:
        """A proposal was pinned or dismissed. Raises Overtaken when a colleague was faster."""
        still = notice_proposals.update().where(notice_proposals.c.number == number, notice_proposals.c.state == "open")
        with self._writes.begin() as connection:
            done = connection.execute(still.values(state=state, by_name=by.name)).rowcount == 1
        if not done:
            known = self.proposal(number)
            raise Overtaken(f"{known.by} has {known.state} it already. Nothing was changed.")

    def _running(self, number: int) -> Notice:
        known = self.required(number)
        if known.ends <= self._clock():
            last = self.history(number)[-1]
            who = f"{last.by} ended it" if last.kind is NoticeEvent.ENDED else "It ended by itself"
            raise Overtaken(f"{who} at {known.ends:%H:%M} UTC. Pin a new one if it is needed again.")
        return known

    def _update(self, connection: sa.Connection, known: Notice, seen: int | None, **values: Any) -> None:
        version = known.version if seen is None else seen
        unchanged = notices.update().where(notices.c.number == known.number, notices.c.version == version)
        if connection.execute(unchanged.values(version=version + 1, **values)).rowcount != 1:
            last = self.history(known.number)[-1]
            raise Overtaken(f"{last.by} changed it at {last.at:%H:%M} UTC, while this was open. Look again.")

    def _note(
        self,
        connection: sa.Connection,
        number: int,
        kind: NoticeEvent,
        by: Person,
        *,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        values = {"notice": number, "at": self._clock(), "kind": kind.value, "by_id": by.id, "by_name": by.name}
        connection.execute(notice_events.insert().values(text="", data=dict(data or {}), **values))

    def _select(self, *where: sa.ColumnElement[bool], limit: int = 100) -> Sequence[Notice]:
        query = sa.select(notices).where(*where).order_by(notices.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            return tuple(_notice(row) for row in connection.execute(query).mappings())


def _affected(connection: sa.Connection, number: int) -> set[str]:
    of_notice = (notice_events.c.notice == number) & (notice_events.c.kind == NoticeEvent.AFFECTED)
    return set(connection.execute(sa.select(notice_events.c.by_id).where(of_notice)).scalars())


def _notice(row: sa.RowMapping) -> Notice:
    return Notice(
        number=row["number"],
        title=row["title"],
        text=row["text"],
        by=row["by_name"],
        at=row["at"],
        ends=row["ends"],
        questions=tuple(row["questions"]),
        case_id=row["case_id"],
        version=row["version"],
    )


def _proposal(row: sa.RowMapping) -> Proposal:
    return Proposal(
        row["number"],
        row["at"],
        row["question"],
        tuple(row["cases"]),
        row["askers"],
        row["minutes"],
        row["state"],
        row["by_name"],
    )
