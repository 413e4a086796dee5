"""Keeps cases: each change is one transaction that sees the case as it is, and appends what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.landmarks import Landmark, passed
from bot.store import fact_book
from bot.store.rows import case_of, event_of, row_of, row_of_event
from bot.store.tables import cases, events, unheard
from bot.support.broadcast import Broadcast, Update
from bot.support.case_facts import facts_of
from bot.support.cases import Case, CaseState, Change, Event, NotPossible
from bot.support.handoff import HEARD_OUTSIDE
from bot.support.transitions import DEAD_LETTERS, begin, dead_letter

_AT_ONCE = 500
Observer = Callable[[Case, Sequence[Event]], None]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its number; numbers grow in the order in which events were stored."""

    number: int
    case_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Unheard:
    """A stored event that somebody outside has yet to hear of: a sheriff, the asker, the ticket desk."""

    number: int
    case_id: str
    since: datetime
    workflow: str  # id of the workflow that was last started for it; "" for none


class CaseStore:
    """Cases in a database. Safe to use from any thread and from several processes."""

    def __init__(self, engine: sa.Engine, *, broadcast: Broadcast) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self.broadcast = broadcast
        self._observers: list[Observer] = []

    def observe(self, observer: Observer) -> None:
        """Call `observer` after each change that this process stores, with the case as it then is and what happened."""
        self._observers.append(observer)

    def save_new(self, case: Case) -> Case:
        """Store a case for the first time, with its events; returns it as it is stored."""
        case = begin(case)
        with self._writes.begin() as connection:
            connection.execute(cases.insert().values(row_of(case)))
            numbers = _append(connection, Change(case, case.events))
            fact_book.write(connection, [facts_of(case)])
            passed(Landmark.CASE_WRITTEN)
        passed(Landmark.CASE_STORED)
        self._publish(case, numbers, case.events)
        return case

    def record(self, case_id: str, decide: Callable[[Case], Change]) -> Case:
        """Apply one rule to the case as it is now and store what follows; returns the new case.

        No other change can come between. What `decide` raises leaves everything as it was. `decide` must not wait
        for anything. Raises NotPossible when there is no such case.
        """
        with self._writes.begin() as connection:
            case = _load(connection, case_id, for_update=True)
            if case is None:
                raise NotPossible(f"There is no case {case_id}.")
            change = decide(case)
            if not change.events:
                return case
            connection.execute(cases.update().where(cases.c.id == case_id).values(row_of(change.case)))
            numbers = _append(connection, change)
            after = replace(change.case, events=(*case.events, *change.events))
            fact_book.write(connection, [facts_of(after)])
        self._publish(after, numbers, change.events)
        return after

    def get(self, case_id: str) -> Case | None:
        """The case with all its events."""
        with self._engine.connect() as connection:
            return _load(connection, case_id)

    def find(self, ticket: str) -> Case | None:
        """The case with this ticket, or with this id: what people paste into a search."""
        wanted = ticket.strip()
        with self._engine.connect() as connection:
            same_ticket = sa.func.lower(cases.c.ticket) == wanted.lower()
            found = connection.execute(sa.select(cases.c.id).where(same_ticket | (cases.c.id == wanted))).first()
            return _load(connection, found.id) if found else None

    def list(
        self,
        *,
        states: Sequence[CaseState] = (),
        asker: str = "",
        conversation: str = "",
        sheriff: str = "",
        text: str = "",
        since: datetime | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[Case]:
        """Cases, newest first, without their events. Empty arguments do not restrict; every word of `text` must be
        in question, answer, resolution, ticket or the asker's name. `asker` is a person's id."""
        query = sa.select(cases).where(*_where(states, asker, conversation, sheriff, text, since))
        query = query.order_by(cases.c.opened.desc(), cases.c.id.desc()).limit(limit).offset(offset)
        with self._engine.connect() as connection:
            return tuple(case_of(row) for row in connection.execute(query).mappings())

    def earlier(self, case: Case, *, within: timedelta, limit: int) -> Sequence[Case]:
        """What the asker asked in the same conversation in the time before the case, newest first, without events."""
        here = (cases.c.asker_id == case.asker.id) & (cases.c.conversation == case.conversation)
        before = (cases.c.opened < case.opened) & (cases.c.opened > case.opened - within)
        query = sa.select(cases).where(here, before).order_by(cases.c.opened.desc(), cases.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return tuple(case_of(row) for row in connection.execute(query).mappings())

    def changed(self, state: CaseState, *, since: datetime, before: datetime, limit: int) -> Sequence[Case]:
        """Cases of one state whose last change lies between two moments, the oldest first, without their events."""
        found = (cases.c.state == state.value) & (cases.c.updated >= since) & (cases.c.updated <= before)
        query = sa.select(cases).where(found).order_by(cases.c.updated, cases.c.id).limit(limit)
        with self._engine.connect() as connection:
            return tuple(case_of(row) for row in connection.execute(query).mappings())

    def followers(self, case_id: str) -> Sequence[Case]:
        """The cases that are linked to this one, oldest first, without their events."""
        query = sa.select(cases).where(cases.c.master == case_id).order_by(cases.c.opened, cases.c.id)
        with self._engine.connect() as connection:
            return tuple(case_of(row) for row in connection.execute(query).mappings())

    def walk(self, *, since: datetime | None = None) -> Iterator[Case]:
        """All cases with their events, or those that changed since the moment, in the order in which they were opened.
        Each is read when its turn comes, so that many need little memory."""
        place = sa.tuple_(cases.c.opened, cases.c.id)
        query = sa.select(cases.c.opened, cases.c.id).order_by(cases.c.opened, cases.c.id).limit(_AT_ONCE)
        if since is not None:
            query = query.where(cases.c.updated >= since)
        after: tuple[datetime, str] | None = None
        while True:
            part = (
                query
                if after is None
                else query.where(place > sa.tuple_(sa.bindparam("opened", after[0], cases.c.opened.type), after[1]))
            )
            with self._engine.connect() as connection:
                rows = connection.execute(part).all()
            for row in rows:
                case = self.get(row.id)
                if case is not None:
                    yield case
            if not rows:
                return
            after = (rows[-1].opened, rows[-1].id)

    def count(
        self,
        *,
        states: Sequence[CaseState] = (),
        asker: str = "",
        conversation: str = "",
        sheriff: str = "",
        text: str = "",
        since: datetime | None = None,
    ) -> int:
        where = _where(states, asker, conversation, sheriff, text, since)
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(cases).where(*where)).scalar() or 0

    def events_for_conversation(self, conversation: str, *, after: int = 0, limit: int = 200) -> Sequence[StoredEvent]:
        """What has happened to the cases of a conversation since the event with number `after`, oldest first."""
        query = (
            sa.select(events)
            .join(cases, cases.c.id == events.c.case_id)
            .where(cases.c.conversation == conversation, events.c.number > after)
            .order_by(events.c.number)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return tuple(_stored(row) for row in connection.execute(query).mappings())

    def event(self, number: int) -> StoredEvent | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(events).where(events.c.number == number)).mappings().first()
        return _stored(row) if row else None

    def events_of(self, case_id: str) -> Sequence[StoredEvent]:
        """All that has happened to a case, oldest first."""
        query = sa.select(events).where(events.c.case_id == case_id).order_by(events.c.number)
        with self._engine.connect() as connection:
            return tuple(_stored(row) for row in connection.execute(query).mappings())

    def last_event_number(self) -> int:
        """The newest event's number: the `after` of somebody who only wants what comes."""
        with self._engine.connect() as connection:
            newest: int | None = connection.execute(sa.select(sa.func.max(events.c.number))).scalar()
        return newest or 0

    def unheard(
        self,
        *,
        case_id: str = "",
        before: datetime | None = None,
        after: datetime | None = None,
        limit: int = 500,
    ) -> Sequence[Unheard]:
        """Events that wait for their workflow, oldest first. With both `before` and `after` those outside of the time
        between: what comes from the future was stored before a clock was set back, so nobody is about to start it."""
        query = sa.select(unheard).order_by(unheard.c.event_number).limit(limit)
        if case_id:
            query = query.where(unheard.c.case_id == case_id)
        if before is not None:
            old = unheard.c.since < before
            query = query.where(old if after is None else old | (unheard.c.since > after))
        with self._engine.connect() as connection:
            return tuple(
                Unheard(row.event_number, row.case_id, row.since, row.workflow) for row in connection.execute(query)
            )

    def dead_letters(self) -> Sequence[Case]:
        """Cases of which the ticket system refused something that nobody has tried again, oldest first, with their
        events."""
        failed = sa.func.max(sa.case((events.c.kind.in_(DEAD_LETTERS), events.c.number)))
        query = sa.select(events.c.case_id).group_by(events.c.case_id).having(failed > 0).order_by(failed)
        with self._engine.connect() as connection:
            found = [_load(connection, case_id) for case_id in connection.execute(query).scalars()]
        return tuple(case for case in found if case is not None and dead_letter(case) is not None)

    def set_workflow(self, number: int, workflow: str) -> None:
        """Remember which workflow works on an unheard event."""
        with self._writes.begin() as connection:
            connection.execute(unheard.update().where(unheard.c.event_number == number).values(workflow=workflow))

    def heard(self, number: int) -> None:
        """Everyone who had to hear of the event has."""
        with self._writes.begin() as connection:
            connection.execute(unheard.delete().where(unheard.c.event_number == number))

    def _publish(self, case: Case, numbers: Sequence[tuple[int, str]], happened: Sequence[Event]) -> None:
        for observer in self._observers:
            observer(case, happened)
        for number, kind in numbers:
            self.broadcast.publish(Update(number, case.id, case.conversation, kind))


def _append(connection: sa.Connection, change: Change) -> Sequence[tuple[int, str]]:
    numbers = []
    for event in change.events:
        insert = events.insert().values(row_of_event(change.case.id, event)).returning(events.c.number)
        number = int(connection.execute(insert).scalar_one())
        numbers.append((number, str(event.kind)))
        if event.kind in HEARD_OUTSIDE:
            waits = {"event_number": number, "case_id": change.case.id, "since": event.at, "workflow": ""}
            connection.execute(unheard.insert().values(waits))
    return numbers


def _load(connection: sa.Connection, case_id: str, *, for_update: bool = False) -> Case | None:
    query = sa.select(cases).where(cases.c.id == case_id)
    if for_update:
        query = query.with_for_update()  # PostgreSQL; on SQLite the transaction holds the only write lock already
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    rows = connection.execute(sa.select(events).where(events.c.case_id == case_id).order_by(events.c.number)).mappings()
    return case_of(row, tuple(event_of(r) for r in rows))


def _stored(row: sa.RowMapping) -> StoredEvent:
    return StoredEvent(row["number"], row["case_id"], event_of(row))


def _where(
    states: Sequence[CaseState], asker: str, conversation: str, sheriff: str, text: str, since: datetime | None
) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if states:
        where.append(cases.c.state.in_([s.value for s in states]))
    if asker:
        where.append(cases.c.asker_id == asker)
    if conversation:
        where.append(cases.c.conversation == conversation)
    if sheriff:
        where.append(cases.c.sheriff == sheriff)
    if since is not None:
        where.append(cases.c.opened >= since)
    where += [cases.c.searched.contains(word, autoescape=True) for word in text.casefold().split()[:10]]
    return where
