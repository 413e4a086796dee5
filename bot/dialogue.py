"""What was said before in a conversation, as far as it helps to understand the next message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.messages import Incoming, ReplyKind
from bot.store.case_store import CaseStore
from bot.support.cases import Case, CaseState, choices_of

REMEMBERED_FOR: Final = timedelta(hours=1)  # "and for production?" comes within minutes; next day it is a new subject
MOST_TURNS: Final = 4
_LOOKED_AT = 20  # cases of the conversation, newest first, that are looked through for them
_ASKED = frozenset(
    {"answered", "hinted", "unanswered", "forwarded", "clarify"}
)  # a check of YAML is no turn that a question follows up
_THREAD = ";messageid="  # how Teams names a thread of a channel inside the conversation's id


def earlier_questions(cases: CaseStore, incoming: Incoming, *, now: datetime, but: str = "") -> tuple[str, ...]:
    """The questions that a message may follow up, newest last: at most MOST_TURNS, none older than REMEMBERED_FOR.

    They come from stored cases, so that a restart forgets nothing and every process knows them; greetings, thanks and
    pasted YAML are not among them. The case `but` is left out: it is the message's own, from a delivery that died.
    """
    asked = [case for case in _of_conversation(cases, incoming, now) if case.outcome in _ASKED and case.id != but]
    return tuple(case.question for case in reversed(asked[:MOST_TURNS]))


@dataclass(frozen=True, slots=True)
class AskedBack:
    """A question that got a question back, with its choices, and whether it is the last thing that was said."""

    question: str
    choices: tuple[str, ...]
    is_last: bool


def asked_back(cases: CaseStore, incoming: Incoming, *, now: datetime, but: str = "") -> AskedBack | None:
    """The latest of the conversation's remembered turns that was answered by a question back; None without one."""
    turns = [case for case in _of_conversation(cases, incoming, now) if case.id != but][:MOST_TURNS]
    for place, turn in enumerate(turns):
        if turn.outcome == ReplyKind.CLARIFY:
            return AskedBack(turn.question, choices_of(cases.get(turn.id) or turn), place == 0)
    return None


def last_case(cases: CaseStore, incoming: Incoming, *, now: datetime) -> Case | None:
    """The sender's own newest case here that has not ended: what "that solved it" is about."""
    own = (case for case in _of_conversation(cases, incoming, now) if case.asker.id == incoming.sender.id)
    newest = next((case for case in own if case.outcome != ReplyKind.CLARIFY), None)
    return None if newest is None or newest.state in {CaseState.CLOSED, CaseState.WITHDRAWN} else newest


def _of_conversation(cases: CaseStore, incoming: Incoming, now: datetime) -> Sequence[Case]:
    """Cases that this message may refer to, newest first."""
    found = cases.list(conversation=incoming.conversation, since=now - REMEMBERED_FOR, limit=_LOOKED_AT)
    return [case for case in found if case.channel == incoming.channel and _heard_by(case, incoming)]


def _heard_by(case: Case, incoming: Incoming) -> bool:
    """In one thread people follow up each other's questions; in a chat of many each follows up only his own."""
    together = incoming.channel == "api" or _THREAD in incoming.conversation
    return together or case.asker.id == incoming.sender.id
