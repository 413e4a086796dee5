"""Questions that mean the same: found, kept, and grouped afresh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.support.clustering import NEW, central, grouped, grown, regrouped
from knowledge.ports import Matrix
from tests.fakes import HashEmbedder

TOPICS = (
    "How do I raise the partition quota of a Kafka topic",
    "Which namespaces may a JOR job reach",
    "Why does the password rotation of Oracle fail",
    "Where is the Thanos cost split of my team",
)
ENDS = ("?", " please?", " today", " in production?", " on the new platform")


def questions(topics: int = 4, ends: int = 5) -> Matrix:
    return HashEmbedder(256).embed([topic + end for topic in TOPICS[:topics] for end in ENDS[:ends]])


def test_wordings_of_one_question_are_one_group_without_being_told_how_many_there_are() -> None:
    assert grouped(questions()).tolist() == [topic for topic in range(4) for _ in range(5)]


def test_nothing_and_a_single_question_are_groups_as_well() -> None:
    assert grouped(questions()[:0]).tolist() == []
    assert grouped(questions()[:1]).tolist() == [0]
    assert grown(questions()[:0], []).tolist() == []


def test_a_new_question_joins_the_group_that_asks_the_same() -> None:
    vectors = questions()
    labels = [7] * 5 + [3] * 5 + [9] * 5 + [NEW] * 5
    labels[4] = NEW

    after = grown(vectors, labels)

    assert after[:15].tolist() == [7] * 5 + [3] * 5 + [9] * 5
    assert after[15:].min() >= 10


def test_ids_that_belong_to_no_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="20 vectors have 2 labels"):
        grown(questions(), [1, 2])


@given(st.permutations(range(20)), st.integers(min_value=1, max_value=19))
def test_whoever_has_a_group_keeps_it_whatever_arrives(order: list[int], first: int) -> None:
    vectors = questions()[order]
    before = grown(vectors[:first], [NEW] * first)

    after = grown(vectors, [*before, *[NEW] * (20 - first)])

    assert after[:first].tolist() == before.tolist()
    assert NEW not in after


def test_grouped_afresh_the_larger_share_keeps_the_number_and_what_people_fixed_is_left_alone() -> None:
    vectors = questions()
    labels = [5] * 9 + [6] + [8] * 5 + [2] * 4 + [NEW]

    afresh = regrouped(vectors, labels, fixed={2})

    assert afresh[:5].tolist() == [5] * 5
    assert len(set(afresh[5:10].tolist())) == 1
    assert afresh[5] != 5
    assert afresh[10:15].tolist() == [8] * 5
    assert afresh[15:].tolist() == [2] * 5


def test_the_middle_of_a_group_is_what_is_most_like_all() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)

    assert central(vectors, [1, 1, 1]) == 1
    assert central(vectors, [9, 1, 1]) == 0  # what most people say
