"""A follow-up question, read together with what its asker said before: by rules, without a model.

The words of earlier turns are not put before the question: they would outweigh it. They count for less, and only when
the question then comes nearer to something that the documentation says. Bot answers are left out, because they drown
what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from knowledge.wording import content_words, words

OTHER_NAMES: Final = 0.7  # weight of a word that only the glossary added
FEW: Final = 3  # content words up to which a question is taken for an ellipsis
_POINTING: Final = frozenset(
    re.findall(
        r"\w+",
        """it its itself they them their theirs this that these those he him his she her hers there former latter same
        such one ones else instead another ça cela celui celle ceux celles""",
    )
)
_OPENING: Final = re.compile(
    r"\W*(?:and|or|but|so|also|then|ok(?:ay)?|yes|yeah|yep|no|nope|what about|how about|what if|why not|in that case"
    r"|et|ou|mais|aussi|alors|oui|non)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier turn of the asker, and how much it weighs beside the question: 1 is as much as the question."""

    text: str
    meaning: float
    words: float


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: the question, and what of the conversation it leans on."""

    text: str
    earlier: tuple[Earlier, ...] = ()
    worded: str = ""  # the question with what else the things it names are called; "" when nothing was added
    corrected: str = ""  # the question with misspelt words put right; "" when it has none

    @property
    def meant(self) -> str:
        """The question as its asker would have spelled it."""
        return self.corrected or self.text

    @property
    def faint(self) -> tuple[tuple[str, float], ...]:
        """Words put right, other names and the words of earlier turns, with their weights for `ChunkIndex.matching`."""
        put_right = ((self.corrected, 1.0),) if self.corrected else ()
        other_names = ((self.worded, OTHER_NAMES),) if self.worded else ()
        return (*put_right, *other_names, *((turn.text, turn.words) for turn in self.earlier))


def leaning(question: Query, earlier: Sequence[str]) -> Query:
    """The question with its asker's earlier turns, oldest first; as it was when there are none."""
    said = [turn for turn in earlier if turn.strip()]
    if not said:
        return question
    turns = [Earlier(said[-1], meaning=0.40, words=0.54)]
    if len(said) > 1:
        turns.append(Earlier(said[0], meaning=0.32, words=0.25))
    return replace(question, earlier=tuple(turns))


def allowance(question: str) -> float:
    """By how much of a cosine the earlier turns may bring a question farther from the nearest text and still belong.

    A question that goes on from the last one lands nearer to some text of the documentation together with it; one on
    something new lands farther away. Words that point back are a hint, no proof: "is this possible" points nowhere.
    """
    opens, short = bool(_OPENING.match(question)), len(content_words(question)) <= FEW
    if opens and short:
        return 1.0  # "and for production?" says nothing alone
    return 0.03 if opens or points(question) else 0.0


def points(question: str) -> bool:
    """Whether a word of the question stands for something said elsewhere."""
    return not _POINTING.isdisjoint(words(question))


def depends(question: str) -> bool:
    """Whether a question may need what was said before: it points at something, goes on from it, or is short."""
    return bool(_OPENING.match(question)) or points(question) or len(content_words(question)) <= FEW
