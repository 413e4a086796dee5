"""Fitting confidence: a logistic regression on the evidence of a search, and thresholds from a wrong-answer rate."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evals.metrics import auroc
from evals.runner import Trial
from knowledge.errors import Misuse
from knowledge.evidence import FEATURES, Evidence
from knowledge.relevance import Weights

# Of all small sets these tell best on corpora that they were not fitted on: product documentation, FAQ, paragraphs.
CHOSEN: Final = ("first_cosine", "first_words", "background", "fused_lead", "spelling")
# Log odds already, learnt for each index and each team: added as they are, and not weighed anew.
LEARNT: Final = ("own", "choice", "familiar")
FOLDS: Final = 5
ROUNDS: Final = 4  # cross-validations over other folds, averaged
UNSHRUNK: Final = 1e3  # two numbers need no regularisation
FEWEST: Final = 2 * FOLDS  # questions of each class
LEAST_ANSWERED: Final = 0.1  # share of all questions below which a wrong-answer rate is chance
COVERAGES: Final = tuple(step / 20 for step in range(1, 21))
SHOWN: Final = 0.1  # of these, the steps that are printed
SAVED_AGAIN: Final = "Save them again with --save-examples"

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """What a search found for one question, and whether its answer is right."""

    corpus: str
    answerable: bool
    right: bool  # the answer that would be given shows a page that answers
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Risk:
    """When the surest `coverage` of the questions are answered: from which confidence on, and how many wrongly."""

    coverage: float
    threshold: float
    wrong: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights with thresholds, and how they do on questions they were not fitted on."""

    weights: Weights
    auroc: float  # answerable against unanswerable
    attained: bool  # whether any threshold keeps the wrong-answer rate asked for
    wrong: float  # wrong answers among those at or above answer_at
    kept: float  # answerable questions that are answered or hinted
    refused: float  # unanswerable questions that are refused
    table: Sequence[Risk]


@dataclass(frozen=True, slots=True)
class _Columns:
    features: Numbers
    learnt: Numbers  # log odds that are added to those of the features
    answerable: Flags
    right: Flags
    weight: Numbers  # each corpus weighs the same, and in it the answerable and the unanswerable questions
    counted: Numbers  # the same for the scale and the thresholds: 0 for corpora that they are not fitted on


def examples(trials: Iterable[Trial], corpus: str) -> list[Example]:
    """What trials under a policy that always answers teach."""
    return [Example(corpus, trial.question.answerable, trial.cites_gold, trial.evidence) for trial in trials]


def save(found: Sequence[Example]) -> str:
    """One JSON object a line, as `load` reads them."""
    return "".join(json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in found)


