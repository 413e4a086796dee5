"""Confidence from evidence, and what a policy makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import Misuse
from knowledge.model import Outcome
from knowledge.relevance import Policy, Weights, answering_from, bundled, confidence
from knowledge.search import Evidence

STRONG = Evidence(
    top_cosine=0.75, first_cosine=0.7, background=0.72, fused=0.95, fused_lead=4.0, first_words=1.3, spelling=4.0
)
WEAK = Evidence(
    top_cosine=0.15, first_cosine=0.1, background=0.05, fused=0.5, fused_lead=2.0, first_words=0.4, spelling=0.8
)
ONE = Weights(("top_cosine",), (0.5,), (0.1,), (2.0,), 0.0, answer_at=0.5, hint_at=0.25)


def test_nothing_found_is_no_confidence() -> None:
    assert confidence(Evidence()) == 0.0


def test_the_bundled_weights_answer_strong_evidence_and_refuse_weak() -> None:
    policy = Policy.calibrated()

    assert policy.outcome(confidence(STRONG)) is Outcome.ANSWERED
    assert policy.outcome(confidence(WEAK)) is Outcome.UNANSWERED


@pytest.mark.parametrize("feature", bundled().names)
def test_more_of_any_bundled_feature_never_lowers_confidence(feature: str) -> None:
    more = replace(WEAK, **{feature: getattr(WEAK, feature) + 0.2})

    assert confidence(more) >= confidence(WEAK)


def test_confidence_is_the_logistic_of_the_standardised_features() -> None:
    assert confidence(replace(STRONG, top_cosine=0.5), ONE) == pytest.approx(0.5)
    assert confidence(replace(STRONG, top_cosine=0.6), ONE) == pytest.approx(0.8808, abs=1e-4)


@given(cosine=st.floats(-1e9, 1e9))
def test_confidence_stays_between_0_and_1(cosine: float) -> None:
    assert 0.0 <= confidence(replace(STRONG, top_cosine=cosine), ONE) <= 1.0


def test_weights_survive_being_written_and_read() -> None:
    assert Weights.parse(bundled().dump()) == bundled()


def broken(**changes: Any) -> str:
    return json.dumps(json.loads(ONE.dump()) | changes)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not JSON", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "features"),
        (broken(features=[{"name": "luck", "mean": 0, "scale": 1, "coefficient": 1}]), "unknown features luck"),
        (broken(features=[{"name": "fused", "mean": 0, "scale": 0, "coefficient": 1}]), "scale is not above 0"),
        (broken(answer_at="high"), "could not convert"),
        (broken(hint_at=0.9), "hint_at 0.9"),
    ],
)
def test_wrong_weights_are_refused_with_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(Misuse, match=named):
        Weights.parse(text, origin="weights.json")


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (1.0, Outcome.ANSWERED),
        (0.6, Outcome.ANSWERED),
        (0.59, Outcome.HINTED),
        (0.3, Outcome.HINTED),
        (0.29, Outcome.UNANSWERED),
        (0.0, Outcome.UNANSWERED),
    ],
)
def test_a_policy_answers_hints_or_passes_on(value: float, outcome: Outcome) -> None:
    assert Policy(answer_at=0.6, hint_at=0.3).outcome(value) is outcome


@pytest.mark.parametrize(("answer_at", "hint_at"), [(0.3, 0.6), (1.2, 0.5), (0.5, -0.1)])
def test_thresholds_out_of_order_are_refused(answer_at: float, hint_at: float) -> None:
    with pytest.raises(Misuse, match="0 ≤ hint_at ≤ answer_at ≤ 1"):
        Policy(answer_at=answer_at, hint_at=hint_at)


def test_the_threshold_follows_from_the_rate_of_wrong_answers() -> None:
    risks = ((0.9, 0.02), (0.7, 0.05), (0.5, 0.12), (0.3, 0.3))

    assert answering_from(risks, 0.05) == 0.7
    assert answering_from(risks, 0.2) == 0.5
    assert answering_from(risks, 0.01) == 0.9, "no threshold keeps it: the one with the fewest wrong answers"


def test_a_looser_rate_answers_no_less() -> None:
    thresholds = [Policy.calibrated(rate).answer_at for rate in (0.0, 0.05, 0.1, 0.3, 0.6, 1.0)]

    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[0] > thresholds[-1]
