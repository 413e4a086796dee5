"""What may become of a case. Each rule returns the Change, an empty one when it has happened already, or refuses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.support.cases import UNTAKEN, Case, CaseState, Cause, Change, Event, EventKind, NotPossible
from bot.support.severity import CaseSeverity

SHERIFF = "Sheriff"  # the actor of what no person did
TICKET_SYSTEM = "Ticket system"  # the actor of what somebody did there; who, it does not say
REOPENED_BY_DESK = frozenset({CaseState.RESOLVED, CaseState.CLOSED})  # nobody wants what was withdrawn
_MOVES_TICKET = frozenset(
    {
        EventKind.HANDED_OVER,
        EventKind.REOPENED,
        EventKind.RESOLVED,
        EventKind.CLOSED,
        EventKind.WITHDRAWN,
        EventKind.TICKET_RETRIED,
    }
)
DEAD_LETTERS = frozenset({EventKind.TICKET_FAILED, EventKind.TICKET_GONE})
_ENDED = {
    CaseState.RESOLVED: "is already resolved; reply to reopen it",
    CaseState.CLOSED: "is closed; reply to reopen it",
    CaseState.WITHDRAWN: "was withdrawn; ask the sheriff to open it again",
    CaseState.ANSWERED: "has not been handed over; ask the sheriff first",
}


def begin(case: Case) -> Case:
    """The case with the events its first state stands for, so that no case is stored without its history."""
    events = tuple(case.events) or (Event(case.opened, EventKind.OPENED, case.asker.name, case.question),)
    if case.state is CaseState.NEW and not _happened(events, EventKind.HANDED_OVER):
        reason = "Sheriff found no sure answer." if case.outcome == "unanswered" else ""
        actor = case.asker.name if case.outcome == "forwarded" else SHERIFF
        events = (*events, Event(case.opened, EventKind.HANDED_OVER, actor, reason))
    return replace(case, events=events)


def ask_sheriff(case: Case, *, by: str, at: datetime) -> Change:
    """The asker wants a person: a case that was only answered becomes new, one that has ended is opened again."""
    if case.is_open:
        return Change(case)
    if case.ticket:
        return reopen(case, by=by, at=at)
    return _change(case, EventKind.HANDED_OVER, by, at, state=CaseState.NEW)


def withdraw(case: Case, *, by: str, at: datetime) -> Change:
    if case.state is CaseState.WITHDRAWN:
        return Change(case)
    _require_open(case)
    return _change(case, EventKind.WITHDRAWN, by, at, state=CaseState.WITHDRAWN)


def solved(case: Case, *, by: str, at: datetime) -> Change:
    """The asker says that it is solved, whoever solved it."""
    if case.state is CaseState.CLOSED:
        return Change(case)
    return _change(case, EventKind.CLOSED, by, at, state=CaseState.CLOSED)


def add_details(case: Case, *, by: str, at: datetime, text: str) -> Change:
    """The asker adds something: it ends waiting for him, and reopens what was resolved."""
    text = _required(text, "Write what should be added to the case.")
    if _said_last(case, EventKind.DETAILS_ADDED, by, text) or _said_last(case, EventKind.REOPENED, by, text):
        return Change(case)
    if case.state in {CaseState.RESOLVED, CaseState.CLOSED} and (case.ticket or case.sheriff):
        return _change(case, EventKind.REOPENED, by, at, text=text, state=CaseState.REOPENED, master="")
    _require_open(case, or_in={CaseState.ANSWERED})
    state = CaseState.ASSIGNED if case.state is CaseState.WAITING_FOR_ASKER else case.state
    return _change(case, EventKind.DETAILS_ADDED, by, at, text=text, state=state)


def take(case: Case, *, by: str, at: datetime) -> Change:
    _require_open(case)
    if case.state in UNTAKEN:
        return _change(case, EventKind.TAKEN, by, at, state=CaseState.ASSIGNED, sheriff=by)
    if case.sheriff == by:
        return Change(case)
    raise NotPossible(f"{case.sheriff} already has {case.label}; ask for it to be handed to you.")


def reply(case: Case, *, by: str, at: datetime, text: str) -> Change:
    """Words for the asker; replying to an untaken case takes it."""
    text = _required(text, f"Write the reply to {case.asker.name} first.")
    if _said_last(case, EventKind.REPLIED, by, text):
        return Change(case)
    _require_open(case)
    state = CaseState.ASSIGNED if case.state in UNTAKEN else case.state
    return _change(case, EventKind.REPLIED, by, at, text=text, state=state, sheriff=_owner(case, by))


def ask_for_details(case: Case, *, by: str, at: datetime, text: str) -> Change:
    text = _required(text, f"Write what you need from {case.asker.name}.")
    if _said_last(case, EventKind.DETAILS_ASKED, by, text):
        return Change(case)
    _require_open(case)
    state = CaseState.WAITING_FOR_ASKER
    return _change(case, EventKind.DETAILS_ASKED, by, at, text=text, state=state, sheriff=_owner(case, by))


def resolve(case: Case, *, by: str, at: datetime, cause: Cause, resolution: str, faq: bool = False) -> Change:
    """`faq` notes that the resolution is to become an entry of the FAQ."""
    resolution = _required(resolution, f"Write the resolution: {case.asker.name} and the next person who asks see it.")
    if case.state is CaseState.RESOLVED and (case.cause, case.resolution) == (cause, resolution):
        return Change(case)
    _require_open(case)
    return _change(
        case,
        EventKind.RESOLVED,
        by,
        at,
        text=resolution,
        data={"cause": cause.value, **({"faq": True} if faq else {})},
        state=CaseState.RESOLVED,
        sheriff=_owner(case, by),
        cause=cause,
        resolution=resolution,
    )


def rate(case: Case, *, by: str, at: datetime, helpful: bool, reason: str = "") -> Change:
    """A thumb of somebody who read the answer; the same one again changes nothing."""
    data = {"helpful": helpful}
    mine = next((e for e in reversed(case.events) if e.kind == EventKind.RATED and e.actor == by), None)
    if mine is not None and (mine.data, mine.text) == (data, reason.strip()):
        return Change(case)
    return _change(case, EventKind.RATED, by, at, text=reason.strip(), data=data)


def hand_to(case: Case, *, by: str, at: datetime, member: str) -> Change:
    _require_open(case)
    if case.sheriff == member and case.state not in UNTAKEN:
        return Change(case)
    state = CaseState.ASSIGNED if case.state in UNTAKEN else case.state
    data = {"from": case.sheriff, "to": member}
    return _change(
        case, EventKind.HANDED_ON, by, at, text=f"{member} has it now.", data=data, state=state, sheriff=member
    )


def set_severity(case: Case, *, by: str, at: datetime, severity: CaseSeverity) -> Change:
    if case.severity is severity:
        return Change(case)
    _require_open(case, or_in={CaseState.ANSWERED})
    data = {"from": case.severity.value, "to": severity.value}
    said = f"Severity {severity.value}, before {case.severity.value}."
    return _change(case, EventKind.SEVERITY_SET, by, at, text=said, data=data, severity=severity)


def link_to(case: Case, master: Case, *, by: str, at: datetime) -> Change:
    """The same question as `master`'s: that case is worked on, and this one's asker hears all that is said there."""
    if case.master == master.id:
        return Change(case)
    _require_open(case)
    _require_open(master)
    if case.id == master.id:
        raise NotPossible(f"{case.label} cannot be linked to itself.")
    if master.master:
        raise NotPossible(f"{master.label} is itself linked to another case. Link to that one.")
    state = CaseState.ASSIGNED if case.state in UNTAKEN else case.state
    text = f"The same question as {master.label}, which is worked on for everybody who asks it."
    data = {"master": master.id}
    sheriff = master.sheriff or by
    return _change(case, EventKind.LINKED, by, at, text=text, data=data, state=state, sheriff=sheriff, master=master.id)


def unlink(case: Case, *, by: str, at: datetime, why: str = "") -> Change:
    """The case goes its own way again."""
    if not case.master:
        return Change(case)
    return _change(case, EventKind.UNLINKED, by, at, text=why, data={"master": case.master}, master="")


def reopen(case: Case, *, by: str, at: datetime, text: str = "") -> Change:
    if case.is_open:
        return Change(case)
    if case.state is CaseState.ANSWERED:
        raise NotPossible(f"{case.label} {_ENDED[case.state]}.")
    return _change(case, EventKind.REOPENED, by, at, text=text.strip(), state=CaseState.REOPENED, master="")


def name_sheriff(case: Case, *, at: datetime, sheriff: str) -> Change:
    """Write down who is on duty for a case that nobody has taken yet."""
    if case.state not in UNTAKEN or case.sheriff == sheriff:
        return Change(case)
    return _change(case, EventKind.SHERIFF_NAMED, SHERIFF, at, text=f"{sheriff} is on duty.", sheriff=sheriff)


def record_ticket(case: Case, *, at: datetime, ticket: str, url: str) -> Change:
    if case.ticket == ticket:
        return Change(case)
    text = f"Ticket {ticket} opened."
    return _change(case, EventKind.TICKET_OPENED, SHERIFF, at, text=text, ticket=ticket, ticket_url=url)


def dead_letter(case: Case) -> Event | None:
    """The last thing that the ticket system refused, or the ticket that it lost and an open case needs, when nobody has
    wanted it tried again; needs the events."""
    for event in reversed(case.events):
        if event.kind in DEAD_LETTERS:
            return event if event.kind == EventKind.TICKET_FAILED or case.is_open else None
        if event.kind in {EventKind.TICKET_RETRIED, EventKind.HANDED_OVER, EventKind.REOPENED}:
            return None
    return None


def refused(case: Case, *, at: datetime, number: int, reason: str) -> Change:
    """The ticket system will not do what follows from the event with this number."""
    known = dead_letter(case)
    if known is not None and (known.text, known.data.get("event")) == (reason, number):
        return Change(case)
    return note(case, EventKind.TICKET_FAILED, at=at, text=reason, data={"event": number})


def retry_ticket(case: Case, *, by: str, at: datetime) -> Change:
    """What was refused is to be tried again: somebody has set it right."""
    if dead_letter(case) is None:
        raise NotPossible(f"The ticket system has refused nothing of {case.label}; there is nothing to try again.")
    return _change(case, EventKind.TICKET_RETRIED, by, at)


# What the ticket system tells. Nothing follows when the case has changed since `seen`, its `updated` before the ticket
# was looked at, or while the ticket system refuses what Sheriff wants of the ticket.


def close_from_desk(case: Case, *, at: datetime, seen: datetime, words: str) -> Change:
    """Somebody closed the ticket in the ticket system."""
    if not case.is_open or case.updated != seen or dead_letter(case) is not None:
        return Change(case)
    words = words.strip()
    return _change(
        case,
        EventKind.TICKET_CLOSED,
        SHERIFF,
        at,
        text=words,
        data={"cause": Cause.CLOSED_IN_DESK.value},
        state=CaseState.RESOLVED,
        cause=Cause.CLOSED_IN_DESK,
        resolution=words,
    )


def see_closed(case: Case, *, at: datetime, seen: datetime) -> Change:
    """The ticket of a case that has ended is closed, as it should be: no change of the case, but when it is open later,
    somebody opened it."""
    if case.is_open or case.updated != seen or _last_seen_closed(case) is not None:
        return Change(case)
    return Change(case, (Event(at, EventKind.TICKET_SEEN_CLOSED, SHERIFF, f"Ticket {case.ticket} is closed."),))


def reopen_from_desk(case: Case, *, at: datetime, seen: datetime, settled: datetime) -> Change:
    """Somebody opened the ticket again in the ticket system. Only a ticket that was seen closed since the case ended,
    at `settled` or before, can be: one that Sheriff has just closed may look open for a while."""
    closed = _last_seen_closed(case)
    if case.state not in REOPENED_BY_DESK or case.updated != seen or dead_letter(case) is not None:
        return Change(case)
    if closed is None or closed.at > settled:
        return Change(case)
    data = {"desk": True}
    return _change(case, EventKind.REOPENED, TICKET_SYSTEM, at, data=data, state=CaseState.REOPENED, master="")


def lose_from_desk(case: Case, *, at: datetime, seen: datetime) -> Change:
    """Somebody deleted the ticket in the ticket system: a dead letter, so that a person decides on a new one."""
    if not case.is_open or case.updated != seen or dead_letter(case) is not None:
        return Change(case)
    text = f"{case.ticket} is no longer in the ticket system. Try again to open a new ticket."
    return note(case, EventKind.TICKET_GONE, at=at, text=text, data={"ticket": case.ticket})


def is_from_desk(event: Event) -> bool:
    """Whether it was done in the ticket system."""
    return bool(event.data.get("desk"))


def _last_seen_closed(case: Case) -> Event | None:
    """When the ticket was last known to be closed, since the case ended; needs the events."""
    for event in reversed(case.events):
        if event.kind in {EventKind.TICKET_SEEN_CLOSED, EventKind.TICKET_CLOSED}:
            return event
        if event.kind in _MOVES_TICKET:
            return None
    return None


def note(case: Case, kind: EventKind, *, at: datetime, text: str, data: dict[str, Any] | None = None) -> Change:
    """An event of Sheriff's own that changes no state, such as "Ana was told in Teams"."""
    return _change(case, kind, SHERIFF, at, text=text, data=data)


