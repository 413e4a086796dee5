"""Asking the questions of a set, one after the other, as a person would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evals.questions import Question
from knowledge import relevance
from knowledge.answering import answer
from knowledge.glossary import NO_GLOSSARY, Glossary
from knowledge.lessons import NONE, Lessons
from knowledge.model import Answer, Outcome, RankedPage
from knowledge.ports import ChunkIndex, Embedder
from knowledge.search import Evidence, Found, search

DEPTH = 100  # pages kept of a ranking
ALWAYS = relevance.Policy(answer_at=0.0, hint_at=0.0)  # each is answered: to see which rightly, and to time it
WARM_UPS = 3  # questions asked before the clock counts: models and caches are loaded by the first


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, what was found for it, and what was answered."""

    question: Question
    pages: tuple[str, ...]  # paths, best first, each once
    evidence: Evidence
    confidence: float
    outcome: Outcome
    cited: tuple[str, ...]  # paths of the pages shown with the answer
    seconds: float  # of the whole keyless answer
    first: str = ""  # path of what is cited first, or would be, were the question answered; "" when nothing was found
    text: str = ""  # the answer, Markdown; empty when unanswered

    @property
    def rank(self) -> int:
        """The place of the first page that answers, from 1; 0 when none was found."""
        return next((n for n, path in enumerate(self.pages, start=1) if self.question.accepts(path)), 0)

    @property
    def cites_gold(self) -> bool:
        return any(self.question.accepts(path) for path in self.cited)

    @property
    def right(self) -> bool:
        """What is, or would be, cited first answers the question: what confidence is the probability of."""
        return self.question.accepts(self.first)

    @property
    def helped(self) -> bool:
        """An answer or a hint that shows a page which answers."""
        return self.outcome is not Outcome.UNANSWERED and self.cites_gold

    @property
    def wrong(self) -> bool:
        """Answered, and no page that answers is shown: worse than a hint, much worse than silence."""
        return self.outcome is Outcome.ANSWERED and not self.cites_gold


def run(
    questions: Sequence[Question],
    *,
    index: ChunkIndex,
    embedder: Embedder,
    policy: relevance.Policy,
    lessons: Lessons = NONE,
    glossary: Glossary = NO_GLOSSARY,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Trial]:
    """Every question answered without a language model, in order. Raises what search raises."""
    asked = partial(
        answer, index=index, embedder=embedder, model=None, policy=policy, lessons=lessons, glossary=glossary
    )
    found = partial(search, index=index, embedder=embedder, lessons=lessons, glossary=glossary)
    for question in questions[:WARM_UPS]:
        asked(question.text)
    return list(_trials(questions, asked, found, clock))


def _trials(
    questions: Sequence[Question],
    ask: Callable[[str], Answer],
    look: Callable[[str], Found],
    clock: Callable[[], float],
) -> Iterator[Trial]:
    for question in questions:
        start = clock()
        given = ask(question.text)
        seconds = clock() - start
        found = look(question.text)
        yield Trial(
            question=question,
            pages=paths(found.pages)[:DEPTH],
            evidence=found.evidence,
            confidence=given.confidence,
            outcome=given.outcome,
            cited=tuple(dict.fromkeys(citation.path for citation in given.citations)),
            seconds=seconds,
            first=next((citation.path for citation in (*given.citations, *given.looked_at)), ""),
            text=given.text,
        )


def paths(pages: Sequence[RankedPage]) -> tuple[str, ...]:
    """The pages' paths in order; one that two sources share stands at its better place."""
    return tuple(dict.fromkeys(page.path for page in pages))
