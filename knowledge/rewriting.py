"""A follow-up question, made to be understood alone by a language model, and checked by code."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

from knowledge import forms
from knowledge.errors import ModelUnavailable
from knowledge.ports import ChatMessage, ChatModel
from knowledge.prompting import Fence
from knowledge.wording import content_words, identifiers

log = logging.getLogger(__name__)

SECONDS = 2.5  # of the turn's patience: the rest is for writing
LONGEST = 300  # characters
_TURNS = 3  # earlier questions shown: older ones are about something else by now
_NEW_WORDS = 2  # such as "environment" for "production"; more is the model's own story
_KEPT = 0.6  # share of the last question's content words that stay
_ASKING = re.compile(r"\b(?:how|why|when|where|which|what|who|whose|whom)\b", re.IGNORECASE)
_NAMES = re.compile(
    r"(?<!\w)--?[A-Za-z][\w-]*|\d+(?:[.,:]\d+)*|\b[a-z]+[A-Z]\w*|\b[A-Z]{2,}[-_]?\d*\b|[%@$]\w+|https?:\S+"
)
_QUOTES = "\"'`“”‘’«» \n"


def stand_alone(
    question: str,
    earlier: Sequence[str],
    *,
    model: ChatModel,
    deadline: float = SECONDS,
    depends: Callable[[str], bool] = bool,
) -> str:
    """The question as it would be asked by somebody who had not asked the earlier ones, oldest first.

    The model is asked only if there are earlier questions and this one `depends` on them. If it is silent within
    `deadline` seconds, or what it writes is more than a completed question, the question stays as it was.
    """
    if not earlier or not depends(question):
        return question
    shown = earlier[-_TURNS:]
    fence = Fence()
    told = [fence.around("earlier", text) for text in shown]
    prompt = [
        ChatMessage("system", fence.rules("rewrite")),
        ChatMessage("user", "\n\n".join([*told, fence.around("question", question)])),
    ]
    try:
        said = "".join(model.stream(prompt, seconds=deadline, form=forms.QUESTION))
        written = _written(said, model.name).strip(_QUOTES)
    except ModelUnavailable as error:
        log.warning("rewrite_unavailable: %s", error)
        return question
    fault = _fault(written, question, shown)
    if fault:
        log.warning("rewrite_refused: %s", fault)
    return question if fault else written


def _written(said: str, who: str) -> str:
    """The question in what the model said. Raises ModelUnavailable."""
    return forms.read(forms.WrittenQuestion, said, who=who).question if forms.has_form(said) else said


def _fault(written: str, question: str, earlier: Sequence[str]) -> str:
    """Why this is not the question completed; empty if it is."""
    known = " ".join([*earlier, question])
    asking = _asking(written)
    faults = {
        "not one line of at most 300 characters": "\n" in written or not 0 < len(written) <= LONGEST,
        "a name or number that nobody wrote": bool(_names(written) - _names(known)),
        "words that nobody wrote": len(set(content_words(written)) - set(content_words(known))) > _NEW_WORDS,
        "words of the question are lost": not _keeps(written, question),
        "another question word": not _asking(question) <= asking <= _asking(known),
        "not a question": question.rstrip().endswith("?") and not written.endswith("?"),
    }
    return next((fault for fault, found in faults.items() if found), "")


def _keeps(written: str, question: str) -> bool:
    words = set(content_words(question))
    kept = words & set(content_words(written))
    return _names(question) <= _names(written) and len(kept) >= _KEPT * len(words)


def _names(text: str) -> set[str]:
    return {name.lower().rstrip(".,:?") for name in _NAMES.findall(text)} | set(identifiers(text))


def _asking(text: str) -> set[str]:
    return {word.lower() for word in _ASKING.findall(text)}
