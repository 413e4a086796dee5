from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.support import transitions
from bot.support.broadcast import BACKLOG, Broadcast, Update
from bot.support.cases import OPEN, Case, CaseState, Cause, Change, EventKind, NotPossible, title
from tests.fakes import a_case

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
S = CaseState

ask = partial(transitions.ask_sheriff, by="Kim", at=AT)
withdraw = partial(transitions.withdraw, by="Kim", at=AT)
solved = partial(transitions.solved, by="Kim", at=AT)
add = partial(transitions.add_details, by="Kim", at=AT, text="It is prod.")
take = partial(transitions.take, by="Ana", at=AT)
reply = partial(transitions.reply, by="Ana", at=AT, text="Set callers.")
ask_back = partial(transitions.ask_for_details, by="Ana", at=AT, text="Which node?")
resolve = partial(transitions.resolve, by="Ana", at=AT, cause=Cause.MISSING, resolution="Set callers.")
hand_to = partial(transitions.hand_to, by="Ana", at=AT, member="Bo")
reopen = partial(transitions.reopen, by="Kim", at=AT)
MOVES = (ask, withdraw, solved, add, take, reply, ask_back, resolve, hand_to, reopen)
Move = Callable[[Case], Change]


def in_state(state: CaseState) -> Case:
    has_owner = state in {S.ASSIGNED, S.WAITING_FOR_ASKER, S.RESOLVED}
    ticket = "" if state is S.ANSWERED else "SUP-12"
    return a_case(state=state, ticket=ticket, sheriff="Ana" if has_owner else "")


def apply(case: Case, move: Move) -> Case:
    change = move(case)
    return replace(change.case, events=(*case.events, *change.events))


def test_the_whole_way_of_a_case_leaves_one_event_a_step() -> None:
    case = a_case(state=S.ANSWERED)

    states = []
    for move in (ask, take, ask_back, add, reply, resolve, solved):
        case = apply(case, move)
        states.append(case.state)

    assert states == [S.NEW, S.ASSIGNED, S.WAITING_FOR_ASKER, S.ASSIGNED, S.ASSIGNED, S.RESOLVED, S.CLOSED]
    assert [e.kind for e in case.events] == [
        "handed_over",
        "taken",
        "details_asked",
        "details_added",
        "replied",
        "resolved",
        "closed",
    ]
    assert (case.sheriff, case.cause, case.resolution) == ("Ana", Cause.MISSING, "Set callers.")


@pytest.mark.parametrize(
    ("state", "move", "then"),
    [
        (S.ANSWERED, solved, S.CLOSED),
        (S.NEW, withdraw, S.WITHDRAWN),
        (S.NEW, reply, S.ASSIGNED),
        (S.NEW, ask_back, S.WAITING_FOR_ASKER),
        (S.NEW, resolve, S.RESOLVED),
        (S.NEW, hand_to, S.ASSIGNED),
        (S.NEW, add, S.NEW),
        (S.WAITING_FOR_ASKER, hand_to, S.WAITING_FOR_ASKER),
        (S.WAITING_FOR_ASKER, reply, S.WAITING_FOR_ASKER),
        (S.RESOLVED, add, S.REOPENED),
        (S.RESOLVED, reopen, S.REOPENED),
        (S.CLOSED, reopen, S.REOPENED),
        (S.WITHDRAWN, ask, S.REOPENED),
        (S.REOPENED, take, S.ASSIGNED),
        (S.ANSWERED, add, S.ANSWERED),
    ],
)
def test_allowed_steps(state: CaseState, move: Move, then: CaseState) -> None:
    change = move(in_state(state))

    assert change.case.state is then
    assert len(change.events) == 1
    assert change.case.updated == AT


@pytest.mark.parametrize(
    ("state", "move", "sentence"),
    [
        (S.RESOLVED, take, "SUP-12 is already resolved; reply to reopen it."),
        (S.RESOLVED, withdraw, "SUP-12 is already resolved; reply to reopen it."),
        (S.CLOSED, resolve, "SUP-12 is closed; reply to reopen it."),
        (S.WITHDRAWN, add, "SUP-12 was withdrawn; ask the sheriff to open it again."),
        (S.ANSWERED, take, "c-00000001 has not been handed over; ask the sheriff first."),
        (S.ANSWERED, reopen, "c-00000001 has not been handed over; ask the sheriff first."),
        (S.RESOLVED, partial(resolve, resolution="Another."), "SUP-12 is already resolved; reply to reopen it."),
        (S.ASSIGNED, partial(take, by="Bo"), "Ana already has SUP-12; ask for it to be handed to you."),
        (S.ASSIGNED, partial(reply, text="  "), "Write the reply to Kim first."),
        (S.ASSIGNED, partial(resolve, resolution=""), "Write the resolution: Kim and the next person who asks see it."),
        (S.ASSIGNED, partial(ask_back, text=""), "Write what you need from Kim."),
        (S.ASSIGNED, partial(add, text="\n"), "Write what should be added to the case."),
    ],
)
def test_what_is_not_possible_is_refused_with_a_sentence(state: CaseState, move: Move, sentence: str) -> None:
    with pytest.raises(NotPossible) as refused:
        move(in_state(state))

    assert str(refused.value) == sentence


