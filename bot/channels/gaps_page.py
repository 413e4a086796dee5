"""The page of gaps: what costs most, what is the matter with it, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from bot.channels.pages import Pages, environment
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.messages import Person
from bot.redaction import redact
from bot.store import gap_figures
from bot.store.gap_store import GapStore
from bot.support import gap_report
from bot.support.gap_report import GapReport
from bot.support.ledger import (
    KIND_LABELS,
    RANKED_BY,
    STATE_LABELS,
    UNSOLVED,
    WEEKS,
    Gap,
    GapKind,
    GapState,
    number_of,
)
from bot.support.overtaken import Overtaken
from knowledge.errors import DeskRefused, DeskUnavailable, Misuse

PER_PAGE = 50
_TABS = (GapState.OPEN, GapState.DRAFTED, GapState.MERGED, GapState.VERIFIED, GapState.REGRESSED, GapState.NOT_A_GAP)
_RING = {GapState.DRAFTED: "part", GapState.MERGED: "most", GapState.VERIFIED: "done", GapState.REGRESSED: "back",
         GapState.NOT_A_GAP: "gone"}  # fmt: skip
_BADGE = {GapKind.MISSING: "missing", GapKind.OUTDATED: "outdated", GapKind.WRONG: "wrong"}
_STATES = {"draft": GapState.DRAFTED, "merge": GapState.MERGED, "dismiss": GapState.NOT_A_GAP, "reopen": GapState.OPEN}
_EVERYTHING = tuple(state for state in GapState if state is not GapState.JOINED)


@dataclass(frozen=True, slots=True)
class GapsPage:
    """The page over its services; `acting` says who acts, as on the desk."""

    services: Services
    pages: Pages
    acting: Callable[[Request], Person]

    @property
    def gaps(self) -> GapStore:
        return self.services.store.gaps

    def show(self, request: Request, number: int | None = None, *, problem: str = "", status: int = 200) -> Response:
        """The list, with one gap beside it: the chosen one, otherwise the first."""
        query = request.query_params
        state, kind = _one_of(GapState, query.get("state", "")), _one_of(GapKind, query.get("kind", ""))
        component = printable(query.get("component", ""))[:128]
        start = max(0, int(query["from"])) if query.get("from", "").isdecimal() and len(query["from"]) < 7 else 0
        states = (state,) if state else _EVERYTHING
        rows = self.gaps.ranked(states, kind=kind, component=component, limit=PER_PAGE + 1, offset=start)
        chosen = self._chosen(number) if number is not None else (rows[0] if rows else None)
        now, store = self.services.clock(), self.services.store
        counts = self.gaps.counts()
        filters = {"state": state or "", "kind": kind or "", "component": component}
        return self.pages.show(
            "gaps.html",
            request,
            status=status,
            problem=problem,
            summary=gap_report.summary(counts, self.gaps.minutes()),
            any=bool(counts),
            nothing=gap_report.NOTHING,
            tabs=[
                (str(tab), STATE_LABELS[tab], counts.get(tab, 0)) for tab in _TABS if counts.get(tab) or tab == state
            ],
            total=sum(counts.values()),
            state=str(state or ""),
            kind=str(kind or ""),
            kinds=[(str(each), label) for each, label in KIND_LABELS.items()],
            rows=rows[:PER_PAGE],
            first=start + 1,
            query=_query(filters),
            query_of=lambda tab: _query({**filters, "state": tab}),
            more=_query({**filters, "from": start + PER_PAGE}) if len(rows) > PER_PAGE else "",
            chosen=self._view(chosen) if chosen else None,
            words=_words(),
            ranked_by=RANKED_BY,
            figures=_figures(gap_figures.weeks(store.engine, now)),
            components=gap_figures.components(store.engine, now - timedelta(weeks=WEEKS)),
            closed=self.gaps.closed(),
            time_to_close=gap_report.time_to_close(self.gaps.closed()),
            watch=Watch(now, self.services.rota.zone),
        )

    def act(self, request: Request, number: int, verb: str, form: dict[str, Any]) -> int:
        """Do what a button says; returns the gap to show then. Raises Misuse, Overtaken when somebody was faster."""
        by = self.acting(request)
        version = int(form["version"]) if str(form.get("version", "")).isdecimal() else 0
        if verb in _STATES:
            self.gaps.act(number, _STATES[verb], by, version=version, text=printable(form.get("text", ""))[:500])
        elif verb == "join":
            other = number_of(str(form.get("other", "")))
            self.gaps.join(number, other, by, version=version)
            return other
        elif verb == "split":
            return self.gaps.split(number, form.get("cases", []), by, version=version)
        elif verb == "issue" and self.services.docs_desk is not None:
            self.services.docs_desk.open(number, by, version=version)
        else:
            raise Problem(404, "There is no such button.")
        return number

    def file(self, form: str) -> Response | None:
        """The report as a file, when a format is asked for."""
        if form not in {"markdown", "json"}:
            return None
        report: GapReport = self.services.gaps()
        if form == "json":
            return JSONResponse(gap_report.as_json(report))
        return PlainTextResponse(gap_report.as_markdown(report), media_type="text/markdown; charset=utf-8")

    def _chosen(self, number: int) -> Gap:
        gap = self.gaps.get(number)
        if gap is None:
            raise Problem(404, f"There is no GAP-{number}. The list has those there are.")
        return gap

    def _view(self, gap: Gap) -> dict[str, Any]:
        shown = self.services.gap(gap)
        return {
            "entry": shown,
            "gap": gap,
            "page": gap_report.page_of(gap),
            "lines": shown.patch.splitlines()[2:] if shown.patch else (),
            "history": self.gaps.history(gap.number),
            "verbs": _verbs(gap),
            "issue": self.services.store.gap_issues.get(gap.number),
            "may_open": self.services.docs_desk is not None and gap.state in UNSOLVED,
        }


def as_page(report: GapReport) -> str:
    """The report as a page of its own, readable without any stylesheet."""
    minutes = sum(each.gap.minutes for each in report.entries)
    return (
        environment()
        .get_template("gaps_file.html")
        .render(
            report=report,
            summary=gap_report.summary(report.counts, minutes),
            words=_words(),
            ranked_by=RANKED_BY,
            figures=_figures(report.weeks),
            time_to_close=gap_report.time_to_close(report.closed),
        )
    )


def router(page: GapsPage) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/gaps")
    def every(request: Request, format: str = "") -> Response:  # noqa: A002 - the usual name in such links
        return page.file(format) or page.show(request)

    @routes.get("/gaps/{name}")
    def one(request: Request, name: str) -> Response:
        gap = page.gaps.get(_number(name))
        if gap is not None and gap.joined is not None:
            return RedirectResponse(f"/gaps/GAP-{gap.joined}", 303)
        return page.show(request, _number(name))

    @routes.post("/gaps/{name}/{verb}")
    async def act(request: Request, name: str, verb: str) -> Response:
        form = await request.form()
        values: dict[str, Any] = {key: redact(str(value)).text for key, value in form.items()}
        values["cases"] = [str(value) for value in form.getlist("case")]
        return await run_in_threadpool(_acted, page, request, _number(name), verb, values)

    return routes


def _acted(page: GapsPage, request: Request, number: int, verb: str, form: dict[str, Any]) -> Response:
    try:
        shown = page.act(request, number, verb, form)
    except Overtaken as refusal:
        return page.show(request, number, problem=str(refusal), status=409)
    except DeskUnavailable as silence:
        return page.show(request, number, problem=f"{silence} Nothing is lost: press the button again.", status=503)
    except (Misuse, DeskRefused) as refusal:
        return page.show(request, number, problem=str(refusal), status=422)
    return RedirectResponse(f"/gaps/GAP-{shown}", 303)


def _number(name: str) -> int:
    try:
        return number_of(name)
    except Misuse as error:
        raise Problem(404, str(error)) from error


def _verbs(gap: Gap) -> Sequence[tuple[str, str]]:
    """Buttons that a gap has now."""
    buttons = {
        GapState.OPEN: (("draft", "Mark drafted"), ("dismiss", "Not a gap")),
        GapState.REGRESSED: (("draft", "Mark drafted"), ("dismiss", "Not a gap")),
        GapState.DRAFTED: (("merge", "Mark merged"), ("reopen", "Open again"), ("dismiss", "Not a gap")),
        GapState.MERGED: (("draft", "Back to drafted"), ("reopen", "Open again"), ("dismiss", "Not a gap")),
        GapState.NOT_A_GAP: (("reopen", "It is a gap"),),
    }
    return buttons.get(gap.state, ())


def _words() -> dict[str, Any]:
    return {
        "state": {state: STATE_LABELS[state] for state in GapState},
        "ring": _RING,
        "kind": KIND_LABELS,
        "badge": _BADGE,
        "provenance": gap_report.provenance,
        "facts": gap_report.facts,
    }


def _figures(weeks: Sequence[gap_report.Week]) -> dict[str, Any]:
    """Bars of 160 units for the busiest week, stacked from the bottom: solved, handed over, unknown."""
    most = max((week.total for week in weeks), default=0) or 1
    paths: dict[str, list[str]] = {"b1": [], "b4": [], "b3": []}
    for at, week in enumerate(weeks):
        bottom = 160.0
        for name, count in (("b1", week.solved), ("b4", week.handed_over), ("b3", week.unknown)):
            tall = 160 * count / most
            if count:
                paths[name].append(f"M{at + 0.5:g} {bottom:.1f}v-{tall:.1f}")
            bottom -= tall
    return {"weeks": weeks, "most": most, "paths": {name: "".join(parts) for name, parts in paths.items()}}


def _query(values: dict[str, Any]) -> str:
    kept = {key: str(value) for key, value in values.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _one_of(words: type[Any], text: str) -> Any:
    return words(text) if text in {str(word) for word in words} else None
