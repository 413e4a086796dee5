"""What every ticket desk promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.desks.sqlite import SqliteDesk
from bot.store.opening import open_store
from bot.support.handoff import Desk, TicketState
from tests.desks import KINDS, bench
from tests.fakes import MemoryDesk, a_case


@pytest.fixture(params=["memory", "sqlite", *KINDS])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "memory":
        yield MemoryDesk()
    elif request.param == "sqlite":
        store = open_store(f"sqlite:///{tmp_path / 'sheriff.db'}")
        yield SqliteDesk(store.engine)
        store.close()
    else:
        yield bench(request.param).desk


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


def test_of_several_tickets_those_that_are_closed_are_told(desk: Desk) -> None:
    first, second, third = (desk.open(a_case(f"c-{n}"), assignee="Ana").number for n in range(3))
    desk.close(first, resolution="Set callers.")
    desk.close(third, resolution="Renew the certificate.")

    assert set(desk.closed_among([first, second, third, "SUP-999", "nonsense"])) == {first, third}
    assert set(desk.closed_among([second])) == set()
    assert set(desk.closed_among([])) == set()


@pytest.mark.parametrize("ticket", ["SUP-999", "nonsense", "", "XYZ-1", "SUP-", "SUP-1x", "GH-999", "GH-1/../2"])
def test_a_ticket_that_is_not_there_is_unknown_and_cannot_be_written_to(desk: Desk, ticket: str) -> None:
    desk.open(a_case(), assignee="Ana")

    desk.comment(ticket, "hello", author="Kim", key="1")
    desk.close(ticket, resolution="done")

    assert desk.state(ticket) is TicketState.UNKNOWN


def test_a_check_says_where_the_desk_is(desk: Desk) -> None:
    assert desk.check().endswith(".")
