"""The built-in ticket desk: tickets in the same database as the cases, for teams without a ticket system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.desks.words import story
from bot.store.tables import ticket_comments, tickets
from bot.store.turn_log import Clock, utc_now
from bot.support.cases import Case, title
from bot.support.handoff import Found, Ticket, TicketState, unexpected
from knowledge.errors import DeskUnavailable, Unavailable


@dataclass(frozen=True, slots=True)
class Comment:
    at: datetime
    author: str
    text: str


class SqliteDesk:
    """A Desk on the database of `open_store`, SQLite or PostgreSQL. Tickets are numbered PREFIX-1, PREFIX-2, …"""

    def __init__(self, engine: sa.Engine, *, prefix: str = "SUP", url: str = "", clock: Clock = utc_now) -> None:
        """`url` is where people see a ticket, with `{case}` in it; empty when nowhere."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._prefix = prefix
        self._url = url
        self._clock = clock

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        try:
            number: int | None = self._reopened(case, assignee) or self._created(case, earlier, assignee)
        except IntegrityError:  # another process has just made it
            number = self._reopened(case, assignee)
        except (OperationalError, Unavailable) as error:
            raise DeskUnavailable("The ticket desk's database is not answering.") from error
        if number is None:
            raise DeskUnavailable(f"The ticket of {case.id} was made and has gone; look again.")
        return Ticket(f"{self._prefix}-{number}", self._url.format(case=case.id))

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        number = self._number(ticket)
        values = {"ticket_number": number, "key": key, "at": self._clock(), "author": author, "text": text}
        try:
            with self._writes.begin() as connection:
                if _exists(connection, number):
                    connection.execute(ticket_comments.insert().values(values))
        except IntegrityError:
            return  # it is there
        except (OperationalError, Unavailable) as error:
            raise DeskUnavailable("The ticket desk's database is not answering.") from error

    def close(self, ticket: str, *, resolution: str) -> None:
        is_open = (tickets.c.number == self._number(ticket)) & (tickets.c.state == TicketState.OPEN)
        closed = tickets.update().where(is_open).values(state=TicketState.CLOSED.value, resolution=resolution)
        try:
            with self._writes.begin() as connection:
                connection.execute(closed)
        except (OperationalError, Unavailable) as error:
            raise DeskUnavailable("The ticket desk's database is not answering.") from error

    def state(self, ticket: str) -> TicketState:
        query = sa.select(tickets.c.state).where(tickets.c.number == self._number(ticket))
        with self._engine.connect() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return TicketState(found) if found else TicketState.UNKNOWN

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        numbers = {self._number(ticket): ticket for ticket in (*opened, *closed) if self._number(ticket) > 0}
        query = sa.select(tickets.c.number, tickets.c.state, tickets.c.resolution)
        query = query.where(tickets.c.number.in_(numbers))
        found = dict.fromkeys(numbers.values(), Found(TicketState.UNKNOWN))
        try:
            with self._engine.connect() as connection:
                for row in connection.execute(query):
                    found[numbers[row.number]] = Found(TicketState(row.state), row.resolution)
            return unexpected(found, opened=opened, closed=closed)
        except (OperationalError, Unavailable) as error:
            raise DeskUnavailable("The ticket desk's database is not answering.") from error

    def check(self) -> str:
        return "built in; tickets are kept with the cases."

    def comments(self, ticket: str) -> Sequence[Comment]:
        """All comments, oldest first."""
        of_ticket = ticket_comments.c.ticket_number == self._number(ticket)
        query = sa.select(ticket_comments).where(of_ticket).order_by(ticket_comments.c.number)
        with self._engine.connect() as connection:
            return tuple(Comment(row.at, row.author, row.text) for row in connection.execute(query))

    def _reopened(self, case: Case, assignee: str) -> int | None:
        opened = tickets.update().where(tickets.c.case_id == case.id)
        opened = opened.values(state=TicketState.OPEN.value, assignee=assignee)
        with self._writes.begin() as connection:
            number: int | None = connection.execute(opened.returning(tickets.c.number)).scalar_one_or_none()
        return number

    def _created(self, case: Case, earlier: Sequence[Case], assignee: str) -> int:
        values = {
            "case_id": case.id,
            "state": TicketState.OPEN.value,
            "title": title(case),
            "body": story(case, earlier),
            "assignee": assignee,
            "opened": self._clock(),
            "resolution": "",
        }
        with self._writes.begin() as connection:
            insert = tickets.insert().values(values).returning(tickets.c.number)
            return int(connection.execute(insert).scalar_one())

    def _number(self, ticket: str) -> int:
        """-1 for what is no ticket of this desk, which no row has."""
        prefix, _, digits = ticket.rpartition("-")
        return int(digits) if prefix == self._prefix and digits.isdecimal() else -1


def _exists(connection: sa.Connection, number: int) -> bool:
    return connection.execute(sa.select(tickets.c.number).where(tickets.c.number == number)).first() is not None
