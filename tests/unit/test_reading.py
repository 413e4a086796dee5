"""What a chatty message asks, and how many questions it holds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.reading import MOST, every_question, gist, questions

SIGNATURE = "Best regards,\nKim Larsen\nData Engineer | Payments\n+33 6 12 34 56 78"


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        (
            "Hi team, sorry to bother you again! How do I raise the quota? Thanks in advance!\n\n" + SIGNATURE,
            "How do I raise the quota?",
        ),
        ("@sheriff good morning all :) quick question: where do I see kafka lag? cheers", "where do I see kafka lag?"),
        (
            "Hey Ana, hope you are doing well. My pod crashes with ORA-01017 since this morning.\nThanks\nKim",
            "My pod crashes with ORA-01017 since this morning.",
        ),
        ("Hello,how do I silence alerts", "how do I silence alerts"),
        ("Hi `herm.yaml` is refused", "`herm.yaml` is refused"),
        ("<at>Sheriff</at> how do I silence alerts", "how do I silence alerts"),
        ("Sorry for the stupid question but how do I rotate a secret?", "how do I rotate a secret?"),
        ("Can someone help? My vault returns 403", "My vault returns 403"),
        (
            "bonjour à tous, désolé de vous déranger, comment augmenter le quota ? merci d'avance",
            "comment augmenter le quota ?",
        ),
    ],
)
def test_courtesies_are_taken_away(message: str, asked: str) -> None:
    assert gist(message) == asked


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "thanks a lot",
        "@Autowired does not work in my service",
        "ERROR: hello world failed\n```\nhi\nthanks\n```",
        "the job thanks-mailer says `sorry to bother you`",
        "npm cannot install @platform/cli from https://hello.example/hi",
        "hello-world.yaml is not found",
        "Hello World does not start",
        "FATAL: sorry, too many clients already",
        "hi.example.com/topics answers 403",
        "cannot help with the dear-customer topic",
        "",
    ],
)
def test_names_errors_and_code_are_never_lost_and_a_mere_greeting_stays(message: str) -> None:
    assert gist(message) == message


def test_an_error_behind_thanks_is_no_signature() -> None:
    assert "ORA-01017 at line 3" in gist("What is this?\nThanks\nORA-01017 at line 3")
    assert "kafka is down" in gist("Thanks\nkafka is down")


@given(st.text(max_size=300))
def test_whatever_is_said_something_is_left(message: str) -> None:
    assert gist(message).strip() or not message.strip()
    assert 1 <= len(questions(message)) <= MOST


def test_a_long_paste_is_read_in_no_time() -> None:
    paste = "at com.example.Foo(Foo.java:12)\n" * 600

    began = time.perf_counter()

    assert gist(f"Hi all,\n{paste}").startswith("at com.example")
    questions(gist("hi " * 6_000))
    questions(gist("Thanks\n" * 2_800))
    questions("- how is a b c?\n" * 1_400)

    assert time.perf_counter() - began < 3.0


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        (
            "How do I raise the quota? And where can I see the consumer lag?",
            ["How do I raise the quota?", "And where can I see the consumer lag?"],
        ),
        (
            "How do I create a topic? And where can I see it?",
            ["How do I create a topic?", "And where can I see it?"],
        ),
        ("How do I raise it in kafka? And for couchbase?", ["How do I raise it in kafka?", "And for couchbase?"]),
        (
            "1. How do I get a vault?\n2. who approves a new subscription\n3) Where are the alerts?",
            ["How do I get a vault?", "who approves a new subscription", "Where are the alerts?"],
        ),
        (
            "About kafka:\n- how do I raise the quota\n- who approves it",
            ["About kafka: how do I raise the quota", "who approves it"],
        ),
        (
            "I want a vault. Who can approve the request? I am in eu-west. How long does the approval take?",
            ["I want a vault. Who can approve the request?", "I am in eu-west. How long does the approval take?"],
        ),
    ],
)
def test_several_questions_are_told_apart(message: str, asked: list[str]) -> None:
    assert questions(message) == asked


@pytest.mark.parametrize(
    "message",
    [
        "How do I raise the quota and where do I see the usage?",
        "My pod crashes. Any idea why? Is this a known issue?",
        "Can I use Kafka? Or should I use MQ?",
        "Why does deployment fail? It says `x`. Is the quota too small?",
        "To deploy:\n- edit kafka.yaml\n- open a PR\nIs that right?",
        "How do I onboard my team? How long does it take?",
        "Why does this fail?\n```\nError? What now?\n```\nAnd where are the logs of the job?",
        "kafka is down",
    ],
)
def test_one_question_with_its_explanation_stays_one(message: str) -> None:
    assert questions(message) == [message]


def test_of_many_questions_the_first_are_answered_and_the_rest_are_known_of() -> None:
    message = "What is an overlay? What is a node? What is a vault? Where are alerts silenced?"

    assert len(questions(message)) == MOST
    assert len(every_question(message)) == 4
