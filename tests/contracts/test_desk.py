"""What every ticket desk promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Delete, Update

from bot.desks.sqlite import SqliteDesk
from bot.store.opening import open_store
from bot.store.tables import tickets
from bot.support.handoff import Desk, Found, TicketState
from tests.desks import KINDS, bench
from tests.fakes import MemoryDesk, a_case


@dataclass
class There:
    """A desk, and what people can do to its tickets without Sheriff: the first ticket is number 1."""

    desk: Desk
    reopen: Callable[[int], object]
    delete: Callable[[int], object]
    wait: Callable[[], object] = lambda: None  # until an attempt to open a ticket has had its time


@pytest.fixture(params=["memory", "sqlite", *KINDS])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[There]:
    if request.param == "memory":
        memory = MemoryDesk()
        yield There(memory, lambda n: memory.closed.pop(f"MEM-{n}"), lambda n: memory.delete(f"MEM-{n}"))
    elif request.param == "sqlite":
        store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")

        def change(statement: Update | Delete, number: int) -> None:
            with store.engine.begin() as connection:
                connection.execute(statement.where(tickets.c.number == number))

        reopened = tickets.update().values(state="open")
        yield There(SqliteDesk(store.engine), partial(change, reopened), partial(change, tickets.delete()))
        store.close()
    else:
        found = bench(request.param)
        yield There(
            found.desk, found.double.reopen_by_hand, found.double.delete_by_hand, partial(found.time.sleep, 600)
        )


@pytest.fixture
def desk(there: There) -> Desk:
    return there.desk


def test_a_case_never_gets_two_tickets(desk: Desk) -> None:
    first = desk.open(a_case(), assignee="Ana")

    assert desk.open(a_case(), assignee="Bo") == first


def test_two_cases_get_two_tickets(desk: Desk) -> None:
    tickets = {desk.open(a_case(f"c-{n}"), assignee="Ana").number for n in range(3)}

    assert len(tickets) == 3


def test_many_threads_opening_the_same_cases_make_one_ticket_each(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: desk.open(a_case(f"c-{n % 5}"), assignee="Ana").number, range(40)))

    assert len(set(numbers)) == 5
    assert all(numbers[n] == numbers[n % 5] for n in range(40))


def test_a_ticket_is_open_until_it_is_closed(desk: Desk) -> None:
    ticket = desk.open(a_case(), assignee="Ana").number
    assert desk.state(ticket) is TicketState.OPEN

    desk.close(ticket, resolution="Set callers.")
    desk.close(ticket, resolution="again")

    assert desk.state(ticket) is TicketState.CLOSED


def test_opening_a_closed_one_again_keeps_its_number(desk: Desk) -> None:
    ticket = desk.open(a_case(), assignee="Ana")
    desk.close(ticket.number, resolution="Set callers.")

    assert desk.open(a_case(), assignee="Ana") == ticket
    assert desk.state(ticket.number) is TicketState.OPEN


def test_a_case_that_knows_its_ticket_opens_that_one_again(desk: Desk) -> None:
    ticket = desk.open(a_case(), assignee="Ana")
    desk.close(ticket.number, resolution="Set callers.")

    assert desk.open(a_case(ticket=ticket.number), assignee="Ana") == ticket
    assert desk.state(ticket.number) is TicketState.OPEN


def test_a_comment_may_be_sent_twice(desk: Desk) -> None:
    ticket = desk.open(a_case(), assignee="Ana").number

    desk.comment(ticket, "It is prod.", author="Kim", key="7")
    desk.comment(ticket, "It is prod.", author="Kim", key="7")

    assert desk.state(ticket) is TicketState.OPEN


def states(found: Mapping[str, Found]) -> dict[str, TicketState]:
    return {ticket: how.state for ticket, how in found.items()}


def test_of_several_tickets_those_that_are_closed_are_told(desk: Desk) -> None:
    first, second, third = (desk.open(a_case(f"c-{n}"), assignee="Ana").number for n in range(3))
    desk.close(first, resolution="Set callers.")
    desk.close(third, resolution="Renew the certificate.")

    found = states(desk.changed_among(opened=[first, second, third], closed=[]))

    assert found == {first: TicketState.CLOSED, third: TicketState.CLOSED}
    assert desk.changed_among(opened=[second], closed=[first, third]) == {}
    assert desk.changed_among(opened=[], closed=[]) == {}


def test_of_several_tickets_that_were_closed_those_that_are_open_again_are_told(there: There) -> None:
    first, second, third = (there.desk.open(a_case(f"c-{n}"), assignee="Ana").number for n in range(3))
    for ticket in (first, second):
        there.desk.close(ticket, resolution="Set callers.")
    there.reopen(1)

    found = states(there.desk.changed_among(opened=[third], closed=[first, second]))

    assert found == {first: TicketState.OPEN}
    there.desk.close(first, resolution="Set callers again.")
    assert there.desk.changed_among(opened=[third], closed=[first, second]) == {}


def test_of_several_tickets_those_that_were_deleted_are_told_unless_nobody_needs_them(there: There) -> None:
    first, second, third = (there.desk.open(a_case(f"c-{n}"), assignee="Ana").number for n in range(3))
    there.desk.close(third, resolution="Set callers.")
    there.delete(1)
    there.delete(3)

    found = states(there.desk.changed_among(opened=[first, second], closed=[third]))

    assert found == {first: TicketState.UNKNOWN}


def test_in_the_place_of_a_deleted_ticket_there_is_one_new_one(there: There) -> None:
    first = there.desk.open(a_case(), assignee="Ana").number
    there.delete(1)
    there.wait()

    second = there.desk.open(a_case(ticket=first), assignee="Ana").number

    assert second != first
    assert there.desk.open(a_case(ticket=first), assignee="Ana").number == second
    assert there.desk.open(a_case(ticket=second), assignee="Ana").number == second


@pytest.mark.parametrize("ticket", ["SUP-999", "nonsense", "", "XYZ-1", "SUP-", "SUP-1x", "GH-999", "GH-1/../2"])
def test_a_ticket_that_is_not_there_is_unknown_and_cannot_be_written_to(desk: Desk, ticket: str) -> None:
    desk.open(a_case(), assignee="Ana")

    desk.comment(ticket, "hello", author="Kim", key="1")
    desk.close(ticket, resolution="done")

    assert desk.state(ticket) is TicketState.UNKNOWN


def test_a_check_says_where_the_desk_is(desk: Desk) -> None:
    assert desk.check().endswith(".")