@given(st.sampled_from(list(CaseState)), st.lists(st.sampled_from(MOVES), max_size=6))
def test_doing_a_thing_twice_changes_nothing_or_is_refused(state: CaseState, moves: list[Move]) -> None:
    case = in_state(state)
    for move in moves:
        try:
            case = apply(case, move)
        except NotPossible:
            continue

        try:
            again = move(case)
        except NotPossible:
            continue
        assert again == Change(case)


@given(st.lists(st.sampled_from(MOVES), max_size=12))
def test_an_assigned_case_always_has_an_owner_and_a_resolved_one_its_resolution(moves: list[Move]) -> None:
    case = transitions.begin(a_case())
    for move in moves:
        try:
            case = apply(case, move)
        except NotPossible:
            continue
        assert case.sheriff or case.state not in {S.ASSIGNED, S.WAITING_FOR_ASKER, S.RESOLVED}
        assert case.resolution or case.state is not S.RESOLVED
        assert case.is_open == (case.state in OPEN)


def test_an_unanswered_question_begins_with_its_hand_over() -> None:
    case = transitions.begin(a_case())

    assert [e.kind for e in case.events] == [EventKind.OPENED, EventKind.HANDED_OVER]
    assert transitions.begin(case) == case
    assert [e.kind for e in transitions.begin(a_case(state=S.ANSWERED)).events] == [EventKind.OPENED]


def test_each_reopening_begins_a_new_round() -> None:
    case = transitions.begin(a_case())
    case = apply(case, resolve)
    case = apply(case, partial(reopen, text="It is back."))

    assert transitions.rounds(case) == 2
    assert [e.text for e in transitions.since_hand_over(case)] == ["It is back."]
    assert transitions.since_hand_over(a_case(state=S.ANSWERED)) == ()


def test_the_duty_sheriff_is_named_only_while_nobody_has_taken_the_case() -> None:
    named = transitions.name_sheriff(a_case(), at=AT, sheriff="Bo").case
    assert named.sheriff == "Bo"

    assert transitions.name_sheriff(named, at=AT, sheriff="Bo").events == ()
    assert transitions.name_sheriff(take(named).case, at=AT, sheriff="Dan").events == ()


def test_taking_a_case_that_names_the_duty_sheriff_makes_it_ones_own() -> None:
    named = transitions.name_sheriff(a_case(), at=AT, sheriff="Bo").case

    assert take(named).case.sheriff == "Ana"


def test_a_ticket_is_recorded_once() -> None:
    case = transitions.record_ticket(a_case(), at=AT, ticket="SUP-1", url="").case

    assert transitions.record_ticket(case, at=AT, ticket="SUP-1", url="").events == ()
    assert case.label == "SUP-1"


def test_a_title_is_one_line_cut_at_a_word() -> None:
    assert title(a_case(question="\n  Why?\nmore")) == "Why?"
    assert title(a_case(question="")) == "c-00000001"
    long = title(a_case(question="word, " * 40))
    assert len(long) <= 92
    assert long.endswith("word …")


def test_listeners_hear_what_is_published_until_they_stop() -> None:
    broadcast = Broadcast()
    heard: list[int] = []
    stop = broadcast.listen(lambda update: heard.append(update.number))

    broadcast.publish(Update(1, "c-1", "web:kim", "taken"))
    stop()
    stop()
    broadcast.publish(Update(2, "c-1", "web:kim", "replied"))

    assert heard == [1]


def test_an_event_is_heard_once_and_news_that_is_no_event_each_time() -> None:
    broadcast = Broadcast()
    heard: list[str] = []
    broadcast.listen(lambda update: heard.append(update.kind))

    for update in (Update(1, "c-1", "web:kim", "taken"), Update(0, "", "rota", "rota")) * 2:
        broadcast.publish(update)

    assert heard == ["taken", "rota", "rota"]


def test_a_subscription_to_a_conversation_hears_only_that() -> None:
    broadcast = Broadcast()
    with broadcast.subscribe(conversation="web:kim") as updates:
        broadcast.publish(Update(1, "c-1", "web:lea", "taken"))
        broadcast.publish(Update(2, "c-2", "web:kim", "taken"))

        first = updates.get(0.1)

        assert first is not None
        assert first.number == 2
        assert updates.get(0) is None


def test_a_subscriber_that_does_not_read_loses_the_oldest_and_blocks_nobody() -> None:
    broadcast = Broadcast()
    with broadcast.subscribe() as updates:
        for number in range(BACKLOG + 10):
            broadcast.publish(Update(number, "c-1", "web:kim", "taken"))

        first = updates.get(0)
        assert first is not None
        assert first.number == 10


def test_a_waiting_subscriber_is_woken_by_another_thread() -> None:
    broadcast = Broadcast()
    with broadcast.subscribe() as updates:
        threading.Timer(0.05, broadcast.publish, [Update(7, "c-1", "web:kim", "taken")]).start()

        first = updates.get(5)

    assert first is not None
    assert first.number == 7
