"""What comes in and what goes out, the same for every channel. Channels translate; nothing else knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from knowledge.model import Citation, Origin
from knowledge.validation.diagnostics import ValidationReport


def whole(text: str) -> str:
    """The text without half characters, which no database and no encoder takes: they become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two halves are one character


@dataclass(frozen=True, slots=True)
class Person:
    id: str  # stable within a channel
    name: str

    def __post_init__(self) -> None:
        _make_whole(self, "id", "name")


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content: bytes
    content_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        _make_whole(self, "name")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of one person. The same id in the same channel is the same message, delivered again."""

    id: str
    channel: str  # "web", "api", "teams" or "cli"
    conversation: str
    sender: Person
    text: str
    attachments: Sequence[Attachment] = ()
    reference: Mapping[str, Any] = field(default_factory=dict)  # JSON by which the channel reaches the sender later

    def __post_init__(self) -> None:
        _make_whole(self, "id", "conversation", "text")


def _make_whole(of: Person | Attachment | Incoming, *names: str) -> None:
    for name in names:
        object.__setattr__(of, name, whole(getattr(of, name)))


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """A known issue that a sheriff pinned, as the asker sees it before the answer."""

    number: int
    title: str
    text: str  # Markdown
    by: str  # name
    until: str  # "18:00", or with its day
    has_case: bool = False  # that is worked on for all who are affected


class ReplyKind(StrEnum):
    """The outcomes a person can tell apart; the first three are those of an Answer."""

    ANSWERED = "answered"
    HINTED = "hinted"
    UNANSWERED = "unanswered"
    FORWARDED = "forwarded"  # "ask the sheriff: …": a person was wanted, and nothing is said of what the pages know
    CLARIFY = "clarify"  # one question back; the message waits for its answer
    CHECKED = "checked"  # YAML was validated
    NOTED = "noted"  # a greeting, thanks, details added to a case, a command
    REFUSED = "refused"  # empty, too long, not text: the text says what to do


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What the asker may see of a case. A ticket or sheriff is set only after it was stored."""

    id: str
    state: str
    ticket: str = ""
    ticket_url: str = ""
    sheriff: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Sheriff says back: Markdown with [n] marks that refer to `citations`."""

    outcome: ReplyKind
    text: str
    confidence: float = 0.0
    citations: Sequence[Citation] = ()
    looked_at: Sequence[Citation] = ()
    origin: Origin = Origin.QUOTED
    note: str = ""
    report: ValidationReport | None = None
    choices: Sequence[str] = ()  # of a question back
    case: CaseSummary | None = None
    wish: str = ""  # label of the feature request that the message was kept as
    notices: Sequence[NoticeShown] = ()  # shown first
