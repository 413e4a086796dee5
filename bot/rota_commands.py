"""`sheriff rota`: who is on duty, whether the file is right, what comes, and what people change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from bot import store_wiring
from bot.checking.showing import show
from bot.messages import Person
from bot.settings import Settings
from bot.sources import strange_rota
from bot.store.rota_book import RotaBook
from bot.support import rota_changes as rules
from bot.support.fairness import shares
from bot.support.rota import Absence, Member, Override, Rota, Shift, Why
from bot.support.rota_alarms import alarms
from bot.support.rota_changes import Draft, Kept, RotaChange
from bot.support.rota_file import check_rota, text_of
from bot.support.swaps import Stretch, Swap, SwapState
from knowledge.errors import Misuse

FAIR_WEEKS = 12
_NOBODY = "Nobody is on duty, now or later: the rota has no members. Cases go to the whole team."
_FORMAT = "%a %d %b %Y %H:%M"


def show_command(settings: Settings, *, weeks: int, output: str, now: datetime) -> None:
    """Print who has the duty now, the coming stretches, what is changed about them, and how fair it is."""
    _require(output)
    with _book(settings) as book:
        kept = book.now()
    _warn(settings, kept, now)
    if output == "json":
        print(json.dumps(_as_json(kept, now, weeks), ensure_ascii=False, indent=2))
        return
    rota = kept.rota
    if not rota.members:
        print(_NOBODY)
        return
    print(f"{_sentence(rota.shift_at(now), rota)} Back-up: {rota.backup_on(now).name}.\n")
    _table(("from", "to", "who", "why"), [_row(s) for s in _shifts(rota, now, weeks)])
    for title, rows in (("Overrides and absences", _entries(kept, now)), ("Swaps", _swaps(kept, now))):
        if rows:
            print(f"\n{title}")
            _table(("id", "what", "when"), rows)
    print(f"\nDuty in the last and the next {FAIR_WEEKS} weeks (days; working hours)")
    fair = [
        (
            s.member.name,
            f"{s.past.days:.1f} d; {s.past.hours:.0f} h",
            f"{s.planned.days:.1f} d; {s.planned.hours:.0f} h",
        )
        for s in shares(rota, now, weeks=FAIR_WEEKS)
    ]
    _table(("member", "past", "planned"), fair)


def next_command(settings: Settings, *, output: str, now: datetime) -> None:
    """Print who has the duty next, and from when."""
    _require(output)
    with _book(settings) as book:
        kept = book.now()
    _warn(settings, kept, now)
    following = kept.rota.next_shift(now)
    if output == "json":
        print(json.dumps(_shift_json(following), ensure_ascii=False, indent=2))
        return
    print(_sentence(following, kept.rota, begins=True) if kept.rota.members else _NOBODY)


def check_command(settings: Settings, *, output: str, now: datetime) -> int:
    """Print every fault of the file with its line and remedy, and what is wrong with the rota that follows; returns 1
    when something has to be mended."""
    _require(output)
    checked = check_rota(text_of(settings.rota), settings.rota)
    show(checked.report, output)
    if checked.rota is None:
        return 1
    with _book(settings) as book:
        kept = book.now()
    if kept.edited is not None:
        print(f"sheriff: {kept.edited.by.name} wrote another rota on the page, which holds instead.", file=sys.stderr)
    return int(_warn(settings, kept, now))


def cover_command(settings: Settings, member: str, starts: str, ends: str, *, by: str, now: datetime) -> None:
    """Store an override."""

    def rule(kept: Kept) -> Draft:
        return rules.add_override(kept, member, _stretch(kept.rota, starts, ends), now=now)

    change = _stored(settings, rule, by)
    print(f"Stored as e{change.number}: {member} has the duty from {starts} until {ends}.")


def away_command(settings: Settings, member: str, first: str, last: str, *, by: str, now: datetime) -> None:
    """Store an absence of whole days, the last one included."""

    def rule(kept: Kept) -> Draft:
        until = _moment(kept.rota, last, "--until", end=True)
        return rules.add_absence(kept, member, Stretch(_moment(kept.rota, first, "--from"), until), now=now)

    change = _stored(settings, rule, by or member)
    print(f"Stored as e{change.number}: {member} is away from {first} to {last}. The next one who is there stands in.")


def remove_command(settings: Settings, label: str, *, by: str) -> None:
    """Take back an override, an absence or an accepted swap."""
    _stored(settings, lambda kept: rules.remove(kept, label), by)
    print(f"{label} is removed.")


def swap_list_command(settings: Settings, *, output: str, now: datetime) -> None:
    """Print the swaps that wait for an answer, and those that were answered."""
    _require(output)
    with _book(settings) as book:
        kept = book.now()
    if output == "json":
        print(json.dumps([_swap_json(s, kept.rota, now) for s in kept.swaps], ensure_ascii=False, indent=2))
    elif kept.swaps:
        _table(("id", "what", "when"), _swaps(kept, now, every=True))
    else:
        print("Nobody has asked for a swap. “sheriff rota swap ask --help” says how.")


def swap_ask_command(settings: Settings, asker: str, other: str, give: str, take: str, *, now: datetime) -> None:
    """Store a request; the duty moves when the other one accepts."""

    def rule(kept: Kept) -> Draft:
        gives = _duty(kept.rota, give, "--give")
        return rules.ask_swap(kept, asker, other, gives, _duty(kept.rota, take, "--take") if take else None, now=now)

    change = _stored(settings, rule, asker)
    print(f"Swap {change.number} is asked. {other} accepts with: sheriff rota swap accept {change.number} --as {other}")


def swap_answer_command(settings: Settings, number: int, verb: str, *, by: str, now: datetime) -> None:
    """Accept, decline or withdraw."""

    def rule(kept: Kept) -> Draft:
        who = _member(kept.rota, by).id
        if verb == "withdraw":
            return rules.withdraw_swap(kept, number, who, now=now)
        return rules.answer_swap(kept, number, who, accept=verb == "accept", now=now)

    _stored(settings, rule, by)
    ends = {"accept": "accepted; the duty has moved", "decline": "declined", "withdraw": "withdrawn"}
    print(f"Swap {number} is {ends[verb]}.")


@contextmanager
def _book(settings: Settings) -> Iterator[RotaBook]:
    with store_wiring.opened_store(settings) as store:
        yield store.rota(settings.rota)


def _stored(settings: Settings, rule: Callable[[Kept], Draft], by: str) -> RotaChange:
    with _book(settings) as book:
        member = book.member(by) if by else None
        who = Person(member.id, member.name) if member else Person("cli", by or "Command line")
        return book.record(rule, by=who)


def _warn(settings: Settings, kept: Kept, now: datetime) -> bool:
    """Say what has to be mended; whether there is anything."""
    strange = "" if kept.edited else strange_rota(settings)
    found = [*alarms(kept, now), *([strange] if strange else [])]
    for sentence in found:
        print(f"sheriff: {sentence}", file=sys.stderr)
    return bool(found)


def _shifts(rota: Rota, now: datetime, weeks: int) -> Sequence[Shift]:
    return list(rota.shifts(now, rota.week_of(now).ends + timedelta(weeks=weeks - 1)))


def _sentence(shift: Shift, rota: Rota, *, begins: bool = False) -> str:
    who = "Nobody" if shift.is_unfilled else shift.member.name[:1].upper() + shift.member.name[1:]
    span = f"from {shift.starts:{_FORMAT}} " if begins else ""
    verb = "has the duty" if begins else "is on duty"
    return f"{who} {verb} {span}until {shift.ends:{_FORMAT}} ({rota.zone.key})."


def _row(shift: Shift) -> tuple[str, str, str, str]:
    instead = f" for {shift.instead_of.name}" if shift.instead_of.name and not shift.instead_of.is_team else ""
    return f"{shift.starts:{_FORMAT}}", f"{shift.ends:{_FORMAT}}", shift.member.name, f"{shift.why.value}{instead}"


def _entries(kept: Kept, now: datetime) -> list[tuple[str, str, str]]:
    entries: list[Override | Absence] = [*kept.rota.overrides, *kept.rota.absences, *kept.ignored]
    return [
        (e.id, _entry(e, kept.rota), _span(Stretch(e.starts, e.ends), kept.rota))
        for e in sorted(entries, key=lambda e: e.starts)
        if e.ends > now
    ]


def _entry(entry: Override | Absence, rota: Rota) -> str:
    left = "" if entry.member.is_team or rota.member(entry.member.id) else " (not in the rota any more: holds nothing)"
    what = "is away" if isinstance(entry, Absence) else "swapped" if entry.why is Why.SWAP else "covers"
    return f"{entry.member.name} {what}{left}"


def _swaps(kept: Kept, now: datetime, *, every: bool = False) -> list[tuple[str, str, str]]:
    return [
        (str(s.number), f"{s.asker.name} asks {s.other.name}: {s.state(now).value}", _swap_span(s, kept.rota))
        for s in kept.swaps
        if every or s.state(now) is SwapState.ASKED
    ]


def _swap_span(swap: Swap, rota: Rota) -> str:
    return f"{_span(swap.gives, rota)} for {_span(swap.takes, rota) if swap.takes else 'nothing in return'}"


def _span(stretch: Stretch, rota: Rota) -> str:
    return f"{rota.local(stretch.starts):{_FORMAT}} – {rota.local(stretch.ends):{_FORMAT}}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


def _as_json(kept: Kept, now: datetime, weeks: int) -> dict[str, Any]:
    rota = kept.rota
    return {
        "version": kept.version,
        "timezone": rota.zone.key,
        "now": _shift_json(rota.shift_at(now)),
        "backup": _member_json(rota.backup_on(now)),
        "next": _shift_json(rota.next_shift(now)),
        "working": rota.is_working(now),
        "shifts": [_shift_json(s) for s in _shifts(rota, now, weeks)],
        "absences": [
            {"id": a.id, "member": a.member.id, "from": _iso(rota, a.starts), "until": _iso(rota, a.ends)}
            for a in rota.absences
            if a.ends > now
        ],
        "swaps": [_swap_json(s, rota, now) for s in kept.swaps if s.state(now) is SwapState.ASKED],
        "fairness": [
            {
                "member": s.member.id or "team",
                "past": {"days": round(s.past.days, 2), "working_hours": round(s.past.hours, 2)},
                "planned": {"days": round(s.planned.days, 2), "working_hours": round(s.planned.hours, 2)},
            }
            for s in shares(rota, now, weeks=FAIR_WEEKS)
        ],
        "alarms": list(alarms(kept, now)),
    }


def _shift_json(shift: Shift) -> dict[str, Any]:
    span = {"from": shift.starts.isoformat(), "until": shift.ends.isoformat()}
    return {**_member_json(shift.member), **span, "why": shift.why.value}


def _member_json(member: Member) -> dict[str, Any]:
    return {"member": member.id or "team", "name": member.name}


def _swap_json(swap: Swap, rota: Rota, now: datetime) -> dict[str, Any]:
    spans = {
        name: {"from": _iso(rota, s.starts), "until": _iso(rota, s.ends)} if s else None
        for name, s in (("gives", swap.gives), ("takes", swap.takes))
    }
    return {"id": swap.number, "asker": swap.asker.id, "other": swap.other.id, "state": swap.state(now).value, **spans}


def _iso(rota: Rota, moment: datetime) -> str:
    return rota.local(moment).isoformat()


def _duty(rota: Rota, text: str, option: str) -> Stretch:
    """ "2026-12-14" for the week that begins or runs then, "2026-12-14/2026-12-16" for days, or two times."""
    first, slash, last = text.partition("/")
    if slash:
        return _stretch(rota, first, last)
    day = _moment(rota, first, option)
    week = rota.week_of(day.replace(hour=rota.handover.hour, minute=rota.handover.minute))
    return Stretch(week.starts, week.ends)


def _stretch(rota: Rota, starts: str, ends: str) -> Stretch:
    return Stretch(_moment(rota, starts, "the start"), _moment(rota, ends, "the end"))


def _moment(rota: Rota, text: str, what: str, *, end: bool = False) -> datetime:
    """A local time of the rota's zone; a date is its midnight, or the one after it at the `end` of whole days."""
    try:
        found = datetime.fromisoformat(text)
        if end and len(text) == len("2026-01-05"):
            found = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(0))
        return found if found.tzinfo else found.replace(tzinfo=rota.zone)
    except (ValueError, OverflowError) as error:
        raise Misuse(f"{what}: {text!r} is no time. Write it as 2026-12-14T13:00, or 2026-12-14.") from error


def _member(rota: Rota, label: str) -> Member:
    found = rota.member(label)
    if found is None:
        names = ", ".join(m.id for m in rota.members)
        remedy = f"Name one of: {names}." if names else "It has no members: “sheriff rota check” says what to mend."
        raise Misuse(f"--as {label}: nobody of that name is in the rota. {remedy}")
    return found


def _require(output: str) -> None:
    if output not in {"text", "json"}:
        raise Misuse(f"--format {output}: choose text or json.")
