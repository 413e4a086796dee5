from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals import baseline, metrics, scorecard, terminal
from evals.metrics import Figure
from evals.questions import Question, SetFile
from evals.runner import Trial
from evals.runs import About, Run
from knowledge.errors import Failure, Misuse
from knowledge.model import Outcome
from knowledge.search import Evidence


def trial(
    id_: str,
    gold: tuple[str, ...] = (),
    pages: tuple[str, ...] = (),
    confidence: float = 0.5,
    outcome: Outcome = Outcome.HINTED,
    kind: str = "how-to",
) -> Trial:
    cited = () if outcome is Outcome.UNANSWERED else pages[:1]
    question = Question(id_, f"question {id_}", gold, kind, "kafka")
    return Trial(question, pages, Evidence(), confidence, outcome, cited, 0.01, pages[0] if pages else "", "Set it.")


def a_run(trials: Sequence[Trial], **about: Any) -> Run:
    usual = {
        "made": "2026-11-26T09:00:00+00:00",
        "corpus": "the pages",
        "documents": 4,
        "index": "0123456789abcdef",
        "code": "0.1.0+0123456789",
        "settings": {"answer_at": 0.7, "hint_at": 0.2, "embeddings": "hash-64"},
        "sets": (SetFile("own.jsonl", "ab" * 32, len(trials), 2),),
        "missing_gold": ("z.md",),
    }
    return Run(About(**(usual | about)), tuple(trials))


FIRST = trial("first", ("a.md",), ("a.md", "b.md"), 0.9, Outcome.ANSWERED)
THIRD = trial("third", ("c.md", "d.md"), ("a.md", "b.md", "d.md", "c.md"), 0.6)
LOST = trial("lost", ("z.md",), ("a.md",), 0.3, Outcome.UNANSWERED)
REFUSED = trial("refused", (), ("a.md",), 0.1, Outcome.UNANSWERED, "far")
WRONG = trial("wrong", (), ("a.md",), 0.8, Outcome.ANSWERED, "near")
ALL = [FIRST, THIRD, LOST, REFUSED, WRONG]


def test_any_accepted_page_counts_at_its_best_place() -> None:
    values = metrics.retrieval(ALL)

    assert values["first"]["recall@1"] == 1.0
    assert (values["third"]["recall@1"], values["third"]["recall@3"]) == (0.0, 1.0)
    assert values["third"]["mrr"] == pytest.approx(1 / 3)
    assert values["third"]["ndcg@10"] == pytest.approx(0.5)
    assert values["lost"] == dict.fromkeys(metrics.RETRIEVAL, 0.0)
    assert "refused" not in values


def test_figures_of_a_run() -> None:
    found = metrics.figures(ALL)

    assert {name: round(figure.value, 3) for name, figure in found.items()} == {
        "recall@1": 0.333,
        "recall@3": 0.667,
        "recall@10": 0.667,
        "mrr": 0.444,
        "ndcg@10": 0.5,
        "auroc": 0.667,
        "refused": 0.5,
        "kept": 0.667,
        "helped": 0.333,
        "wrong_answers": 0.2,
    }
    assert all(figure.low <= figure.value <= figure.high for figure in found.values())
    assert metrics.figures(ALL) == found


def test_without_unanswerable_questions_abstention_is_left_out() -> None:
    found = metrics.figures([FIRST, THIRD])

    assert {"auroc", "refused"}.isdisjoint(found)
    assert found["recall@3"].value == 1.0


def test_without_answerable_questions_retrieval_is_left_out() -> None:
    assert set(metrics.figures([REFUSED])) == {"refused", "wrong_answers"}


def test_ties_of_confidence_count_half() -> None:
    assert metrics.auroc(np.array([0.5, 0.5, 0.9]), np.array([True, False, True])) == pytest.approx(0.75)


