"""How sure to be: a calibrated probability from the evidence of a search, and what follows from it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from knowledge.errors import Misuse
from knowledge.evidence import FEATURES, Evidence
from knowledge.model import Outcome


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over standardised features of Evidence, and the thresholds that were chosen with it."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    answer_at: float
    hint_at: float
    note: str = ""  # what it was fitted on
    risks: tuple[tuple[float, float], ...] = ()  # from a confidence on, the share of answers that were wrong

    @classmethod
    def parse(cls, text: str, *, origin: str = "the weights") -> Weights:
        """The weights of a JSON object as `dump` writes it; Misuse names what is wrong with it."""
        try:
            return _checked(json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise Misuse(f"{origin} cannot be used for confidence: {error}. Fit them again.") from error

    def dump(self) -> str:
        """JSON that `parse` reads."""
        features = zip(self.names, self.means, self.scales, self.coefficients, strict=True)
        values = {
            "note": self.note,
            "features": [
                {"name": name, "mean": mean, "scale": scale, "coefficient": coefficient}
                for name, mean, scale, coefficient in features
            ],
            "intercept": self.intercept,
            "answer_at": self.answer_at,
            "hint_at": self.hint_at,
            "risks": [{"from": threshold, "wrong": wrong} for threshold, wrong in self.risks],
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Policy:
    """From which confidence on to answer, and from which to hint; below that the question is unanswered."""

    answer_at: float
    hint_at: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.hint_at <= self.answer_at <= 1.0:
            raise Misuse(
                f"The thresholds of confidence must be 0 ≤ hint_at ≤ answer_at ≤ 1, "
                f"but are hint_at {self.hint_at} and answer_at {self.answer_at}."
            )

    @classmethod
    def calibrated(cls, wrong_answer_rate: float | None = None) -> Policy:
        """The thresholds that belong to the bundled weights, or follow from how many answers may be wrong (0 to 1).

        Where no threshold was seen to keep the rate, it is the one with the fewest wrong answers.
        """
        weights = bundled()
        if wrong_answer_rate is None or not weights.risks:
            return cls(weights.answer_at, weights.hint_at)
        answer_at = answering_from(weights.risks, wrong_answer_rate)
        return cls(answer_at, min(weights.hint_at, answer_at))

    def outcome(self, confidence: float) -> Outcome:
        if confidence >= self.answer_at:
            return Outcome.ANSWERED
        return Outcome.HINTED if confidence >= self.hint_at else Outcome.UNANSWERED


def confidence(evidence: Evidence, weights: Weights | None = None) -> float:
    """The probability, 0 to 1, that what was found holds the answer; 0 when nothing was found."""
    if evidence == Evidence():
        return 0.0
    used = weights or bundled()
    features = zip(used.names, used.means, used.scales, used.coefficients, strict=True)
    total = used.intercept + sum(
        coefficient * (float(getattr(evidence, name)) - mean) / scale for name, mean, scale, coefficient in features
    )
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


def answering_from(risks: Sequence[tuple[float, float]], rate: float) -> float:
    """The lowest confidence from which on no more than the rate was wrong, or else the one with the fewest wrong."""
    kept = [threshold for threshold, wrong in risks if wrong <= rate]
    return min(kept) if kept else min(risks, key=lambda risk: (risk[1], -risk[0]))[0]


@cache
def bundled() -> Weights:
    """The weights that come with Sheriff; read once."""
    text = resources.files("knowledge").joinpath("relevance.json").read_text(encoding="utf-8")
    return Weights.parse(text, origin="knowledge/relevance.json")


def _checked(values: Mapping[str, Any]) -> Weights:
    features: Sequence[Mapping[str, Any]] = values["features"]
    unknown = sorted({str(feature["name"]) for feature in features} - FEATURES)
    if unknown:
        raise ValueError(f"unknown features {', '.join(unknown)}")
    if any(feature["scale"] <= 0 for feature in features):
        raise ValueError("a scale is not above 0")
    policy = Policy(float(values["answer_at"]), float(values["hint_at"]))
    return Weights(
        names=tuple(str(feature["name"]) for feature in features),
        means=tuple(float(feature["mean"]) for feature in features),
        scales=tuple(float(feature["scale"]) for feature in features),
        coefficients=tuple(float(feature["coefficient"]) for feature in features),
        intercept=float(values["intercept"]),
        answer_at=policy.answer_at,
        hint_at=policy.hint_at,
        note=str(values.get("note", "")),
        risks=tuple((float(risk["from"]), float(risk["wrong"])) for risk in values.get("risks", ())),
    )
