"""A case as pages tell it: its state as ring and word, what has happened, what comes next, who said what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from bot.addresses import citation_address, is_web_address
from bot.channels.rendering import markdown
from bot.channels.times import Watch
from bot.support.cases import UNTAKEN, Case, CaseState, Cause, Event, EventKind, title
from bot.support.handoff import was_told, why_no_ticket
from bot.support.transitions import dead_letter, is_from_desk, since_hand_over

CAUSES = {
    Cause.MISSING: "Docs: missing",
    Cause.OUTDATED: "Docs: outdated or wrong",
    Cause.RETRIEVAL_MISS: "Docs: there, not found",
    Cause.CONFIGURATION: "Configuration mistake",
    Cause.PLATFORM_BUG: "Platform bug",
    Cause.WISH: "Feature wish",
    Cause.OTHER: "Other",
    Cause.CLOSED_IN_DESK: "Closed in the ticket system",
}
CHOICES = tuple((cause.value, words) for cause, words in CAUSES.items() if cause is not Cause.CLOSED_IN_DESK)
_RINGS = {
    CaseState.NEW: "new",
    CaseState.REOPENED: "new",
    CaseState.ASSIGNED: "part",
    CaseState.WAITING_FOR_ASKER: "most",
    CaseState.RESOLVED: "done",
    CaseState.CLOSED: "done",
    CaseState.WITHDRAWN: "gone",
}
_SAID = {
    EventKind.REPLIED: "",
    EventKind.DETAILS_ASKED: "asks for details",
    EventKind.DETAILS_ADDED: "added",
    EventKind.RESOLVED: "resolution",
    EventKind.TICKET_CLOSED: "written when the ticket was closed",
    EventKind.REOPENED: "reopened",
}
_DEEDS: Mapping[str, str] = {
    EventKind.TAKEN: "took this case",
    EventKind.REPLIED: "replied",
    EventKind.DETAILS_ASKED: "asked for details",
    EventKind.HANDED_ON: "handed it on",
    EventKind.SEVERITY_SET: "changed the severity",
    EventKind.LINKED: "linked it with another case",
    EventKind.UNLINKED: "unlinked it",
    EventKind.WISHED: "kept it as a feature request",
    EventKind.RESOLVED: "resolved it",
}
_ACRONYMS = frozenset({"dns", "herm", "ibm", "jor"})
RESOLVED = CaseState.RESOLVED
NO_ANSWER = frozenset({"unanswered", "forwarded"})  # outcomes whose citations were looked at, not quoted
_OF_ASKER = frozenset({EventKind.DETAILS_ADDED, EventKind.REOPENED})
_SHERIFF_SPOKE = frozenset({EventKind.REPLIED, EventKind.DETAILS_ASKED, EventKind.RESOLVED})


@dataclass(frozen=True, slots=True)
class Step:
    """Something that has happened (done) or will."""

    words: str
    done: bool = True
    at: str = ""
    iso: str = ""
    link: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    who: str
    at: str
    label: str
    body: Markup
    asker: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A page that Sheriff looked at."""

    place: str
    address: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A handed-over case for its asker."""

    id: str
    title: str
    title_id: str
    who: str
    steps: Sequence[Step]
    said: Sequence[Said]
    looked_at: Sequence[Place]
    open: bool
    wanted: bool
    can_confirm: bool
    can_reopen: bool
    add_words: str


def was_handed_over(case: Case) -> bool:
    """Whether a person was ever asked."""
    return bool(since_hand_over(case))


def person(case: Case) -> str:
    return case.sheriff or "the duty sheriff"


def ring(case: Case) -> str:
    return _RINGS.get(case.state, "")


def state_for_asker(case: Case) -> str:
    """ "With Ana", "Waiting for you", "Resolved"."""
    match case.state:
        case CaseState.NEW | CaseState.REOPENED | CaseState.ASSIGNED:
            return f"With {person(case)}"
        case CaseState.WAITING_FOR_ASKER:
            return "Waiting for you"
        case CaseState.CLOSED:
            return "Solved"
        case _:
            return case.state.value.capitalize()


def state_for_sheriff(case: Case) -> str:
    match case.state:
        case CaseState.ASSIGNED:
            return f"With {person(case)}"
        case CaseState.WAITING_FOR_ASKER:
            return f"Waiting for {case.asker.name}"
        case _:
            return case.state.value.capitalize()


def handed(case: Case, watch: Watch, *, begins: str = "", title_id: str = "") -> Handed:
    """The panel an asker sees under the question."""
    who = person(case)
    ended = case.state in {CaseState.RESOLVED, CaseState.CLOSED}
    wanted = case.state is CaseState.WAITING_FOR_ASKER
    return Handed(
        id=case.id,
        title=_title(case),
        title_id=title_id,
        who=who,
        steps=[*happened(case, watch), *_to_come(case, begins)],
        said=said(case, watch),
        looked_at=looked_at(case) if case.outcome in NO_ANSWER else (),
        open=case.is_open,
        wanted=wanted,
        can_confirm=case.state is CaseState.RESOLVED or (case.is_open and _spoke(case)),
        can_reopen=ended,
        add_words=f"Answer {who}" if wanted else "It is not solved" if ended else "Add details",
    )


def happened(case: Case, watch: Watch) -> Iterator[Step]:
    """What is stored as done, oldest first; a pending ticket only as long as there is none."""
    for event in since_hand_over(case):
        words = step_words(case, event)
        if not words:
            continue
        is_ticket = event.kind == EventKind.TICKET_OPENED
        yield Step(
            words="Ticket" if is_ticket and _url(case) else words,
            at=watch.at(event.at),
            iso=event.at.isoformat(),
            link=f"{case.ticket}" if is_ticket and _url(case) else "",
            url=_url(case) if is_ticket else "",
        )


def said(case: Case, watch: Watch) -> list[Said]:
    """What people wrote after the question, oldest first."""
    return [
        Said(
            who=event.actor,
            at=watch.at(event.at),
            label=_SAID[EventKind(event.kind)],
            body=markdown(event.text),
            asker=event.kind in _OF_ASKER,
        )
        for event in case.events
        if event.kind in _SAID and event.text
    ]


def looked_at(case: Case) -> list[Place]:
    """The pages nearest to the question, each once."""
    places: dict[str, Place] = {}
    for citation in case.citations:
        shown = citation.place or citation.title
        places.setdefault(shown, Place(shown, citation_address(citation)))
    return list(places.values())


def handed_over_at(case: Case) -> datetime:
    """When the present round of hand-over began."""
    round_ = since_hand_over(case)
    return round_[0].at if round_ else case.opened


def first_reply_is_due(case: Case) -> bool:
    """Whether nobody has answered the asker since the case was handed over."""
    return case.is_open and not _spoke(case)


def deed(event: Event) -> str:
    """What somebody did, after the name: "replied"."""
    return _DEEDS.get(event.kind, "acted on this")


def is_untaken(case: Case) -> bool:
    return case.state in UNTAKEN


def waits_for_asker(case: Case) -> bool:
    return case.state is CaseState.WAITING_FOR_ASKER


def pending_reason(case: Case) -> str:
    """Why there is no ticket yet, in the desk's words."""
    return why_no_ticket(case).rstrip(".")


