"""Which earlier questions of a conversation the next message may follow up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dialogue import MOST_TURNS, earlier_questions
from bot.messages import Incoming, Person
from bot.store.case_store import CaseStore
from bot.store.opening import open_store
from bot.support.cases import CaseState
from tests.fakes import a_case

NOW = datetime(2026, 11, 25, 9, 36, tzinfo=UTC)
KIM, NOOR = Person("kim", "Kim"), Person("noor", "Noor")
THREAD = "19:abc@thread.tacv2;messageid=1764061260000"


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[CaseStore]:
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}", clock=lambda: NOW)
    yield store.cases
    store.close()


def said(
    cases: CaseStore,
    question: str,
    *,
    minutes_ago: float = 1,
    conversation: str = "c",
    channel: str = "web",
    asker: Person = KIM,
    outcome: str = "answered",
) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    case = a_case(
        f"c-{cases.count():08}",
        state=CaseState.ANSWERED,
        question=question,
        conversation=conversation,
        channel=channel,
        asker=asker,
        outcome=outcome,
        opened=at,
        updated=at,
    )
    cases.save_new(case)


def heard(cases: CaseStore, *, conversation: str = "c", channel: str = "web", sender: Person = KIM) -> tuple[str, ...]:
    message = Incoming("m", channel, conversation, sender, "and for production?")
    return earlier_questions(cases, message, now=NOW)


def test_the_newest_question_comes_last_and_only_a_few_are_kept(cases: CaseStore) -> None:
    for number in range(6):
        said(cases, f"question {number}", minutes_ago=20 - number)

    assert heard(cases) == tuple(f"question {number}" for number in range(6 - MOST_TURNS, 6))


def test_another_conversation_and_another_channel_are_not_heard(cases: CaseStore) -> None:
    said(cases, "elsewhere", conversation="d")
    said(cases, "on another channel", channel="api")

    assert heard(cases) == ()


def test_what_was_asked_hours_ago_is_another_subject(cases: CaseStore) -> None:
    said(cases, "this morning", minutes_ago=61)
    said(cases, "just now", minutes_ago=59)

    assert heard(cases) == ("just now",)


def test_a_check_of_yaml_is_no_question_to_follow_up(cases: CaseStore) -> None:
    said(cases, "is this ok?", outcome="checked")
    said(cases, "unknown to the docs", outcome="unanswered")

    assert heard(cases) == ("unknown to the docs",)


def test_in_a_thread_of_a_channel_people_follow_up_each_other(cases: CaseStore) -> None:
    said(cases, "Noor's question", conversation=THREAD, channel="teams", asker=NOOR)
    said(cases, "another thread", conversation=f"{THREAD}9", channel="teams", asker=NOOR)

    assert heard(cases, conversation=THREAD, channel="teams") == ("Noor's question",)


def test_in_a_chat_of_many_each_follows_up_only_his_own(cases: CaseStore) -> None:
    said(cases, "Noor's question", conversation="19:group@thread.v2", channel="teams", asker=NOOR)
    said(cases, "Kim's question", conversation="19:group@thread.v2", channel="teams", asker=KIM)

    assert heard(cases, conversation="19:group@thread.v2", channel="teams") == ("Kim's question",)


def test_the_case_of_the_message_itself_is_left_out(cases: CaseStore) -> None:
    said(cases, "asked before the process died")
    message = Incoming("m", "web", "c", KIM, "asked before the process died")

    assert earlier_questions(cases, message, now=NOW, but="c-00000000") == ()
