"""What people change on the rota, as events on top of the file: the rules that allow it, the rota that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.messages import Person
from bot.support.cases import NotPossible
from bot.support.rota import TEAM, Absence, Member, Override, Rota
from bot.support.rota_file import CheckedRota, check_rota
from bot.support.swaps import (
    FieldFault,
    Stretch,
    Swap,
    SwapState,
    require_answerable,
    require_askable,
    require_withdrawable,
)

_LONGEST = timedelta(days=366)
LONGEST_TEXT = 100_000  # characters of a rota written on the page


class ChangeKind(StrEnum):
    OVERRIDE = "override"  # added, or put in the place of another one
    AWAY = "away"
    REMOVED = "removed"  # an override, an absence or an accepted swap; one of the file as well
    SWAP_ASKED = "swap_asked"
    SWAP_ACCEPTED = "swap_accepted"
    SWAP_DECLINED = "swap_declined"
    SWAP_WITHDRAWN = "swap_withdrawn"
    BASE = "base"  # members, hand-over, hours: a text that holds instead of the file
    BASE_DROPPED = "base_dropped"  # the file holds again


_ANSWERS = {
    ChangeKind.SWAP_ACCEPTED: SwapState.ACCEPTED,
    ChangeKind.SWAP_DECLINED: SwapState.DECLINED,
    ChangeKind.SWAP_WITHDRAWN: SwapState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that is allowed and not stored yet."""

    kind: ChangeKind
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RotaChange:
    """A stored change; appended, never altered."""

    number: int  # from 1, without gaps: the version of the rota after it
    at: datetime  # aware, UTC
    by: Person
    kind: ChangeKind
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """The rota as it holds, and what it was made of."""

    rota: Rota
    base: Rota  # without what was changed since
    text: str = ""  # the YAML of the base
    edited: RotaChange | None = None  # the base is this one's text, not the file
    swaps: Sequence[Swap] = ()
    changes: Sequence[RotaChange] = ()
    ignored: Sequence[Override | Absence] = ()  # of somebody who is no member any more
    problems: Sequence[str] = ()  # what is wrong with the file, or with the text

    @property
    def version(self) -> int:
        return self.changes[-1].number if self.changes else 0

    def entry(self, label: str) -> Override | Absence | None:
        """The override or absence of that id; the first half of a swap."""
        entries: tuple[Override | Absence, ...] = (*self.rota.overrides, *self.rota.absences, *self.ignored)
        return next((e for e in entries if e.id == label), None)


def rota_of(base: Rota, changes: Sequence[RotaChange]) -> Kept:
    """The base with every change applied, in their order: the later one wins where two overlap."""
    folding = _Folding(base)
    for change in changes:
        folding.apply(change)
    return folding.kept(changes)


