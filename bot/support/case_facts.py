"""What figures are made of: of each case the few facts that its stored events tell, without anybody's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.support.cases import Case, CaseState, Event, EventKind
from bot.support.clocks import ANSWERS
from bot.support.transitions import dead_letter

_HANDED = frozenset({EventKind.HANDED_OVER, EventKind.REOPENED})
_ENDS = frozenset({EventKind.RESOLVED, EventKind.TICKET_CLOSED, EventKind.CLOSED, EventKind.WITHDRAWN})
_TAKEN = frozenset({EventKind.TAKEN, EventKind.HANDED_ON, *ANSWERS})
_CITING = frozenset({"answered", "hinted"})
_NO_QUESTION = {"checked": "checked", "clarify": "asked_back"}
Pause = tuple[int, int]


class Fate(StrEnum):
    """What became of a case; each case has one."""

    SOLVED = "solved"  # the asker said so, and no person was needed
    QUIET = "quiet"  # something was shown and nothing was heard: silent in time
    DOWN = "down"  # the answer was rated unhelpful, and no person was asked
    ASKED = "asked"  # the asker wanted a person: after an answer, or at once
    UNKNOWN = "unknown"  # Sheriff did not know, so a person was asked
    CHECKED = "checked"  # YAML was checked, and no person was asked: not a question
    ASKED_BACK = "asked_back"  # a question back; its answer is the next case


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Of one case. Moments are whole seconds since 1970; 0 is never."""

    case_id: str
    opened: int
    asker: str  # id
    application: str
    channel: str
    component: str
    fate: Fate
    cited: bool  # an answer or a hint with a source was shown
    heard: int  # when the asker last wrote
    sheriff: str  # name
    handed: int  # when a person was first asked
    responded: int  # first words of a person
    taken: int
    ended: int  # the last end, unless it was withdrawn or is open
    pauses: Sequence[Pause]  # between `handed` and `ended`: the asker was asked something, or it was ended
    refused: bool  # the ticket system refuses it
    events: int  # how many these facts were made of


def facts_of(case: Case) -> CaseFacts:
    """The facts of a case that comes with its events."""
    handed = next((n for n, e in enumerate(case.events) if e.kind in _HANDED), None)
    since = () if handed is None else tuple(case.events[handed:])
    first = next((e.at for e in since if e.kind in ANSWERS or e.kind in _ENDS), None)
    responded = next((e.at for e in since if e.kind in ANSWERS), None)
    ended = next((e for e in reversed(since) if e.kind in _ENDS), None)
    if ended is not None and (case.is_open or case.state is CaseState.WITHDRAWN):
        ended = None
    return CaseFacts(
        case_id=case.id,
        opened=_seconds(case.opened),
        asker=case.asker.id,
        application=case.application,
        channel=case.channel,
        component=case.component,
        fate=_fate(case, handed=bool(since)),
        cited=case.outcome in _CITING and _sources(case) > 0,
        heard=_seconds(max([case.opened, *(e.at for e in case.events if e.kind == EventKind.DETAILS_ADDED)])),
        sheriff=case.sheriff if since else "",
        handed=_seconds(since[0].at) if since else 0,
        responded=_seconds(responded) if responded is not None and responded == first else 0,
        taken=_seconds(next((e.at for e in since if e.kind in _TAKEN), None)),
        ended=_seconds(ended.at if ended else None),
        pauses=tuple(_pauses(since)) if ended else (),
        refused=dead_letter(case) is not None,
        events=len(case.events),
    )


def _fate(case: Case, *, handed: bool) -> Fate:
    if handed:
        return Fate.UNKNOWN if case.outcome == "unanswered" else Fate.ASKED
    if case.outcome in _NO_QUESTION:
        return Fate(_NO_QUESTION[case.outcome])
    if case.state is CaseState.CLOSED:
        return Fate.SOLVED
    thumb = next((e for e in reversed(case.events) if e.kind == EventKind.RATED), None)
    return Fate.DOWN if thumb is not None and thumb.data.get("helpful") is False else Fate.QUIET


def _sources(case: Case) -> int:
    """How many were shown; of a forgotten person's case only the count is kept."""
    opened = next((e for e in case.events if e.kind == EventKind.OPENED), None)
    return len(case.citations) or int(opened.data.get("sources", 0) if opened else 0)


def _pauses(events: Sequence[Event]) -> Iterator[Pause]:
    """The stretches in which a handed-over case was not ours to work on, up to its last end."""
    since: datetime | None = None
    last = next(e.at for e in reversed(events) if e.kind in _ENDS)
    for event in events:
        if event.kind in _ENDS or event.kind == EventKind.DETAILS_ASKED:
            since = since or event.at
        elif since is not None and (event.kind in _HANDED or event.kind == EventKind.DETAILS_ADDED):
            yield _seconds(since), _seconds(event.at)
            since = None
    if since is not None and since < last:
        yield _seconds(since), _seconds(last)


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment is not None else 0
