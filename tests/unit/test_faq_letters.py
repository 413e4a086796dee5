"""FAQ entries told apart by how their ways of asking are spelt."""

from __future__ import annotations

import numpy as np

from knowledge import faq_letters
from knowledge.faq_letters import LetterHead, runs

WAYS = ["cancel my order", "I want to cancel it", "where is my refund?", "the refund has not come", "raise the quota"]
OWNERS = [0, 0, 1, 1, 2]


def first(head: LetterHead, question: str) -> int:
    return int(head.scores(question).argmax())


def test_a_misspelt_question_finds_its_entry() -> None:
    head = LetterHead.learn(WAYS, OWNERS, 3)

    assert [first(head, asked) for asked in ("please cancell", "refunnd", "QUOTAS!")] == [0, 1, 2]


def test_the_scores_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    counter = TfidfVectorizer(analyzer=runs, sublinear_tf=True)
    inputs = counter.fit_transform(WAYS)
    peer = LogisticRegression(C=faq_letters.SHRINKING, max_iter=faq_letters.MOST_STEPS).fit(inputs, OWNERS)

    for asked in ("cancel the order", "refund refund refund", "what now"):
        expected = peer.decision_function(counter.transform([asked]))[0]
        np.testing.assert_allclose(LetterHead.learn(WAYS, OWNERS, 3).scores(asked), expected, atol=1e-3)


def test_two_entries_have_a_score_each() -> None:
    head = LetterHead.learn(WAYS[:4], OWNERS[:4], 2)

    assert head.scores("cancel").shape == (2,)
    assert [first(head, asked) for asked in ("cancel", "refund")] == [0, 1]


def test_letters_that_nobody_used_say_nothing_and_no_letters_do_no_harm() -> None:
    head = LetterHead.learn(WAYS, OWNERS, 3)

    np.testing.assert_array_equal(head.scores("xyzzy"), head.scores(""))
    np.testing.assert_array_equal(LetterHead.learn(["", " "], [0, 1], 2).scores("cancel"), [0.0, 0.0])


def test_many_entries_share_a_bounded_number_of_weights() -> None:
    entries = faq_letters.MOST_WEIGHTS // 20
    kept = len(LetterHead.learn(WAYS, OWNERS, entries).runs)

    assert kept == 20
    assert len(LetterHead.learn(WAYS, OWNERS, 3).runs) > kept


def test_a_short_word_is_one_run_and_its_ends_are_marked() -> None:
    assert list(runs("A cat?")) == [" a ", " cat", "cat?", "at? "]