def rounds(case: Case) -> int:
    """How often the case was handed over; 0 when nobody was asked yet."""
    return sum(e.kind in {EventKind.HANDED_OVER, EventKind.REOPENED} for e in case.events)


def since_hand_over(case: Case) -> tuple[Event, ...]:
    """The events of the present round, the hand-over first."""
    starts = [n for n, e in enumerate(case.events) if e.kind in {EventKind.HANDED_OVER, EventKind.REOPENED}]
    return tuple(case.events[starts[-1] :]) if starts else ()


def _change(
    case: Case,
    kind: EventKind,
    by: str,
    at: datetime,
    *,
    text: str = "",
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Change:
    return Change(replace(case, updated=at, **fields), (Event(at, kind, by, text, data or {}),))


def _owner(case: Case, by: str) -> str:
    return by if case.state in UNTAKEN else case.sheriff or by


def _require_open(case: Case, *, or_in: Collection[CaseState] = ()) -> None:
    if not case.is_open and case.state not in or_in:
        raise NotPossible(f"{case.label} {_ENDED[case.state]}.")


def _required(text: str, otherwise: str) -> str:
    if not text.strip():
        raise NotPossible(otherwise)
    return text.strip()


def _said_last(case: Case, kind: EventKind, by: str, text: str) -> bool:
    """A second click, or a message delivered again, says what a person said last, whatever Sheriff did since."""
    last = next((e for e in reversed(case.events) if e.actor != SHERIFF), None)
    return last is not None and (last.kind, last.actor, last.text) == (kind, by, text)


def _happened(events: Collection[Event], kind: EventKind) -> bool:
    return any(e.kind == kind for e in events)
