"""What `compare` does: read two runs, print and keep what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from evals import runs
from evals.comparison import TITLES, Changed, Comparison, Mark, compare, origins, remarks, said, worsened
from evals.files import write
from evals.pages import comparison_page
from evals.runner import Trial
from evals.wording import count
from knowledge.errors import Failure

SHOWN: Final = 10  # questions of one mark on a terminal


@dataclass(frozen=True, slots=True)
class Wanted:
    json: Path | None = None
    html: Path | None = None
    fail_on_worse: bool = False


def compare_command(before: Path, after: Path, wanted: Wanted) -> None:
    """Print what differs. With `fail_on_worse` raises Failure naming each figure that is worse."""
    found = compare(runs.load(before), runs.load(after))
    print(as_text(found))
    if wanted.json is not None:
        write(wanted.json, json.dumps(as_json(found), ensure_ascii=False, indent=1) + "\n")
    if wanted.html is not None:
        write(wanted.html, comparison_page(found))
    if wanted.fail_on_worse and (worse := worsened(found)):
        raise Failure("\n".join(["The second run is worse than the first:", *worse]))


def as_text(found: Comparison) -> str:
    """Origins, differences and changed questions for a terminal."""
    parts = [_origin_lines(found), remarks(found), _difference_lines(found)]
    parts += [_mark_lines(found, mark) for mark in Mark]
    if not found.changed:
        parts.append(["No question changed its outcome, its first page or whether that answers."])
    return "\n\n".join("\n".join(part) for part in parts if part)


def as_json(found: Comparison) -> dict[str, Any]:
    """The same as plain values, with every changed question."""
    return {
        "format": "sheriff-evals comparison",
        "version": 1,
        "origins": [{"name": name, "before": one, "after": other} for name, one, other in origins(found)],
        "questions": found.questions,
        "only_before": found.only_before,
        "only_after": found.only_after,
        "other_gold": found.other_gold,
        "differences": [
            {**asdict(difference), "change": difference.change, "sure": difference.is_sure}
            for difference in found.differences
        ],
        "worse": worsened(found),
        "changed": [
            {
                "id": one.after.question.id,
                "text": one.after.question.text,
                "gold": list(one.after.question.gold),
                "marks": [str(mark) for mark in one.marks],
                "before": _side(one.before),
                "after": _side(one.after),
            }
            for one in found.changed
        ],
    }


def _side(trial: Trial) -> dict[str, Any]:
    return {
        "outcome": str(trial.outcome),
        "confidence": round(trial.confidence, 4),
        "rank": trial.rank,
        "first": trial.pages[0] if trial.pages else "",
    }


def _origin_lines(found: Comparison) -> list[str]:
    """What both runs have in common on one line each, what differs as before → after."""
    lines = [f"{count(found.questions, 'question')} in both runs"]
    for name, one, other in origins(found):
        lines.append(f"  {name:14}{one}" + (f"  →  {other}" if one != other else "  (both)"))
    return lines


def _difference_lines(found: Comparison) -> list[str]:
    lines = [f"{'':14}{'before':>7}{'after':>8}{'change':>9}   {'95 % interval':15}{'n':>5}  +/−       p"]
    for one in found.differences:
        interval = f"{one.low:+.3f}…{one.high:+.3f}"
        counts = f"+{one.gained} −{one.lost}" if one.gained is not None else ""
        p = f"{one.p:.3f}" if one.p is not None else "–"
        sure = "  *" if one.is_sure else ""
        lines.append(
            f"{one.name:14}{one.before:7.3f}{one.after:8.3f}{one.change:+9.3f}   {interval:15}{one.count:5}"
            f"  {counts:8}{p:>6}{sure}"
        )
    return [
        *lines,
        "at n% wrong: share of all questions that can be answered while so many answers cite a wrong page first",
        "* more than chance explains (exact McNemar test for shares, paired bootstrap for the others)",
    ]


def _mark_lines(found: Comparison, mark: Mark) -> list[str]:
    questions = found.of(mark)
    if not questions:
        return []
    lines = [f"{TITLES[mark]} ({len(questions)}):"]
    for one in questions[:SHOWN]:
        lines += _changed_lines(one)
    if len(questions) > SHOWN:
        lines.append(f"  … and {len(questions) - SHOWN} more: --html FILE or --json FILE shows all")
    return lines


def _changed_lines(one: Changed) -> Iterator[str]:
    yield f"  {one.after.question.id} {' '.join(one.after.question.text.split())[:100]}"
    yield f"      {said(one.before)}  →  {said(one.after)}"
