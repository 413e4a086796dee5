"""What about the rota has to be said loudly: it is broken, nobody is on duty, or nobody will be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.support.rota import Rota, Shift
from bot.support.rota_changes import Kept
from bot.support.swaps import SwapState, remind_at

AHEAD = timedelta(days=14)
_TO_TEAM = "Cases go to the whole team."


def alarms(kept: Kept, now: datetime) -> Sequence[str]:
    """Sentences, each with its remedy; none when all is well for the next two weeks."""
    return [*kept.problems, *_ignored(kept, now), *_nobody(kept.rota, now, known=bool(kept.problems))]


def awaited(kept: Kept, now: datetime) -> Sequence[str]:
    """Swaps of which the other one has to be reminded by now."""
    found = []
    for swap in kept.swaps:
        due = remind_at(swap, kept.rota)
        if swap.state(now) is SwapState.ASKED and due is not None and due <= now:
            lapses = _at(kept.rota, swap.lapses)
            found.append(
                f"{swap.other.name}: {swap.asker.name} asks you to swap and waits for your answer until {lapses}."
            )
    return found


def _nobody(rota: Rota, now: datetime, *, known: bool) -> Iterator[str]:
    if not rota.members:
        if not known:
            yield f"The rota is empty: it has no members. {_TO_TEAM} Add members to rota.yaml, or on the page Rota."
        return
    gap = next((shift for shift in rota.shifts(now, now + AHEAD) if shift.is_unfilled), None)
    if gap is not None:
        is_now = gap.starts <= now
        when = f"until {_at(rota, gap.ends)}" if is_now else f"from {_at(rota, gap.starts)} to {_at(rota, gap.ends)}"
        verb = "Nobody is on duty" if is_now else "Nobody will be on duty"
        yield f"{verb} {when}: {_why(gap)}. {_TO_TEAM} Add an override for that time, or remove an absence."


def _ignored(kept: Kept, now: datetime) -> Iterator[str]:
    for entry in kept.ignored:
        if entry.ends > now:
            until = _at(kept.rota, entry.ends)
            yield (
                f"{entry.member.name} is not in the rota any more, so the entry of {entry.member.name} until {until} "
                "holds nothing: the turns go on without it. Remove it on the page Rota."
            )


def _why(gap: Shift) -> str:
    return f"{gap.instead_of.name} is away, and so is everybody else" if gap.instead_of.name else "all are away"


def _at(rota: Rota, moment: datetime) -> str:
    return f"{rota.local(moment):%a %d %b %H:%M}"
