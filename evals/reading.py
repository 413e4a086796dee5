"""Which questions of a run a person should read, in groups, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evals.judge import Judgement
from evals.runner import Trial
from knowledge.model import Outcome

SHOWN: Final = 10  # of each group
DEEP: Final = 10  # a page below this place is as good as not found


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that went wrong in the same way."""

    name: str  # id in a page
    title: str
    words: str  # what it means, and where to look for the cause
    trials: Sequence[Trial]  # the first of them
    total: int


def groups(trials: Sequence[Trial]) -> list[Group]:
    """The three groups that need no judge, also empty ones: that nothing went wrong is news as well."""
    return [
        _group(
            "wrong",
            "Wrong, the surest first",
            "Answered or hinted, and what is cited first does not answer. Here confidence is wrong, or a page that "
            "answers is missing in the gold.",
            [t for t in trials if t.outcome is not Outcome.UNANSWERED and not t.right],
            lambda trial: -trial.confidence,
        ),
        _group(
            "missed",
            "Not found",
            f"No page that answers is among the first {DEEP}. Compare the words of the question with the page's.",
            [t for t in trials if t.question.answerable and not 0 < t.rank <= DEEP],
            lambda trial: -trial.confidence,
        ),
        _group(
            "refused",
            "Refused, and the right page was first",
            "Sheriff had it and did not trust it. The least sure first.",
            [t for t in trials if t.outcome is Outcome.UNANSWERED and t.right],
            lambda trial: trial.confidence,
        ),
    ]


def judged_wrong(trials: Sequence[Trial], judged: Mapping[str, Judgement]) -> list[Group]:
    """What the judge graded lowest; no group when no judge was asked."""
    if not judged:
        return []
    wrong = [t for t in trials if t.question.id in judged and judged[t.question.id].grade == 0]
    words = "Graded 0 by a language model, which errs as well: read its reason beside the answer."
    return [_group("judged", "Wrong by the judge's word", words, wrong, lambda trial: -trial.confidence)]


def _group(name: str, title: str, words: str, trials: list[Trial], order: Callable[[Trial], float]) -> Group:
    return Group(name, title, words, tuple(sorted(trials, key=order)[:SHOWN]), len(trials))
