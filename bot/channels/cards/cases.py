"""A case as a card: for the sheriff in each of its states, for the asker as the status of the ticket, and in a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.addresses import is_web_address
from bot.channels import story
from bot.channels.cards import parts
from bot.channels.cards.answers import absolute_address
from bot.channels.cards.forms import actions_of, data_of
from bot.channels.cards.size import Card
from bot.channels.cards.words import isolated, line_of, link, literal, name, plain, shortened, spoken
from bot.support.cases import UNTAKEN, Case, CaseState, EventKind, title
from bot.support.severity import CaseSeverity
from bot.support.transitions import since_hand_over

_TITLE = 90  # characters: three lines on a phone
_MOST_QUESTION = 1_500
_MOST_ANSWER = 400
_MOST_SAID = 500  # characters of one message of the thread
_LATEST = 3  # messages of the thread
_SIMILAR = 3
_ALSO = 4  # names
_STEPS = 10
_LISTED = 10
_COLOURS = {
    CaseState.NEW: "Warning",
    CaseState.REOPENED: "Warning",
    CaseState.ASSIGNED: "Accent",
    CaseState.WAITING_FOR_ASKER: "Accent",
    CaseState.RESOLVED: "Good",
    CaseState.CLOSED: "Good",
}
_OUTCOMES = {"answered": "answered", "hinted": "gave a hint", "checked": "checked YAML", "clarify": "asked back"}
_SPOKEN = frozenset({EventKind.REPLIED, EventKind.DETAILS_ASKED, EventKind.RESOLVED})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a case card says that is not in the case itself."""

    due: str = ""  # "reply due 11:16"
    escalation: str = ""  # "Dan is told at 11:06 if nobody takes it."
    similar: Sequence[tuple[str, str, str]] = ()  # label, url and resolution of resolved cases, the likest first
    latest: Sequence[tuple[str, str]] = ()  # who and what, newest last
    also: Sequence[str] = ()  # names of others who ask the same


def case_card(case: Case, *, facts: CaseFacts, members: Sequence[str], base_url: str = "") -> Card:
    """The case for the sheriff, in the state it is in; `members` are the people it can be handed to."""
    page = _page(case, base_url)
    body = [
        _head(case, story.state_for_sheriff(case)),
        parts.subtle(_facts(case, facts.due, base_url, page)),
        *_trouble(case),
        *_question(case, page),
        *_found(case, base_url),
        *_asked_by_others(facts),
        *_solved_before(facts),
        *_thread(facts.latest, page),
        *_resolution(case, facts.latest),
    ]
    if facts.escalation and case.state in UNTAKEN:
        body.append(parts.subtle(spoken(facts.escalation)))
    known = ", ".join(part for part in (case.asker.name, story.component(case), facts.due) if part)
    fallback = f"{case.label}, {story.state_for_sheriff(case)}: {title(case)} {known}."
    return parts.card(body, actions_of(case, members), fallback=fallback, rest=_whole(page))


def status_card(case: Case, standing: str, *, base_url: str = "") -> Card:
    """The ticket for its asker: where it stands, what has happened, the last words of a person."""
    asked = _shown_component(case)
    body = [
        _head(case, story.state_for_asker(case)),
        parts.subtle(" · ".join(part for part in (_ticket(case, base_url), asked) if part)),
        parts.text(spoken(standing), spacing="Small"),
        *_last_words(case),
        *_steps(case),
        *_what_to_write(case),
    ]
    actions = []
    if case.state is CaseState.RESOLVED:
        actions = [parts.action("That solved it", "solved", data_of(case), positive=True)]
    elif case.is_open:
        actions = [parts.action("No need, withdraw it", "withdraw", data_of(case))]
    fallback = f"{case.label}, {story.state_for_asker(case)}: {title(case)} {standing}"
    return parts.card(body, actions, fallback=fallback, rest="The rest is in the ticket.")


