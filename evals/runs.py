"""A run as it is kept in a file: every question with what was found and said, and where the figures come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from evals.judge import Judgement
from evals.questions import Question, SetFile
from evals.runner import Trial
from evals.scorecard import Scorecard
from knowledge.errors import Misuse
from knowledge.model import Outcome
from knowledge.search import Evidence

FORMAT: Final = "sheriff-evals run"
VERSION: Final = 1
EVIDENCE: Final = frozenset(f.name for f in fields(Evidence))
AGAIN: Final = "Write one with `sheriff-evals run --json FILE`."


@dataclass(frozen=True, slots=True)
class About:
    """Where the figures of a run come from: what two runs may differ in."""

    made: str  # ISO 8601, UTC
    corpus: str
    documents: int
    index: str  # fingerprint: changes with the pages, the chunking and the embedding model
    code: str  # version and digest of what searches and answers
    settings: Mapping[str, Any]  # thresholds, embeddings
    sets: Sequence[SetFile]
    missing_gold: Sequence[str] = ()  # gold paths that the index does not hold

    @property
    def name(self) -> str:
        """The names of the sets."""
        return " + ".join(file.name for file in self.sets)

    @property
    def waiting(self) -> int:
        return sum(file.waiting for file in self.sets)


@dataclass(frozen=True, slots=True)
class Run:
    about: About
    trials: Sequence[Trial]
    judged: Mapping[str, Judgement] = field(default_factory=dict)  # by question id; empty when no judge was asked
    file: str = field(default="", compare=False)  # where it was read from


def code_version() -> str:
    """The installed version, with a digest of everything in `knowledge` that decides what is found and said."""
    said = hashlib.sha256()
    root = Path(str(resources.files("knowledge")))
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root)
        if file.suffix in {".py", ".json", ".md", ".txt", ".yaml"} and inside.parts[0] != "platform":
            said.update(f"{inside.as_posix()}\0".encode() + file.read_bytes())
    return f"{metadata.version('sheriff-assistant')}+{said.hexdigest()[:10]}"


def dump(run: Run, card: Scorecard) -> str:
    """The JSON that `load` reads; the figures are in it for programs, and reckoned anew by `load`'s users."""
    about = run.about
    values = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(about),
        "figures": {name: asdict(figure) for name, figure in card.figures.items()},
        "coverage": [asdict(found) for found in card.coverages],
        "calibration": {"error": card.reliability.error, "brier": card.reliability.brier},
        "outcomes": {side: {str(o): n for o, n in counts.items()} for side, counts in card.outcomes.items()},
        "slices": {name: {key: asdict(part) for key, part in parts.items()} for name, parts in card.slices.items()},
        "latency_seconds": {"p50": card.latency[0], "p95": card.latency[1]},
        "questions": [_row(trial, run.judged.get(trial.question.id)) for trial in run.trials],
    }
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def load(file: Path) -> Run:
    """The run in a file. Raises Misuse naming the file, what is wrong with it and the remedy."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Misuse(f"{file}: there is no such run. {AGAIN}") from error
    except OSError as error:
        raise Misuse(f"{file}: cannot be read ({error.strerror}). Check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{file}: is not the JSON of a run. {AGAIN}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise Misuse(f'{file}: is not a run of sheriff-evals ("format" is not "{FORMAT}"). {AGAIN}')
    if values.get("version") != VERSION:
        raise Misuse(f"{file}: has format version {values.get('version')}, and this is {VERSION}. {AGAIN}")
    try:
        return _run(values, str(file))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise Misuse(f"{file}: is a damaged run ({what}). {AGAIN}") from error


def _run(values: Mapping[str, Any], file: str) -> Run:
    named = {f.name: values[f.name] for f in fields(About)}
    named["sets"] = tuple(SetFile(**part) for part in values["sets"])
    named["missing_gold"] = _paths(values["missing_gold"])
    trials = tuple(_trial(row) for row in values["questions"])
    if not trials:
        raise ValueError("it holds no question")
    if len({trial.question.id for trial in trials}) < len(trials):
        raise ValueError("two questions have one id")
    judged = {str(row["id"]): Judgement(**row["judge"]) for row in values["questions"] if row.get("judge")}
    return Run(About(**named), trials, judged, file)


def _row(trial: Trial, judgement: Judgement | None) -> dict[str, Any]:
    return {
        "id": trial.question.id,
        "text": trial.question.text,
        "gold": list(trial.question.gold),
        "kind": trial.question.kind,
        "component": trial.question.component,
        "outcome": str(trial.outcome),
        "confidence": round(trial.confidence, 6),
        "rank": trial.rank,
        "first": trial.first,
        "pages": list(trial.pages),
        "cited": list(trial.cited),
        "answer": trial.text,
        "evidence": {name: round(value, 4) for name, value in asdict(trial.evidence).items()},
        "seconds": trial.seconds,
        "judge": asdict(judgement) if judgement else None,
    }


def _trial(row: Mapping[str, Any]) -> Trial:
    question = Question(str(row["id"]), str(row["text"]), _paths(row["gold"]), str(row["kind"]), str(row["component"]))
    evidence = {name: float(value) for name, value in row["evidence"].items() if name in EVIDENCE}
    return Trial(
        question=question,
        pages=_paths(row["pages"]),
        evidence=Evidence(**evidence),
        confidence=float(row["confidence"]),
        outcome=Outcome(row["outcome"]),
        cited=_paths(row["cited"]),
        seconds=float(row["seconds"]),
        first=str(row["first"]),
        text=str(row["answer"]),
    )


def _paths(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list of paths is not a list")
    return tuple(map(str, value))
