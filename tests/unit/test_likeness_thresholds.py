"""The likenesses from which wishes are one and notices are shown, held by what the local model makes of plain pairs."""

from __future__ import annotations

import pytest

from bot.support.likeness import Likeness
from bot.support.notices import SHOWN_AT
from bot.support.wishes import JOINED_AT, PROPOSED_AT
from knowledge.adapters.local_embedder import LocalEmbedder


@pytest.fixture(scope="module")
def likeness(local_embedder: LocalEmbedder) -> Likeness:
    return Likeness(local_embedder.embed)


@pytest.mark.parametrize(
    ("wish", "again"),
    [
        ("a page on Couchbase sizing", "a page about Couchbase sizing"),
        ("show the cost of a namespace per day", "show the costs of a namespace per day"),
        ("send alerts by SMS", "alerts should be sent by SMS"),
    ],
)
def test_a_wish_in_other_words_is_a_vote_for_the_first(likeness: Likeness, wish: str, again: str) -> None:
    assert likeness.between(wish, [again])[0] >= JOINED_AT


@pytest.mark.parametrize(
    ("wish", "other"),
    [
        ("send alerts by SMS", "send alerts by e-mail"),
        ("a page on Couchbase sizing", "a page on Oracle sizing"),
        ("longer retention of Splunk indexes", "more Splunk indexes for test namespaces"),
    ],
)
def test_a_near_miss_is_a_wish_of_its_own_that_a_maintainer_may_merge(
    likeness: Likeness, wish: str, other: str
) -> None:
    assert likeness.between(wish, [other])[0] < JOINED_AT


def test_what_a_maintainer_is_asked_about_speaks_of_the_same_thing(likeness: Likeness) -> None:
    near, far = likeness.between(
        "show the cost of a namespace per day",
        ["a daily cost report for each namespace", "let JOR start jobs on public holidays"],
    )

    assert near >= PROPOSED_AT > far


def test_a_notice_is_shown_to_questions_about_it_and_to_no_others(likeness: Likeness) -> None:
    about, also, other, more = likeness.between(
        "Kafka partition quotas are frozen in eu-west",
        [
            "Why can I not raise the partition quota of my Kafka topic?",
            "Kafka quota in eu-west is stuck",
            "What does ORA-01017 mean?",
            "Where do I put alerting.yaml?",
        ],
    )

    assert min(about, also) >= SHOWN_AT > max(other, more)
