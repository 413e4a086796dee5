"""The rota in words, for channels that say it in a sentence."""

from __future__ import annotations

from bot.support.rota import Rota, Shift, Why
from bot.support.swaps import Stretch, Swap

_DATED = "%a %d %b %H:%M"


def swap_words(swap: Swap, rota: Rota) -> str:
    """Such as "Dan gives Mon 14 Dec 09:00 – Mon 21 Dec 09:00 and takes nothing in return."."""
    takes = f"and takes {_span(swap.takes, rota)}" if swap.takes else "and takes nothing in return"
    return f"{swap.asker.name} gives {_span(swap.gives, rota)} {takes}."


def on_duty(shift: Shift) -> str:
    """Who has the duty, and why where it is not the turn of the week: "Bo (for Ana, who is away)"; "" for nobody."""
    if shift.is_unfilled:
        return ""
    name = f"{shift.member.name[:1].upper()}{shift.member.name[1:]}"
    if shift.why is Why.STAND_IN:
        return f"{name} (for {shift.instead_of.name}, who is away)"
    return f"{name} (swapped)" if shift.why is Why.SWAP else name


def _span(stretch: Stretch, rota: Rota) -> str:
    return f"{rota.local(stretch.starts):{_DATED}} – {rota.local(stretch.ends):{_DATED}}"
