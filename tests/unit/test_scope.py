from __future__ import annotations

import pytest

from knowledge.scope import SURELY_UNKNOWN, is_off_topic


@pytest.mark.parametrize(
    "question",
    ["best recipe for sourdough bread?", "who won the match yesterday", "write me a poem", "what's the weather"],
)
def test_everyday_matters_are_off_topic(question: str) -> None:
    assert is_off_topic(question, 0.02)


@pytest.mark.parametrize(
    "question",
    [
        "Can I get a FortranGrid licence for Solaris?",
        "how do I cat a file in my pod",
        "what does weather.api/v1 return",
        "leader election fails",
        "write a user story",
    ],
)
def test_what_may_be_about_the_platform_stays_a_question(question: str) -> None:
    assert not is_off_topic(question, 0.02)


def test_a_question_that_the_pages_come_near_to_is_never_off_topic() -> None:
    assert not is_off_topic("recipe for a deployment", SURELY_UNKNOWN + 0.01)


@pytest.mark.parametrize("question", ["Write me a poem about kubernetes", "tell a joke about our pipeline"])
def test_amusement_is_off_topic_whatever_it_is_about(question: str) -> None:
    assert is_off_topic(question, SURELY_UNKNOWN + 0.1)
