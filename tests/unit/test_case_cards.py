"""The cards about a case: for the sheriff in each state, for the asker, as a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.cards import CaseFacts, case_card, cases_card, status_card
from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause
from tests.card_samples import BASE, FACTS, MEMBERS, STANDING, handed_over, in_every_state

BY_STATE = {case.state: case for case in in_every_state(handed_over())}


def card_of(case: Case, facts: CaseFacts = FACTS) -> dict[str, Any]:
    return case_card(case, facts=facts, members=MEMBERS, base_url=BASE)


def words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for key, value in node.items():
            if key != "actions":
                yield from words(value)
    elif isinstance(node, list):
        for value in node:
            yield from words(value)


def titles(card: dict[str, Any]) -> list[str]:
    return [action["title"] for action in card.get("actions", ())]


def buttons(card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that sends something, in forms too."""
    for action in card.get("actions", ()):
        if action["type"] == "Action.ShowCard":
            yield from buttons(action["card"])
        else:
            yield action


def form(card: dict[str, Any], title: str) -> dict[str, Any]:
    return next(dict(action["card"]) for action in card["actions"] if action["title"] == title)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (CaseState.NEW, "New"),
        (CaseState.ASSIGNED, "With Ana"),
        (CaseState.WAITING_FOR_ASKER, "Waiting for Kim"),
        (CaseState.RESOLVED, "Resolved"),
        (CaseState.CLOSED, "Closed"),
        (CaseState.REOPENED, "Reopened"),
        (CaseState.WITHDRAWN, "Withdrawn"),
    ],
)
def test_the_state_stands_at_the_right_of_the_question(state: CaseState, word: str) -> None:
    title, right = [column["items"][0] for column in card_of(BY_STATE[state])["body"][0]["columns"]]

    assert title["text"] == "Can JOR start a job in a namespace of another application?"
    assert (right["text"], right["horizontalAlignment"]) == (word, "Right")


@pytest.mark.parametrize("state", [CaseState.NEW, CaseState.REOPENED])
def test_a_case_that_nobody_has_can_be_taken_first_of_all(state: CaseState) -> None:
    card = card_of(BY_STATE[state])

    assert titles(card) == ["Take", "Reply or ask", "Resolve", "Hand to …", "Not a case"]
    assert card["actions"][0]["style"] == "positive"
    assert "Dan is told at 11:06 if nobody takes it." in words(card)


@pytest.mark.parametrize("state", [CaseState.ASSIGNED, CaseState.WAITING_FOR_ASKER])
def test_a_case_that_somebody_has_cannot_be_taken_nor_handed_to_the_one_who_has_it(state: CaseState) -> None:
    card = card_of(BY_STATE[state])

    assert titles(card) == ["Reply or ask", "Resolve", "Hand to …", "Not a case"]
    choices = form(card, "Hand to …")["body"][0]["choices"]
    assert [choice["value"] for choice in choices] == ["Bo", "Dan"]
    assert "Dan is told at 11:06 if nobody takes it." not in words(card)


@pytest.mark.parametrize("state", [CaseState.RESOLVED, CaseState.CLOSED, CaseState.WITHDRAWN])
def test_a_case_that_has_ended_offers_nothing_to_press(state: CaseState) -> None:
    card = card_of(BY_STATE[state])

    assert titles(card) == []
    assert not any("reply due" in text for text in words(card))


@pytest.mark.parametrize("case", BY_STATE.values(), ids=lambda case: case.state.value)
def test_every_button_says_which_case_in_which_state_it_was_shown(case: Case) -> None:
    for button in buttons(card_of(case)):
        assert button["data"] == {"verb": button["verb"], "case": "c-7f3a20", "v": 1, "state": case.state.value}
        assert button["fallback"]["type"] == "Action.Submit"
        assert button["fallback"]["data"] == button["data"]


def test_the_verbs_are_those_of_the_channel() -> None:
    verbs = {button["verb"] for button in buttons(card_of(BY_STATE[CaseState.NEW]))}

    assert verbs == {"take", "reply", "details", "resolve", "hand_to", "not_a_case"}


def test_resolving_asks_for_cause_and_resolution_and_offers_an_faq_entry() -> None:
    resolve = form(card_of(BY_STATE[CaseState.ASSIGNED]), "Resolve")

    cause, resolution, faq = resolve["body"]
    assert (cause["id"], [choice["value"] for choice in cause["choices"]]) == (
        "cause",
        [c.value for c in Cause if c is not Cause.CLOSED_IN_DESK],
    )
    assert (resolution["id"], resolution["isMultiline"]) == ("resolution", True)
    assert (faq["id"], faq["title"]) == ("faq", "Make this an FAQ entry")
    assert all(field["isRequired"] and field["errorMessage"] and field["label"] for field in (cause, resolution))
    assert resolve["actions"][0]["title"] == "Resolve and tell Kim"


def test_the_facts_are_ticket_asker_component_due_time_and_the_way_to_the_desk() -> None:
    facts = card_of(BY_STATE[CaseState.NEW])["body"][1]["text"]

    ticket, desk = "[SUP-142](https://tickets.example/SUP-142)", f"[desk]({BASE}/desk/c-7f3a20)"
    assert facts == f"{ticket} · Kim · JOR · reply due 11:16 · {desk}"


