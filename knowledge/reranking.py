"""The first passages in the order of a language model; without its word, as the search found them."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from knowledge import forms
from knowledge.errors import ModelUnavailable
from knowledge.model import Passage
from knowledge.ports import ChatMessage, ChatModel
from knowledge.prompting import Fence

log = logging.getLogger(__name__)

ORDERED = 10  # passages shown to the model
SECONDS = 3.0  # of the turn's patience: the rest is for writing
_SHOWN = 900  # characters of a passage
_ORDER = re.compile(r"\[?\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\]?\.?")


def order(question: str, passages: Sequence[Passage], *, model: ChatModel, seconds: float = SECONDS) -> list[Passage]:
    """The passages with the first ten in the model's order; those that it leaves out keep theirs behind.

    A model that is silent or says anything but numbers changes nothing; numbers of no passage are ignored.
    """
    shown = passages[:ORDERED]
    if len(shown) < 2:
        return list(passages)
    try:
        said = "".join(model.stream(_prompt(question, shown), seconds=seconds, form=forms.ORDER))
        wanted = _numbers(said, len(shown), model.name)
    except ModelUnavailable as error:
        log.warning("rerank_unavailable: %s", error)
        return list(passages)
    chosen = [passages[number - 1] for number in wanted]
    return chosen + [passage for place, passage in enumerate(passages, start=1) if place not in wanted]


def _prompt(question: str, shown: Sequence[Passage]) -> list[ChatMessage]:
    fence = Fence()
    told = [
        fence.around("passage", passage.chunk.text[:_SHOWN], n=number, place=passage.chunk.place)
        for number, passage in enumerate(shown, start=1)
    ]
    return [
        ChatMessage("system", fence.rules("rerank")),
        ChatMessage("user", "\n\n".join([*told, fence.around("question", question)])),
    ]


def _numbers(said: str, count: int, who: str) -> list[int]:
    """The numbers of passages in the order said, each once; none if anything else is said. Raises ModelUnavailable."""
    if forms.has_form(said):
        said = ",".join(map(str, forms.read(forms.WrittenOrder, said, who=who).order))
    if not _ORDER.fullmatch(said.strip()):
        log.warning("rerank_unreadable: the model gave no list of numbers")
        return []
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", said))
    return [number for number in numbers if 1 <= number <= count]
