"""A scorecard as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from evals.judge import summary
from evals.metrics import MEANINGS, Figure
from evals.runs import Run
from evals.scorecard import FEW, SLICED, Scorecard, Slice, worst
from evals.wording import count
from knowledge.model import Outcome

SHOWN = 5  # judged answers, and failures of the judge
SHORT = {"recall@1": "@1", "recall@3": "@3", "ndcg@10": "nDCG", "helped": "helped", "refused": "refused"}


def as_text(run: Run, card: Scorecard) -> str:
    """Figures, trust, outcomes, slices, latency, the worst cases, and what to mend in the sets."""
    slices = [_slice_lines(name, values) for name, values in card.slices.items() if len(values) > 1]
    if any(part.is_small for values in card.slices.values() for part in values.values()):
        slices.append([f"* fewer than {FEW} questions: read them, do not trust the figure"] if slices else [])
    median, most = card.latency
    parts = [
        _head_lines(run),
        _figure_lines(card.figures),
        _trust_lines(card),
        _outcome_lines(card),
        *slices,
        [f"answer without a model: p50 {median * 1000:.1f} ms, p95 {most * 1000:.1f} ms"],
        _judge_lines(run),
        _worst_lines(card),
        missing_lines(run.about.missing_gold),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def missing_lines(missing: Sequence[str]) -> list[str]:
    """A warning that names gold paths which the index does not hold."""
    if not missing:
        return []
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    noun = "gold path is" if len(missing) == 1 else "gold paths are"
    return [f"warning: {len(missing)} {noun} not in the index: {shown}. Correct them in the question set."]


def _head_lines(run: Run) -> list[str]:
    about = run.about
    answerable = sum(trial.question.answerable for trial in run.trials)
    asked = f"{count(len(run.trials), 'question')} on {about.corpus} ({about.documents:,} documents)"
    lines = [f"{asked}: {answerable} answerable, {len(run.trials) - answerable} not"]
    if about.waiting:
        wait = "waits" if about.waiting == 1 else "wait"
        lines.append(f"{count(about.waiting, 'proposed row')} {wait} for a person: sheriff-evals review FILE")
    return lines


def _figure_lines(found: Mapping[str, Figure]) -> list[str]:
    lines = [f"{'':14}{'value':>7}   {'95 % interval':13}  {'n':>4}"]
    for name, figure in found.items():
        interval = f"{figure.low:.3f}–{figure.high:.3f}"
        lines.append(f"{name:14}{figure.value:7.3f}   {interval:13}  {figure.count:4}  {MEANINGS[name]}")
    return lines


def _trust_lines(card: Scorecard) -> list[str]:
    """Wrong is an answer whose first citation does not answer."""
    lines = ["share of all questions that can be answered while so many of the answers cite a wrong page first:"]
    lines.append(f"{'  wrong':14}{'answered':>8}   {'95 % interval':13}  {'n':>4}  from confidence")
    for found in card.coverages:
        interval = f"{found.low:.3f}–{found.high:.3f}"
        start = f"{found.threshold:.3f}" if found.threshold is not None else "no threshold keeps this"
        share = f"{found.rate:.0%}"
        lines.append(f"{'  ≤ ' + share:14}{found.coverage:8.3f}   {interval:13}  {found.answered:4}  {start}")
    claimed = card.reliability
    lines.append(f"calibration error {claimed.error:.3f}, Brier score {claimed.brier:.3f} (less is better)")
    return lines


def _outcome_lines(card: Scorecard) -> list[str]:
    lines = [f"{'':14}" + "".join(f"{outcome:>12}" for outcome in Outcome)]
    for side, counts in card.outcomes.items():
        if any(counts.values()):
            lines.append(f"{side:14}" + "".join(f"{counts[outcome]:12}" for outcome in Outcome))
    answers = sum(trial.outcome is Outcome.ANSWERED for trial in card.trials)
    wrong = sum(trial.wrong for trial in card.trials)
    return [*lines, f"wrong answers: {wrong} of {answers} given"]


def _slice_lines(name: str, parts: Mapping[str, Slice]) -> list[str]:
    titles = "".join(f"{SHORT[figure]:>18}" for figure in SLICED)
    lines = [f"by {name:19}{'n':>5} {titles}"]
    for key, part in parts.items():
        cells = "".join(f"{_cell(part.figures.get(figure)):>18}" for figure in SLICED)
        lines.append(f"  {key[:20]:20}{part.count:5}{'*' if part.is_small else ' '}{cells}")
    return lines


def _cell(figure: Figure | None) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})" if figure else "–"


def _judge_lines(run: Run) -> list[str]:
    if not run.judged:
        return []
    lines = [summary(str(run.about.settings.get("judge", "")), run.judged)]
    texts = {trial.question.id: " ".join(trial.question.text.split())[:100] for trial in run.trials}
    wrong = [(id_, one) for id_, one in run.judged.items() if one.grade == 0]
    for id_, one in wrong[:SHOWN]:
        lines += [f"  {id_} (0) {texts[id_]}", f"      {one.reason}"]
    failures = Counter(one.reason for one in run.judged.values() if one.grade is None)
    lines += [f"  failed {times} ×: {reason}" for reason, times in failures.most_common(SHOWN)]
    return lines


def _worst_lines(card: Scorecard) -> list[str]:
    def lines() -> Iterator[str]:
        for trial, said in worst(card.trials):
            yield f"  {trial.question.id} ({trial.confidence:.2f}) {' '.join(trial.question.text.split())[:100]}"
            yield f"      {said}"

    found = list(lines())
    return ["worst cases:", *found] if found else []
