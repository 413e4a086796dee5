"""The rota: who is on duty and who is next, the coming weeks, what may be changed about them, and the calendar feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bot.channels import rota_forms as forms
from bot.channels.duty_news import swap_key, week_key
from bot.channels.inbox import Clerk
from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.rota_history import history
from bot.channels.rota_weeks import day_names, span_words, weeks
from bot.channels.security import FEED, printable
from bot.channels.services import Services
from bot.channels.story import Step
from bot.channels.times import Watch
from bot.messages import Person
from bot.redaction import redact
from bot.store.rota_news import ASKED, REMINDED
from bot.support.cases import OPEN
from bot.support.fairness import shares
from bot.support.rota import Absence, Member, Override, Rota, Shift, Why
from bot.support.rota_changes import Kept
from bot.support.rota_feed import feed
from bot.support.swaps import Stretch, Swap, SwapState, remind_at

SHOWN_WEEKS = 8
FAIR_WEEKS = 12
_SWAPPED_AHEAD = timedelta(weeks=26)
_OVER_SHOWN = timedelta(days=14)  # how long an answered swap stays on the page
_MOST_OPEN = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RotaPage:
    """The page over its services; `acting` says who acts, as on the desk."""

    services: Services
    pages: Pages
    acting: Callable[[Request], Person]
    feed_key: str = ""  # that the feed's address carries

    def show(self, request: Request, filled: forms.Filled | None = None) -> Response:
        services, now, acting = self.services, self.services.clock(), self.acting(request)
        kept = services.book.now()
        rota = kept.rota
        filled = filled or self._to_change(request, kept)
        status = (409 if filled.overtaken else 422) if filled.sentence else 200
        return self.pages.show(
            "rota.html",
            request,
            status=status,
            kept=kept,
            filled=filled,
            acting=acting,
            is_member=rota.member(acting.id) is not None,
            members=rota.members,
            about=_about(rota),
            now=self._now(rota, now, acting),
            weeks=weeks(kept, now, SHOWN_WEEKS),
            day_names=day_names(rota),
            clock=f"{rota.local(now):%a %H:%M}",
            note=self._note(rota, now),
            overrides=[_entry(o, rota, now) for o in _coming(kept, Override, now)],
            absences=[_entry(a, rota, now) for a in _coming(kept, Absence, now)],
            swaps=[self._swap(swap, rota, now, acting) for swap in reversed(kept.swaps) if _is_shown(swap, now)],
            given=_choices(rota, now, acting.id),
            taken=[(m, _choices(rota, now, m.id)) for m in rota.members if m.id != acting.id],
            cover=_cover(rota, now),
            fair=shares(rota, now, weeks=FAIR_WEEKS),
            fair_weeks=FAIR_WEEKS,
            feed=f"{request.url.scheme}://{request.url.netloc}{FEED}{f'?key={self.feed_key}' if self.feed_key else ''}",
            file=services.book.file,
            file_text=services.book.file_text() if kept.edited else "",
            edited=self._edited(kept, now),
            history=history(kept, now),
        )

    def store(self, request: Request, what: str, form: dict[str, str]) -> Response:
        filled = forms.store(self.services.book, what, form, self.acting(request), self.services.clock())
        if filled:
            return self.show(request, filled)
        place = {"override": "overrides", "away": "absences", "swap": "swaps"}.get(what, "")
        return RedirectResponse(f"/rota#{place}" if place else "/rota", 303)

    def answer(self, request: Request, number: int, verb: str) -> Response:
        filled = forms.answer(self.services.book, number, verb, self.acting(request), self.services.clock())
        return self.show(request, filled) if filled else RedirectResponse("/rota#swaps", 303)

    def calendar(self, request: Request) -> Response:
        host = urlsplit(str(request.url)).hostname or "sheriff"
        name = f"Sheriff of {self.services.platform}"
        body = feed(self.services.book.rota, self.services.clock(), host=host, name=name)
        headers = {"content-disposition": 'inline; filename="rota.ics"'}
        return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)

    def _to_change(self, request: Request, kept: Kept) -> forms.Filled:
        """The form with an override or absence in it that is to be changed, or nothing."""
        entry = kept.entry(printable(request.query_params.get("change", ""))[:20])
        if entry is None or entry.id.startswith("s"):
            return forms.Filled()
        starts, ends = kept.rota.local(entry.starts), kept.rota.local(entry.ends)
        values = {"member": entry.member.id or "team", "replaces": entry.id}
        if isinstance(entry, Override):
            values |= {"starts": f"{starts:%Y-%m-%dT%H:%M}", "ends": f"{ends:%Y-%m-%dT%H:%M}"}
            return forms.Filled("override", values)
        last = ends.date() - (_DAY if ends.time() == time(0) else timedelta())
        return forms.Filled("away", values | {"first": starts.date().isoformat(), "last": last.isoformat()})

    def _now(self, rota: Rota, now: datetime, acting: Person) -> dict[str, Any]:
        services, shift, following = self.services, rota.shift_at(now), rota.next_shift(now)
        clerk = Clerk(services, Watch(now, rota.zone), acting.name)
        open_ = [services.cases.get(case.id) for case in services.cases.list(states=tuple(OPEN), limit=_MOST_OPEN)]
        late = sum(bool(clerk.due_words(case)[1]) for case in open_ if case)
        return {
            "name": "Nobody" if shift.member.is_team else shift.member.name,
            "why": _why(shift),
            "until": f"{shift.ends:%a} {shift.ends.day} {shift.ends:%b}, {shift.ends:%H:%M}",
            "open": services.cases.count(states=tuple(OPEN)),
            "late": late,
            "backup": _name(rota.backup_on(now)),
            "told_after": f"{services.acknowledge_minutes:g} min",
            "next": "Nobody" if following.is_unfilled else _name(following.member),
            "from": f"{following.starts:%a} {following.starts.day} {following.starts:%b}, {following.starts:%H:%M}",
            "opens": "" if rota.is_working(now) else f"{rota.next_working(now):%a %H:%M}",
            "holiday": rota.holidays.get(rota.local(now).date(), ""),
        }

    def _note(self, rota: Rota, now: datetime) -> dict[str, str] | None:
        """The hand-over note of this week, once it was told."""
        told = self.services.news.get(week_key(rota.week_of(now).starts))
        if told is None:
            return None
        where = f" {told.place}" if told.place else " on this page"
        return {"text": told.text, "told": f"Told{where}, {Watch(now, rota.zone).at(told.told)}"}

    def _swap(self, swap: Swap, rota: Rota, now: datetime, acting: Person) -> dict[str, Any]:
        state = swap.state(now)
        is_open = state is SwapState.ASKED
        gives, takes = (_span(s, rota) if s else "" for s in (swap.gives, swap.takes))
        return {
            "number": swap.number,
            "title": f"{swap.asker.name} asks {swap.other.name}",
            "words": f"{gives} for {takes}" if takes else f"{gives}, nothing in return",
            "steps": self._steps(swap, rota, now),
            "open": is_open,
            "other": swap.other.name,
            "asker": swap.asker.name,
            "may_answer": is_open and acting.id == swap.other.id,
            "may_withdraw": is_open and acting.id == swap.asker.id,
            "may_undo": state is SwapState.ACCEPTED and swap.gives.ends > now,
        }

    def _steps(self, swap: Swap, rota: Rota, now: datetime) -> list[Step]:
        watch, state, news = Watch(now, rota.zone), swap.state(now), self.services.news
        told = news.get(swap_key(swap, ASKED))
        heard = f"; {swap.other.name} told in Teams" if told and told.place else ""
        steps = [Step(f"Asked {watch.at(swap.asked)}{heard}")]
        reminded, due = news.get(swap_key(swap, REMINDED)), remind_at(swap, rota)
        if reminded:
            steps.append(Step(f"Reminded {watch.at(reminded.told)}"))
        elif due and due > now and state is SwapState.ASKED:
            steps.append(Step(f"Reminder {watch.at(due)}", done=False))
        ends = {
            SwapState.ACCEPTED: f"{swap.other.name} accepted",
            SwapState.DECLINED: f"{swap.other.name} declined; {swap.asker.name} keeps the duty",
            SwapState.WITHDRAWN: f"{swap.asker.name} withdrew it",
            SwapState.LAPSED: f"Lapsed {watch.at(swap.lapses)} without an answer; {swap.asker.name} keeps the duty",
        }
        if state is SwapState.ASKED:
            steps.append(Step(f"Lapses {watch.at(swap.lapses)}; then {swap.asker.name} keeps the duty", done=False))
        else:
            at = f" {watch.at(swap.answered)}" if swap.answered else ""
            first, semicolon, rest = ends[state].partition(";")
            steps.append(Step(f"{first}{at}{semicolon}{rest}"))
        return steps

    def _edited(self, kept: Kept, now: datetime) -> str:
        if kept.edited is None:
            return ""
        return f"{kept.edited.by.name}, {Watch(now, kept.rota.zone).at(kept.edited.at)}"


def router(page: RotaPage) -> APIRouter:
    """The routes of the rota."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/rota")
    def rota(request: Request) -> Response:
        return page.show(request)

    @routes.get(FEED)
    def calendar(request: Request) -> Response:
        return page.calendar(request)

    @routes.get("/rota/{rest:path}")
    def back(rest: str) -> Response:  # noqa: ARG001 - the address of a form that is loaded again
        return RedirectResponse("/rota", 303)

    @routes.post("/rota/swaps/{number}/{verb}")
    async def answer(request: Request, number: int, verb: str) -> Response:
        if verb not in {"accept", "decline", "withdraw"}:
            raise Problem(404, "There is nothing at this address.")
        return await run_in_threadpool(page.answer, request, number, verb)

    @routes.post("/rota/{what}")
    async def store(request: Request, what: str) -> Response:
        form = {key: redact(str(value)).text for key, value in (await request.form()).items()}
        return await run_in_threadpool(page.store, request, what, form)

    return routes


