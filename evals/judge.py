"""A language model as judge of answers: grades with reasons, beside the figures and never in the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from evals.corpora import Opened
from evals.questions import Question
from evals.runner import Trial
from knowledge.errors import ModelUnavailable
from knowledge.model import Outcome
from knowledge.ports import ChatMessage, ChatModel

GRADES: Final[Mapping[int, str]] = {2: "right", 1: "partly", 0: "wrong"}
PAGE: Final = 8_000  # characters of a page that the judge reads
PAGES: Final = 3
PATIENCE: Final = 3  # questions in a row without an answer after which the judge is not asked any more
REASON: Final = 400


@dataclass(frozen=True, slots=True)
class Judgement:
    """A grade with its reason; or no grade, and why there is none."""

    grade: int | None  # 2 right, 1 partly, 0 wrong
    reason: str


def judge(
    trials: Sequence[Trial],
    *,
    model: ChatModel,
    pages: Callable[[Question], Sequence[str]],
    tell: Callable[[str], None],
) -> dict[str, Judgement]:
    """Judgements of answers and hints by question id. A silent model or a reply out of form is a failure, not a grade.

    `pages` gives the texts of the gold pages of a question; `tell` hears how far it is.
    """
    given = [trial for trial in trials if trial.outcome is not Outcome.UNANSWERED]
    found: dict[str, Judgement] = {}
    silent = 0
    for number, trial in enumerate(given, start=1):
        if silent == PATIENCE:
            found[trial.question.id] = Judgement(None, "Not asked: the model did not answer several times in a row.")
            continue
        try:
            found[trial.question.id] = parse(_said(trial, model, pages(trial.question)))
            silent = 0
        except ModelUnavailable as error:
            found[trial.question.id] = Judgement(None, str(error))
            silent += 1
        if number % 10 == 0 or number == len(given):
            tell(f"Judged {number} of {len(given)}")
    return found


def parse(reply: str) -> Judgement:
    """The judgement in a reply: one JSON object with exactly a grade and a reason; anything else is a failure."""
    try:
        values = json.loads(reply)
    except (ValueError, RecursionError):
        return Judgement(None, f"Not JSON: {reply.strip()[:80]!r}")
    if not isinstance(values, dict) or values.keys() != {"grade", "reason"}:
        return Judgement(None, f"Not a grade and a reason: {reply.strip()[:80]!r}")
    grade, reason = values["grade"], values["reason"]
    if type(grade) is not int or grade not in GRADES:
        return Judgement(None, f"The grade is {grade!r}, not 0, 1 or 2.")
    if not isinstance(reason, str) or not reason.strip():
        return Judgement(None, "The grade has no reason.")
    return Judgement(grade, " ".join(reason.split())[:REASON])


def gold_pages(corpus: Opened) -> Callable[[Question], Sequence[str]]:
    """Reads the first gold pages of a question, each cut to what a judge reads."""

    def read(question: Question) -> Sequence[str]:
        ids = [id_ for id_ in corpus.document_ids if question.accepts(id_.partition(":")[2])]
        texts = []
        for id_ in ids[:PAGES]:
            chunks = corpus.index.document(id_)
            title = chunks[0].title if chunks else id_
            text = "\n\n".join(chunk.text for chunk in chunks)
            texts.append(f"# {title}\n\n{text}"[:PAGE])
        return texts

    return read


def summary(name: str, judged: Mapping[str, Judgement]) -> str:
    """One sentence with every count."""
    grades = [one.grade for one in judged.values() if one.grade is not None]
    counts = ", ".join(f"{grades.count(grade)} {word} ({grade})" for grade, word in GRADES.items())
    mean = f"; mean {sum(grades) / len(grades):.2f}" if grades else ""
    return f"judge {name} on {len(judged)} answers and hints: {counts}, {len(judged) - len(grades)} failed{mean}"


def _said(trial: Trial, model: ChatModel, pages: Sequence[str]) -> str:
    asked = {"question": trial.question.text, "answer": trial.text, "pages": list(pages)}
    messages = [ChatMessage("system", _rules()), ChatMessage("user", json.dumps(asked, ensure_ascii=False))]
    return "".join(model.stream(messages))


@cache
def _rules() -> str:
    return resources.files("evals").joinpath("prompts", "judge.md").read_text(encoding="utf-8").strip()
