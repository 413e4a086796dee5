"""Two runs side by side, question by question, with the paired difference of every figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from evals.baseline import TOLERANCES
from evals.metrics import LESS_IS_BETTER, MEANINGS, SHARES, auroc, interval_of, per_question, resampled_mean, resamples
from evals.risk import Widening, widenings
from evals.runner import Trial
from evals.runs import Run
from evals.wording import count
from knowledge.errors import Misuse

SURE: Final = 0.05  # two-sided


class Mark(StrEnum):
    """What became of a question from the first run to the second."""

    LOST = "lost"  # a page that answers was first, and is not any more
    GAINED = "gained"
    OUTCOME = "other outcome"
    FIRST = "other first page"  # neither gained nor lost by it


TITLES: Final = {
    Mark.LOST: "lost: a page that answers is not first any more",
    Mark.GAINED: "gained: a page that answers is first now",
    Mark.OUTCOME: "other outcome",
    Mark.FIRST: "other first page, neither gained nor lost",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in both runs, on the same questions."""

    name: str
    before: float
    after: float
    low: float  # 95 % interval of after - before, by paired bootstrap
    high: float
    count: int
    gained: int | None = None  # of a share: questions that count only after
    lost: int | None = None
    p: float | None = None  # of a share: exact two-sided McNemar (sign) test; 1 when nothing changed

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def is_sure(self) -> bool:
        """Whether chance alone would rarely make such a difference."""
        return self.p < SURE if self.p is not None else self.low > 0 or self.high < 0

    @property
    def fall(self) -> float:
        """How much worse it is; negative when it is better."""
        return self.change if self.name in LESS_IS_BETTER else -self.change


@dataclass(frozen=True, slots=True)
class Changed:
    before: Trial
    after: Trial
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs on the questions that both asked, judged by the gold of the second."""

    before: Run
    after: Run
    questions: int
    differences: Sequence[Difference]
    changed: Sequence[Changed]  # lost ones first, then gained ones
    only_before: int
    only_after: int
    other_gold: int  # questions whose gold differs between the runs

    def of(self, mark: Mark) -> list[Changed]:
        return [one for one in self.changed if mark in one.marks]


def compare(before: Run, after: Run) -> Comparison:
    """Raises Misuse when the runs have no question in common."""
    earlier = {(t.question.id, t.question.text): t for t in before.trials}
    pairs = [
        (earlier[key], trial) for trial in after.trials if (key := (trial.question.id, trial.question.text)) in earlier
    ]
    if not pairs:
        raise Misuse(
            f"{before.file or 'The first run'} asks {before.about.name}, {after.file or 'the second'} asks "
            f"{after.about.name}: they have no question in common. Compare two runs of one set."
        )
    olds = [replace(old, question=new.question) for old, new in pairs]
    news = [new for _, new in pairs]
    return Comparison(
        before=before,
        after=after,
        questions=len(pairs),
        differences=_differences(olds, news),
        changed=_changes(olds, news),
        only_before=len(before.trials) - len(pairs),
        only_after=len(after.trials) - len(pairs),
        other_gold=sum(set(old.question.gold) != set(new.question.gold) for old, new in pairs),
    )


def worsened(found: Comparison) -> list[str]:
    """A sentence for each figure that fell by more than the gate's tolerance, or more than chance explains."""
    told = []
    for difference in found.differences:
        beyond = difference.fall > TOLERANCES.get(difference.name, 1.0) + 1e-9
        if beyond or (difference.is_sure and difference.fall > 0):
            verb = "rose" if difference.name in LESS_IS_BETTER else "fell"
            reason = f"more than its tolerance of {TOLERANCES[difference.name]:g}" if beyond else "more than by chance"
            told.append(f"{difference.name} {verb} from {difference.before:.3f} to {difference.after:.3f}: {reason}.")
    return told


