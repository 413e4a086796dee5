"""The scorecard of a run: figures with intervals, slices, trust, outcomes, latency, and the cases that went worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evals.metrics import Figure, figures, percentile
from evals.risk import Coverage, Reliability, coverages, reliability
from evals.runner import Trial
from knowledge.model import Outcome

WORST: Final = 12
FEW: Final = 10  # questions below which a slice is a list of cases, not a figure
SLICED: Final = ("recall@1", "recall@3", "ndcg@10", "helped", "refused")


@dataclass(frozen=True, slots=True)
class Slice:
    """The figures of the questions of one kind, or of one component."""

    count: int
    answerable: int
    figures: Mapping[str, Figure]

    @property
    def is_small(self) -> bool:
        return self.count < FEW


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything that follows from the trials of a run."""

    figures: Mapping[str, Figure]
    coverages: Sequence[Coverage]  # what can be answered at 5, 10 and 20 % wrong
    reliability: Reliability
    outcomes: Mapping[str, Mapping[Outcome, int]]  # "answerable" and "unanswerable": how many of each outcome
    slices: Mapping[str, Mapping[str, Slice]]  # "kind" and "component", then its values
    latency: tuple[float, float]  # seconds of a keyless answer: median, and what 95 of 100 stay below
    trials: Sequence[Trial]


def score(trials: Sequence[Trial]) -> Scorecard:
    """The scorecard of at least one trial."""
    seconds = [trial.seconds for trial in trials]
    return Scorecard(
        figures=figures(trials),
        coverages=coverages(trials),
        reliability=reliability(trials),
        outcomes=_outcomes(trials),
        slices={
            "kind": _slices(trials, lambda trial: trial.question.kind),
            "component": _slices(trials, lambda trial: trial.question.component),
        },
        latency=(percentile(seconds, 0.5), percentile(seconds, 0.95)),
        trials=tuple(trials),
    )


def worst(trials: Sequence[Trial]) -> list[tuple[Trial, str]]:
    """What went wrong, worst first, each with a few words that say what."""
    found = [(severity, trial, said) for trial in trials for severity, said in [_trouble(trial)] if severity]
    found.sort(key=lambda case: (-case[0], -abs(case[1].confidence - 0.5), case[1].question.id))
    return [(trial, said) for _, trial, said in found[:WORST]]


def _outcomes(trials: Sequence[Trial]) -> dict[str, dict[Outcome, int]]:
    sides = {"answerable": True, "unanswerable": False}
    return {
        side: {
            outcome: sum(t.outcome is outcome for t in trials if t.question.answerable is answerable)
            for outcome in Outcome
        }
        for side, answerable in sides.items()
    }


def _slices(trials: Sequence[Trial], key: Callable[[Trial], str]) -> dict[str, Slice]:
    found: dict[str, Slice] = {}
    for name in sorted({key(trial) for trial in trials} - {""}):
        part = [trial for trial in trials if key(trial) == name]
        answerable = sum(trial.question.answerable for trial in part)
        found[name] = Slice(len(part), answerable, figures(part, only=SLICED))
    return found


def missing_gold(trials: Sequence[Trial], paths: frozenset[str]) -> tuple[str, ...]:
    """Gold paths of the questions that are not among the corpus's paths: most likely misspelt."""
    named = dict.fromkeys(gold for trial in trials for gold in trial.question.gold)
    return tuple(
        gold
        for gold in named
        if gold not in paths and not (gold.endswith("/") and any(path.startswith(gold) for path in paths))
    )


def _trouble(trial: Trial) -> tuple[int, str]:
    """How bad, 0 for nothing, and what."""
    cited = ", ".join(trial.cited[:2]) or "nothing"
    if trial.wrong and not trial.question.answerable:
        return 5, f"answered although nothing answers it, from {cited}"
    if trial.wrong:
        return 4, f"answered from {cited}; right is {trial.question.gold[0]} ({_place(trial)})"
    if trial.question.answerable and trial.outcome is Outcome.UNANSWERED:
        return 3, f"refused; {trial.question.gold[0]} answers it ({_place(trial)})"
    if trial.question.answerable and not trial.helped:
        return 2, f"hinted at {cited}; right is {trial.question.gold[0]} ({_place(trial)})"
    if not trial.question.answerable and trial.outcome is Outcome.HINTED:
        return 1, f"hinted at {cited}, and nothing answers it"
    return 0, ""


def _place(trial: Trial) -> str:
    return f"found in place {trial.rank}" if trial.rank else "not found"
