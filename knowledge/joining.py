"""Answers to the several questions of one message, made one: each under its question, with citations of one count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from knowledge.model import Answer, Citation, Origin, Outcome

NOT_FOUND: Final = "The pages do not answer this."
LEFT_OUT: Final = "Only the first questions are answered here: ask the others in a message of their own."
_LONGEST_LEAD: Final = 200  # characters
_WEAKEST_FIRST: Final = (Outcome.UNANSWERED, Outcome.HINTED, Outcome.ANSWERED)
_CODE: Final = re.compile(r"^[ >]*(?P<fence>`{3,}|~{3,}).*?(?:^[ >]*(?P=fence)|\Z)|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_MARK: Final = re.compile(r"(?<!\w)\[(\d+)\](?![(:])")


def joined(leads: Sequence[str], answers: Sequence[Answer], *, left_out: bool = False) -> Answer:
    """One answer to a message: as sure as the least sure of its parts, each under its question.

    `leads` are the questions in the order of `answers`, none of which may be missing. Without an answer to any, the
    whole is unanswered and has no text; with one to some, the text says which are open.
    """
    outcome = min((answer.outcome for answer in answers), key=_WEAKEST_FIRST.index)
    notes = dict.fromkeys([*(answer.note for answer in answers), LEFT_OUT if left_out else ""])
    whole = Answer(
        outcome,
        "",
        min(answer.confidence for answer in answers),
        origin=next((a.origin for a in answers if a.origin is Origin.GENERATED), Origin.QUOTED),
        note=" ".join(note for note in notes if note),
        looked_at=_counted([citation for answer in answers for citation in answer.looked_at]),
    )
    if all(answer.outcome is Outcome.UNANSWERED for answer in answers):
        return whole
    citations: list[Citation] = []
    parts = [
        f"{lead(asked)}\n\n{_renumbered(answer, citations) or NOT_FOUND}"
        for asked, answer in zip(leads, answers, strict=True)
    ]
    return replace(whole, text="\n\n".join(parts), citations=tuple(citations))


def lead(question: str) -> str:
    """The question in bold, on one line: without what introduces it, and without marks that would end the bold."""
    sentences = re.split(r"(?<=[.!?:])\s+", question.strip())
    asked = next((sentence for sentence in sentences if sentence.endswith("?")), sentences[-1])
    line = re.sub(r"\s+", " ", re.sub(r"[*\[\]<>]", "", asked)).strip()
    if len(line) > _LONGEST_LEAD:
        line = f"{line[:_LONGEST_LEAD].rsplit(' ', 1)[0]} …"
    return f"**{line}**"


def _renumbered(answer: Answer, citations: list[Citation]) -> str:
    """The answer's text with its marks in the count of `citations`, to which its places are added, each once."""
    numbers: dict[int, int] = {}
    for citation in answer.citations:
        known = next((other for other in citations if replace(other, number=citation.number) == citation), None)
        if known is None:
            known = replace(citation, number=len(citations) + 1)
            citations.append(known)
        numbers[citation.number] = known.number

    def mark(found: re.Match[str]) -> str:
        number = numbers.get(int(found[1]))
        return found[0] if number is None else f"[{number}]"

    pieces, end = [], 0
    for code in _CODE.finditer(answer.text):
        pieces += [_MARK.sub(mark, answer.text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*pieces, _MARK.sub(mark, answer.text[end:])])


def _counted(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    places = dict.fromkeys(replace(citation, number=0) for citation in citations)
    return tuple(replace(place, number=number) for number, place in enumerate(places, start=1))
