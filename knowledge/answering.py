"""From a question to an answer: the one chain, read from top to bottom."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge import (
    clarifying,
    conversation,
    extractive,
    generative,
    grounding,
    joining,
    reading,
    relevance,
    reranking,
    rewriting,
)
from knowledge.citing import Cited, cite_all, one_per_place
from knowledge.errors import BudgetSpent, ModelUnavailable
from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.lessons import NONE, Lessons
from knowledge.model import Answer, Clarification, Origin, Outcome, Passage
from knowledge.patience import one_turn
from knowledge.ports import ChatModel, ChunkIndex, Embedder
from knowledge.prompting import repeats_rules
from knowledge.search import search
from knowledge.sections import widen
from knowledge.tokens import STANDARD, Budget

log = logging.getLogger(__name__)

FOUND = 8  # passages looked for
QUOTED_FROM = 2  # passages whose whole section is looked up when nothing but quoting follows
NEAREST = 3  # places named when the question stays unanswered
_MARKUP = re.compile(r"\]\(|\]\[|!\[|<[A-Za-z/!]|://|www\.")
MODEL_SILENT = "The writing model is not answering. This is quoted from the page instead."
NOT_BACKED = "The pages do not back what the writing model wrote. This is quoted from the likely place instead."
MODEL_DECLINES = "The writing model finds no answer in these pages. This is the likely place."


def ignore(_piece: str) -> None:
    """A listener for when nobody listens."""


def answer(  # noqa: PLR0913 - the chain's parts, each named where it is called
    question: str,
    *,
    earlier: Sequence[str] = (),
    index: ChunkIndex,
    embedder: Embedder,
    model: ChatModel | None,
    policy: relevance.Policy,
    listen: Callable[[str], None] = ignore,
    budget: Budget = STANDARD,
    glossary: Glossary = NO_GLOSSARY,
    lessons: Lessons = NONE,
    rerank: bool = False,
    asks: bool = False,
) -> Answer:
    """Answer a message from the index, each of its questions, as `_answer_one` says.

    Courtesies around them are not searched for. A later question is understood by the first. All that the model is
    asked ends with the turn that the caller has begun (`one_turn`), or one that begins here. `listen` hears a model's
    words as they come: provisional until the Answer is there. With `rerank` the model also orders what was found.
    Raises what search raises.
    """
    means = _Means(index, embedder, one_turn(model), policy, listen, budget, glossary, lessons, rerank)
    every = reading.every_question(reading.gist(question))
    asked = every[: reading.MOST]
    if len(asked) == 1:
        return _answer_one(asked[0], means, earlier=earlier, asks=asks)
    first, *later = asked
    answers = [
        _answer_one(first, means, earlier=earlier),
        *(_answer_one(one, means, earlier=[*earlier, first]) for one in later),
    ]
    return joining.joined(asked, answers, left_out=len(every) > len(asked))


@dataclass(frozen=True, slots=True)
class _Means:
    """What every answer of a turn is made with."""

    index: ChunkIndex
    embedder: Embedder
    model: ChatModel | None
    policy: relevance.Policy
    listen: Callable[[str], None]
    budget: Budget
    glossary: Glossary
    lessons: Lessons
    rerank: bool


def _answer_one(question: str, means: _Means, *, earlier: Sequence[str], asks: bool = False) -> Answer:
    """Answer from the index, hint at the likely place, or return an unanswered Answer; never guess.

    `earlier` are the questions before this one in the same conversation, newest last: a follow-up is understood by
    them. With `asks` the Answer may be a question back (`Answer.ask`). Raises what search raises.
    """
    model, glossary = means.model, means.glossary
    question = glossary.in_english(question)
    before = [glossary.in_english(reading.gist(text)) for text in earlier]
    if model and before:
        completed = rewriting.stand_alone(question, before, model=model, depends=conversation.depends)
        question, before = completed, before if completed == question else []
    found = search(
        question,
        earlier=before,
        index=means.index,
        embedder=means.embedder,
        limit=FOUND,
        glossary=glossary,
        lessons=means.lessons,
    )
    confidence = relevance.confidence(found.evidence)
    outcome = means.policy.outcome(confidence)
    ask = clarifying.clarification(question, found.passages, glossary=glossary, earlier=before) if asks else None
    if ask or outcome is Outcome.UNANSWERED or not found.passages:
        return _unanswered(found.passages, confidence, ask)
    if model is None:
        passages = widen(found.passages, index=means.index, count=QUOTED_FROM)
        return _quoted(found.meant, passages, outcome, confidence)
    return _written(question, found.passages, outcome, confidence, means, model)


def _written(
    question: str,
    found: Sequence[Passage],
    outcome: Outcome,
    confidence: float,
    means: _Means,
    model: ChatModel,
) -> Answer:
    """The answer as the model writes it from the passages, if they back it; else quoted."""
    ordered = reranking.order(question, found, model=model) if means.rerank else found
    passages = widen(ordered, index=means.index, count=FOUND)
    try:
        draft = generative.write(
            question, passages, model=model, listen=means.listen, holds=_may_be_heard, budget=means.budget
        )
    except ModelUnavailable as error:
        log.warning("model_unavailable: %s", error)
        note = str(error) if isinstance(error, BudgetSpent) else MODEL_SILENT
        return _quoted(question, passages, outcome, confidence, note=note)
    if draft.declines:
        return _declined(question, passages, outcome, confidence)
    grounded = grounding.check(draft.text, draft.passages)
    if not grounded.holds or repeats_rules(draft.text):
        log.warning("answer_not_backed: %s", "; ".join(grounded.faults) or "it repeats the prompt")
        return _quoted(question, passages, Outcome.HINTED, confidence, note=NOT_BACKED)
    return _answer(outcome, grounded.cited, confidence, origin=Origin.GENERATED)


def _may_be_heard(written: str, passages: Sequence[Passage]) -> bool:
    """Whether the beginning of a model's answer may be shown before its end is there."""
    if _MARKUP.search(written) or repeats_rules(written):
        return False  # the checked answer has it cleaned; the pieces are shown as they come
    return grounding.check(written, passages).holds


def _declined(question: str, passages: Sequence[Passage], outcome: Outcome, confidence: float) -> Answer:
    """Search was sure and the reader of the passages is not: a hint. Neither was sure: unanswered."""
    if outcome is Outcome.ANSWERED:
        return _quoted(question, passages, Outcome.HINTED, confidence, note=MODEL_DECLINES)
    return _unanswered(passages, confidence)


def _quoted(
    question: str, passages: Sequence[Passage], outcome: Outcome, confidence: float, *, note: str = ""
) -> Answer:
    return _answer(outcome, extractive.quote(question, passages, outcome=outcome), confidence, note=note)


def _unanswered(passages: Sequence[Passage], confidence: float, ask: Clarification | None = None) -> Answer:
    nearest = cite_all(one_per_place(passages)[:NEAREST])
    return Answer(Outcome.UNANSWERED, ask.sentence if ask else "", confidence, looked_at=nearest, ask=ask)


def _answer(
    outcome: Outcome, cited: Cited, confidence: float, *, origin: Origin = Origin.QUOTED, note: str = ""
) -> Answer:
    return Answer(outcome, cited.text, confidence, citations=cited.citations, origin=origin, note=note)
