"""What a sheriff can do with a case, as buttons and the fields they open: only what its state still allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import line_of, shortened
from bot.channels.story import CHOICES
from bot.support.cases import UNTAKEN, Case

_MOST_MEMBERS = 40  # the desk has them all
_LONGEST_NAME = 50  # characters


def actions_of(case: Case, members: Sequence[str]) -> list[Card]:
    """At most five, three of them in view, the likeliest first; none when the case has ended."""
    if not case.is_open:
        return []
    untaken = case.state in UNTAKEN
    taking = [parts.action("Take", "take", data_of(case), positive=True)] if untaken else []
    others = [m for m in members if 0 < len(m) <= _LONGEST_NAME and (untaken or m != case.sheriff)]
    return [
        *taking,
        answering(case, positive=not untaken),
        resolving(case),
        *([handing(case, others)] if others else []),
        parts.action("Not a case", "not_a_case", data_of(case), secondary=True),
    ]


def answering(case: Case, *, positive: bool = False) -> Card:
    """One field for both: two fields of one name in a card are an error, and the words are often the same."""
    asker = asker_of(case)
    label = f"To {asker}, in the thread"
    fields = [parts.asked_text("text", label, f"Write what {asker} should read.")]
    buttons = [
        parts.action(f"Reply to {asker}", "reply", data_of(case), positive=True),
        parts.action("Ask for details and wait", "details", data_of(case)),
    ]
    return parts.form("Reply or ask", fields, buttons, positive=positive)


def resolving(case: Case) -> Card:
    """Why a person was needed, what solved it, and whether the next one should find it in the FAQ."""
    asker = asker_of(case)
    fields = [
        parts.choice("cause", "Cause", "Choose a cause.", CHOICES),
        parts.asked_text(
            "resolution", f"Resolution. {asker} sees this, and the next person who asks.", "Say what solved it."
        ),
        parts.toggle("faq", "Make this an FAQ entry"),
    ]
    return parts.form(
        "Resolve", fields, [parts.action(f"Resolve and tell {asker}", "resolve", data_of(case), positive=True)]
    )


def handing(case: Case, members: Sequence[str]) -> Card:
    names = [(member, member) for member in members[:_MOST_MEMBERS]]
    fields = [parts.choice("member", "Who has it from now on", "Choose a person.", names)]
    return parts.form(
        "Hand to …", fields, [parts.action("Hand over", "hand_to", data_of(case), positive=True)], secondary=True
    )


def data_of(case: Case) -> dict[str, Any]:
    """By which a pressed button is known, and known to be old when the case has moved on since."""
    return {"case": case.id, "state": case.state.value}


def asker_of(case: Case) -> str:
    return shortened(line_of(case.asker.name), 30) or "the asker"
