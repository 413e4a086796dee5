"""Why a question was not answered: the sheriff's resolution is asked of the index as if it were the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.support.cases import Cause
from bot.support.ledger import GapKind, kind_of
from knowledge import blocks
from knowledge.model import Chunk, Passage
from knowledge.opposing import Said
from knowledge.overlap import coverage, rarity, terms

Look = Callable[[str], Sequence[Passage]]  # what the index finds, best first

SUPPORTS = 0.6  # share of the resolution's telling words that a passage has which says the same
SPEAKS_OF = 0.4  # from here on it speaks of the same thing, and can contradict
RANKED_LOW = 3  # a page after this place is not read by anybody
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is the matter, in a sentence that says how it is known, and the passage to change."""

    kind: GapKind
    why: str
    at: Chunk | None = None


def diagnose(question: str, resolution: str, causes: Sequence[Cause], *, source: str, look: Look) -> Diagnosis:
    """Judge by the newest resolution; `causes` are those that sheriffs gave, the newest first, and `source` is the
    case of the resolution as people call it. Raises what `look` raises."""
    found = list(look(question))
    nearest = found[0].chunk if found else None
    settled = kind_of(causes)
    if settled is GapKind.PLATFORM_BUG:
        return Diagnosis(settled, f"{source} was resolved as a fault of the platform: code was to change.", nearest)
    if settled is GapKind.WISH:
        return Diagnosis(settled, f"{source} asks for something that the platform does not do yet.", nearest)
    if not resolution.strip():
        return Diagnosis(GapKind.UNKNOWN, "Nobody has resolved a case of it yet.", nearest)
    passages = list(look(resolution))
    weights = rarity(terms(resolution), [passage.body for passage in (*passages, *found)])
    shares = [(coverage(f"{p.chunk.place}\n{p.body}", weights), p) for p in passages]
    for share, passage in sorted(shares, key=lambda pair: -pair[0]):
        if share >= SPEAKS_OF and (opposed := next(contradictions(resolution, passage.body), "")):
            kind = GapKind.OUTDATED if causes and causes[0] is Cause.OUTDATED else GapKind.WRONG
            why = f"{passage.chunk.place} speaks of it and says otherwise than {source}: {opposed}."
            return Diagnosis(kind, why, passage.chunk)
    best = max(shares, key=lambda pair: pair[0], default=None)
    if best is not None and best[0] >= SUPPORTS:
        return _missed(best[1], found, source)
    where = f" Nearest is “{nearest.place}”." if nearest else ""
    return Diagnosis(
        GapKind.MISSING, f"The resolution of {source} was asked of the index: no passage says it.{where}", nearest
    )


def contradictions(resolution: str, passage: str) -> Iterator[str]:
    """Where a passage says the opposite of a resolution, or gives another figure in the same words."""
    said = Said([passage])
    theirs = [s for block in blocks.blocks(passage) for line in block.text.splitlines() for s in blocks.sentences(line)]
    for sentence in blocks.sentences(resolution):
        yield from said.opposes(sentence)
        yield from _other_figures(sentence, theirs)


def _other_figures(sentence: str, theirs: Sequence[str]) -> Iterator[str]:
    figures = set(_NUMBER.findall(sentence))
    ours = terms(_NUMBER.sub(" ", sentence))
    for other in theirs:
        others = set(_NUMBER.findall(other))
        shared = len(ours & terms(_NUMBER.sub(" ", other))) / max(1, len(ours))
        if figures and others and not figures & others and shared >= SUPPORTS:
            yield f"{', '.join(sorted(others))} there, {', '.join(sorted(figures))} here"


def _missed(supports: Passage, found: Sequence[Passage], source: str) -> Diagnosis:
    pages = list(dict.fromkeys(passage.chunk.document_id for passage in found))
    page = supports.chunk.document_id
    rank = pages.index(page) + 1 if page in pages else 0
    if not rank:
        place = "is not found for it"
    elif rank > RANKED_LOW:
        place = f"comes only {rank}th for it"
    else:
        place = "is found for it without enough confidence to answer"
    why = (
        f"{supports.chunk.place} says what {source} was resolved with, but {place}: its words are not those people use."
    )
    return Diagnosis(GapKind.RETRIEVAL_MISS, why, supports.chunk)
