"""Answers beside the peer: time of a question, memory, and quality of the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evals.bench.clock import Timing, resident_mb, timed
from evals.bench.peer import ensemble
from evals.corpora import Opened
from evals.metrics import retrieval
from evals.questions import Question
from evals.runner import ALWAYS, Trial, paths
from knowledge.answering import answer
from knowledge.model import Outcome
from knowledge.ports import Embedder
from knowledge.search import Evidence, search


@dataclass(frozen=True, slots=True)
class Contender:
    """What was measured of one side."""

    name: str
    timing: Timing
    ndcg: float | None  # None without questions that have an answer
    memory: float | None = None  # MB of the process when it was done


@dataclass(frozen=True, slots=True)
class Match:
    """Both sides on the same questions and chunks."""

    chunks: int
    questions: int
    search: Contender
    answer: Contender
    peer: Contender


def match(questions: Sequence[Question], corpus: Opened, embedder: Embedder) -> Match:
    """Ask every question of each side in turn, ours first, so that its memory is measured alone."""
    texts = [question.text for question in questions]
    index, lessons = corpus.index, corpus.lessons
    look = partial(search, index=index, embedder=embedder, lessons=lessons)
    ask = partial(answer, index=index, embedder=embedder, model=None, policy=ALWAYS, lessons=lessons)
    searching, found = timed(lambda text: paths(look(text).pages), texts)
    answering, _ = timed(ask, texts)
    memory = resident_mb()
    ndcg = _ndcg(questions, found)
    with ensemble(corpus, embedder) as retrieve:
        asking, ranked = timed(retrieve, texts)
        peer = Contender("EnsembleRetriever", asking, _ndcg(questions, ranked), resident_mb())
    return Match(
        chunks=index.count(),
        questions=len(texts),
        search=Contender("search", searching, ndcg),
        answer=Contender("search and quoted answer", answering, ndcg, memory),
        peer=peer,
    )


def _ndcg(questions: Sequence[Question], ranked: Sequence[Sequence[str]]) -> float | None:
    trials = [
        Trial(question, tuple(pages), Evidence(), 0.0, Outcome.UNANSWERED, (), 0.0)
        for question, pages in zip(questions, ranked, strict=True)
    ]
    values = [value["ndcg@10"] for value in retrieval(trials).values()]
    return sum(values) / len(values) if values else None