@dataclass(slots=True)
class _Folding:
    base: Rota
    entries: dict[str, tuple[Override | Absence, ...]] = field(default_factory=dict)
    swaps: dict[int, Swap] = field(default_factory=dict)

    def __post_init__(self) -> None:
        entries: tuple[Override | Absence, ...] = (*self.base.overrides, *self.base.absences)
        self.entries = {entry.id: (entry,) for entry in entries}

    def apply(self, change: RotaChange) -> None:
        data = change.data
        match change.kind:
            case ChangeKind.OVERRIDE | ChangeKind.AWAY:
                self.entries.pop(str(data.get("replaces", "")), None)
                self.entries[f"e{change.number}"] = (self._entry(change),)
            case ChangeKind.REMOVED:
                self.entries.pop(str(data["id"]), None)
            case ChangeKind.SWAP_ASKED:
                self.swaps[change.number] = self._swap(change)
            case ChangeKind.SWAP_ACCEPTED | ChangeKind.SWAP_DECLINED | ChangeKind.SWAP_WITHDRAWN:
                asked = self.swaps.get(data["swap"])
                if asked:
                    answered = replace(asked, answer=_ANSWERS[change.kind], answered=change.at)
                    self.swaps[asked.number] = answered
                    if answered.answer is SwapState.ACCEPTED:
                        self.entries[f"s{asked.number}"] = answered.overrides()
            case _:  # which base holds was decided before
                pass

    def kept(self, changes: Sequence[RotaChange]) -> Kept:
        every = [entry for entries in self.entries.values() for entry in entries]
        known = {m.id for m in self.base.members} | {TEAM.id}
        valid = [entry for entry in every if entry.member.id in known]
        rota = replace(
            self.base,
            overrides=tuple(e for e in valid if isinstance(e, Override)),
            absences=tuple(e for e in valid if isinstance(e, Absence)),
        )
        ignored = tuple(entry for entry in every if entry.member.id not in known)
        swaps = tuple(self.swaps.values())
        return Kept(rota, self.base, swaps=swaps, changes=tuple(changes), ignored=ignored)

    def _member(self, label: str) -> Member:
        """Somebody who has left the rota is known by the id alone."""
        if label == "team":
            return TEAM
        return next((m for m in self.base.members if m.id == label), Member(label, label))

    def _entry(self, change: RotaChange) -> Override | Absence:
        data, label, by = change.data, f"e{change.number}", change.by.name
        starts, ends, member = _moment(data["starts"]), _moment(data["ends"]), self._member(data["member"])
        if change.kind is ChangeKind.OVERRIDE:
            return Override(starts, ends, member, id=label, by=by, made=change.at)
        return Absence(starts, ends, member, id=label, by=by, made=change.at)

    def _swap(self, change: RotaChange) -> Swap:
        data = change.data
        takes = _stretch(data["takes"]) if data["takes"] else None
        asker, other = self._member(data["asker"]), self._member(data["other"])
        return Swap(change.number, asker, other, _stretch(data["gives"]), takes, change.at)


# ---- what may be changed: each rule gives the change to store, or raises FieldFault or NotPossible ----


def add_override(kept: Kept, member: str, stretch: Stretch, *, now: datetime, replaces: str = "") -> Draft:
    """`replaces` is the id of an override that goes away with it."""
    who = _required_member(kept.rota, member, team=True)
    _require_span(stretch, now)
    if replaces and not isinstance(kept.entry(replaces), Override):
        raise NotPossible("The override to replace is not there any more. Look at the rota again.")
    away = kept.rota.absence_of(who, stretch.starts, stretch.ends)
    if away is not None:
        since, until = (f"{kept.rota.local(moment):%a %d %b %H:%M}" for moment in (away.starts, away.ends))
        raise FieldFault("member", f"{who.name} is away from {since} to {until}. Choose somebody else.")
    return Draft(ChangeKind.OVERRIDE, _span_data(who, stretch) | ({"replaces": replaces} if replaces else {}))


def add_absence(kept: Kept, member: str, stretch: Stretch, *, now: datetime, replaces: str = "") -> Draft:
    who = _required_member(kept.rota, member, team=False)
    _require_span(stretch, now)
    if replaces and not isinstance(kept.entry(replaces), Absence):
        raise NotPossible("The absence to replace is not there any more. Look at the rota again.")
    return Draft(ChangeKind.AWAY, _span_data(who, stretch) | ({"replaces": replaces} if replaces else {}))


def remove(kept: Kept, label: str) -> Draft:
    """Take back an override, an absence, or an accepted swap with both its halves."""
    entry = kept.entry(label)
    if entry is None:
        raise NotPossible("This is not there any more: somebody else has removed it. Look at the rota again.")
    return Draft(ChangeKind.REMOVED, {"id": label, "was": _span_data(entry.member, Stretch(entry.starts, entry.ends))})


def ask_swap(kept: Kept, asker: str, other: str, gives: Stretch, takes: Stretch | None, *, now: datetime) -> Draft:
    """`takes` None: the other one takes over, and nothing is given back."""
    giver = _required_member(kept.rota, asker, team=False, field="gives")
    taker = _required_member(kept.rota, other, team=False, field="takes")
    swap = Swap(0, giver, taker, gives, takes, now)
    require_askable(kept.rota, swap, kept.swaps, now)
    spans = {"gives": _iso(gives), "takes": _iso(takes) if takes else None}
    return Draft(ChangeKind.SWAP_ASKED, {"asker": giver.id, "other": taker.id, **spans})


