"""Handing a case to a person: what is asked of ticket desks and of channels, and the words that go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.support.cases import Case, CaseState, Event, EventKind
from bot.support.rota import Duty, Member
from bot.support.transitions import dead_letter, is_from_desk, since_hand_over
from knowledge.errors import Misuse, Unavailable


@dataclass(frozen=True, slots=True)
class Ticket:
    number: str  # as people say it, such as SUP-142
    url: str = ""


class TicketState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # the desk has no such ticket


@dataclass(frozen=True, slots=True)
class Found:
    """How a ticket was found in the ticket system."""

    state: TicketState
    words: str = ""  # what somebody else than Sheriff wrote when it was closed


def unexpected(found: Mapping[str, Found], *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
    """Of the tickets found, those thought open that are not, and those thought closed that are open."""
    no_longer = {ticket: found[ticket] for ticket in opened if ticket in found}
    again = {ticket: found[ticket] for ticket in closed if ticket in found}
    return {
        **{ticket: how for ticket, how in no_longer.items() if how.state is not TicketState.OPEN},
        **{ticket: how for ticket, how in again.items() if how.state is TicketState.OPEN},
    }


LATELY, EARLIER = timedelta(days=1), 5  # how much of a conversation is told with a case: since when, and questions


class Desk(Protocol):
    """A ticket system. Every method raises DeskUnavailable when it gives no answer, or an unclear one, and DeskRefused
    when it will not do it however often it is asked."""

    def open(self, case: Case, *, assignee: str, earlier: Sequence[Case] = ()) -> Ticket:
        """The case's ticket, open and assigned. Called twice for one case, in any process, it is the same ticket;
        one that was closed is opened again. A new one also tells what the asker asked before, newest first."""

    def comment(self, ticket: str, text: str, *, author: str, key: str) -> None:
        """Add a comment, once per key."""

    def close(self, ticket: str, *, resolution: str) -> None:
        """Close it; one that is closed already stays as it is."""

    def state(self, ticket: str) -> TicketState: ...

    def changed_among(self, *, opened: Sequence[str], closed: Sequence[str]) -> Mapping[str, Found]:
        """Those of the tickets thought open that are closed or, for good, not there (UNKNOWN), and those thought
        closed that are open. What can be no ticket of this desk is left out."""

    def check(self) -> str:
        """Where it is and that it would do what is asked of it, in words after "The desk is", found out by reading
        only. Raises as the others do."""


class Role(StrEnum):
    """Why somebody is told."""

    ASKER = "asker"
    SHERIFF = "sheriff"
    BACKUP = "backup"  # nobody has taken the case in time
    TEAM = "team"  # nor has the back-up


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing for one person to know."""

    key: str  # the same key is the same notification, sent again
    role: Role
    to: Member  # for the asker: id and name of the person
    case: Case
    event: Event  # what has happened
    text: str


class Refused(Misuse):
    """Somebody is not reached, now or later, and the same message need not be sent again. The text says where and why,
    in words that follow "was not told"; `elsewhere` is where the person was told all the same."""

    def __init__(self, message: str, *, elsewhere: str = "") -> None:
        super().__init__(message)
        self.elsewhere = elsewhere


class Notifier(Protocol):
    """A channel that reaches people by itself."""

    def tell(self, notification: Notification) -> str:
        """Deliver it, once per key. Returns where, in words that follow "was told": "in Teams"; "" when this channel
        does not reach the person. Raises Unavailable when it would, but does not answer: try again; Refused when it
        would, and never will."""


class AllChannels:
    """Tells through every channel, in order; the person was told where any of them got through."""

    def __init__(self, channels: Sequence[Notifier]) -> None:
        self._channels = tuple(channels)

    def tell(self, notification: Notification) -> str:
        places, refusals, silent = [], [], None
        for channel in self._channels:
            try:
                places.append(channel.tell(notification))
            except Unavailable as error:
                silent = error
            except Refused as error:
                refusals.append(str(error))
        if silent is not None:  # those who did deliver will not do it twice
            raise silent
        told = " and ".join(dict.fromkeys(place for place in places if place))
        if refusals:
            raise Refused("; ".join(dict.fromkeys(refusals)), elsewhere=told)
        return told


ASKER_HEARS = frozenset(
    {
        EventKind.TAKEN,
        EventKind.REPLIED,
        EventKind.DETAILS_ASKED,
        EventKind.HANDED_ON,
        EventKind.RESOLVED,
        EventKind.LINKED,
        EventKind.TICKET_CLOSED,
    }
)
SHERIFF_HEARS = frozenset(
    {
        EventKind.DETAILS_ADDED,
        EventKind.WITHDRAWN,
        EventKind.CLOSED,
        EventKind.HANDED_ON,
        EventKind.TICKET_CLOSED,
        EventKind.TICKET_GONE,
    }
)
STARTS_HAND_OVER = frozenset({EventKind.HANDED_OVER, EventKind.REOPENED})
# Events that need a workflow.
HEARD_OUTSIDE = frozenset(ASKER_HEARS | SHERIFF_HEARS | STARTS_HAND_OVER | {EventKind.TICKET_RETRIED})


