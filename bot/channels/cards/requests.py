"""Feature requests: one with its votes, and those that most people want."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import line_of, literal, name, shortened

RequestRow = tuple[str, str, int]  # number, title, votes
_MOST_TEXT = 3_000
_LISTED = 10


def request_card(number: str, title: str, text: str, votes: int, voted: bool) -> Card:
    """One wish; `voted` says whether the reader is among those who want it, and then there is nothing to press."""
    yours = ", yours among them" if voted and votes > 1 else ", yours" if voted else ""
    facts = f"{name(number)} · {votes_in_words(votes)}{yours}"
    body = [parts.heading(shortened(title, 200)), parts.subtle(facts)]
    body += [parts.written(shortened(text.strip(), _MOST_TEXT))] if text.strip() else []
    actions = [] if voted else [parts.action("Vote", "vote", {"request": number}, positive=True)]
    return parts.card(body, actions, fallback=f"{number}, {votes_in_words(votes)}: {title}", rest="The rest is cut.")


def requests_card(rows: Sequence[RequestRow]) -> Card:
    """The wishes, those with the most votes first, as they are given."""
    title = "What people ask for"
    shown = [_row(number, words, votes) for number, words, votes in rows[:_LISTED]]
    left = len(rows) - len(shown)
    shown += [parts.subtle(f"{left} more are not shown here.")] if left else []
    if not rows:
        shown = [parts.text("Nothing yet. A wish appears here when a sheriff keeps it as a feature request.")]
    listed = "; ".join(f"{number} {words} ({votes_in_words(votes)})" for number, words, votes in rows[:_LISTED])
    return parts.card([parts.heading(title), *shown], fallback=f"{title}: {listed or 'nothing yet'}")


def votes_in_words(votes: int) -> str:
    return "no votes yet" if votes == 0 else "1 vote" if votes == 1 else f"{votes:,} votes"


def _row(number: str, title: str, votes: int) -> Card:
    words = [
        parts.text(literal(shortened(line_of(title), 120))),
        parts.subtle(name(number), spacing="None"),
    ]
    count = parts.text(votes_in_words(votes), size="Small", horizontalAlignment="Right")
    return parts.section([parts.columns(words, [count], stretched=0)])
