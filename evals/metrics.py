"""The figures of a run, each with its 95 % interval. Retrieval is measured by ir-measures, on whole pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evals.runner import Trial
from knowledge.model import Outcome

RESAMPLES: Final = 1000
SEED: Final = 20_240_101  # the same run gives the same interval
RETRIEVAL: Final[Mapping[str, str]] = {
    "recall@1": "R@1",
    "recall@3": "R@3",
    "recall@10": "R@10",
    "mrr": "RR",
    "ndcg@10": "nDCG@10",
}
MEANINGS: Final[Mapping[str, str]] = {
    "recall@1": "answerable: a page that answers is first",
    "recall@3": "answerable: … among the first 3",
    "recall@10": "answerable: … among the first 10",
    "mrr": "answerable: mean of 1 / its place",
    "ndcg@10": "answerable: the same, discounted by the logarithm of its place",
    "auroc": "an answerable question has more confidence than an unanswerable one",
    "refused": "unanswerable: Sheriff says that it does not know",
    "kept": "answerable: answer or hint, whatever it shows",
    "helped": "answerable: answer or hint that shows a page which answers",
    "wrong_answers": "all: answered, not hinted, without a page that answers (less is better)",
}
LESS_IS_BETTER: Final = frozenset({"wrong_answers"})

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with the interval that holds it in 95 of 100 such sets."""

    value: float
    low: float
    high: float
    count: int  # questions it rests on


@dataclass(frozen=True, slots=True)
class _Table:
    """The trials as columns, so that resampling is a matter of indices."""

    retrieval: Mapping[str, Values]  # per trial; 0 for unanswerable ones
    answerable: NDArray[np.bool_]
    confidence: Values
    unanswered: NDArray[np.bool_]
    helped: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def figures(trials: Sequence[Trial], *, intervals: bool = True) -> dict[str, Figure]:
    """Every figure that the trials allow: without unanswerable questions there is no `auroc` and no `refused`."""
    table = _table(trials)
    picks = _resampled(table) if intervals else []
    found: dict[str, Figure] = {}
    for name, (measure, count) in _measures(table).items():
        value = measure(np.arange(len(trials)))
        if np.isnan(value):
            continue
        spread = np.array([measure(pick) for pick in picks] or [value])
        low, high = np.nanquantile(spread, [0.025, 0.975])
        found[name] = Figure(float(value), float(low), float(high), count)
    return found


def per_question(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """ir-measures' values by question id. Several accepted pages count as one, at the place of the best."""
    import ir_measures

    asked = [trial for trial in trials if trial.question.answerable]
    if not asked:
        return {}
    qrels = [ir_measures.Qrel(trial.question.id, "gold", 1) for trial in asked]
    run = [
        ir_measures.ScoredDoc(trial.question.id, page, -float(place))
        for trial in asked
        for place, page in enumerate(_one_gold(trial), start=1)
    ]
    names = {ir_measures.parse_measure(measure): name for name, measure in RETRIEVAL.items()}
    values: dict[str, dict[str, float]] = {trial.question.id: {} for trial in asked}
    for metric in ir_measures.iter_calc(list(names), qrels, run):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return values


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(np.asarray(values), share)) if values else 0.0


def _one_gold(trial: Trial) -> list[str]:
    """The ranking with the best accepted page named "gold" and the others left out."""
    pages = [page for page in trial.pages if not trial.question.accepts(page)]
    if trial.rank:
        pages.insert(sum(not trial.question.accepts(page) for page in trial.pages[: trial.rank]), "gold")
    return pages or ["nothing found"]


def _table(trials: Sequence[Trial]) -> _Table:
    values = per_question(trials)
    return _Table(
        retrieval={
            name: np.array([values.get(trial.question.id, {}).get(name, 0.0) for trial in trials], dtype=float)
            for name in RETRIEVAL
        },
        answerable=np.array([trial.question.answerable for trial in trials], dtype=bool),
        confidence=np.array([trial.confidence for trial in trials], dtype=float),
        unanswered=np.array([trial.outcome is Outcome.UNANSWERED for trial in trials], dtype=bool),
        helped=np.array([trial.helped for trial in trials], dtype=bool),
        wrong=np.array([trial.wrong for trial in trials], dtype=bool),
    )


def _measures(table: _Table) -> dict[str, tuple[Callable[[NDArray[np.intp]], float], int]]:
    """Each figure as a function of which trials are looked at, and how many it rests on."""
    answerable, unanswerable = table.answerable, ~table.answerable
    asked, refusable = int(answerable.sum()), int(unanswerable.sum())

    def share(values: NDArray[np.generic], of: NDArray[np.bool_]) -> Callable[[NDArray[np.intp]], float]:
        def measured(pick: NDArray[np.intp]) -> float:
            chosen = values[pick][of[pick]]
            return float(np.mean(chosen.astype(float))) if chosen.size else float("nan")

        return measured

    found = {name: (share(values, answerable), asked) for name, values in table.retrieval.items()}
    found["auroc"] = (lambda pick: auroc(table.confidence[pick], answerable[pick]), asked + refusable)
    found["refused"] = (share(table.unanswered, unanswerable), refusable)
    found["kept"] = (share(~table.unanswered, answerable), asked)
    found["helped"] = (share(table.helped, answerable), asked)
    found["wrong_answers"] = (share(table.wrong, answerable | unanswerable), asked + refusable)
    return found


def auroc(scores: Values, positive: NDArray[np.bool_]) -> float:
    """How often a positive has the higher score, ties counting half; not a number when one side is empty."""
    better, worse = scores[positive], scores[~positive]
    if not better.size or not worse.size:
        return float("nan")
    above = (better[:, None] > worse[None]).mean() + 0.5 * (better[:, None] == worse[None]).mean()
    return float(above)


def _resampled(table: _Table) -> list[NDArray[np.intp]]:
    """Bootstrap samples that keep how many questions have an answer and how many have none."""
    random = np.random.default_rng(SEED)
    sides = [np.flatnonzero(side) for side in (table.answerable, ~table.answerable)]
    return [np.concatenate([random.choice(side, side.size) for side in sides if side.size]) for _ in range(RESAMPLES)]