def for_asker(case: Case, event: Event) -> str:
    """What the asker reads when a person did something, and how to answer in a channel without buttons for it."""
    start = f"start the message with “{case.label}:”"
    words = {
        EventKind.TAKEN: f"{event.actor} has taken {case.label}.",
        EventKind.REPLIED: f"{event.actor} replies on {case.label}:\n\n{event.text}\n\nTo answer, {start}.",
        EventKind.DETAILS_ASKED: f"{event.actor} asks about {case.label}:\n\n{event.text}\n\nTo answer, {start}.",
        EventKind.HANDED_ON: f"{case.sheriff} has {case.label} now.",
        EventKind.LINKED: f"Others ask the same as you in {case.label}. One case is worked on for all of you, and what "
        "comes of it is said here.",
        EventKind.RESOLVED: f"{event.actor} resolved {case.label}:\n\n{event.text}\n\nTo reopen it, {start}.",
        EventKind.TICKET_CLOSED: f"{_closed_in_desk(case, event)}\n\nTo reopen it, {start}.",
        EventKind.REOPENED: f"{case.label} was opened again in the ticket system. It is being worked on.",
    }
    return words.get(EventKind(event.kind), event.text)


def for_sheriff(case: Case, event: Event) -> str:
    """What the sheriff reads when the asker, or a colleague, did something."""
    words = {
        EventKind.HANDED_OVER: f"{case.asker.name} needs a person: {case.question}{_without_ticket(case)}",
        EventKind.REOPENED: _reopened(case, event) + _without_ticket(case),
        EventKind.DETAILS_ADDED: f"{event.actor} added to {case.label}:\n\n{event.text}",
        EventKind.WITHDRAWN: f"{event.actor} withdrew {case.label}. Nothing is left to do.",
        EventKind.CLOSED: f"{event.actor} says that {case.label} is solved.",
        EventKind.HANDED_ON: f"{event.actor} handed {case.label} to you.",
        EventKind.TICKET_CLOSED: _closed_in_desk(case, event),
    }
    return words.get(EventKind(event.kind), event.text)


def standing(case: Case, rota: Duty, *, now: datetime) -> str:
    """Where a handed-over case stands, for the asker: only what has happened, then what comes next."""
    if case.state is CaseState.WITHDRAWN:
        return f"{case.label} is withdrawn."
    told = was_told(case)
    ticket = f"Ticket {case.ticket} is open." if case.ticket else f"Case saved. {_no_ticket(case)}"
    person = f"{case.sheriff} was told." if told and case.sheriff else "The duty sheriff is told next."
    if rota.is_working(now):
        return f"{ticket} {person}"
    begins = rota.local(rota.next_working(now))
    return f"{ticket} {person} Working hours start {begins:%a %H:%M} ({rota.zone.key})."


def was_told(case: Case) -> bool:
    """Whether the duty sheriff has been told of the present hand-over."""
    return any(e.kind == EventKind.SHERIFF_TOLD for e in since_hand_over(case))


def why_no_ticket(case: Case) -> str:
    """The last reason the desk gave and the time of the next try, or that it is on its way."""
    for event in reversed(since_hand_over(case)):
        if event.kind in {EventKind.TICKET_PENDING, EventKind.TICKET_FAILED}:
            return event.text
        if event.kind == EventKind.TICKET_RETRIED:
            return "it is tried again."
    return "it is being opened."


def _no_ticket(case: Case) -> str:
    """For the asker, who can do nothing about a setting."""
    if dead_letter(case) is not None:
        return "The ticket system refused a ticket; the team sees why."
    return f"No ticket yet: {why_no_ticket(case)}"


def _without_ticket(case: Case) -> str:
    letter = dead_letter(case)
    return f"\n\nThere is no ticket. {letter.text}" if letter and not case.ticket else ""


def _closed_in_desk(case: Case, event: Event) -> str:
    words = f":\n\n{event.text}" if event.text else "."
    return f"{case.label} was closed in the ticket system{words}"


def _reopened(case: Case, event: Event) -> str:
    if is_from_desk(event):
        return f"{case.label} was opened again in the ticket system."
    return f"{event.actor} reopened {case.label}. {event.text}".strip()


def reminder(case: Case, role: Role) -> str:
    """What the back-up, or the whole team, reads about a case that nobody has taken."""
    who = "Nobody has" if role is Role.TEAM else f"{case.sheriff or 'The duty sheriff'} has not"
    return f"{case.label} of {case.asker.name} waits. {who} taken it yet: {case.question}"