def cases_card(cases: Sequence[Case], *, title: str) -> Card:
    """Cases as a list, in the order given: the question, its state, ticket and component."""
    rows = [_row(case) for case in cases[:_LISTED]]
    left = len(cases) - len(rows)
    if left:
        rows.append(parts.subtle(f"{left} more are not shown here."))
    if not cases:
        rows = [parts.text("No case is open. One appears here when a question goes to a person.", spacing="Small")]
    listed = "; ".join(f"{case.label}: {story.state_for_asker(case)}" for case in cases[:_LISTED])
    return parts.card([parts.heading(title), *rows], fallback=f"{title}: {listed or 'none'}")


def _head(case: Case, state: str) -> Card:
    words = shortened(line_of(state), 32)
    look = {"color": _COLOURS[case.state]} if case.state in _COLOURS else {"isSubtle": True}
    shown = parts.text(isolated(literal(words)), weight="Bolder", size="Small", horizontalAlignment="Right", **look)
    return parts.columns([parts.heading(title(case, width=_TITLE))], [shown], stretched=0)


def _facts(case: Case, due: str, base_url: str, page: str) -> str:
    """Ticket, who asked, component, what is due, and the way to the desk."""
    severity = "" if case.severity is CaseSeverity.NORMAL else case.severity.value
    shown = [severity, _ticket(case, base_url), name(case.asker.name), _shown_component(case), name(case.application)]
    shown += [literal(due)] if case.is_open else []
    shown += [link("desk", page)] if page else []
    return " · ".join(part for part in shown if part)


def _ticket(case: Case, base_url: str) -> str:
    if not case.ticket:
        return f"{case.id}, no ticket yet" if case.is_open and not story.trouble(case) else case.id
    address = case.ticket_url
    return link(name(case.ticket), f"{base_url}{address}" if address.startswith("/") else address)


def _trouble(case: Case) -> Iterator[Card]:
    """What the ticket system refuses."""
    if story.trouble(case):
        yield parts.text(isolated(literal(story.trouble(case))), color="Attention", size="Small")


def _shown_component(case: Case) -> str:
    return name(story.component(case)) if case.component else ""


def _page(case: Case, base_url: str) -> str:
    """The case's address on the desk, when it can be opened from elsewhere."""
    return f"{base_url}/desk/{case.id}" if is_web_address(base_url) else ""


def _whole(page: str) -> str:
    return f"The rest is {link('on the desk', page)}."


def _question(case: Case, page: str) -> Iterator[Card]:
    """What the title leaves out of what was asked."""
    asked, shown = case.question.strip(), title(case, width=_TITLE)
    if asked.startswith(shown):
        asked = asked.removeprefix(shown).strip()
    if not asked:
        return
    yield parts.written(f"“{shortened(asked, _MOST_QUESTION)}”")
    if len(asked) > _MOST_QUESTION:
        yield parts.subtle(_whole(page))


def _found(case: Case, base_url: str) -> Iterator[Card]:
    """What Sheriff itself did with the question."""
    pages = dict.fromkeys(
        link(name(c.place or c.title), absolute_address(c, base_url)) for c in case.citations if c.place or c.title
    )
    first, more = next(iter(pages), ""), len(pages) - 1
    others = f" and {more} more page{'s' if more > 1 else ''}" if more > 0 else ""
    if case.outcome in {"unanswered", "forwarded"}:
        looked = f"**Sheriff looked at** {first}{others}." if first else "**Sheriff found** nothing close to this."
        yield parts.small(f"{looked} {'Not answered' if case.outcome == 'unanswered' else 'A person was asked for'}.")
    elif case.outcome in _OUTCOMES:
        yield parts.small(f"**Sheriff {_OUTCOMES[case.outcome]}**{f' from {first}{others}' if first else ''}")
        if case.answer:
            yield parts.written(
                shortened(plain(case.answer[:_MOST_QUESTION]), _MOST_ANSWER), size="Small", isSubtle=True
            )


