"""What people do to a case, on a real store and real workflows: who hears of it, and what the ticket says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.casework import Casework
from bot.messages import Person
from bot.store.opening import Store, open_store
from bot.store.tables import case_facts, cases, events, unheard
from bot.store.turn_log import utc_now
from bot.support.cases import CaseState, Cause, NotPossible
from bot.support.handoff import Role, TicketState
from bot.support.rota import Member, Rota
from bot.support.rota_file import read_rota
from bot.workflows import Plan, Workflows
from knowledge import bundled
from tests.fakes import MemoryDesk, RecordingNotifier, a_case
from tests.integration.test_workflows import eventually, fresh

ROTA = Rota(ZoneInfo("Europe/Paris"), date(2026, 1, 5), members=(Member("ana", "Ana"), Member("bo", "Bo")))
KIM, ANA = Person("kim", "Kim"), Person("ana", "Ana")
CASE = "c-00000001"


@dataclass
class Office:
    store: Store
    desk: MemoryDesk
    notifier: RecordingNotifier
    casework: Casework

    def settle(self) -> None:
        eventually(lambda: not self.store.cases.unheard())

    def heard(self, role: Role) -> list[str]:
        self.settle()
        return self.notifier.texts(role)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Store, MemoryDesk, RecordingNotifier, Workflows]]:
    folder = tmp_path_factory.mktemp("casework")
    store, desk, notifier = open_store(f"sqlite:///{folder / 'sheriff.db'}"), MemoryDesk(), RecordingNotifier()
    url = f"sqlite:///{folder / 'workflows.db'}"
    plan = Plan(retry_after=(0.2,), sweep_every=0.5)
    workflows = Workflows(store.cases, desk=desk, notifier=notifier, rota=ROTA, clock=utc_now, url=url, plan=plan)
    workflows.start()
    assert workflows.wait_until_ready(20)
    yield store, desk, notifier, workflows
    workflows.stop()
    store.close()


@pytest.fixture
def office(running: tuple[Store, MemoryDesk, RecordingNotifier, Workflows]) -> Office:
    """One running service for all tests; each begins with empty tables."""
    store, desk, notifier, workflows = running
    with store.engine.begin() as connection:
        for table in (unheard, case_facts, events, cases):
            connection.execute(table.delete())
    desk.tickets.clear()
    desk.written.clear()
    desk.closed.clear()
    notifier.told.clear()
    return Office(store, desk, notifier, Casework(store.cases, workflows=workflows, rota=ROTA, clock=utc_now))


def answered(office: Office, *, asker: Person = KIM) -> None:
    now = utc_now()
    office.store.cases.save_new(a_case(CASE, state=CaseState.ANSWERED, asker=asker, opened=now, updated=now))


def handed_over(office: Office) -> None:
    office.store.cases.save_new(fresh(CASE))
    office.casework.hand_over(CASE, wait=20)


def test_asking_the_sheriff_gives_a_ticket_and_tells_him_the_question(office: Office) -> None:
    answered(office)

    case = office.casework.ask_sheriff(CASE, KIM, wait=20)

    assert (case.state, case.ticket) == (CaseState.NEW, "MEM-1")
    assert case.sheriff in {"Ana", "Bo"}
    assert office.heard(Role.SHERIFF) == [f"Kim needs a person: {case.question}"]
    assert "Ticket MEM-1 is open." in office.casework.standing(case)


def test_asking_again_gives_the_same_ticket(office: Office) -> None:
    answered(office)

    first, again = office.casework.ask_sheriff(CASE, KIM, wait=20), office.casework.ask_sheriff(CASE, KIM, wait=20)

    assert again.ticket == first.ticket
    assert len(office.heard(Role.SHERIFF)) == 1


def test_the_asker_hears_of_taking_replying_asking_back_and_resolving(office: Office) -> None:
    handed_over(office)

    office.casework.take(CASE, ANA)
    office.settle()
    office.casework.reply(CASE, ANA, "Set `callers`.")
    office.settle()
    office.casework.ask_for_details(CASE, ANA, "Which node?")
    office.settle()
    office.casework.add_details(CASE, KIM, "prod/p1")
    office.settle()
    case = office.casework.resolve(CASE, ANA, Cause.MISSING, "The owner lists the caller.")

    assert case.state is CaseState.RESOLVED
    assert office.heard(Role.ASKER) == [
        "Ana has taken MEM-1.",
        "Ana replies on MEM-1:\n\nSet `callers`.\n\nTo answer, start the message with “MEM-1:”.",
        "Ana asks about MEM-1:\n\nWhich node?\n\nTo answer, start the message with “MEM-1:”.",
        "Ana resolved MEM-1:\n\nThe owner lists the caller.\n\nTo reopen it, start the message with “MEM-1:”.",
    ]
    assert office.heard(Role.SHERIFF)[1:] == ["Kim added to MEM-1:\n\nprod/p1"]


def test_a_sheriff_who_bears_the_name_of_the_asker_hears_what_was_added(office: Office) -> None:
    namesake = Person("kim-2", "Ana")
    answered(office, asker=namesake)
    office.casework.ask_sheriff(CASE, namesake, wait=20)
    office.casework.take(CASE, ANA)
    office.settle()

    office.casework.add_details(CASE, namesake, "prod/p1")
    office.settle()

    assert office.heard(Role.SHERIFF)[1:] == ["Ana added to MEM-1:\n\nprod/p1"]


def test_all_who_ask_the_same_are_told_at_once_and_by_one_resolution(office: Office) -> None:
    handed_over(office)
    lee = Person("lee", "Lee")
    office.store.cases.save_new(fresh("c-00000002", asker=lee))
    office.casework.hand_over("c-00000002", wait=20)
    office.casework.take(CASE, ANA)

    linked = office.casework.link("c-00000002", ANA, to=CASE)
    office.settle()
    office.casework.reply(CASE, ANA, "Grant the role.")
    office.settle()
    office.casework.resolve(CASE, ANA, Cause.MISSING, "The role was missing.")
    office.settle()
    followed = office.store.cases.get("c-00000002")

    assert (linked.state, linked.sheriff) == (CaseState.ASSIGNED, "Ana")
    assert followed is not None
    assert (followed.state, followed.cause, followed.resolution) == (
        CaseState.RESOLVED,
        Cause.MISSING,
        "The role was missing.",
    )
    heard = [
        n.text.partition(":")[0] for n in office.notifier.told.values() if n.role is Role.ASKER and n.to.id == "lee"
    ]
    assert heard[0].startswith("Others ask the same as you in MEM-2.")
    assert heard[1:] == ["Ana replies on MEM-2", "Ana resolved MEM-2"]
    assert len(office.desk.closed) == 2


def test_a_case_that_others_are_linked_to_takes_them_along(office: Office) -> None:
    handed_over(office)
    for number, name in ((2, "Lee"), (3, "Max")):
        office.store.cases.save_new(fresh(f"c-0000000{number}", asker=Person(name.lower(), name)))
        office.casework.hand_over(f"c-0000000{number}", wait=20)

    office.casework.link("c-00000003", ANA, to="c-00000002")
    office.casework.link("c-00000002", ANA, to=CASE)

    assert [case.id for case in office.store.cases.followers(CASE)] == ["c-00000002", "c-00000003"]
    with pytest.raises(NotPossible, match="itself linked"):
        office.casework.link(CASE, ANA, to="c-00000003")


def test_no_secret_that_anybody_writes_is_stored_or_told(office: Office) -> None:
    handed_over(office)
    secret = "password: hunter22secret"

    office.casework.reply(CASE, ANA, f"Use {secret}")
    office.casework.ask_for_details(CASE, ANA, f"Is it {secret}?")
    office.casework.add_details(CASE, KIM, f"Yes, {secret}")
    office.casework.resolve(CASE, ANA, Cause.OTHER, f"It was {secret}")
    office.settle()

    case = office.store.cases.get(CASE)
    assert "hunter22secret" not in f"{case}{office.notifier.told}{office.desk.written}"


def test_the_ticket_carries_the_conversation_and_closes_with_the_resolution(office: Office) -> None:
    handed_over(office)
    office.casework.reply(CASE, ANA, "Set `callers`.")
    office.settle()
    office.casework.resolve(CASE, ANA, Cause.MISSING, "The owner lists the caller.")
    office.settle()

    assert list(office.desk.written.values()) == ["Set `callers`.", "The owner lists the caller."]
    assert office.desk.closed == {"MEM-1": "The owner lists the caller."}


def test_replying_twice_with_the_same_words_sends_them_once(office: Office) -> None:
    handed_over(office)

    office.casework.reply(CASE, ANA, "Set `callers`.")
    office.casework.reply(CASE, ANA, "Set `callers`. ")

    assert len(office.heard(Role.ASKER)) == 1


def test_withdrawing_closes_the_ticket_and_tells_the_sheriff(office: Office) -> None:
    handed_over(office)

    assert office.casework.withdraw(CASE, KIM).state is CaseState.WITHDRAWN

    assert office.heard(Role.SHERIFF)[1:] == ["Kim withdrew MEM-1. Nothing is left to do."]
    assert office.desk.state("MEM-1") is TicketState.CLOSED
    assert office.casework.standing(office.casework.withdraw(CASE, KIM)) == "MEM-1 is withdrawn."


def test_an_answer_that_solved_it_bothers_nobody(office: Office) -> None:
    answered(office)

    assert office.casework.solved(CASE, KIM).state is CaseState.CLOSED

    office.settle()
    assert office.notifier.told == {}
    assert office.desk.tickets == {}


def test_handing_on_tells_both_sides(office: Office) -> None:
    handed_over(office)
    office.casework.take(CASE, ANA)
    office.settle()

    case = office.casework.hand_to(CASE, ANA, "bo")

    assert case.sheriff == "Bo"
    assert office.heard(Role.ASKER)[-1] == "Bo has MEM-1 now."
    assert office.heard(Role.SHERIFF)[-1] == "Ana handed MEM-1 to you."


def test_handing_to_a_stranger_is_refused_with_the_names(office: Office) -> None:
    handed_over(office)

    with pytest.raises(NotPossible, match=r"zoe is not in the rota\. Hand it to one of: Ana, Bo\."):
        office.casework.hand_to(CASE, ANA, "zoe")


def test_a_resolved_case_is_reopened_by_a_reply_under_its_old_ticket(office: Office) -> None:
    handed_over(office)
    office.casework.resolve(CASE, ANA, Cause.OTHER, "Done.")
    office.settle()

    case = office.casework.add_details(CASE, KIM, "It is back.")

    assert case.state is CaseState.REOPENED
    office.settle()
    assert office.desk.state("MEM-1") is TicketState.OPEN
    with pytest.raises(NotPossible, match="Write the resolution"):
        office.casework.resolve(CASE, ANA, Cause.OTHER, " ")
    office.casework.resolve(CASE, ANA, Cause.OTHER, "Done again.")
    assert office.casework.reopen(CASE, KIM).state is CaseState.REOPENED


def test_a_case_that_does_not_exist_is_refused(office: Office) -> None:
    with pytest.raises(NotPossible, match="There is no case c-404"):
        office.casework.take("c-404", ANA)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (datetime(2026, 11, 25, 9, 0, tzinfo=UTC), "Dan is on duty until Mon 30 Nov, 09:00 (Europe/Paris)."),
        (
            datetime(2026, 11, 28, 9, 0, tzinfo=UTC),
            "Dan is on duty until Mon 30 Nov, 09:00 (Europe/Paris). Working hours start Mon 09:00.",
        ),
        (
            datetime(2027, 1, 1, 9, 0, tzinfo=UTC),
            "Nobody is on duty until Mon 04 Jan, 09:00 (Europe/Paris); cases go to the whole team.",
        ),
    ],
)
def test_the_duty_is_told_in_a_sentence(
    office: Office, running: tuple[Store, MemoryDesk, RecordingNotifier, Workflows], now: datetime, sentence: str
) -> None:
    rota = read_rota(bundled.ROTA)

    casework = Casework(office.store.cases, workflows=running[3], rota=rota, clock=lambda: now)

    assert casework.duty_sentence() == sentence
