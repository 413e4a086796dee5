"""The scorecard of a run: figures with intervals, slices, outcomes, latency, and the cases that went worst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from evals.metrics import MEANINGS, Figure, figures, percentile
from evals.runner import Trial
from knowledge.model import Outcome

WORST: Final = 12
SLICED: Final = ("recall@1", "recall@3", "ndcg@10", "helped", "refused")


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything a run tells; `as_text` and `as_json` show it."""

    corpus: str
    documents: int
    figures: Mapping[str, Figure]
    outcomes: Mapping[str, Mapping[Outcome, int]]  # "answerable" and "unanswerable": how many of each outcome
    slices: Mapping[str, Mapping[str, Slice]]  # "kind" and "component", then its values
    latency: tuple[float, float]  # seconds of a keyless answer: median, and what 95 of 100 stay below
    trials: Sequence[Trial]
    missing_gold: Sequence[str] = ()  # gold paths that the index does not hold


@dataclass(frozen=True, slots=True)
class Slice:
    count: int
    values: Mapping[str, float]


def score(trials: Sequence[Trial], *, corpus: str, paths: frozenset[str]) -> Scorecard:
    """The scorecard of the trials on a corpus that holds these paths."""
    seconds = [trial.seconds for trial in trials]
    return Scorecard(
        corpus=corpus,
        documents=len(paths),
        figures=figures(trials),
        outcomes=_outcomes(trials),
        slices={
            "kind": _slices(trials, lambda trial: trial.question.kind),
            "component": _slices(trials, lambda trial: trial.question.component),
        },
        latency=(percentile(seconds, 0.5), percentile(seconds, 0.95)),
        trials=tuple(trials),
        missing_gold=missing_gold(trials, paths),
    )


def worst(trials: Sequence[Trial]) -> list[tuple[Trial, str]]:
    """What went wrong, worst first, each with a few words that say what."""
    found = [(severity, trial, said) for trial in trials for severity, said in [_trouble(trial)] if severity]
    found.sort(key=lambda case: (-case[0], -abs(case[1].confidence - 0.5), case[1].question.id))
    return [(trial, said) for _, trial, said in found[:WORST]]


def as_text(card: Scorecard) -> str:
    """The scorecard for a terminal."""
    asked = len(card.trials)
    answerable = sum(trial.question.answerable for trial in card.trials)
    head = (
        f"{asked} questions on {card.corpus} ({card.documents:,} documents): "
        f"{answerable} answerable, {asked - answerable} not"
    )
    parts = [[head], _figure_lines(card.figures), _outcome_lines(card)]
    parts += [_slice_lines(name, values) for name, values in card.slices.items() if len(values) > 1]
    median, most = card.latency
    parts.append([f"answer without a model: p50 {median * 1000:.1f} ms, p95 {most * 1000:.1f} ms"])
    parts.append(_worst_lines(card.trials))
    if card.missing_gold:
        parts.append(_missing_lines(card.missing_gold))
    return "\n\n".join("\n".join(part) for part in parts if part)


def as_json(card: Scorecard) -> dict[str, Any]:
    """The same as plain values, with every question, so that two runs can be compared."""
    return {
        "corpus": card.corpus,
        "documents": card.documents,
        "figures": {name: asdict(figure) for name, figure in card.figures.items()},
        "outcomes": {
            side: {str(outcome): n for outcome, n in counts.items()} for side, counts in card.outcomes.items()
        },
        "slices": {name: {key: asdict(part) for key, part in values.items()} for name, values in card.slices.items()},
        "latency_seconds": {"p50": card.latency[0], "p95": card.latency[1]},
        "missing_gold": list(card.missing_gold),
        "questions": [_row(trial) for trial in card.trials],
    }


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "id": trial.question.id,
        "text": trial.question.text,
        "gold": list(trial.question.gold),
        "kind": trial.question.kind,
        "component": trial.question.component,
        "outcome": str(trial.outcome),
        "confidence": round(trial.confidence, 4),
        "rank": trial.rank,
        "pages": list(trial.pages[:10]),
        "cited": list(trial.cited),
        "evidence": {name: round(value, 4) for name, value in asdict(trial.evidence).items()},
        "seconds": round(trial.seconds, 5),
    }


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
        values = {figure: f.value for figure, f in figures(part, intervals=False).items() if figure in SLICED}
        found[name] = Slice(len(part), values)
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


def _figure_lines(found: Mapping[str, Figure]) -> list[str]:
    lines = [f"{'':14}{'value':>7}   {'95 % interval':13}  {'n':>4}"]
    for name, figure in found.items():
        interval = f"{figure.low:.3f}–{figure.high:.3f}"
        lines.append(f"{name:14}{figure.value:7.3f}   {interval:13}  {figure.count:4}  {MEANINGS[name]}")
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
    lines = [f"by {name:19}{'n':>4}" + "".join(f"{figure:>10}" for figure in SLICED)]
    for key, part in parts.items():
        cells = (f"{part.values[figure]:10.2f}" if figure in part.values else f"{'–':>10}" for figure in SLICED)
        lines.append(f"  {key[:20]:20}{part.count:4}" + "".join(cells))
    return lines


def _worst_lines(trials: Sequence[Trial]) -> list[str]:
    def lines() -> Iterator[str]:
        for trial, said in worst(trials):
            yield f"  {trial.question.id} ({trial.confidence:.2f}) {trial.question.text.strip()[:100]}"
            yield f"      {said}"

    found = list(lines())
    return ["worst cases:", *found] if found else []


def _missing_lines(missing: Sequence[str]) -> list[str]:
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    noun = "gold path is" if len(missing) == 1 else "gold paths are"
    return [f"warning: {len(missing)} {noun} not in the index: {shown}. Correct them in the question set."]
