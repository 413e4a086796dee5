"""The web application: pages, API and whatever other channel wiring adds, behind one guard."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.channels import (
    api,
    chat,
    console,
    faq_page,
    gaps_page,
    insights_page,
    notices_page,
    problems,
    requests_page,
    rota_page,
    sign_in,
)
from bot.channels.callers import as_caller
from bot.channels.conversation import Memory
from bot.channels.doors import Doors, Session
from bot.channels.duty_news import week_key
from bot.channels.guard import Guard
from bot.channels.handbook import operations, reading
from bot.channels.pages import STATIC, Pages
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.channels.workers import Workers
from bot.support.rota_alarms import alarms, awaited

_YEAR = 365 * 24 * 3600


def build_app(services: Services) -> FastAPI:
    """The application. Building it starts nothing; `services.lifespan` runs with it."""
    app = FastAPI(
        title="Sheriff",
        version=version("sheriff-assistant"),
        description="Answers from the platform's documentation, checks of YAML, and cases of the duty sheriff.",
        docs_url=None,  # FastAPI's own pages load scripts from another site
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=services.lifespan,
    )
    pages = Pages(lambda: _frame(services))
    workers = Workers(services.workers)
    doors = _doors(services)
    app.include_router(_operation(services))
    door = sign_in.FrontDoor(pages, doors, services.secure_cookies, services.clock, services.sign_in)
    app.include_router(sign_in.router(door))
    app.include_router(api.router(services, workers))
    app.include_router(_reading(app, services, pages))
    desk = console.Console(services, pages)
    app.include_router(console.router(desk))
    app.include_router(rota_page.router(rota_page.RotaPage(services, pages, desk.acting, doors.feed_key())))
    app.include_router(insights_page.router(insights_page.InsightsPage(services, pages)))
    app.include_router(gaps_page.router(gaps_page.GapsPage(services, pages, desk.acting)))
    app.include_router(notices_page.router(notices_page.NoticesPage(services, pages, desk.acting)))
    app.include_router(faq_page.router(faq_page.FaqPage(services, services.curation, pages, desk.acting)))
    wishing = requests_page.RequestsPage(services, services.wishes, pages, desk.acting)
    app.include_router(requests_page.router(wishing))
    app.include_router(chat.router(chat.Chat(services, pages, workers, Memory(), wishing)))
    for router in services.routers:
        app.include_router(router)
    app.mount("/static", Assets(directory=STATIC))
    problems.install(app, pages)
    respond = partial(problems.respond, pages=pages)
    app.add_middleware(Guard, doors=doors, respond=respond)
    return app


def _doors(services: Services) -> Doors:
    """Who is let in: with sign-in everybody else is a stranger, on loopback too."""
    way_in = services.sign_in

    def signed_in(headers: Headers) -> Session | None:
        found = way_in.session(headers, services.clock()) if way_in else None
        return Session(as_caller(found.account, services.rota), found.names, found.since) if found else None

    access = services.store.access
    return Doors(
        services.loopback,
        services.access_token,
        services.hosts,
        services.token_role,
        signed_in if way_in else None,
        services.contact,
        way_in.seal.token("rota feed") if way_in else "",
        probe=services.probe,
        secure=services.secure_cookies,
        https=services.https or (way_in is not None and way_in.secure),
        trusted=services.trusted,
        api_token=access.opened_by,
        has_ended=access.has_ended,
        end=access.end_session,
        clock=services.clock,
        rates=services.rates,
    )


class Assets(StaticFiles):
    """Static files, kept by browsers for good: their addresses change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = f"public, max-age={_YEAR}, immutable"
        return response


def _frame(services: Services) -> dict[str, Any]:
    """What the header of every page shows."""
    now, kept = services.clock(), services.book.now()
    shift = services.rota.shift_at(now)
    duty = None
    if not shift.member.is_team:
        duty = {"name": shift.member.name, "until": Watch(now, services.rota.zone).at(shift.ends)}
    return {
        "platform": services.platform,
        "docs": services.docs,
        "duty": duty,
        "zone": services.rota.zone.key,
        "alarms": alarms(kept, now),
        "awaited": awaited(kept, now),
        "demonstration": services.demonstration,
        "handed": lambda: services.news.get(week_key(kept.rota.week_of(now).starts)) is not None,
    }


def _operation(services: Services) -> APIRouter:
    """What machines ask: is it alive, is it ready, how is it doing."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def alive() -> Response:
        return JSONResponse({"status": "alive"})

    @routes.get("/readyz")
    def ready() -> Response:
        status = services.index_status()
        body = {"status": str(status.state), "sentence": status.sentence}
        return JSONResponse(body, 200 if status.ready else 503)

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(services.metrics), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/favicon.ico")
    async def icon() -> Response:
        return RedirectResponse("/static/sheriff.svg", 308)

    return routes


def _reading(app: FastAPI, services: Services, pages: Pages) -> APIRouter:
    """Pages to read: documents of the index, the description of the API."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/pages/{path:path}")
    def document(request: Request, path: str) -> Response:
        found = _document(services, printable(path))
        if found is None:
            raise Problem(404, "This page is not in the index. It may have been moved or removed since it was cited.")
        watch = Watch(services.clock(), services.rota.zone)
        return pages.show("document.html", request, document=found, watch=watch)

    @routes.get("/api/docs")
    def api_docs(request: Request) -> HTMLResponse:
        return pages.show("api.html", request, groups=operations(app.openapi()), version=app.version)

    return routes


def _document(services: Services, path: str) -> Any:
    source, _, rest = path.partition("/")
    names = [f"{source}:{rest}", *(f"{name}:{path}" for name in services.docs_sources)]
    if source == "docs":  # as findings name pages, whatever the source is called
        names += [f"{name}:{rest}" for name in services.docs_sources]
    for name in names:
        chunks = services.page(name)
        if chunks:
            return reading(chunks)
    return None
