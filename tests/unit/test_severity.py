"""How urgent a question is, and for which application, by its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.support.severity import CaseSeverity, application_of, severity_of


@pytest.mark.parametrize(
    ("question", "severity"),
    [
        ("Production is down since 9, Kafka refuses all clients", CaseSeverity.CRITICAL),
        ("There is an outage in prod-eu", CaseSeverity.CRITICAL),
        ("urgent: my pipeline fails", CaseSeverity.HIGH),
        ("We are blocked by the quota of orders-api", CaseSeverity.HIGH),
        ("Nous sommes bloqués par le quota", CaseSeverity.HIGH),
        ("The test cluster is down", CaseSeverity.HIGH),
        ("This is not urgent: how do I set a quota?", CaseSeverity.NORMAL),
        ("How do I set a quota in production?", CaseSeverity.NORMAL),
        ("Where do I write down the incident manager?", CaseSeverity.HIGH),
        ("", CaseSeverity.NORMAL),
    ],
)
def test_words_of_trouble_make_a_case_severe(question: str, severity: CaseSeverity) -> None:
    assert severity_of(question) is severity


@pytest.mark.parametrize(
    ("question", "application"),
    [
        ("How do I raise a Kafka partition quota for orders-api?", "orders-api"),
        ("my service payments-gateway gets a 403", "payments-gateway"),
        ("What is the threshold of `billing-core`?", "billing-core"),
        ("quota pour refund-service", "refund-service"),
        ("How do I set it for prod-eu in eu-west?", "prod-eu"),
        ("Is there an end-to-end test for key-vaults?", ""),
        ("How do I raise a quota?", ""),
        ("Do I need on-call for read-only access?", ""),
    ],
)
def test_an_application_is_known_by_the_hyphen_in_its_name(question: str, application: str) -> None:
    assert application_of(question, known=frozenset({"key-vaults"})) == application


@given(st.text())
def test_any_text_has_a_severity_and_at_most_one_application(text: str) -> None:
    assert severity_of(text) in CaseSeverity
    assert len(application_of(text)) <= len(text)
