"""What a case teaches: a question as it was really asked, with the pages that should have answered it, if known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.addresses import is_parseable
from bot.redaction import redact
from bot.support.cases import Case, CaseState, Cause, EventKind
from bot.support.transitions import SHERIFF

ASKED: Final = frozenset({"answered", "hinted", "unanswered"})  # outcomes of a question, not of a check or a greeting
NO_PAGE: Final = frozenset({Cause.MISSING, Cause.WISH, Cause.PLATFORM_BUG})  # a cause that says that no page answers
CITED: Final = 3  # pages of an answer that are proposed
WHY: Final = 300  # characters
_TOKEN: Final = re.compile(r"""[^\s<>()\[\]{}"'`|,;*]+""")
_ANY_PAGE: Final = re.compile(r"(?:index|readme)\.\w+$", re.IGNORECASE)  # the end of too many addresses


class Kind(StrEnum):
    """How the case ended; the kind of its row."""

    RESOLVED = "resolved"  # a person found what to say
    DOWNVOTED = "downvoted"  # there was an answer or a hint, and the asker still wanted a person
    CONFIRMED = "confirmed"  # the asker said that the answer solved it


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row for a person to accept, to mend or to drop."""

    id: str  # of the case
    text: str  # the question, redacted
    gold: tuple[str, ...] | None  # () when no page answers it; None when nobody can tell yet
    kind: Kind
    component: str
    why: str  # what it was taken from, redacted
    asked: str  # ISO date
    ticket: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages that a link can mean."""

    paths: frozenset[str]
    by_url: Mapping[str, str]  # without fragment, query and a slash at the end

    def linked(self, text: str) -> tuple[list[str], list[str]]:
        """Paths of the pages that the text links or names, and the web addresses that are none of them."""
        found: dict[str, None] = {}
        strange: dict[str, None] = {}
        for token in _TOKEN.findall(text):
            written = token.rstrip(".:!?")
            if path := self._path(written):
                found[path] = None
            elif written.startswith(("https://", "http://")):
                strange[written] = None
        return list(found), list(strange)

    def _path(self, written: str) -> str:
        if written.removeprefix("./") in self.paths:  # also a FAQ entry: file.yaml#id
            return written.removeprefix("./")
        if not is_parseable(written):
            return ""
        if found := self.by_url.get(bare(written)):
            return found
        parts = unquote(urlsplit(written).path).strip("/").split("/")
        ends = ["/".join(parts[n:]) for n in range(len(parts))]
        if written.startswith(("https://", "http://", "/")):  # /pages/docs/kafka/quotas.md, or the page's file in Git
            return next((end for end in ends if end in self.paths and not _ANY_PAGE.match(end)), "")
        return ends[0] if ends[0] in self.paths else ""


def bare(url: str) -> str:
    """An address by which the same page is found, whatever heading is meant."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/").casefold() if parts.netloc else ""


def pages_of(addresses: Iterable[tuple[str, str]]) -> Pages:
    """From (path, url) of every page; of pages with one url the first is meant."""
    paths: set[str] = set()
    by_url: dict[str, str] = {}
    for path, url in addresses:
        paths.add(path)
        if url and is_parseable(url) and (key := bare(url)):
            by_url.setdefault(key, path)
    return Pages(frozenset(paths), by_url)


def propose(case: Case, pages: Pages) -> Proposal | None:
    """The row of a case with its events; None when it teaches nothing (yet)."""
    kind = _kind(case)
    if kind is None:
        return None
    gold, why = _gold(case, kind, pages)
    return Proposal(
        id=case.id,
        text=redact(case.question).text.strip(),
        gold=gold,
        kind=kind,
        component=case.component,
        why=_short(redact(why).text),
        asked=case.opened.date().isoformat(),
        ticket=case.ticket,
    )


def _kind(case: Case) -> Kind | None:
    if case.outcome not in ASKED or not case.question.strip() or case.state is CaseState.WITHDRAWN:
        return None
    if case.state is CaseState.RESOLVED or (case.state is CaseState.CLOSED and _words(case)):
        return Kind.RESOLVED
    if case.outcome == "unanswered":
        return None
    wanted_a_person = any(
        e.kind == EventKind.REOPENED or (e.kind == EventKind.HANDED_OVER and e.actor != SHERIFF) for e in case.events
    )
    if wanted_a_person:
        return Kind.DOWNVOTED
    return Kind.CONFIRMED if case.state is CaseState.CLOSED else None


def _words(case: Case) -> str:
    """What a person said to it: the resolution, else the replies."""
    replies = (event.text for event in case.events if event.kind == EventKind.REPLIED)
    return case.resolution or "\n".join(replies)


def _gold(case: Case, kind: Kind, pages: Pages) -> tuple[tuple[str, ...] | None, str]:
    """The proposed pages, and what they follow from. Of a hint only the first page: the others are the next places."""
    shown = tuple(dict.fromkeys(citation.path for citation in case.citations))[:CITED]
    cited = shown if case.outcome == "answered" else shown[:1]
    named = ", ".join(shown) or "nothing"
    if kind is Kind.CONFIRMED:
        return cited or None, f"The asker said that it was solved by the {_word(case)} from {named}."
    if kind is Kind.DOWNVOTED:
        return None, f"The asker wanted a person after the {_word(case)} from {named}."
    linked, strange = pages.linked(_words(case))
    outside = f" It links {', '.join(strange)}, which is not in the index." if strange else ""
    cause = f" ({case.cause.value.replace('_', ' ')})" if case.cause else ""
    said = f"Resolved{cause}: {_words(case).strip()}"
    if linked:
        return tuple(linked), f"Linked in the resolution. {said}"
    if case.cause in NO_PAGE and not strange:
        return (), f"By its cause no page answers it. {said}"
    if case.cause is Cause.RETRIEVAL_MISS or case.outcome == "unanswered" or not cited or strange:
        return None, f"{outside.strip()} {said}".strip()
    return cited, f"The pages that were shown; the resolution links none. {said}"


def _word(case: Case) -> str:
    return "answer" if case.outcome == "answered" else "hint"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WHY else line[:WHY].rsplit(" ", 1)[0] + " …"