def load(file: Path) -> list[Example]:
    """Saved examples; Misuse names the line that is not one."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{file}: cannot be read ({error}). {SAVED_AGAIN}.") from error
    return [_example(line, f"{file}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]


def _example(line: str, place: str) -> Example:
    try:
        values = json.loads(line)
        evidence = Evidence(**{name: float(value) for name, value in values["evidence"].items()})
        return Example(str(values["corpus"]), bool(values["answerable"]), bool(values["right"]), evidence)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Misuse(f"{place}: is not a saved example ({error}). {SAVED_AGAIN}.") from error


def fit(
    found: Sequence[Example],
    *,
    rate: float,
    names: Sequence[str] = CHOSEN,
    note: str = "",
    scale_on: Collection[str] = (),
) -> Fitted:
    """Weights and thresholds, judged by cross-validation. Raises Misuse when there is too little to learn from.

    What tells answerable from unanswerable is learnt from all corpora; how sure that makes, and the thresholds, only
    from those that `scale_on` names, or all.
    """
    unknown = sorted(set(names) - FEATURES)
    if unknown:
        raise Misuse(f"{', '.join(unknown)}: no feature of this name. There are {', '.join(sorted(FEATURES))}.")
    columns = _columns(found, names, scale_on)
    _check(columns)
    confidence = _cross_validated(columns)
    answer_at, attained = _answer_at(columns, confidence, rate)
    hint_at = min(_hint_at(columns, confidence), answer_at)
    model = _model(columns)
    table = _risks(columns, confidence)
    weights = Weights(
        names=(*names, *LEARNT),
        means=_rounded([*model.means, *(0.0 for _ in LEARNT)]),
        scales=_rounded([*model.scales, *(1.0 for _ in LEARNT)]),
        coefficients=_rounded([*model.coefficients, *(model.slope for _ in LEARNT)]),
        intercept=round(model.intercept, 4),
        answer_at=round(answer_at, 3),
        hint_at=round(hint_at, 3),
        note=note or _note(found),
        risks=tuple((round(risk.threshold, 4), round(risk.wrong, 4)) for risk in table),
    )
    return Fitted(
        weights=weights,
        auroc=auroc(confidence, columns.answerable),
        attained=attained,
        wrong=_share(~columns.right, confidence >= answer_at, columns.counted),
        kept=_share(confidence >= hint_at, columns.answerable, columns.counted),
        refused=_share(confidence < hint_at, ~columns.answerable, columns.counted),
        table=table,
    )


def as_text(fitted: Fitted, rate: float) -> str:
    """What was fitted and how it does, for a terminal."""
    weights = fitted.weights
    terms = (f"{value:+.2f} {name}" for name, value in zip(weights.names, weights.coefficients, strict=True))
    lines = [
        weights.note,
        f"weights of the standardised features: {', '.join(terms)}",
        "",
        "cross-validated:",
        f"  AUROC, answerable against unanswerable    {fitted.auroc:.3f}",
        f"  answer from confidence {weights.answer_at:.3f}: wrong answers {fitted.wrong:6.1%}",
        f"  hint from confidence {weights.hint_at:.3f}: answerable questions kept {fitted.kept:6.1%}",
        f"  below that: unanswerable questions refused {fitted.refused:6.1%}",
    ]
    if not fitted.attained:
        lines.append(f"  no threshold keeps wrong answers at {rate:.0%}: this one has the fewest")
    lines += ["", "  answered   from confidence   wrong"]
    shown = [risk for risk in fitted.table if round(risk.coverage / SHOWN, 6).is_integer()]
    lines += [f"  {risk.coverage:8.0%}   {risk.threshold:15.3f}   {risk.wrong:5.1%}" for risk in shown]
    return "\n".join(lines)


def _columns(found: Sequence[Example], names: Sequence[str], scale_on: Collection[str] = ()) -> _Columns:
    unknown = sorted(set(scale_on) - {example.corpus for example in found})
    if unknown:
        raise Misuse(f"{', '.join(unknown)}: no example is of this corpus, so that nothing can be scaled on it.")
    cells = [(example.corpus, example.answerable) for example in found]
    corpora = len({corpus for corpus, _ in cells})
    weight = [len(cells) / (2.0 * corpora * cells.count(cell)) for cell in cells]
    return _Columns(
        features=_numbers(found, names),
        learnt=_numbers(found, LEARNT).sum(axis=1),
        answerable=np.array([example.answerable for example in found], dtype=bool),
        right=np.array([example.right for example in found], dtype=bool),
        weight=np.array(weight, dtype=float),
        counted=np.array(
            [w if not scale_on or e.corpus in scale_on else 0.0 for w, e in zip(weight, found, strict=True)],
            dtype=float,
        ),
    )


def _numbers(found: Sequence[Example], names: Sequence[str]) -> Numbers:
    return np.array([[getattr(example.evidence, name) for name in names] for example in found], dtype=float)


def _check(columns: _Columns) -> None:
    right, refusable = int(columns.right.sum()), int((~columns.answerable).sum())
    if right < FEWEST or refusable < FEWEST:
        raise Misuse(
            f"There are {right} questions that are answered rightly and {refusable} without an answer; fitting needs "
            f"{FEWEST} of each. Add questions to the sets, or sets with --set, --no-answer or --with."
        )


@dataclass(frozen=True, slots=True)
class _Model:
    """Confidence as a function of the features: linear, then between 0 and 1."""

    means: Numbers
    scales: Numbers
    coefficients: Numbers
    intercept: float
    slope: float  # of what was learnt

    def confidence(self, features: Numbers, learnt: Numbers) -> Numbers:
        standard = (features - self.means) / self.scales
        total = self.intercept + standard @ self.coefficients + self.slope * learnt
        return np.asarray(1.0 / (1.0 + np.exp(-total)))


def _model(columns: _Columns, part: NDArray[np.intp] | slice = slice(None)) -> _Model:
    """What tells answerable from unanswerable questions, put on the scale of how often such an answer is right.

    In two steps, because whether a question has an answer is known without error, and whether the first page is the
    right one hangs on how the gold pages were chosen.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    weight = columns.weight[part]
    scaler = StandardScaler().fit(columns.features[part], sample_weight=weight)
    features = scaler.transform(columns.features[part])
    direction = LogisticRegression().fit(features, columns.answerable[part], sample_weight=weight)
    score = direction.decision_function(features) + columns.learnt[part]
    scale = LogisticRegression(C=UNSHRUNK).fit(score[:, None], columns.right[part], sample_weight=columns.counted[part])
    slope = float(scale.coef_[0, 0])
    intercept = slope * float(direction.intercept_[0]) + float(scale.intercept_[0])
    return _Model(scaler.mean_, scaler.scale_, slope * direction.coef_[0], intercept, slope)