def _asked_by_others(facts: CaseFacts) -> Iterator[Card]:
    names = list(dict.fromkeys(facts.also))
    if names:
        shown = ", ".join(name(each) for each in names[:_ALSO])
        more = f" and {len(names) - _ALSO} more" if len(names) > _ALSO else ""
        yield parts.small(f"**Asked too** by {shown}{more}. Link the cases on the desk, and all are told at once.")


def _solved_before(facts: CaseFacts) -> Iterator[Card]:
    for label, url, resolution in facts.similar[:_SIMILAR]:
        words = literal(shortened(line_of(resolution), 300))
        yield parts.small(f"**Solved before** {link(name(label), url)} · {isolated(words)}")


def _thread(latest: Sequence[tuple[str, str]], page: str) -> Iterator[Card]:
    """The last words of the thread."""
    if not latest:
        return
    said: list[Card] = []
    earlier = len(latest) - _LATEST
    if earlier > 0:
        said.append(parts.subtle(f"{earlier} earlier {link('on the desk', page)}"))
    for who, what in latest[-_LATEST:]:
        said.append(parts.small(f"**{name(who)}**"))
        said.append({**parts.written(shortened(what.strip(), _MOST_SAID)), "spacing": "None"})
    yield parts.section(said)


def _resolution(case: Case, latest: Sequence[tuple[str, str]]) -> Iterator[Card]:
    """Cause and resolution of a case that has ended with them."""
    if case.is_open or not case.resolution or case.state is CaseState.WITHDRAWN:
        return
    cause = f" · {story.CAUSES[case.cause]}" if case.cause else ""
    yield parts.small(f"**Resolution**{cause}", spacing="Medium")
    if not (latest and latest[-1][1].strip() == case.resolution):
        yield parts.written(shortened(case.resolution, _MOST_QUESTION))


def _last_words(case: Case) -> Iterator[Card]:
    """What a person wrote to the asker last."""
    said = next((e for e in reversed(since_hand_over(case)) if e.kind in _SPOKEN and e.text), None)
    if said:
        yield parts.small(f"**{name(said.actor)}**", spacing="Medium")
        yield {**parts.written(shortened(said.text, _MOST_QUESTION)), "spacing": "None"}


def _steps(case: Case) -> Iterator[Card]:
    """What is stored as done, oldest first, at the reader's own time."""
    done = [(story.step_words(case, event), event.at) for event in since_hand_over(case)]
    shown = [(words, at) for words, at in done if words][-_STEPS:]
    rows = [parts.small(f"● {literal(line_of(words))} · {_moment(at)}") for words, at in shown]
    if rows:
        yield parts.section(rows)


def _moment(at: datetime) -> str:
    """The card's own functions: each reader sees it in the zone and manner of his device."""
    stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{{{{DATE({stamp}, SHORT)}}}} {{{{TIME({stamp})}}}}"


def _what_to_write(case: Case) -> Iterator[Card]:
    """How the asker goes on without a button."""
    if case.state is CaseState.WITHDRAWN or not since_hand_over(case):
        return
    wish = "To add something" if case.is_open else "To reopen it"
    if case.state is CaseState.WAITING_FOR_ASKER:
        wish = "To answer"
    yield parts.subtle(f"{wish}, start a message with “{literal(case.label)}:”.", spacing="Medium")


def _row(case: Case) -> Card:
    words = parts.text(literal(title(case, width=_TITLE)))
    facts = [link(name(case.label), case.ticket_url), _shown_component(case)]
    look = {"color": _COLOURS[case.state]} if case.state in _COLOURS else {"isSubtle": True}
    state = parts.text(
        isolated(literal(shortened(story.state_for_asker(case), 32))),
        size="Small",
        weight="Bolder",
        horizontalAlignment="Right",
        **look,
    )
    first = [words, parts.subtle(" · ".join(fact for fact in facts if fact), spacing="None")]
    return parts.section([parts.columns(first, [state], stretched=0)])
