"""Whether an answer helped, asked once after a while."""

from __future__ import annotations

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.support.cases import Case, title


def reminder_card(case: Case) -> Card:
    """Nothing happens to those who press nothing."""
    body = [parts.heading("Did the answer help?"), parts.written(title(case, width=200))]
    body.append(parts.subtle("If you press nothing, nothing is counted."))
    data = {"case": case.id}
    actions = [
        parts.action("That solved it", "solved", data, positive=True),
        parts.action("Ask the sheriff", "ask_sheriff", data),
    ]
    return parts.card(body, actions, fallback=f"Did the answer help? {title(case, width=200)}")