def trouble(case: Case) -> str:
    """What the ticket system refuses, for those who can set it right; "" when it refuses nothing."""
    letter = dead_letter(case)
    if letter is None:
        return ""
    if letter.kind == EventKind.TICKET_GONE:
        return letter.text
    return f"{'The ticket is out of date' if case.ticket else 'No ticket'}: {letter.text}"


def component(case: Case) -> str:
    """The component as people write it: "Key vaults", "HERM"."""
    return case.component.upper() if case.component in _ACRONYMS else case.component.replace("-", " ").capitalize()


def short_title(case: Case) -> str:
    return title(case, width=70)


def _title(case: Case) -> str:
    who = person(case)
    name = who[:1].upper() + who[1:]
    ends = {
        CaseState.RESOLVED: "The ticket was closed."
        if case.cause is Cause.CLOSED_IN_DESK
        else f"{name} resolved this.",
        CaseState.CLOSED: "Solved.",
        CaseState.WITHDRAWN: "Withdrawn. Nobody works on this any more.",
        CaseState.WAITING_FOR_ASKER: f"{name} needs something from you.",
    }
    return ends.get(case.state) or (f"{name} replied." if _spoke(case) else _awaited(case))


def _awaited(case: Case) -> str:
    told = was_told(case)
    start = "I don’t know. " if case.outcome == "unanswered" and case.state is not CaseState.REOPENED else ""
    if told and case.sheriff:
        return f"{start}{case.sheriff} has your question now."
    return f"{start}Your case is saved{', and goes to ' + case.sheriff if case.sheriff else ''}."


