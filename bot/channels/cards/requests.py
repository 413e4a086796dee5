"""Feature requests: one with its votes, and those that most people want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import line_of, literal, name, shortened

_MOST_TEXT = 3_000
_LISTED = 10


class RequestRow(NamedTuple):
    """A wish in the list; `voted` says whether the reader is among those who want it."""

    number: str
    title: str
    votes: int
    state: str = ""
    voted: bool = False


def request_card(number: str, title: str, text: str, votes: int, voted: bool, *, different: str = "") -> Card:
    """One wish; `voted` says whether the reader is among those who want it, and then there is nothing to press.

    `different` is the number of the reader's own wish that was counted with this one."""
    yours = ", yours among them" if voted and votes > 1 else ", yours" if voted else ""
    facts = f"{name(number)} · {votes_in_words(votes)}{yours}"
    body = [parts.heading(shortened(title, 200)), parts.subtle(facts)]
    body += [parts.written(shortened(text.strip(), _MOST_TEXT))] if text.strip() else []
    actions = [] if voted else [parts.action("Vote", "vote", {"request": number}, positive=True)]
    actions += [parts.action("Mine is different", "different", {"request": different})] if different else []
    return parts.card(body, actions, fallback=f"{number}, {votes_in_words(votes)}: {title}", rest="The rest is cut.")


def requests_card(rows: Sequence[RequestRow]) -> Card:
    """The wishes, those with the most votes first, as they are given."""
    title = "What people ask for"
    shown = [_row(row) for row in rows[:_LISTED]]
    left = len(rows) - len(shown)
    shown += [parts.subtle(f"{left} more are not shown here.")] if left else []
    if not rows:
        shown = [parts.text("Nothing yet. A wish appears here when a sheriff keeps it as a feature request.")]
    listed = "; ".join(f"{row.number} {row.title} ({votes_in_words(row.votes)})" for row in rows[:_LISTED])
    return parts.card([parts.heading(title), *shown], fallback=f"{title}: {listed or 'nothing yet'}")


def votes_in_words(votes: int) -> str:
    return "no votes yet" if votes == 0 else "1 vote" if votes == 1 else f"{votes:,} votes"


def _row(row: RequestRow) -> Card:
    facts = " · ".join(part for part in (name(row.number), literal(row.state), "yours" if row.voted else "") if part)
    words = [parts.text(literal(shortened(line_of(row.title), 120))), parts.subtle(facts, spacing="None")]
    count = [parts.text(votes_in_words(row.votes), size="Small", horizontalAlignment="Right")]
    vote = parts.action("Vote", "vote", {"request": row.number, "listed": True})
    button = [] if row.voted else [{"type": "ActionSet", "actions": [vote]}]
    return parts.section([parts.columns(words, [*count, *button], stretched=0)])
