"""A section of the documentation, written by a language model from what sheriffs resolved; checked like an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.support import gap_draft
from bot.support.cases import Case
from knowledge import generative, grounding
from knowledge.errors import ModelUnavailable
from knowledge.model import Chunk, Kind, Passage
from knowledge.ports import ChatModel
from knowledge.tokens import Budget

log = structlog.get_logger(__name__)
_MARK = re.compile(r"[ \t]*\[\d+\]")


@dataclass(frozen=True, slots=True)
class SectionWriter:
    """Nothing that the resolutions do not say gets into a section: then there is none, and they are quoted."""

    model: ChatModel
    budget: Budget

    def __call__(self, name: str, resolved: Sequence[Case]) -> str:
        """The section as Markdown, its heading included; "" when the model is silent or its words are not backed."""
        passages = [_passage(case) for case in resolved]
        try:
            draft = generative.write(name, passages, model=self.model, listen=_ignore, holds=_never, budget=self.budget)
        except ModelUnavailable as error:
            log.warning("section_not_written", reason=str(error))
            return ""
        grounded = grounding.check(draft.text, draft.passages)
        if draft.declines or not grounded.holds:
            return ""
        body = gap_draft.clean(_MARK.sub("", grounded.cited.text))
        return f"### {gap_draft.heading(name)}\n\n{body}" if body else ""


def _passage(case: Case) -> Passage:
    text = gap_draft.clean(case.resolution)
    return Passage(
        Chunk(case.id, f"cases:{case.id}", "cases", case.label, case.label, Kind.PAGE, (), "", 0, text), score=1.0
    )


def _ignore(_piece: str) -> None:
    """The pieces of an unchecked section are nobody's."""


def _never(_text: str, _passages: Sequence[Passage]) -> bool:
    """Nothing of it is heard before all of it is checked."""
    return False
