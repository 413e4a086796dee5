"""A case: one question and its fate. Pure values and rules; the store keeps them, the clock is an argument."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.messages import Person
from bot.support.severity import CaseSeverity
from knowledge.errors import Misuse
from knowledge.model import Citation

_YAML_LINE = re.compile(r"(?:[\w./-]+:(?:\s|$)|---|- |[{\[#])")


class NotPossible(Misuse):
    """The case does not allow this now; the text says why and what does."""


class CaseState(StrEnum):
    ANSWERED = "answered"  # Sheriff answered, hinted or checked; nobody was asked yet
    NEW = "new"  # handed over, no one has taken it
    ASSIGNED = "assigned"
    WAITING_FOR_ASKER = "waiting_for_asker"
    RESOLVED = "resolved"
    CLOSED = "closed"  # the asker confirmed, or said that the answer solved it
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


OPEN = frozenset({CaseState.NEW, CaseState.ASSIGNED, CaseState.WAITING_FOR_ASKER, CaseState.REOPENED})
UNTAKEN = frozenset({CaseState.NEW, CaseState.REOPENED})


class Cause(StrEnum):
    """Why a person was needed; the labels stand in UI texts."""

    MISSING = "missing"
    OUTDATED = "outdated"
    RETRIEVAL_MISS = "retrieval_miss"
    CONFIGURATION = "configuration"
    PLATFORM_BUG = "platform_bug"
    WISH = "wish"
    OTHER = "other"
    CLOSED_IN_DESK = "closed_in_desk"  # nobody said: the ticket was closed in the ticket system itself


class EventKind(StrEnum):
    """What can happen to a case; the words of `Event.kind`."""

    OPENED = "opened"
    HANDED_OVER = "handed_over"  # a person is needed; the hand-over begins
    SHERIFF_NAMED = "sheriff_named"  # the rota said who
    TICKET_OPENED = "ticket_opened"
    TICKET_PENDING = "ticket_pending"  # the asker was answered before there was a ticket
    TICKET_TRIED = "ticket_tried"  # a new ticket was asked for; whether it was made shows later
    TICKET_FAILED = "ticket_failed"  # the ticket system refuses it, and is not asked again by itself
    TICKET_RETRIED = "ticket_retried"  # somebody wants it tried again
    TICKET_CLOSED = "ticket_closed"  # by somebody in the ticket system itself
    TICKET_SEEN_CLOSED = "ticket_seen_closed"  # after the case has ended; if it is open later, somebody opened it
    TICKET_GONE = "ticket_gone"  # somebody deleted it in the ticket system; a new one is opened when it is wanted
    SHERIFF_TOLD = "sheriff_told"
    ASKER_TOLD = "asker_told"
    NOT_TOLD = "not_told"  # a channel refuses for good to tell somebody; nobody tries again
    REMINDED = "reminded"
    TAKEN = "taken"
    REPLIED = "replied"
    DETAILS_ASKED = "details_asked"
    DETAILS_ADDED = "details_added"
    HANDED_ON = "handed_on"  # from one person to another
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    RATED = "rated"  # thumbs up or down, with or without a reason; changes no state
    SEVERITY_SET = "severity_set"
    LINKED = "linked"  # the same question as that of another case, which is worked on for both
    UNLINKED = "unlinked"
    WISHED = "wished"  # what was asked for is kept as a feature request


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a case; appended, never changed."""

    at: datetime  # aware, UTC
    kind: str  # an EventKind value
    actor: str  # a person's name, or "Sheriff"
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    id: str  # "c-" and 8 hex digits or more
    state: CaseState
    question: str
    asker: Person
    channel: str
    conversation: str
    opened: datetime  # aware, UTC
    updated: datetime
    outcome: str  # a ReplyKind value
    answer: str = ""
    confidence: float = 0.0
    citations: Sequence[Citation] = ()  # shown with the answer, or looked at when there was none
    component: str = ""
    sheriff: str = ""  # name of the duty sheriff it was assigned to
    ticket: str = ""  # such as SUP-142; set only after the desk said so
    ticket_url: str = ""
    cause: Cause | None = None
    resolution: str = ""
    severity: CaseSeverity = CaseSeverity.NORMAL
    application: str = ""  # that the asker named, such as orders-api
    master: str = ""  # id of the case that is worked on for this one, too
    reference: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()

    @property
    def label(self) -> str:
        """How people call it: the ticket once there is one."""
        return self.ticket or self.id

    @property
    def is_open(self) -> bool:
        """A person still has something to do."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Change:
    """A case as it will be, and what then happened; no events means that nothing changes."""

    case: Case
    events: Sequence[Event] = ()


def choices_of(case: Case) -> tuple[str, ...]:
    """What the asker may pick from when the question got a question back; needs the case's events."""
    opened = next((event for event in case.events if event.kind == EventKind.OPENED), None)
    return tuple(opened.data.get("choices", ())) if opened else ()


def title(case: Case, *, width: int = 90) -> str:
    """One line to recognise the case by: the first line of the question, cut at a word."""
    line = next((line.strip() for line in case.question.splitlines() if line.strip()), case.id)
    if case.outcome == "checked" and _YAML_LINE.match(line):
        line = f"Check of {case.component} YAML" if case.component else "Check of YAML"
    if len(line) <= width:
        return line
    return line[:width].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
