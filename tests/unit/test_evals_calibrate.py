from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evals import calibrate
from evals.calibrate import Example
from knowledge.errors import Misuse
from knowledge.relevance import Weights, confidence
from knowledge.search import Evidence


def drawn(corpus: str, count: int, *, overlap: float, seed: int = 1) -> list[Example]:
    """Answerable questions have higher cosines; the larger the overlap, the less so."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        answerable = number % 2 == 0
        cosine = float(np.clip((0.7 if answerable else 0.3) + overlap * random.normal(), 0, 1))
        evidence = Evidence(first_cosine=cosine, background=cosine, spelling=float(random.random()))
        found.append(Example(corpus, answerable, answerable and random.random() < 0.9, evidence))
    return found


def test_what_is_easy_to_tell_apart_is_told_apart() -> None:
    fitted = calibrate.fit(drawn("pages", 120, overlap=0.05), rate=0.12)

    assert fitted.auroc > 0.99
    assert fitted.attained
    assert fitted.wrong <= 0.12
    assert fitted.kept > 0.9
    assert fitted.refused > 0.9
    assert 0 < fitted.weights.hint_at <= fitted.weights.answer_at <= 1


def test_the_weights_give_what_was_fitted() -> None:
    fitted = calibrate.fit(drawn("pages", 120, overlap=0.05), rate=0.2)

    weights = Weights.parse(fitted.weights.dump())

    assert confidence(Evidence(first_cosine=0.8, background=0.8, spelling=0.5), weights) > weights.hint_at
    assert confidence(Evidence(first_cosine=0.2, background=0.2, spelling=0.5), weights) < weights.hint_at
    assert weights.note == "Fitted on 60 questions with and 60 without an answer on pages."


def test_a_rate_that_no_threshold_keeps_is_admitted() -> None:
    fitted = calibrate.fit(drawn("pages", 120, overlap=0.4), rate=0.0)

    assert not fitted.attained
    assert "no threshold keeps wrong answers at 0%" in calibrate.as_text(fitted, 0.0)


def test_each_corpus_weighs_the_same_however_many_questions_it_has() -> None:
    small, large = drawn("small", 40, overlap=0.1), drawn("large", 400, overlap=0.1)

    columns = calibrate._columns([*small, *large], calibrate.CHOSEN)

    assert columns.weight[:40].sum() == pytest.approx(columns.weight[40:].sum())


def test_risk_grows_with_coverage_and_ends_at_all() -> None:
    fitted = calibrate.fit(drawn("pages", 200, overlap=0.2), rate=0.1)

    assert fitted.table[0].wrong < fitted.table[-1].wrong
    assert fitted.table[-1].coverage == 1.0
    assert [risk.threshold for risk in fitted.table] == sorted((r.threshold for r in fitted.table), reverse=True)


def test_too_few_questions_and_unknown_features_are_refused() -> None:
    with pytest.raises(Misuse, match="fitting needs 10 of each"):
        calibrate.fit(drawn("pages", 8, overlap=0.1), rate=0.05)
    with pytest.raises(Misuse, match="moon_phase: no feature of this name"):
        calibrate.fit(drawn("pages", 80, overlap=0.1), rate=0.05, names=["moon_phase"])


def test_saved_examples_come_back_the_same(tmp_path: Path) -> None:
    found = drawn("pages", 4, overlap=0.1)
    file = tmp_path / "examples.jsonl"
    file.write_text(calibrate.save(found), encoding="utf-8")

    assert calibrate.load(file) == found


@pytest.mark.parametrize("line", ["{", "[]", '{"corpus": "a"}', '{"evidence": {"moon_phase": 1}}'])
def test_a_line_that_is_no_example_is_told(tmp_path: Path, line: str) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text(line + "\n", encoding="utf-8")

    with pytest.raises(Misuse, match="line 1: is not a saved example"):
        calibrate.load(file)


def test_a_missing_file_of_examples_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="cannot be read"):
        calibrate.load(tmp_path / "gone.jsonl")


def test_what_an_index_taught_counts_as_it_is() -> None:
    fitted = calibrate.fit(drawn("pages", 120, overlap=0.05), rate=0.2)
    even = Evidence(first_cosine=0.5, background=0.5, spelling=0.5)

    known, unknown = (confidence(replace(even, own=own), fitted.weights) for own in (1.0, -1.0))

    assert known > confidence(even, fitted.weights) > unknown


def test_scale_and_thresholds_can_be_those_of_one_corpus() -> None:
    easy, hard = drawn("easy", 200, overlap=0.02), drawn("hard", 200, overlap=0.6, seed=2)

    on_easy = calibrate.fit([*easy, *hard], rate=0.15, scale_on=["easy"])
    on_hard = calibrate.fit([*easy, *hard], rate=0.15, scale_on=["hard"])

    assert on_easy.kept > on_hard.kept
    with pytest.raises(Misuse, match="moon: no example is of this corpus"):
        calibrate.fit([*easy, *hard], rate=0.15, scale_on=["moon"])