def _cross_validated(columns: _Columns) -> Numbers:
    """Each question's confidence from models that have not seen it."""
    from sklearn.model_selection import StratifiedKFold

    strata = columns.right * 2 + columns.answerable
    confidence = np.zeros(len(columns.right))
    for seed in range(ROUNDS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for learnt, tried in _quietly(folds.split, columns.features, strata):
            confidence[tried] += (
                _model(columns, learnt).confidence(columns.features[tried], columns.learnt[tried]) / ROUNDS
            )
    return confidence


def _quietly(split: Callable[..., Iterable[Any]], *arguments: Any) -> list[Any]:
    """The folds, without the warning that a small class cannot be in all of them."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return list(split(*arguments))


def _answer_at(columns: _Columns, confidence: Numbers, rate: float) -> tuple[float, bool]:
    """The lowest threshold that keeps the rate, and True; or the one with the fewest wrong answers, and False."""
    best, best_wrong = 1.0, 1.0
    total = columns.counted.sum()
    for threshold in sorted(set(confidence.tolist())):
        answered = confidence >= threshold
        if columns.counted[answered].sum() < LEAST_ANSWERED * total:
            break
        wrong = _share(~columns.right, answered, columns.counted)
        if wrong <= rate:
            return threshold, True
        if wrong < best_wrong:
            best, best_wrong = threshold, wrong
    return best, False


def _hint_at(columns: _Columns, confidence: Numbers) -> float:
    """Where keeping the answerable and refusing the unanswerable questions are best together."""

    def both(threshold: float) -> float:
        kept = _share(confidence >= threshold, columns.answerable, columns.counted)
        return kept + _share(confidence < threshold, ~columns.answerable, columns.counted)

    thresholds: list[float] = sorted(set(confidence.tolist()))
    return max(thresholds, key=both)


def _risks(columns: _Columns, confidence: Numbers) -> list[Risk]:
    order = np.argsort(-confidence, kind="stable")
    covered = np.cumsum(columns.counted[order]) / columns.counted.sum()
    found = []
    for coverage in COVERAGES:
        last = min(int(np.searchsorted(covered, coverage - 1e-9)), len(order) - 1)
        threshold = float(confidence[order[last]])
        wrong = _share(~columns.right, confidence >= threshold, columns.counted)
        found.append(Risk(coverage, threshold, wrong))
    return found


def _share(values: Flags, of: Flags, weight: Numbers) -> float:
    total = float(weight[of].sum())
    return float(weight[of & values].sum()) / total if total else 0.0


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)


def _note(found: Sequence[Example]) -> str:
    corpora = dict.fromkeys(example.corpus for example in found)
    parts = []
    for corpus in corpora:
        own = [example for example in found if example.corpus == corpus]
        answerable = sum(example.answerable for example in own)
        parts.append(f"{answerable} questions with and {len(own) - answerable} without an answer on {corpus}")
    return f"Fitted on {'; '.join(parts)}."
