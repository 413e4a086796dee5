"""What the one who has the duty hands over: open cases, replies that were promised, what was hot in the last week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels import story
from bot.channels.times import Watch
from bot.store.case_store import CaseStore
from bot.support.cases import OPEN, UNTAKEN, Case, title
from bot.support.clocks import Clocks, Goal
from bot.support.rota import Rota
from bot.support.severity import CaseSeverity

_WEEK = timedelta(weeks=1)
_LISTED = 12  # of each kind
_LOOKED_AT = 2_000  # cases of the last week
_HOT = 2  # from so many questions about one component


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; `more` of them are left out."""

    title: str
    lines: Sequence[str]
    more: int = 0


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who has the duty now, who is next, and the note; names and times in words."""

    sheriff: str
    until: str
    following: str
    begins: str
    sections: Sequence[Section]

    @property
    def headline(self) -> str:
        return f"{self.sheriff} now, {self.following} next"


def hand_over(rota: Rota, cases: CaseStore, now: datetime, *, goals: Mapping[CaseSeverity, Goal]) -> HandOver:
    """The note as it is at this moment; `goals` say how soon a first reply is promised."""
    shift, following = rota.shift_at(now), rota.next_shift(now)
    listed = cases.list(states=tuple(OPEN), limit=200)
    open_ = [case for case in (cases.get(one.id) for one in listed) if case is not None and story.was_handed_over(case)]
    open_.sort(key=lambda case: (case.opened, case.id))
    recent = cases.list(since=now - _WEEK, limit=_LOOKED_AT)
    return HandOver(
        _name(shift.member.name),
        f"{shift.ends:%a %d %b, %H:%M} ({rota.zone.key})",
        _name(following.member.name),
        f"{following.starts:%a %d %b, %H:%M}",
        [
            _cut("Open cases", [_open(case, Watch(now, rota.zone)) for case in open_]),
            _cut(
                "Promised replies", [_promised(case, Clocks(rota, goals), now) for case in open_ if _is_promised(case)]
            ),
            _cut("Hot in the last week", _hot(recent)),
        ],
    )


def as_text(note: HandOver) -> str:
    """As lines, for the pages and for where cards are not shown."""
    lines = [
        f"{note.headline}.",
        f"{note.sheriff} has the duty until {note.until}; {note.following} from {note.begins}.",
    ]
    for section in note.sections:
        lines += ["", f"{section.title}:", *(f"- {line}" for line in section.lines or ["none"])]
        lines += [f"- and {section.more} more"] if section.more else []
    return "\n".join(lines)


def _open(case: Case, watch: Watch) -> str:
    who = f"{case.sheriff} has it" if case.sheriff and case.state not in UNTAKEN else "nobody has taken it"
    if story.waits_for_asker(case):
        who = f"waits for {case.asker.name}"
    return f"{case.label}: {title(case, width=70)} ({case.asker.name}; {who}; since {watch.at(case.opened)})"


def _is_promised(case: Case) -> bool:
    """Somebody has taken it and has not replied yet, or it came back after a reply."""
    return case.state not in UNTAKEN and story.first_reply_is_due(case)


def _promised(case: Case, clocks: Clocks, now: datetime) -> str:
    due = clocks.first_response(case, now).due
    when = f"{'late since' if due < now else 'due'} {due:%a %d %b %H:%M}"
    return f"{case.label}: {case.sheriff} owes {case.asker.name} a reply, {when}"


def _hot(recent: Sequence[Case]) -> list[str]:
    asked = Counter(story.component(case) for case in recent if case.component)
    handed = Counter(story.component(case) for case in recent if case.component and case.ticket)
    return [
        f"{component}: {count} questions, {handed[component]} of them handed over"
        for component, count in asked.most_common()
        if count >= _HOT
    ]


def _cut(name: str, lines: list[str]) -> Section:
    return Section(name, lines[:_LISTED], max(0, len(lines) - _LISTED))


def _name(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
