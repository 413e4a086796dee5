"""An answer in a language model's words: the prompt, and what may be heard of it while it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge import blocks, forms
from knowledge.model import Passage
from knowledge.ports import ChatMessage, ChatModel
from knowledge.prompting import Fence
from knowledge.tokens import Budget, fit

_MARKED = re.compile(r"\[\d{1,3}\](?:[.,;:!?]|\*\*)*")
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
    holds: Callable[[str, Sequence[Passage]], bool],
    budget: Budget,
) -> Draft:
    """The model's draft from as many passages as the budget holds. Raises ModelUnavailable, also when the model begins
    the object that it was asked for and does not keep to its form.

    `listen` hears what is written up to each mark of a passage, as far as it `holds`: provisional, to be shown as plain
    text and replaced by the checked answer. What does not hold is never heard, nor anything after it.
    """
    fence = Fence()
    told = fence.rules("answer")
    asked = fence.around("question", question)
    shown = fit(passages, budget.without([told, asked]))
    prompt = "\n\n".join([*(_passage(fence, n, passage) for n, passage in enumerate(shown, start=1)), asked])
    written = said = ""
    heard = 0
    trusted = True
    for piece in model.stream([ChatMessage("system", told), ChatMessage("user", prompt)], form=forms.ANSWER):
        written += piece
        said = forms.told(written)
        end = _last_mark(said, heard)
        if trusted and end > heard:
            trusted = NO_ANSWER not in said and holds(said[:end], shown)
            if trusted:
                listen(said[heard:end])
                heard = end
    said = _whole(written, model.name)
    if trusted and _MARKED.search(said, heard) and NO_ANSWER not in said and holds(said, shown):
        listen(said[heard:])
    return Draft(said.strip(), tuple(shown))


def _whole(written: str, who: str) -> str:
    """All that was written, as Markdown."""
    if not forms.has_form(written):
        return written
    answer = forms.read(forms.WrittenAnswer, written, who=who)
    return forms.markdown(answer) if answer.answered else NO_ANSWER


def _passage(fence: Fence, number: int, passage: Passage) -> str:
    """The passage as a person would see it: without comments, images and addresses behind words."""
    return fence.around("passage", blocks.clean(passage.body), n=number, place=passage.chunk.place)


def _last_mark(said: str, heard: int) -> int:
    """Where the last mark ends that something was written after; `heard` without a new one."""
    ends = [found.end() for found in _MARKED.finditer(said, heard) if found.end() < len(said)]
    return ends[-1] if ends else heard