def answer_swap(kept: Kept, number: int, by: str, *, accept: bool, now: datetime) -> Draft:
    """`by` is the id of the member who answers."""
    require_answerable(kept.rota, swap_of(kept, number), by, now, accepting=accept)
    return Draft(ChangeKind.SWAP_ACCEPTED if accept else ChangeKind.SWAP_DECLINED, {"swap": number})


def withdraw_swap(kept: Kept, number: int, by: str, *, now: datetime) -> Draft:
    require_withdrawable(swap_of(kept, number), by, now)
    return Draft(ChangeKind.SWAP_WITHDRAWN, {"swap": number})


def swap_of(kept: Kept, number: int) -> Swap:
    found = next((swap for swap in kept.swaps if swap.number == number), None)
    if found is None:
        raise NotPossible(f"There is no swap {number}. “sheriff rota swap list” lists them, and so does the page.")
    return found


def write_base(kept: Kept, text: str, *, path: Path) -> Draft:
    """Members, hand-over, hours and the rest as YAML, to hold instead of the file at `path`."""
    if len(text) > LONGEST_TEXT:
        raise FieldFault(
            "text", f"The rota has {len(text):,} characters; at most {LONGEST_TEXT:,} are read. Shorten it."
        )
    text = text.replace("\r\n", "\n")  # as browsers send it
    if text.strip() == kept.text.strip():
        raise FieldFault("text", "Nothing differs from the rota that holds now. Change it first.")
    checked = check_rota(text, path)
    if checked.rota is None:
        raise FieldFault("text", faults_of(checked))
    return Draft(ChangeKind.BASE, {"text": text})


def drop_base(kept: Kept) -> Draft:
    """The file holds again."""
    if kept.edited is None:
        raise NotPossible("The file holds already.")
    return Draft(ChangeKind.BASE_DROPPED, {})


def base_change(changes: Sequence[RotaChange]) -> RotaChange | None:
    """The text that holds instead of the file, if there is one."""
    bases = [c for c in changes if c.kind in {ChangeKind.BASE, ChangeKind.BASE_DROPPED}]
    return bases[-1] if bases and bases[-1].kind is ChangeKind.BASE else None


def faults_of(checked: CheckedRota) -> str:
    """All that is wrong, each with its line."""
    return "\n".join(f"Line {d.span.line}: {d.message.rstrip('.')}." for d in checked.faults)


def _required_member(rota: Rota, label: str, *, team: bool, field: str = "member") -> Member:
    if team and label.casefold() == "team":
        return TEAM
    found = rota.member(label) if label else None
    if found is None:
        names = ", ".join([m.name for m in rota.members] + (["team"] if team else []))
        remedy = f"Choose one of: {names}." if rota.members else "It has no members: add them first, or mend its file."
        raise FieldFault(field, f"{label or 'Nobody'} is not in the rota. {remedy}")
    return found


def _require_span(stretch: Stretch, now: datetime) -> None:
    if stretch.ends.astimezone(UTC) <= stretch.starts.astimezone(UTC):
        raise FieldFault("ends", "The end is not after the start. Write a later end.")
    if stretch.ends <= now:
        raise FieldFault("ends", "This is over already. Write an end that is still to come.")
    if stretch.ends - stretch.starts > _LONGEST:
        raise FieldFault("ends", "This is longer than a year. Write an earlier end, or change the members.")


def _span_data(member: Member, stretch: Stretch) -> dict[str, Any]:
    starts, ends = _iso(stretch)
    return {"member": "team" if member.is_team else member.id, "starts": starts, "ends": ends}


def _iso(stretch: Stretch) -> list[str]:
    return [moment.astimezone(UTC).isoformat() for moment in (stretch.starts, stretch.ends)]


def _stretch(data: Sequence[str]) -> Stretch:
    return Stretch(_moment(data[0]), _moment(data[1]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
