"""From settings to the parts of the Teams channel that live as long as the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI

from bot.channels.duty_news import DutyNews
from bot.channels.gap_news import GapNews
from bot.channels.teams import TeamsChannel
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_reminders import Reminders
from bot.channels.teams_thread import CaseThreads, Outbox, Place
from bot.channels.wish_news import WishNews
from bot.settings import Settings
from bot.store.opening import Store
from bot.store.rota_book import RotaBook
from bot.store.turn_log import Clock
from bot.support.broadcast import Update
from bot.support.clocks import goals_of
from bot.support.rota import Duty
from knowledge.errors import Unavailable

if TYPE_CHECKING:
    from bot.channels.teams_adapter import TeamsConnection

log = structlog.get_logger(__name__)
_CATCH_UP_EVERY = 5.0  # seconds between two looks for messages that nobody works on any more
_REMIND_EVERY = 60.0  # seconds between two looks for askers who said nothing
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def connection(settings: Settings) -> TeamsConnection:
    """The bot's registration, as the environment and sheriff.yaml have it; contacts nobody."""
    from bot.channels.teams_adapter import TeamsConnection
    from bot.channels.teams_auth import BotIdentity

    identity = BotIdentity(settings.teams_app_id, settings.teams_app_password.get_secret_value(), settings.teams_tenant)
    return TeamsConnection(identity)


def may_answer(settings: Settings) -> bool:
    """Without an app id nobody proves who calls: only this machine may then."""
    return bool(settings.teams_app_id) or settings.is_loopback


def threads(
    settings: Settings, store: Store, *, rota: Duty, link: TeamsLink, clock: Clock, address: str
) -> CaseThreads:
    """The sheriffs' channel; `address` is where this server listens."""
    base_url = settings.server.public_url or (address if settings.is_loopback else "")
    handoff = settings.handoff
    return CaseThreads(
        place=Place(settings.teams.sheriff_channel, settings.teams.service_url, f"28:{settings.teams_app_id}"),
        outbox=link,
        cases=store.cases,
        posts=store.posts,
        deliveries=store.turns,
        rota=rota,
        clock=clock,
        goals=goals_of(handoff.goals),
        acknowledge=timedelta(minutes=handoff.acknowledge_minutes),
        base_url=base_url.rstrip("/"),
    )


def reminders(settings: Settings, store: Store, *, outbox: Outbox, clock: Clock) -> Reminders:
    """Who is asked whether it helped; without an app id those on this machine."""
    hours = settings.teams.remind_after_hours if may_answer(settings) else 0
    here_only = not settings.teams_app_id
    return Reminders(store.cases, store.posts, outbox, clock, timedelta(hours=hours), here_only=here_only)


def duty_news(store: Store, *, book: RotaBook, threads: CaseThreads) -> DutyNews:
    """What the rota tells by itself, in the sheriffs' channel if there is one."""
    return DutyNews(
        book=book,
        news=store.news,
        cases=store.cases,
        outbox=threads.outbox,
        place=threads.place,
        clock=threads.clock,
        goals=threads.goals,
        base_url=threads.base_url,
    )


def wish_news(settings: Settings, store: Store, *, threads: CaseThreads) -> WishNews:
    """Who hears what became of a feature request; without an app id those on this machine."""
    return WishNews(
        requests=store.requests,
        news=store.request_news,
        outbox=threads.outbox,
        base_url=threads.base_url,
        refresh=lambda person: store.broadcast.publish(Update(0, "", f"{person}:", "request")),
        here_only=not settings.teams_app_id,
    )


def gap_news(settings: Settings, store: Store, *, book: RotaBook, threads: CaseThreads) -> GapNews:
    """What is told of gaps each week, in the maintainers' channel, else in the sheriffs', if there is one."""
    place = replace(threads.place, conversation=settings.teams.maintainer_channel or threads.place.conversation)
    return GapNews(book, store.news, store.gaps, threads.outbox, place, threads.clock, threads.base_url)


def lifespan(settings: Settings, store: Store, *, teams: TeamsChannel, link: TeamsLink, clock: Clock) -> Lifespan:
    """What runs beside the application: the way out for workflows, and reminders where somebody is answered."""
    reminding_whom = reminders(settings, store, outbox=link, clock=clock)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        link.attach(asyncio.get_running_loop())
        beside = [asyncio.create_task(_remind(reminding_whom)), asyncio.create_task(_catch_up(teams))]
        if settings.teams_app_id:  # loading the SDK takes seconds, and Teams waits for no first answer that long
            beside.append(asyncio.create_task(link.prepare()))
        yield
        for task in beside:
            task.cancel()
        await teams.close()

    return running


async def _catch_up(teams: TeamsChannel) -> None:
    """Take up messages of replicas that have died, at start and as long as the server runs."""
    while True:
        try:
            await teams.catch_up()
        except Unavailable as error:
            log.warning("teams_messages_wait", reason=str(error))
        await asyncio.sleep(_CATCH_UP_EVERY)


async def _remind(reminders: Reminders) -> None:
    """Look for silent askers now and then, as long as the server runs."""
    while True:
        await asyncio.sleep(_REMIND_EVERY)
        try:
            await asyncio.to_thread(reminders.sweep)
        except Unavailable as error:
            log.warning("reminders_wait", reason=str(error))
