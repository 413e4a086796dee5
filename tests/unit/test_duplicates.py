"""Cases that ask the same: found by their words, linked to one of them, told together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Event, EventKind, NotPossible
from bot.support.duplicates import followed, once, same_question
from tests.fakes import a_case

AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


def asks(question: str, case_id: str = "c-2") -> Case:
    return replace(a_case(case_id, state=CaseState.NEW), question=question)


def test_the_same_question_in_other_words_is_found_the_likest_first() -> None:
    here = asks("Vault rotation fails with 403 in eu-west", "c-1")
    others = [
        asks("How do I order a VM?", "c-2"),
        asks("vault rotation fails with 403", "c-3"),
        asks("Vault rotation fails in eu-west: 403", "c-4"),
        here,
    ]

    assert [case.id for case in same_question(here, others)] == ["c-4", "c-3"]


@pytest.mark.parametrize("question", ["help", "?", "", "the and for"])
def test_a_question_without_telling_words_is_like_no_other(question: str) -> None:
    assert same_question(asks(question, "c-1"), [asks(question, "c-2")]) == []


def test_a_linked_case_is_in_the_hands_of_who_has_the_other() -> None:
    master = replace(a_case("c-1", state=CaseState.ASSIGNED), sheriff="Ana", ticket="SUP-1")

    change = transitions.link_to(asks("x"), master, by="Bo", at=AT)

    assert (change.case.master, change.case.sheriff, change.case.state) == ("c-1", "Ana", CaseState.ASSIGNED)
    assert transitions.link_to(change.case, master, by="Bo", at=AT).events == ()


@pytest.mark.parametrize(
    "master",
    [
        a_case("c-2", state=CaseState.NEW),
        replace(a_case("c-1", state=CaseState.NEW), master="c-9"),
        a_case("c-1", state=CaseState.RESOLVED),
    ],
)
def test_a_case_is_linked_neither_to_itself_nor_to_one_that_is_linked_or_has_ended(master: Case) -> None:
    with pytest.raises(NotPossible):
        transitions.link_to(a_case("c-2", state=CaseState.NEW), master, by="Bo", at=AT)


def test_what_resolves_one_resolves_those_that_are_linked_to_it() -> None:
    said = Event(AT, EventKind.RESOLVED, "Ana", "Grant the role.", {"cause": "missing"})

    rule = followed(a_case("c-1", state=CaseState.RESOLVED), said)

    assert rule is not None
    followed_case = rule(asks("x"), at=AT).case
    assert (followed_case.state, followed_case.cause) == (CaseState.RESOLVED, Cause.MISSING)
    assert followed_case.resolution == "Grant the role."


def test_when_the_asker_of_the_one_withdraws_the_others_go_on() -> None:
    linked = replace(asks("x"), master="c-1")

    rule = followed(a_case("c-1", state=CaseState.WITHDRAWN), Event(AT, EventKind.WITHDRAWN, "Kim"))

    assert rule is not None
    assert (rule(linked, at=AT).case.master, rule(linked, at=AT).case.state) == ("", CaseState.NEW)


def test_what_concerns_one_asker_alone_is_not_followed() -> None:
    said = Event(AT, EventKind.DETAILS_ASKED, "Ana", "Which region?")

    assert followed(a_case("c-1", state=CaseState.WAITING_FOR_ASKER), said) is None


def test_what_was_followed_once_is_not_followed_again_whatever_was_said_meanwhile() -> None:
    said = Event(AT, EventKind.REPLIED, "Ana", "Grant the role.")
    rule = followed(a_case("c-1", state=CaseState.ASSIGNED), said)
    assert rule is not None

    first = once(asks("x"), rule=rule, of=7, at=AT)
    answered = replace(first.case, events=(*first.events, Event(AT, EventKind.DETAILS_ADDED, "Kim", "Which?")))

    assert [event.text for event in first.events] == ["Grant the role."]
    assert once(answered, rule=rule, of=7, at=AT).events == ()
    assert [event.text for event in once(answered, rule=rule, of=8, at=AT).events] == ["Grant the role."]


def test_a_reopened_case_goes_its_own_way() -> None:
    case = replace(a_case("c-2", state=CaseState.RESOLVED), master="c-1", ticket="SUP-2")

    assert transitions.add_details(case, by="Kim", at=AT, text="Not for me.").case.master == ""
