"""Who is on duty, until when, and who is next."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.cards import parts
from bot.channels.cards.size import Card
from bot.channels.cards.words import line_of, literal, name, spoken

_LISTED = 8


def roster_card(now: str, until: str, following: Sequence[tuple[str, str]], note: str = "") -> Card:
    """`now` has the duty until the time in words `until`; `following` are names and when they begin, soonest first."""
    who = line_of(now)
    title = f"{who[:1].upper()}{who[1:]} is on duty" if who else "Nobody is on duty"
    body = [parts.heading(title)]
    body += [parts.text(f"Until {literal(line_of(until))}", spacing="None")] if until else []
    rows = [_row(member, begins) for member, begins in following[:_LISTED]]
    if rows:
        body.append(parts.section([parts.small("**Next**"), *rows]))
    body += [parts.subtle(spoken(note), spacing="Medium")] if note else []
    follows = "; ".join(f"{member}, {begins}" for member, begins in following[:_LISTED])
    ends = f" until {until}" if until else ""
    return parts.card(body, fallback=f"{title}{ends}.{f' Next: {follows}.' if follows else ''}")


def weekly_card(
    headline: str, until: str, following: str, begins: str, sections: Sequence[tuple[str, Sequence[str], int]]
) -> Card:
    """The week's hand-over: who has the duty until when, who is next, and the note.

    A section is its heading, its lines, and how many more there are."""
    body = [parts.heading(headline)]
    body.append(parts.text(f"Until {literal(line_of(until))}. Then {name(following)}, {literal(line_of(begins))}."))
    for heading, lines, more in sections:
        shown = [*(f"- {spoken(line_of(line))}" for line in lines), *([f"- and {more} more"] if more else [])]
        body.append(parts.section([parts.small(f"**{heading}**"), parts.small("\n".join(shown) or "None")]))
    return parts.card(body, fallback=f"{headline}. Until {until}. Then {following}, {begins}.")


def duty_card(title: str, told: str, *, alarm: bool = False, swap: int = 0) -> Card:
    """Something about the rota that the sheriffs have to know; with the buttons of a swap that waits."""
    words = parts.note(spoken(told)) if alarm else parts.text(spoken(told))
    actions = [
        parts.action("Accept", "swap_accept", {"swap": swap}, positive=True),
        parts.action("Decline", "swap_decline", {"swap": swap}),
    ]
    return parts.card([parts.heading(title), words], actions if swap else (), fallback=f"{title}: {told}")


def _row(member: str, begins: str) -> Card:
    when = parts.text(literal(line_of(begins)), isSubtle=True)
    return parts.columns([parts.text(name(member))], [when], stretched=0)
