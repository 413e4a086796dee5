"""An answer in a language model's words: the prompt, and what may be heard of it while it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from knowledge.model import Passage
from knowledge.ports import ChatMessage, ChatModel
from knowledge.tokens import Budget, fit

NO_ANSWER = "NO_ANSWER"  # by the prompt's contract: the passages do not answer
_TAG = re.compile(r"<(?=/?\s*(?:passages?|question)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model wrote, unchecked; [n] in it is the n-th of `passages`."""

    text: str
    passages: tuple[Passage, ...]

    @property
    def declines(self) -> bool:
        """The model says that the passages do not answer."""
        return NO_ANSWER in self.text


def write(
    question: str,
    passages: Sequence[Passage],
    *,
    model: ChatModel,
    listen: Callable[[str], None],
    budget: Budget,
) -> Draft:
    """The model's draft from as many passages as the budget holds. Raises ModelUnavailable.

    `listen` hears the pieces as they come: provisional, to be shown as plain text and replaced by the checked answer.
    It never hears the word by which the model declines.
    """
    rules = _rules()
    asked = _fenced("question", question)
    shown = fit(passages, budget.without([rules, asked]))
    prompt = "\n\n".join([*(_passage(n, passage) for n, passage in enumerate(shown, start=1)), asked])
    said = ""
    heard = 0
    for piece in model.stream([ChatMessage("system", rules), ChatMessage("user", prompt)]):
        said += piece
        if not _may_decline(said):
            listen(said[heard:])
            heard = len(said)
    return Draft(said.strip(), tuple(shown))


@cache
def _rules() -> str:
    return resources.files("knowledge.prompts").joinpath("answer.md").read_text(encoding="utf-8").strip()


def _passage(number: int, passage: Passage) -> str:
    place = passage.chunk.place.replace('"', "'")
    return _fenced("passage", passage.body, f' n="{number}" place="{_TAG.sub("‹", place)}"')


def _fenced(tag: str, text: str, attributes: str = "") -> str:
    """The text between tags that it cannot close itself."""
    return f"<{tag}{attributes}>\n{_TAG.sub('‹', text).strip()}\n</{tag}>"


def _may_decline(said: str) -> bool:
    start = said.lstrip(" \n`*\"'")
    return start.startswith(NO_ANSWER) or NO_ANSWER.startswith(start)
