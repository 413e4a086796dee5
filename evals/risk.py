"""How far confidence can be trusted: risk and coverage, reliability, and what refusing costs.

An answer is right here when what is cited first, or would be, answers the question; to an unanswerable question every
answer is wrong. That is what confidence claims to be the probability of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evals.metrics import Flags, Values, interval_of, resamples, wilson
from evals.runner import Trial

RATES: Final = (0.05, 0.10, 0.20)
BINS: Final = 10
TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """When every question from this confidence on is answered: how many that is, and how many wrongly."""

    threshold: float
    coverage: float  # share of all questions
    wrong: float  # share of the answered ones


@dataclass(frozen=True, slots=True)
class Coverage:
    """The most that can be answered with at most `rate` of the answers wrong; `coverage` is 0 when nothing can."""

    rate: float
    coverage: float
    low: float  # 95 % interval of the coverage, by bootstrap
    high: float
    threshold: float | None  # None when no threshold keeps the rate
    answered: int
    wrong: float  # share of the answers that is wrong then


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar confidence: what was claimed, and what was so."""

    count: int
    confidence: float  # mean
    right: float  # share
    low: float  # 95 % interval of that share (Wilson)
    high: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Claimed against observed confidence."""

    bins: Sequence[Bin]  # about equally many questions in each
    error: float  # expected calibration error: mean distance of claim and truth over the bins
    brier: float  # mean squared distance over the questions (Brier 1950)


def curve(trials: Sequence[Trial]) -> list[Point]:
    """One point for each distinct confidence, surest first (El-Yaniv and Wiener 2010)."""
    steps = _steps(*_columns(trials))
    return [Point(*map(float, step)) for step in zip(*steps, strict=True)]


def coverages(trials: Sequence[Trial], rates: Sequence[float] = RATES) -> list[Coverage]:
    """What can be answered at each rate of wrong answers."""
    confidence, right = _columns(trials)
    answerable = np.array([trial.question.answerable for trial in trials], dtype=bool)
    resampled = [_steps(confidence[pick], right[pick]) for pick in resamples(answerable)]
    points = curve(trials)
    found = []
    for rate in rates:
        low, high = interval_of(np.array([_widest(steps, rate) for steps in resampled]))
        best = max((p for p in points if p.wrong <= rate + TINY), key=lambda p: p.coverage, default=None)
        if best is None:
            found.append(Coverage(rate, 0.0, low, high, None, 0, 0.0))
        else:
            answered = round(best.coverage * len(trials))
            found.append(Coverage(rate, best.coverage, low, high, best.threshold, answered, best.wrong))
    return found


@dataclass(frozen=True, slots=True)
class Widening:
    """How much more can be answered at a rate of wrong answers, on the same questions."""

    rate: float
    before: float  # coverage
    after: float
    low: float  # 95 % interval of after - before, by paired bootstrap
    high: float


def widenings(olds: Sequence[Trial], news: Sequence[Trial], rates: Sequence[float] = RATES) -> list[Widening]:
    """The change of coverage at each rate; both sides are of the same questions in the same order."""
    old, new = _columns(olds), _columns(news)
    answerable = np.array([trial.question.answerable for trial in news], dtype=bool)
    resampled = [[_steps(c[pick], r[pick]) for c, r in (old, new)] for pick in resamples(answerable)]
    found = []
    for rate in rates:
        changes = [_widest(after, rate) - _widest(before, rate) for before, after in resampled]
        before, after = (_widest(_steps(*side), rate) for side in (old, new))
        found.append(Widening(rate, before, after, *interval_of(np.array(changes))))
    return found


def reliability(trials: Sequence[Trial]) -> Reliability:
    """Bins of about equally many questions, at most ten and at least about five questions in each."""
    confidence, right = _columns(trials)
    order = np.argsort(confidence, kind="stable")
    count = max(1, min(BINS, len(trials) // 5))
    bins = []
    for part in np.array_split(order, count):
        hits = int(right[part].sum())
        bins.append(Bin(part.size, float(confidence[part].mean()), hits / part.size, *wilson(hits, part.size)))
    error = sum(found.count * abs(found.confidence - found.right) for found in bins) / len(trials)
    return Reliability(tuple(bins), error, float(np.mean((confidence - right) ** 2)))


def roc(trials: Sequence[Trial]) -> list[tuple[float, float]]:
    """For each threshold below which everything is refused: the share of answerable questions refused by mistake, and
    the share of unanswerable ones refused rightly. Empty when the set has only one sort."""
    answerable = sorted(trial.confidence for trial in trials if trial.question.answerable)
    unanswerable = sorted(trial.confidence for trial in trials if not trial.question.answerable)
    if not answerable or not unanswerable:
        return []
    thresholds = sorted({*answerable, *unanswerable})
    below = [
        (float(np.searchsorted(answerable, limit)), float(np.searchsorted(unanswerable, limit))) for limit in thresholds
    ]
    return [(kept / len(answerable), refused / len(unanswerable)) for kept, refused in below] + [(1.0, 1.0)]


def _columns(trials: Sequence[Trial]) -> tuple[Values, Flags]:
    confidence = np.array([trial.confidence for trial in trials], dtype=float)
    return confidence, np.array([trial.right for trial in trials], dtype=bool)


def _steps(confidence: Values, right: Flags) -> tuple[Values, Values, Values]:
    """Thresholds from the highest down, with the coverage and the share of wrong answers at each."""
    order = np.argsort(-confidence, kind="stable")
    descending = confidence[order]
    last = np.flatnonzero(np.append(np.diff(descending) != 0, True))  # equally sure ones are answered together
    return descending[last], (last + 1) / order.size, np.cumsum(~right[order])[last] / (last + 1)


def _widest(steps: tuple[Values, Values, Values], rate: float) -> float:
    _, coverage, wrong = steps
    return float(coverage[wrong <= rate + TINY].max(initial=0.0))
