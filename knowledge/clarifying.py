"""One question back, when several components answer a question about equally well and it names none of them.

What decides is a near-tie in the search, not low confidence: "How do I set the quota?" is answered by two pages equally
well, and each of the answers would look sure. The rule is made to keep still: it needs a short question whose words the
pages of all the components share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.glossary import Glossary
from knowledge.model import Clarification, Passage
from knowledge.wording import content_words, words

NEAR: Final = 0.90  # share of the first page's score from which on a component's best page is a near-tie
MOST: Final = 4  # components; a question that fits more of them is too wide to be settled by picking one
SHORT: Final = 5  # content words up to which a question can leave the component open
SHARED: Final = 0.5  # share of the question's content words that the pages of all components must have
_BEGINNING: Final = 4  # letters; shorter words begin too many others
_FILLER: Final = frozenset(
    """yes yeah ok okay please one ones mean meant thing think guess sorry both oui le la les pour celui celle des
    du de el je veux dire""".split()  # noqa: SIM905 - words read better as text
)
_NUMBER: Final = re.compile(
    r"\W*(?:the\b)?\W*(?:(?:no|nr|number|option)\b\W*)?(?:([1-9])|(first|second|third|fourth))\W*(?:one\W*|please\W*)*",
    re.IGNORECASE,
)
_ORDINALS: Final = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class _Component:
    """A component among what was found: the title of its best page, and every word of its passages."""

    name: str
    title: frozenset[str]
    text: frozenset[str]

    def says(self, term: str) -> bool:
        """Whether its passages have the word, also as the beginning of another: connect, connection."""
        return term in self.text or (len(term) >= _BEGINNING and any(word.startswith(term) for word in self.text))


def clarification(
    question: str, passages: Sequence[Passage], *, glossary: Glossary, earlier: Sequence[str] = ()
) -> Clarification | None:
    """What to ask back, or None when the first page is clearly first or the asker said which component is meant.

    `passages` are those of one search, best first; `earlier` are the asker's earlier questions, which may have named
    the component.
    """
    terms = content_words(question)
    near = _near(passages, glossary)
    if not 0 < len(terms) <= SHORT or not 2 <= len(near) <= MOST:
        return None
    shared = [term for term in terms if all(component.says(term) for component in near)]
    if len(shared) < SHARED * len(terms):
        return None
    own = [component.name for component in near]
    if _names(question, [*glossary.components, *own], near, glossary) or _names(" ".join(earlier), own, near, glossary):
        return None
    if any(_tells_apart(term, near) for term in terms):
        return None
    choices = tuple(map(glossary.label, own))
    return Clarification(f"Which one do you mean: {', '.join(choices[:-1])} or {choices[-1]}?", choices)


def completed(reply: str, asked: str, choices: Sequence[str], *, glossary: Glossary) -> str:
    """The question that a reply to a clarification makes of the one `asked` before; "" when the reply is another.

    A reply is a choice by its number, or when it says nothing but names of components, and words that `asked` has too.
    """
    number = _NUMBER.fullmatch(reply)
    if number:
        at = int(number[1]) - 1 if number[1] else _ORDINALS.index(number[2].lower())
        return _joined(asked, choices[at]) if at < len(choices) else ""
    said, known = _stems(reply), _stems(asked)
    labels = {component: glossary.label(component) for component in glossary.components}
    names = {choice: (choice,) for choice in choices} | {
        label: glossary.names_of(component) for component, label in labels.items()
    }
    telling = {
        label: [name for name in _sets(own) if name <= said and (name == said or not name <= known)]
        for label, own in names.items()
    }
    picked = _picked(telling, offered=choices)
    rest = said - {stem for _, own in picked for stem in own} - known - _FILLER
    return _joined(asked, " and ".join(label for label, _ in picked)) if picked and not rest else ""


def _picked(
    telling: Mapping[str, Sequence[frozenset[str]]], *, offered: Sequence[str]
) -> list[tuple[str, frozenset[str]]]:
    """Components that the reply names, each with the words that name it; one that was not on offer only by itself."""
    found = [(label, max(named, key=len)) for label, named in telling.items() if named]
    return [pick for pick in found if pick[0] in offered] or found[:1]


def _joined(asked: str, choice: str) -> str:
    return f"{asked.rstrip(' ?!.')} ({choice})?"


def _near(passages: Sequence[Passage], glossary: Glossary) -> list[_Component]:
    """The components whose best passages nearly tie with the first, best first; general pages are passed over."""
    best: dict[str, Passage] = {}
    for passage in passages:
        best.setdefault(passage.chunk.component, passage)
    least = NEAR * passages[0].score if passages else 0.0
    return [
        _Component(name, _stems(top.chunk.title), _stems(" ".join(_text(p) for p in passages if _is_of(p, name))))
        for name, top in best.items()
        if top.score >= least and _can_be_picked(name, glossary)
    ]


def _can_be_picked(component: str, glossary: Glossary) -> bool:
    """Whether people know it as a thing of the platform: pages on troubleshooting are about all of them."""
    return bool(component) and (not glossary.components or component in glossary.components)


def _is_of(passage: Passage, component: str) -> bool:
    return passage.chunk.component == component


def _text(passage: Passage) -> str:
    return f"{passage.chunk.place} {passage.chunk.phrasing} {passage.chunk.text}"


def _names(said: str, known: Iterable[str], near: Sequence[_Component], glossary: Glossary) -> bool:
    """Whether one of the known components is named by what does not stand in another's title: quotas have many."""
    stems = _stems(said)
    return any(
        name <= stems and not any(name <= other.title for other in near if other.name != component)
        for component in known
        for name in _sets(glossary.names_of(component))
    )


def _tells_apart(term: str, near: Sequence[_Component]) -> bool:
    """Whether one component's page has the word in its title and the others say nothing of it."""
    holders = [component for component in near if component.says(term)]
    return len(holders) == 1 and term in holders[0].title


def _sets(names: Iterable[str]) -> list[frozenset[str]]:
    return [stems for name in names if (stems := _stems(name))]


def _stems(text: str) -> frozenset[str]:
    return frozenset(content_words(text)) or frozenset(words(text))
