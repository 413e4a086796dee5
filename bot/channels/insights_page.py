"""How well questions are answered, how long people wait, who asks and who has the work: figures, and files of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from bot.channels import insight_charts as charts
from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.store.fact_book import FactBook
from bot.support.fairness import loads
from bot.support.insight_period import ALL, USUAL, wanted_of
from bot.support.insight_tables import as_csv, rates, tables
from bot.support.insights import Insights, Wanted, bounds, insights
from bot.support.rota import Rota
from bot.support.severity import CaseSeverity
from knowledge.errors import Misuse

_CHOICES = {"8": "Last 8 weeks", "13": "Last quarter", "26": "Last half-year", "52": "Last year", ALL: "Everything"}
_ASKED = ("period", "since", "until", "component", "channel")
_LONGEST = 128


@dataclass(frozen=True, slots=True)
class InsightsPage:
    """The page over its services."""

    services: Services
    pages: Pages

    def show(self, request: Request) -> Response:
        asked = _asked(request)
        found = self._found(asked)
        rota = self.services.book.now().rota
        goal = self.services.goals[CaseSeverity.NORMAL]
        response = [week.times.response for week in found.weeks]
        resolution = [week.times.resolution for week in found.weeks]
        return self.pages.show(
            "insights.html",
            request,
            found=found,
            asked=asked,
            choices=_CHOICES,
            query=urlencode({key: value for key, value in asked.items() if value}),
            tables=tables(found),
            rates=rates(found.outcomes),
            bands=charts.bands(found),
            response=charts.spreads(found.weeks, response, goal.reply.total_seconds()),
            resolution=charts.spreads(found.weeks, resolution, goal.resolution.total_seconds()),
            people=charts.people(found),
            on_duty=_duty(rota, found.wanted, self.services.clock()),
            most=max((one.outcomes.questions for one in found.components), default=1) or 1,
            busiest=max((one.cases for one in found.load), default=1),
            length=charts.length,
            period=_period(found.wanted),
            now_running=found.weeks[-1].number if not found.weeks[-1].is_over else 0,
        )

    def file(self, request: Request, name: str) -> Response:
        table = tables(self._found(_asked(request))).get(name)
        if table is None:
            raise Problem(404, "There is no table of that name. Open Insights and choose CSV beside one.")
        headers = {"content-disposition": f'attachment; filename="sheriff-{table.name}.csv"'}
        return Response(as_csv(table), media_type="text/csv; charset=utf-8", headers=headers)

    def _found(self, asked: Mapping[str, str]) -> Insights:
        services = self.services
        now, rota = services.clock(), services.book.now().rota
        try:
            return counted(services.facts, rota, now, **asked)
        except Misuse as refusal:
            raise Problem(422, str(refusal)) from refusal


def counted(facts: FactBook, rota: Rota, now: datetime, **asked: str) -> Insights:
    """The figures of what was asked for. Raises Misuse for days that are none."""
    facts.mend()
    first = facts.first()
    began = rota.local(datetime.fromtimestamp(first, UTC)).date() if first is not None else None
    wanted = wanted_of(today=rota.local(now).date(), first=began, **asked)
    since, until = bounds(wanted, rota.zone)
    return insights(facts.history(since=since, until=until), wanted, rota.working, now)


def router(page: InsightsPage) -> APIRouter:
    """The routes of the figures."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/insights")
    def show(request: Request) -> Response:
        return page.show(request)

    @routes.get("/insights/{name}.csv")
    def file(request: Request, name: str) -> Response:
        return page.file(request, name)

    return routes


def _asked(request: Request) -> dict[str, str]:
    given = {key: printable(request.query_params.get(key, ""))[:_LONGEST].strip() for key in _ASKED}
    return given | {"period": given["period"] or USUAL}


def _period(wanted: Wanted) -> str:
    since, until = wanted.since, wanted.until
    begins = f"{since.day} {since:%b}" if since.year == until.year else f"{since.day} {since:%b %Y}"
    return f"{begins} to {until.day} {until:%b %Y}"


def _duty(rota: Rota, wanted: Wanted, now: datetime) -> dict[str, str]:
    """Days of duty by name."""
    begins = datetime.combine(wanted.since, datetime.min.time(), rota.zone)
    ends = min(datetime.combine(wanted.until + timedelta(days=1), datetime.min.time(), rota.zone), rota.local(now))
    if begins >= ends:
        return {}
    return {member.name: f"{load.days:.0f} d" for member, load in loads(rota, begins, ends).items()}
