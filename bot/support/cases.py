"""A case: one question and its fate. Pure values and rules; the store keeps them, the clock is an argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.messages import Person
from knowledge.model import Citation


class CaseState(StrEnum):
    ANSWERED = "answered"  # Sheriff answered, hinted or checked; nobody was asked yet
    NEW = "new"  # handed over, no one has taken it
    ASSIGNED = "assigned"
    WAITING_FOR_ASKER = "waiting_for_asker"
    RESOLVED = "resolved"
    CLOSED = "closed"  # the asker confirmed, or said that the answer solved it
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


class Cause(StrEnum):
    """Why a person was needed; the labels stand in UI texts."""

    MISSING = "missing"
    OUTDATED = "outdated"
    RETRIEVAL_MISS = "retrieval_miss"
    CONFIGURATION = "configuration"
    PLATFORM_BUG = "platform_bug"
    WISH = "wish"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a case; appended, never changed."""

    at: datetime  # aware, UTC
    kind: str  # opened, handed_over, ticket_opened, sheriff_told, taken, replied, details_asked, details_added, …
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
    reference: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
