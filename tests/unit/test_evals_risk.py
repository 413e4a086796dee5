from __future__ import annotations

import pytest

from evals import risk
from evals.questions import Question
from evals.runner import Trial
from knowledge.model import Outcome
from knowledge.search import Evidence


def trial(number: int, confidence: float, *, right: bool = True, answerable: bool = True) -> Trial:
    question = Question(f"q{number}", "?", ("gold.md",) if answerable else ())
    first = "gold.md" if right and answerable else "other.md"
    return Trial(question, (first,), Evidence(), confidence, Outcome.UNANSWERED, (), 0.01, first)


def trials(*rights: bool) -> list[Trial]:
    """Surest first."""
    return [trial(n, 0.9 - n / 100, right=right) for n, right in enumerate(rights)]


def test_the_curve_answers_the_surest_first() -> None:
    points = risk.curve(trials(True, False, True, True))

    assert [(point.coverage, round(point.wrong, 3)) for point in points] == [
        (0.25, 0.0),
        (0.5, 0.5),
        (0.75, 0.333),
        (1.0, 0.25),
    ]
    assert points[0].threshold == 0.9


def test_equally_sure_questions_are_answered_together() -> None:
    points = risk.curve([trial(1, 0.5), trial(2, 0.5, right=False), trial(3, 0.4)])

    assert [(point.threshold, point.wrong) for point in points] == [(0.5, 0.5), (0.4, pytest.approx(1 / 3))]


def test_coverage_is_the_widest_that_keeps_the_rate() -> None:
    found = risk.coverages(trials(*[True] * 10, False, *[True] * 9), [0.05, 0.10, 0.0])

    assert [(c.coverage, c.answered) for c in found] == [(1.0, 20), (1.0, 20), (0.5, 10)]
    assert found[2].threshold == pytest.approx(0.81)
    assert found[2].low < 0.5 < found[2].high


def test_an_answer_to_an_unanswerable_question_is_wrong() -> None:
    asked = [trial(1, 0.9, answerable=False), trial(2, 0.8)]

    (found,) = risk.coverages(asked, [0.2])

    assert (found.coverage, found.threshold, found.answered) == (0.0, None, 0)


def test_confidence_that_is_so_has_no_calibration_error() -> None:
    asked = [trial(n, 0.75, right=n % 4 > 0) for n in range(40)]

    found = risk.reliability(asked)

    assert found.brier == pytest.approx(0.1875)
    assert sum(part.count for part in found.bins) == 40
    assert risk.reliability([trial(n, 0.9, right=False) for n in range(20)]).error == pytest.approx(0.9)


def test_refusing_separates_what_it_can() -> None:
    asked = [trial(1, 0.9), trial(2, 0.2, answerable=False), trial(3, 0.1)]

    assert risk.roc(asked) == [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (1.0, 1.0)]
    assert risk.roc(asked[:1]) == []
