"""Better, worse or the same: one question before and after a change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.replay.asked import Question, place
from knowledge.model import Answer, Outcome

_RANK: Mapping[Outcome, int] = {Outcome.UNANSWERED: 0, Outcome.HINTED: 1, Outcome.ANSWERED: 2}


class Verdict(StrEnum):
    WORSE = "worse"
    BETTER = "better"
    MOVED = "moved"  # as good as before, from another page
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Said:
    """What Sheriff says to a question, and from where; the page that won comes first."""

    outcome: Outcome
    confidence: float
    document_id: str = ""  # of the page that won; "" when nothing is near
    anchor: str = ""
    title: str = ""  # page and headings
    places: frozenset[str] = frozenset()  # all that are cited

    @classmethod
    def of(cls, answer: Answer) -> Said:
        near = [*answer.citations, *answer.looked_at]
        cited = frozenset(place(c.document_id, c.anchor) for c in answer.citations)
        if not near:
            return cls(answer.outcome, answer.confidence)
        first = near[0]
        title = first.place or first.title
        return cls(answer.outcome, answer.confidence, first.document_id, first.anchor, title, cited)

    @property
    def winner(self) -> str:
        return place(self.document_id, self.anchor) if self.document_id else ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A question with what is said to it before and after the change."""

    question: Question
    before: Said
    after: Said
    verdict: Verdict
    why: str  # a sentence; "" when nothing changed


def judge(question: Question, before: Said, after: Said, *, margin: float) -> Replayed:
    """`margin` is how far a confidence must move to matter while the outcome stays."""
    verdict, why = _verdict(question, before, after, margin)
    return Replayed(question, before, after, verdict, why)


def _verdict(question: Question, before: Said, after: Said, margin: float) -> tuple[Verdict, str]:
    solved = question.solved_by & before.places
    if solved and not solved & after.places:
        return Verdict.WORSE, "The place that solved it is no longer cited."
    if before.outcome is not after.outcome:
        better = _RANK[after.outcome] > _RANK[before.outcome]
        return (Verdict.BETTER if better else Verdict.WORSE), f"It was {before.outcome}, and would be {after.outcome}."
    moved = round(after.confidence - before.confidence, 6)
    if abs(moved) >= margin:
        verdict, word = (Verdict.BETTER, "rises") if moved > 0 else (Verdict.WORSE, "falls")
        return verdict, f"The confidence {word} from {before.confidence:.2f} to {after.confidence:.2f}."
    if before.winner != after.winner:
        return Verdict.MOVED, "Another place wins."
    return Verdict.SAME, ""


def count(found: Sequence[Replayed]) -> Mapping[Verdict, int]:
    return {verdict: sum(one.verdict is verdict for one in found) for verdict in Verdict}