def test_the_scorecard_shows_figures_slices_and_the_worst_first() -> None:
    text = terminal.as_text(a_run(ALL), scorecard.score(ALL))

    assert text.startswith("5 questions on the pages (4 documents): 3 answerable, 2 not\n2 proposed rows wait")
    assert "wrong answers: 1 of 2 given" in text
    assert "by kind" in text
    assert "how-to                  3*" in text
    assert "* fewer than 10 questions" in text
    assert "by component" not in text  # one component is no slice
    assert "1 gold path is not in the index: z.md" in text
    assert [said.split(";")[0] for _, said in scorecard.worst(ALL)] == [
        "answered although nothing answers it, from a.md",
        "refused",
        "hinted at a.md",
    ]


def test_an_answer_from_the_wrong_page_names_the_right_one() -> None:
    missed = trial("missed", ("c.md",), ("a.md", "c.md"), 0.9, Outcome.ANSWERED)
    teased = trial("teased", (), ("a.md",))

    assert [said for _, said in scorecard.worst([teased, missed])] == [
        "answered from a.md; right is c.md (found in place 2)",
        "hinted at a.md, and nothing answers it",
    ]


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1)]
)
def test_shares_have_the_published_wilson_interval(hits: int, count: int, low: float, high: float) -> None:
    assert metrics.wilson(hits, count) == pytest.approx((low, high), abs=0.0005)


def test_more_questions_narrow_the_interval_of_a_mean() -> None:
    few, many = (metrics.mean([0.0, 0.5, 1.0, 1.0] * times, share=False) for times in (5, 80))

    assert few.value == many.value == 0.625
    assert (many.high - many.low) < (few.high - few.low) / 3


def figure(value: float) -> Figure:
    return Figure(value, value, value, 10)


def test_only_a_fall_beyond_the_tolerance_is_told() -> None:
    held = baseline.Baseline(
        10, {"recall@1": baseline.Held(0.8, 0.05), "mrr": baseline.Held(0.8, 0.05), "refused": baseline.Held(0.5, 0.1)}
    )

    told = baseline.falls(held, {"recall@1": figure(0.74), "mrr": figure(0.75), "refused": figure(0.9)})

    assert told == ["recall@1 fell from 0.800 to 0.740; its tolerance is 0.05."]


def test_more_wrong_answers_are_worse() -> None:
    held = baseline.Baseline(10, {"wrong_answers": baseline.Held(0.02, 0.02)})

    assert baseline.falls(held, {"wrong_answers": figure(0.0)}) == []
    assert baseline.falls(held, {"wrong_answers": figure(0.05)}) == [
        "wrong_answers rose from 0.020 to 0.050; its tolerance is 0.02."
    ]


def test_a_figure_that_cannot_be_measured_any_more_is_told() -> None:
    held = baseline.Baseline(10, {"auroc": baseline.Held(0.9, 0.1)})

    assert "auroc is in the baseline" in baseline.falls(held, {})[0]


def test_writing_the_baseline_keeps_tolerances_set_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    baseline.write(file, {"mrr": figure(0.5)}, 10)
    file.write_text(file.read_text().replace(str(baseline.TOLERANCES["mrr"]), "0.5"))

    baseline.write(file, {"mrr": figure(0.7), "recall@1": figure(0.6)}, 12)

    assert baseline.read(file) == baseline.Baseline(
        12, {"mrr": baseline.Held(0.7, 0.5), "recall@1": baseline.Held(0.6, baseline.TOLERANCES["recall@1"])}
    )


@pytest.mark.parametrize("text", ["", "[]", '{"figures": {"mrr": 3}, "questions": 1}', '{"questions": 1}'])
def test_a_file_that_is_no_baseline_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)

    with pytest.raises(Misuse, match="is not a baseline"):
        baseline.read(file)


def test_a_missing_and_an_unwritable_baseline_are_told(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no such baseline"):
        baseline.read(tmp_path / "gone.json")
    with pytest.raises(Misuse, match="cannot be read"):
        baseline.read(tmp_path)
    with pytest.raises(Failure, match="cannot be written"):
        baseline.write(tmp_path / "no" / "folder.json", {}, 1)


def test_every_figure_has_a_tolerance_and_a_meaning() -> None:
    assert set(baseline.TOLERANCES) == set(metrics.MEANINGS) == set(metrics.figures(ALL))