def step_words(case: Case, event: Event) -> str:
    """One event as a step; "" for those that are no step, such as a reply, which is shown in full."""
    if event.kind == EventKind.HANDED_OVER:
        pages = len(looked_at(case)) if case.outcome in NO_ANSWER else 0
        extra = f" and the {_number(pages)} page{'' if pages == 1 else 's'} Sheriff looked at" if pages else ""
        return f"Case saved with the question{extra}"
    words: Mapping[str, str] = {
        EventKind.REOPENED: "Opened again in the ticket system"
        if is_from_desk(event)
        else f"Reopened by {event.actor}",
        EventKind.TICKET_OPENED: f"Ticket {case.ticket} opened",
        EventKind.SHERIFF_TOLD: event.text.rstrip("."),
        EventKind.NOT_TOLD: event.text.rstrip("."),
        EventKind.REMINDED: event.text.rstrip("."),
        EventKind.HANDED_ON: event.text.rstrip("."),
        EventKind.TAKEN: f"{event.actor} took it",
        EventKind.SEVERITY_SET: f"{event.actor} set the severity: {case.severity.value}",
        EventKind.LINKED: f"{event.actor} linked it with others that ask the same",
        EventKind.UNLINKED: "It goes its own way again",
        EventKind.WISHED: event.text,
        EventKind.RESOLVED: f"Resolved by {event.actor}",
        EventKind.CLOSED: f"{event.actor} confirmed that it is solved",
        EventKind.WITHDRAWN: f"Withdrawn by {event.actor}",
        EventKind.TICKET_FAILED: "The ticket system refused",
        EventKind.TICKET_RETRIED: f"{event.actor} asked the ticket system again",
        EventKind.TICKET_CLOSED: "The ticket was closed in the ticket system",
        EventKind.TICKET_GONE: "The ticket is no longer in the ticket system",
    }
    return words.get(event.kind, "")


def _to_come(case: Case, begins: str) -> Iterator[Step]:
    if not case.is_open:
        return
    events = since_hand_over(case)
    kinds = {event.kind for event in events}
    if not case.ticket and not trouble(case):  # what is refused stands above, and the asker can do nothing about it
        yield Step(f"No ticket yet: {pending_reason(case)}", done=False)
    if case.state in {CaseState.NEW, CaseState.REOPENED} and EventKind.SHERIFF_TOLD not in kinds:
        yield Step("The duty sheriff is told next", done=False)
    elif case.state is CaseState.WAITING_FOR_ASKER:
        yield Step("Waiting for your answer", done=False)
    elif not _spoke(case):
        who = person(case)
        hours = f"; working hours start {begins}" if begins else ""
        yield Step(f"Waiting for {who}’s first reply{hours}", done=False)


def _spoke(case: Case) -> bool:
    return any(event.kind in _SHERIFF_SPOKE for event in since_hand_over(case))


def _url(case: Case) -> str:
    return case.ticket_url if is_web_address(case.ticket_url) or case.ticket_url.startswith("/") else ""


def _number(count: int) -> str:
    return ("no", "one", "two", "three", "four", "five", "six")[count] if count < 7 else str(count)
