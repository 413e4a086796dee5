"""An answer in a language model's words: the prompt, and what may be heard of it while it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge.model import Passage
from knowledge.ports import ChatMessage, ChatModel
from knowledge.prompting import fenced, rules
from knowledge.tokens import Budget, fit

NO_ANSWER = "NO_ANSWER"  # by the prompt's contract: the passages do not answer


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
    told = rules("answer")
    asked = fenced("question", question)
    shown = fit(passages, budget.without([told, asked]))
    prompt = "\n\n".join([*(_passage(n, passage) for n, passage in enumerate(shown, start=1)), asked])
    said = ""
    heard = 0
    for piece in model.stream([ChatMessage("system", told), ChatMessage("user", prompt)]):
        said += piece
        if not _may_decline(said):
            listen(said[heard:])
            heard = len(said)
    return Draft(said.strip(), tuple(shown))


def _passage(number: int, passage: Passage) -> str:
    return fenced("passage", passage.body, n=number, place=passage.chunk.place)


def _may_decline(said: str) -> bool:
    start = said.lstrip(" \n`*\"'")
    return start.startswith(NO_ANSWER) or NO_ANSWER.startswith(start)