def _about(rota: Rota) -> str:
    hours = rota.hours
    day = f"{rota.handover_day.capitalize()}s {rota.handover:%H:%M}, {rota.zone.key}"
    return (
        f"One person a week. Hand-over {day}; working hours {hours.begins:%H:%M} to {hours.ends:%H:%M}. "
        "Outside them, and on holidays, cases wait, and the asker is told so."
    )


def _name(member: Member) -> str:
    return member.name[:1].upper() + member.name[1:]


def _why(shift: Shift) -> str:
    words = {Why.OVERRIDE: "as an override", Why.SWAP: "swapped"}
    if shift.why is Why.STAND_IN:
        return "everybody is away" if shift.member.is_team else f"for {shift.instead_of.name}, who is away"
    return words.get(shift.why, "")


def _entry(entry: Override | Absence, rota: Rota, now: datetime) -> dict[str, Any]:
    starts, ends = rota.local(entry.starts), rota.local(entry.ends)
    made = f"{entry.by}, {Watch(now, rota.zone).at(entry.made)}" if entry.made else "from the file"
    is_swap = isinstance(entry, Override) and entry.why is Why.SWAP
    return {
        "id": entry.id,
        "who": _name(entry.member),
        "when": span_words(starts, ends, rota.handover),
        "made": f"swap of {entry.by}" if is_swap else made,
        "changeable": not is_swap,
        "known": rota.member(entry.member.id) is not None or entry.member.is_team,
    }


