"""Cases that ask the same: which ones could, and what those that are linked to one take over from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.support import transitions
from bot.support.cases import Case, CaseState, Cause, Change, Event, EventKind

Rule = Callable[..., Change]  # takes the case and `at`
_SAME = 0.5  # share of the rarer words, of both questions together, that two must have in common
_LEAST_WORDS = 2
_COMMON = frozenset(
    """the and for with that this how can does what why when where which who are was has have not you our your from into
    its get set use using should would could there then than but about after before need want please""".split()  # noqa: SIM905
)


def telling_words(question: str) -> frozenset[str]:
    """The words by which one question is known from another."""
    return frozenset(word for word in re.findall(r"[\w.%-]{3,}", question.lower()) if word not in _COMMON)


def same_question(case: Case, others: Sequence[Case]) -> list[Case]:
    """Those of the others that seem to ask the same, the likest first (Dice coefficient of the telling words)."""
    words = telling_words(case.question)
    if len(words) < _LEAST_WORDS:
        return []
    scored = [(_dice(words, telling_words(other.question)), other) for other in others if other.id != case.id]
    return [other for score, other in sorted(scored, key=lambda pair: -pair[0]) if score >= _SAME]


def followed(master: Case, event: Event) -> Rule | None:
    """What an event of a case means for those that are linked to it; None for nothing."""
    match EventKind(event.kind):
        case EventKind.REPLIED:
            return partial(transitions.reply, by=event.actor, text=event.text)
        case EventKind.RESOLVED:
            cause = Cause(str(event.data.get("cause", Cause.OTHER.value)))
            return partial(transitions.resolve, by=event.actor, cause=cause, resolution=event.text)
        case EventKind.TICKET_CLOSED:
            words = event.text or "The ticket was closed in the ticket system."
            return partial(transitions.resolve, by=event.actor, cause=Cause.CLOSED_IN_DESK, resolution=words)
        case EventKind.HANDED_ON:
            return partial(transitions.hand_to, by=event.actor, member=str(event.data.get("to", master.sheriff)))
        case EventKind.WITHDRAWN | EventKind.CLOSED if master.state in {CaseState.WITHDRAWN, CaseState.CLOSED}:
            why = f"{master.label} has ended without a word for everybody; this one goes on by itself."
            return partial(transitions.unlink, by=transitions.SHERIFF, why=why)
        case _:
            return None


def once(case: Case, *, rule: Rule, of: int, at: datetime) -> Change:
    """What the rule says, marked with the number of the event that it follows; nothing when that was followed before,
    however much was said in the case meanwhile."""
    if any(event.data.get("follows") == of for event in case.events):
        return Change(case)
    change = rule(case, at=at)
    return Change(change.case, tuple(replace(e, data={**e.data, "follows": of}) for e in change.events))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))