def test_a_ticket_is_named_only_when_there_is_one() -> None:
    case = replace(handed_over(), ticket="", ticket_url="")

    facts = case_card(case, facts=CaseFacts(), members=())["body"][1]["text"]

    assert facts == "c-7f3a20, no ticket yet · Kim · JOR"


def test_a_refused_ticket_is_told_with_the_reason() -> None:
    why = "GitHub refuses (403). SHERIFF_DESK_TOKEN needs “Issues: read and write”."
    case = replace(handed_over(), ticket="")
    spoiled = transitions.refused(case, at=case.updated, number=2, reason=why)
    case = replace(spoiled.case, events=(*case.events, *spoiled.events))

    said = list(words(card_of(case)["body"]))

    assert any(f"No ticket: {why}" in text.replace("\\", "") for text in said), said
    assert not any("no ticket yet" in text for text in said)


def test_the_title_is_not_said_twice() -> None:
    shown = list(words(card_of(BY_STATE[CaseState.NEW])))

    assert "“The job is settle-eod of payments; it should run reconcile in ledger-batch.”" in shown
    one_line = card_of(handed_over("Can JOR start a job?"))
    assert not any("“" in text for text in words(one_line))


def test_a_question_too_long_for_the_title_stands_below_as_a_whole() -> None:
    question = "word " * 40

    shown = list(words(card_of(handed_over(question))))

    assert shown[0].endswith(" …")
    assert f"“{question.strip()}”" in shown


def test_what_sheriff_looked_at_and_what_solved_it_before_are_linked() -> None:
    shown = list(words(card_of(BY_STATE[CaseState.NEW])))

    place = "[JOR › Job definitions › Namespaces](https://devinsight.example/jor/jobs#namespaces)"
    assert f"**Sheriff looked at** {place} and 2 more pages. Not answered." in shown
    before = "**Solved before** [SUP-97](https://tickets.example/SUP-97) · "
    assert any(text.startswith(before) for text in shown)


def test_an_answer_that_was_not_enough_is_shown_in_short() -> None:
    case = replace(handed_over(), outcome="answered", answer="Set **it** in `a.yaml`. " * 100)

    shown = list(words(card_of(case)))

    assert any(text.startswith("**Sheriff answered** from ") for text in shown)
    assert any(text.startswith("Set it in a.yaml. Set it") and text.endswith("…") for text in shown)


def test_only_the_last_words_of_a_long_thread_are_shown_and_the_rest_is_counted() -> None:
    facts = CaseFacts(latest=[("Kim", f"message {n}") for n in range(7)])

    shown = list(words(card_of(BY_STATE[CaseState.ASSIGNED], facts)))

    assert [text for text in shown if text.startswith("message")] == ["message 4", "message 5", "message 6"]
    assert any(text.startswith("4 earlier [on the desk]") for text in shown)


def test_a_resolved_case_shows_cause_and_resolution() -> None:
    shown = list(words(card_of(BY_STATE[CaseState.RESOLVED])))

    assert "**Resolution** · Configuration mistake" in shown
    assert shown[-1] == "The owner lists the caller under callers in its jor.yaml."


def test_the_asker_sees_where_the_ticket_stands_and_what_has_happened() -> None:
    card = status_card(BY_STATE[CaseState.WAITING_FOR_ASKER], STANDING, base_url=BASE)

    shown = list(words(card))
    assert "Waiting for you" in shown
    assert STANDING in shown
    assert "Which namespace should it run in?" in shown
    steps = [text for text in shown if text.startswith("● ")]
    assert [step.split(" · ")[0] for step in steps] == [
        "● Case saved with the question and the three pages Sheriff looked at",
        "● Ticket SUP-142 opened",
        "● Ana was told in Teams",
        "● Ana took it",
    ]
    assert steps[1].endswith("{{DATE(2026-11-25T09:37:00Z, SHORT)}} {{TIME(2026-11-25T09:37:00Z)}}")
    assert "To answer, start a message with “SUP-142:”." in shown
    assert titles(card) == ["No need, withdraw it"]


def test_the_asker_confirms_what_was_resolved_and_nothing_after_that() -> None:
    assert titles(status_card(BY_STATE[CaseState.RESOLVED], "")) == ["That solved it"]
    assert titles(status_card(BY_STATE[CaseState.CLOSED], "")) == []
    assert titles(status_card(BY_STATE[CaseState.WITHDRAWN], "")) == []


def test_a_list_of_cases_says_state_and_ticket_of_each_and_how_many_are_left_out() -> None:
    card = cases_card([handed_over()] * 12, title="Your cases")

    shown = list(words(card))
    assert shown[0] == "Your cases"
    assert shown.count("With Ana") == 10
    assert shown[-1] == "2 more are not shown here."


def test_an_empty_list_says_what_would_fill_it() -> None:
    assert "No case is open. One appears here when a question goes to a person." in words(cases_card([], title="x"))
