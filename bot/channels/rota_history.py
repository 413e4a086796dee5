"""What people changed on the rota, in words, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.rota_weeks import span_words
from bot.channels.times import Watch
from bot.support.rota import Rota
from bot.support.rota_changes import ChangeKind, Kept, RotaChange
from bot.support.swaps import Swap

LISTED = 20
_VERBS = {
    ChangeKind.OVERRIDE: "added an override",
    ChangeKind.AWAY: "entered an absence",
    ChangeKind.REMOVED: "removed",
    ChangeKind.SWAP_ASKED: "asked",
    ChangeKind.SWAP_ACCEPTED: "accepted",
    ChangeKind.SWAP_DECLINED: "declined",
    ChangeKind.SWAP_WITHDRAWN: "withdrew",
    ChangeKind.BASE: "rewrote members, hand-over and hours",
    ChangeKind.BASE_DROPPED: "let the file hold again",
}


@dataclass(frozen=True, slots=True)
class Line:
    who: str
    what: str
    at: str


def history(kept: Kept, now: datetime) -> list[Line]:
    watch, swaps = Watch(now, kept.rota.zone), {swap.number: swap for swap in kept.swaps}
    newest = reversed(kept.changes[-LISTED:])
    return [Line(change.by.name, _words(change, kept.rota, swaps), watch.at(change.at)) for change in newest]


def _words(change: RotaChange, rota: Rota, swaps: Mapping[int, Swap]) -> str:
    data, verb = change.data, _VERBS[change.kind]
    match change.kind:
        case ChangeKind.OVERRIDE | ChangeKind.AWAY:
            return f"{'changed' if data.get('replaces') else verb}: {_entry(data, rota)}"
        case ChangeKind.REMOVED:
            return f"{verb}: {_entry(data['was'], rota)}"
        case ChangeKind.SWAP_ASKED:
            return f"{verb} {swaps[change.number].other.name} to swap"
        case ChangeKind.BASE | ChangeKind.BASE_DROPPED:
            return verb
        case _:
            return f"{verb} the swap of {swaps[data['swap']].asker.name}"


def _entry(data: Mapping[str, Any], rota: Rota) -> str:
    member, starts, ends = (str(data[key]) for key in ("member", "starts", "ends"))
    known = rota.member(member)
    name = "the whole team" if member == "team" else known.name if known else member
    first, last = (rota.local(datetime.fromisoformat(moment)) for moment in (starts, ends))
    return f"{name}, {span_words(first, last, rota.handover)}"
