"""Whether an answer, or a person's resolution, helped: asked once after a while."""

from __future__ import annotations

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import literal, name, shortened
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


def follow_up_card(case: Case) -> Card:
    """After a resolution that its asker has said nothing of."""
    words = f"Did the resolution of {case.label} help?"
    body = [parts.heading(words), parts.written(title(case, width=200))]
    if case.resolution:
        body += [parts.small(f"**{name(case.sheriff or 'The team')}**"), parts.written(shortened(case.resolution, 600))]
    body.append(
        parts.subtle(f"If it did not, start a message with “{literal(case.label)}:”. Nothing pressed, nothing counted.")
    )
    solved = parts.action("That solved it", "solved", {"case": case.id}, positive=True)
    return parts.card(body, [solved], fallback=f"{words} {title(case, width=200)}")
