"""The committed figures that a change must not fall below, each with its tolerance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.metrics import LESS_IS_BETTER, Figure
from knowledge.errors import Failure, Misuse

BUNDLED: Final = Path(__file__).parent / "baseline.json"
REWRITE: Final = "`sheriff-evals run --update-baseline` writes it anew."
# About two questions of the bundled sets each: what another processor's rounding or a reworded page may move.
TOLERANCES: Final[Mapping[str, float]] = {
    "recall@1": 0.035,
    "recall@3": 0.035,
    "recall@10": 0.02,
    "mrr": 0.025,
    "ndcg@10": 0.025,
    "auroc": 0.02,
    "refused": 0.07,
    "kept": 0.035,
    "helped": 0.035,
    "wrong_answers": 0.025,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A figure as it was, and how far it may fall (or rise, where less is better)."""

    value: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Baseline:
    questions: int
    figures: Mapping[str, Held]


def read(file: Path) -> Baseline:
    """The baseline in a file; Misuse says what is wrong with it."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        figures = {
            str(name): Held(float(held["value"]), float(held["tolerance"])) for name, held in values["figures"].items()
        }
        return Baseline(int(values["questions"]), figures)
    except FileNotFoundError as error:
        raise Misuse(f"{file}: there is no such baseline. {REWRITE}") from error
    except OSError as error:
        raise Misuse(f"{file}: cannot be read ({error.strerror}). Check its permissions.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misuse(f"{file}: is not a baseline ({error}). {REWRITE}") from error


def write(file: Path, figures: Mapping[str, Figure], questions: int) -> None:
    """Make these figures the baseline; tolerances that were set there by hand stay."""
    before = read(file).figures if file.is_file() else {}
    values = {
        "questions": questions,
        "figures": {
            name: {
                "value": round(figure.value, 4),
                "tolerance": before[name].tolerance if name in before else TOLERANCES[name],
            }
            for name, figure in figures.items()
        },
    }
    try:
        file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(
            f"{file}: cannot be written ({error.strerror}). Name another file with --baseline-file."
        ) from error


def falls(baseline: Baseline, figures: Mapping[str, Figure]) -> list[str]:
    """A sentence for every figure that is worse than the baseline by more than its tolerance; none is good news."""
    found: list[str] = []
    for name, held in baseline.figures.items():
        if name not in figures:
            found.append(f"{name} is in the baseline, and these questions cannot tell it.")
            continue
        now = figures[name].value
        worse_by = now - held.value if name in LESS_IS_BETTER else held.value - now
        if worse_by > held.tolerance + 1e-9:
            verb = "rose" if name in LESS_IS_BETTER else "fell"
            found.append(f"{name} {verb} from {held.value:.3f} to {now:.3f}; its tolerance is {held.tolerance:g}.")
    return found
