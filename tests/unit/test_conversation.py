"""Follow-up questions and what was said before."""

from __future__ import annotations

import pytest

from knowledge import conversation
from knowledge.conversation import Query
from knowledge.search import search
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

EMBEDDER = HashEmbedder(256)
STANDARD = a_chunk("Raise the partition quota of a topic in topics.yaml.", document="docs:kafka/quotas.md")
PRODUCTION = a_chunk(
    "In production the partition quota of a topic needs an approval.", document="docs:kafka/production.md"
)
SPLUNK = a_chunk("In production an index of Splunk keeps events for 90 days.", document="docs:splunk/retention.md")
INDEX = MemoryIndex(EMBEDDER, [STANDARD, PRODUCTION, SPLUNK])


def first(question: str, *earlier: str) -> str:
    return search(question, earlier=earlier, index=INDEX, embedder=EMBEDDER).pages[0].path


def test_a_follow_up_is_about_what_was_asked_before() -> None:
    assert first("and for production?", "how do I raise the partition quota of a topic?") == "kafka/production.md"
    assert first("and for production?", "how long does Splunk keep events of an index?") == "splunk/retention.md"


def test_a_new_question_is_not_drawn_to_the_old_one() -> None:
    asked = "how long does Splunk keep the events of an index in production"

    found = search(asked, earlier=["best pizza by the harbour"], index=INDEX, embedder=EMBEDDER)

    assert found == search(asked, index=INDEX, embedder=EMBEDDER)


@pytest.mark.parametrize(
    "question", ["and for production?", "what about prod", "Is it possible?", "et en production ?"]
)
def test_what_points_back_or_goes_on_may_need_the_earlier_turns(question: str) -> None:
    assert conversation.depends(question)


def test_a_whole_question_stands_alone() -> None:
    assert not conversation.depends("How do I raise the partition quota of a Kafka topic in my namespace?")


def test_the_last_turn_counts_more_than_the_first_and_empty_ones_not_at_all() -> None:
    query = conversation.leaning(Query("and now?"), ["first", " ", "last"])

    assert [turn.text for turn in query.earlier] == ["last", "first"]
    assert 1 > query.earlier[0].words > query.earlier[1].words > 0
    assert conversation.leaning(Query("and now?"), ["", " "]) == Query("and now?")