def _coming(kept: Kept, kind: type[Override | Absence], now: datetime) -> list[Override | Absence]:
    entries: Sequence[Override | Absence] = (*kept.rota.overrides, *kept.rota.absences, *kept.ignored)
    return sorted((e for e in entries if isinstance(e, kind) and e.ends > now), key=lambda e: (e.starts, e.id))


def _is_shown(swap: Swap, now: datetime) -> bool:
    over = swap.answered or swap.lapses
    return swap.state(now) is SwapState.ASKED or now - over < _OVER_SHOWN


def _choices(rota: Rota, now: datetime, member: str) -> list[tuple[str, str]]:
    """The coming duty of a member that can be swapped, as values of a form and in words."""
    shifts = rota.shifts(now, now + _SWAPPED_AHEAD)
    theirs = [s for s in shifts if s.member.id == member and member and s.starts > now]
    return [
        (f"{s.starts.isoformat()}/{s.ends.isoformat()}", span_words(s.starts, s.ends, rota.handover)) for s in theirs
    ]


def _cover(rota: Rota, now: datetime) -> dict[str, str]:
    """What the form for an override begins with: the next working morning to the one after."""
    starts = rota.local(rota.next_working(rota.local(now).replace(hour=23, minute=59)))
    ends = rota.local(rota.next_working(starts.replace(hour=23, minute=59)))
    return {"starts": f"{starts:%Y-%m-%dT%H:%M}", "ends": f"{ends:%Y-%m-%dT%H:%M}", "day": f"{starts:%Y-%m-%d}"}


def _span(stretch: Stretch, rota: Rota) -> str:
    return span_words(rota.local(stretch.starts), rota.local(stretch.ends), rota.handover)
