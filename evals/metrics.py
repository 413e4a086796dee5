"""The figures of a run, each with its 95 % interval. Retrieval is measured by ir-measures, on whole pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
SHARES: Final = frozenset({"recall@1", "recall@3", "recall@10", "refused", "kept", "helped", "wrong_answers"})

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval: Wilson's for a share, the bootstrap's for everything else."""

    value: float
    low: float
    high: float
    count: int  # questions it rests on


def figures(trials: Sequence[Trial], *, only: Collection[str] = tuple(MEANINGS)) -> dict[str, Figure]:
    """Every figure that the trials allow: without unanswerable questions there is no `auroc` and no `refused`."""
    columns = per_question(trials)
    found: dict[str, Figure] = {}
    for name in MEANINGS:
        if name not in only:
            continue
        if name == "auroc":
            found |= _auroc_figure(trials)
        elif columns[name]:
            found[name] = mean(list(columns[name].values()), share=name in SHARES)
    return found


def per_question(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Each figure that is a mean, as the values by question id that it is the mean of."""
    ranked = retrieval(trials)
    columns = {name: {id_: values[name] for id_, values in ranked.items()} for name in RETRIEVAL}
    answerable = [trial for trial in trials if trial.question.answerable]
    unanswerable = [trial for trial in trials if not trial.question.answerable]
    columns["refused"] = {t.question.id: float(t.outcome is Outcome.UNANSWERED) for t in unanswerable}
    columns["kept"] = {t.question.id: float(t.outcome is not Outcome.UNANSWERED) for t in answerable}
    columns["helped"] = {t.question.id: float(t.helped) for t in answerable}
    columns["wrong_answers"] = {t.question.id: float(t.wrong) for t in trials}
    return columns


def retrieval(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
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


def mean(values: Sequence[float], *, share: bool) -> Figure:
    """The mean of at least one value; a share has values of 0 and 1 only."""
    column = np.asarray(values, dtype=float)
    value = float(column.mean())
    low, high = wilson(int(column.sum()), column.size) if share else resampled_mean(column)
    return Figure(value, min(low, value), max(high, value), column.size)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927): unlike the bootstrap's, honest when all or none are hits."""
    from scipy.stats import binomtest

    interval = binomtest(hits, count).proportion_ci(confidence_level=0.95, method="wilson")
    return max(0.0, float(interval.low)), min(1.0, float(interval.high))


def resampled_mean(values: Values) -> tuple[float, float]:
    """The percentile bootstrap's interval of a mean (Efron 1979)."""
    random = np.random.default_rng(SEED)
    return interval_of(
        np.array([values[random.integers(values.size, size=values.size)].mean() for _ in range(RESAMPLES)])
    )


def interval_of(samples: Values) -> tuple[float, float]:
    """What the middle 95 % of resampled values lie between."""
    low, high = np.quantile(samples, [0.025, 0.975])
    return float(low), float(high)


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(np.asarray(values), share)) if values else 0.0


def auroc(scores: Values, positive: Flags) -> float:
    """How often a positive has the higher score, ties counting half; not a number when one side is empty."""
    from scipy.stats import rankdata

    better, worse = int(positive.sum()), int((~positive).sum())
    if not better or not worse:
        return float("nan")
    ranks = rankdata(scores)  # ties share their mean rank (Mann and Whitney 1947)
    return float((ranks[positive].sum() - better * (better + 1) / 2) / (better * worse))


def resamples(answerable: Flags) -> list[NDArray[np.intp]]:
    """Bootstrap samples that keep how many questions have an answer and how many have none."""
    random = np.random.default_rng(SEED)
    sides = [np.flatnonzero(side) for side in (answerable, ~answerable)]
    return [np.concatenate([random.choice(side, side.size) for side in sides if side.size]) for _ in range(RESAMPLES)]


def _auroc_figure(trials: Sequence[Trial]) -> dict[str, Figure]:
    confidence = np.array([trial.confidence for trial in trials], dtype=float)
    answerable = np.array([trial.question.answerable for trial in trials], dtype=bool)
    value = auroc(confidence, answerable)
    if np.isnan(value):
        return {}
    samples = np.array([auroc(confidence[pick], answerable[pick]) for pick in resamples(answerable)])
    return {"auroc": Figure(value, *interval_of(samples), len(trials))}


def _one_gold(trial: Trial) -> list[str]:
    """The ranking with the best accepted page named "gold" and the others left out."""
    pages = [page for page in trial.pages if not trial.question.accepts(page)]
    if trial.rank:
        pages.insert(sum(not trial.question.accepts(page) for page in trial.pages[: trial.rank]), "gold")
    return pages or ["nothing found"]
