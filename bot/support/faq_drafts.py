"""An entry for the FAQ, drafted from a resolved case: the askers' words, and the sheriff's answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.support.cases import Case, title
from knowledge.errors import Misuse

MOST_PHRASINGS = 8
LONGEST_QUESTION, LONGEST_ANSWER = 200, 8_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class DraftState(StrEnum):
    DRAFTED = "drafted"
    APPROVED = "approved"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """What an entry will say."""

    id: str
    question: str
    answer: str
    phrasings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FaqDraft:
    number: int
    case_id: str
    at: datetime
    by: str  # name
    state: DraftState
    entry: FaqEntry
    source: str  # name of the source that it goes into; "" for none
    file: str  # path of its file, as the operator has it; "" for none
    asked: str  # the question that is asked again as proof
    patch: str = ""
    written: str = ""  # "file" or the commit; "" for a patch alone
    proof: Mapping[str, Any] = field(default_factory=dict)  # outcome, confidence, cited, at, text; empty: not asked yet
    version: int = 0
    decided_by: str = ""


def drafted(case: Case, others: Iterable[Case], *, taken: frozenset[str], clean: Mapping[str, str]) -> FaqEntry:
    """The entry that a resolved case makes; `others` asked the same. `clean` are names, and what stands for them."""
    question = _line(title(case, width=LONGEST_QUESTION), clean)
    told = [_line(title(other, width=LONGEST_QUESTION), clean) for other in (case, *others)]
    phrasings = [each for each in dict.fromkeys(told) if each and each.casefold() != question.casefold()]
    answer = _without(case.resolution, clean).strip()
    return FaqEntry(_unused(question, taken), question, answer, tuple(phrasings[:MOST_PHRASINGS]))


def checked(entry: FaqEntry) -> FaqEntry:
    """The entry as it is written. Raises Misuse, naming the field, for what is none."""
    if not _ID.fullmatch(entry.id):
        raise Misuse(
            f"The id “{entry.id[:60]}” is none: write small letters, digits and dashes, such as shard-a-topic."
        )
    question = " ".join(entry.question.split())
    if not question or len(question) > LONGEST_QUESTION:
        raise Misuse(f"The question is empty or longer than {LONGEST_QUESTION} characters. Write it in a line.")
    answer = entry.answer.replace("\r\n", "\n").strip()
    if not answer or len(answer) > LONGEST_ANSWER:
        raise Misuse(f"The answer is empty or longer than {LONGEST_ANSWER:,} characters. Say what to do.")
    lines = [" ".join(each.split())[:LONGEST_QUESTION] for each in entry.phrasings]
    kept = tuple(each for each in dict.fromkeys(lines) if each and each != question)
    return FaqEntry(entry.id, question, answer, kept[:MOST_PHRASINGS])


def _unused(question: str, taken: frozenset[str]) -> str:
    words = re.findall(r"[a-z0-9]+", question.lower())
    base = "-".join(words)[:40].strip("-") or "resolved"
    return next(name for n in range(1, len(taken) + 2) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def _line(text: str, clean: Mapping[str, str]) -> str:
    return " ".join(_without(text, clean).split())


def _without(text: str, clean: Mapping[str, str]) -> str:
    for name, instead in clean.items():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, text) if name else text
    return text