def origins(found: Comparison) -> list[tuple[str, str, str]]:
    """What the figures come from: name, before, after."""
    one, other = found.before.about, found.after.about
    settings = dict.fromkeys((*one.settings, *other.settings))
    return [
        ("run", found.before.file or "–", found.after.file or "–"),
        ("made", one.made, other.made),
        ("questions", one.name, other.name),
        ("documentation", f"{one.corpus}, {one.documents:,}", f"{other.corpus}, {other.documents:,}"),
        ("index", one.index, other.index),
        ("code", one.code, other.code),
        *((name, str(one.settings.get(name, "–")), str(other.settings.get(name, "–"))) for name in settings),
    ]


def remarks(found: Comparison) -> list[str]:
    """What to know before believing the differences."""
    told = []
    if found.only_before or found.only_after:
        told.append(
            f"The runs ask different questions: {found.only_before} only in the first, {found.only_after} only in the "
            f"second. Compared are the {found.questions} in both."
        )
    if found.other_gold:
        told.append(
            f"The gold of {count(found.other_gold, 'question')} differs: both runs are judged by that of the second."
        )
    return told


def said(trial: Trial) -> str:
    """One side of a changed question in a few words."""
    first = trial.pages[0] if trial.pages else "nothing"
    place = f", right in place {trial.rank}" if trial.rank > 1 else ""
    place = ", right" if trial.rank == 1 else place
    return f"{trial.outcome} {trial.confidence:.2f}, {first}{place}"


def _differences(olds: Sequence[Trial], news: Sequence[Trial]) -> list[Difference]:
    before, after = per_question(olds), per_question(news)
    found = []
    for name in MEANINGS:
        if name == "auroc":
            found += _auroc_difference(olds, news)
        elif after[name]:
            found.append(_paired(name, before[name], after[name]))
    return [*found, *(_widened(one, len(news)) for one in widenings(olds, news))]


def _widened(found: Widening, count: int) -> Difference:
    name = f"at {found.rate:.0%} wrong"
    return Difference(name, found.before, found.after, found.low, found.high, count)


def _paired(name: str, before: Mapping[str, float], after: Mapping[str, float]) -> Difference:
    old = np.array([before[id_] for id_ in after], dtype=float)
    new = np.array(list(after.values()), dtype=float)
    low, high = resampled_mean(new - old)
    difference = Difference(name, float(old.mean()), float(new.mean()), low, high, new.size)
    if name not in SHARES:
        return difference
    gained, lost = int(((new - old) > 0).sum()), int(((new - old) < 0).sum())
    return replace(difference, gained=gained, lost=lost, p=sign_test(gained, lost))


def sign_test(gained: int, lost: int) -> float:
    """Exact McNemar test (McNemar 1947): how often a fair coin is at least this uneven."""
    from scipy.stats import binomtest

    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def _auroc_difference(olds: Sequence[Trial], news: Sequence[Trial]) -> list[Difference]:
    answerable = np.array([trial.question.answerable for trial in news], dtype=bool)
    old, new = (np.array([trial.confidence for trial in side], dtype=float) for side in (olds, news))
    before, after = auroc(old, answerable), auroc(new, answerable)
    if np.isnan(after):
        return []
    samples = [
        auroc(new[pick], answerable[pick]) - auroc(old[pick], answerable[pick]) for pick in resamples(answerable)
    ]
    low, high = interval_of(np.array(samples))
    return [Difference("auroc", before, after, low, high, len(news))]


def _changes(olds: Sequence[Trial], news: Sequence[Trial]) -> list[Changed]:
    found = [Changed(old, new, marks) for old, new in zip(olds, news, strict=True) if (marks := _marks(old, new))]
    order = list(Mark)
    return sorted(found, key=lambda one: order.index(one.marks[0]))  # stable: the order of the set within a mark


def _marks(old: Trial, new: Trial) -> tuple[Mark, ...]:
    marks = []
    if old.rank == 1 and new.rank != 1:
        marks.append(Mark.LOST)
    if old.rank != 1 and new.rank == 1:
        marks.append(Mark.GAINED)
    if old.outcome is not new.outcome:
        marks.append(Mark.OUTCOME)
    if old.pages[:1] != new.pages[:1] and not {Mark.LOST, Mark.GAINED} & set(marks):
        marks.append(Mark.FIRST)
    return tuple(marks)
