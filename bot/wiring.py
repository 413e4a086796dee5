"""From settings to objects: the only module that knows every adapter. Nothing here decides anything else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from pydantic import SecretStr

from bot import desk_wiring, examining, knowledge_wiring, sign_in_wiring, teams_wiring
from bot.aftercare import EVERY as AFTERCARE_EVERY
from bot.aftercare import Aftercare
from bot.casework import Casework
from bot.channels.gap_news import EVERY as GAP_NEWS_EVERY
from bot.channels.notice_news import NoticeNews
from bot.channels.rates import Limits as Pace
from bot.channels.rates import Rate, Rates
from bot.channels.services import Services
from bot.channels.sign_in import SignIn
from bot.channels.teams import TeamsChannel
from bot.channels.teams_commands import Commands
from bot.channels.teams_courtesy import Courtesy
from bot.channels.teams_desk import TeamsDesk
from bot.channels.teams_extension import Extension
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_swaps import SwapButtons
from bot.channels.teams_talk import Talk
from bot.channels.teams_thread import CaseThreads
from bot.channels.web import build_app
from bot.curating import Curation
from bot.deployments import platform_of
from bot.enclosures import enclosed
from bot.examining import Examiner, PlatformFiles, behind
from bot.gap_issues import EVERY as ISSUES_EVERY
from bot.gap_issues import DocsDesk
from bot.gap_reading import read_report
from bot.gap_wiring import change_of, docs_desk, gap_entry, gapwork, keep_gaps, page_now
from bot.gapwork import EVERY as GAPS_EVERY
from bot.identity.roles import Role
from bot.identity.seals import probe_key
from bot.library import Library, StoppedError
from bot.noticing import Notices
from bot.occupancy import occupied
from bot.redaction import masked
from bot.sections import DeskSettings, GapSettings, RateSettings
from bot.settings import Settings
from bot.sources import code_page, named, sources, strange_rota
from bot.store.following import EVERY as FOLLOWED_EVERY
from bot.store.following import Following
from bot.store.notifications import DeskPageNotifier
from bot.store.opening import Store
from bot.store.read_back import Watch
from bot.store.regularly import Regularly
from bot.store.rota_book import RotaBook
from bot.store.standing import standing
from bot.store.tidying import EVERY as TIDIED_EVERY
from bot.store.tidying import Tidying
from bot.store_wiring import now, opened_store, purse_of
from bot.support.clocks import Clocks, goals_of
from bot.support.handoff import AllChannels, Desk, Notifier
from bot.support.likeness import Likeness
from bot.support.notices import RiseRule
from bot.support.rota_alarms import alarms
from bot.support.rota_changes import Kept
from bot.telemetry import CaseMeter, Metrics, StandingCollector
from bot.turn import Board, HandsOver, Sheriff, Surroundings, mended_files
from bot.wishing import Wishes
from bot.workflows import Plan, Workflows
from ingestion.report import IngestReport
from knowledge.adapters.fence import Limits
from knowledge.deployment.platform import Platform
from knowledge.errors import Failure, SheriffError, Unavailable

log = structlog.get_logger(__name__)
_FACTS_EVERY = 300.0  # seconds between two looks for cases whose figures are missing, so that no page waits for many
_TELL_EVERY = 5.0  # seconds between two looks at what the rota has to tell
_LOOK_EVERY = 60.0  # seconds between two looks for questions that rise
_OCCUPIED = (
    "Another Sheriff serves from {home}. Stop that one, or give this one a folder of its own: --home, or SHERIFF_HOME."
)
_TURN = 1.0  # seconds that a file waits while others are checked, beside those of its own check
_TRY_AGAIN = 15.0  # seconds
_LAST_STEP = 20.0  # seconds for an ingest to end: a process that leaves its native threads running is aborted


def inward(settings: Settings, store: Store) -> Settings:
    """The settings as they are; of a demonstration without everything that would reach somebody outside."""
    if store.demonstration.get() is None:
        return settings
    teams = {"sheriff_channel": "", "maintainer_channel": "", "remind_after_hours": 0.0}
    kept = {
        "desk": DeskSettings(prefix=settings.desk.prefix),
        "gaps": GapSettings(),
        "desk_secret": SecretStr(""),
        "teams": settings.teams.model_copy(update=teams),
        "teams_app_id": "",
        "teams_app_password": SecretStr(""),
        "handoff": settings.handoff.model_copy(update={"reminders": 0}),
    }
    return settings.model_copy(update=kept)


# ---- files that people send ----


@contextmanager
def fenced_examiner(settings: Settings, platform: Platform) -> Iterator[Examiner]:
    """Opens and checks what was sent in child processes, which start with the first file."""
    files, limits = platform_files(settings), settings.limits
    seconds = limits.check_seconds
    within = Limits(seconds, seconds, limits.memory_mb, limits.result_mb, seconds + _TURN)
    fence = examining.fence(files, within, processes=limits.processes)
    try:
        yield behind(fence, files, platform)
    finally:
        fence.close()


def platform_files(settings: Settings) -> PlatformFiles:
    chosen = settings.platform
    rules = tuple(chosen.rules) if chosen.rules is not None else None
    return PlatformFiles(chosen.schemas, tuple(chosen.levels), rules, chosen.pages, tuple(chosen.lints))


# ---- the server ----


@dataclass(frozen=True, slots=True)
class Running:
    """A started Sheriff: the application to serve, and how to end it."""

    app: FastAPI
    hang_up: Callable[[], None]  # ends the streams of open pages
    stop: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a server is made of, opened; `start` closes it in reverse order."""

    settings: Settings
    store: Store
    library: Library
    rota: RotaBook
    platform: Platform
    examiner: Examiner
    metrics: Metrics
    link: TeamsLink
    threads: CaseThreads
    workflows: Workflows
    watch: Watch | None
    casework: Casework
    sheriff: Sheriff
    wishes: Wishes
    notices: Notices
    docs_desk: DocsDesk | None
    demonstration: bool  # nothing leaves this home


def start(settings: Settings, *, address: str) -> Running:
    """Open everything and begin the background work. Raises Misuse or Failure with a sentence when a part is wrong."""
    _make_home(settings.home)
    with ExitStack() as opening:
        opening.enter_context(occupied(settings.home, why=_OCCUPIED.format(home=settings.home)))
        parts = _open(settings, opening, address)
        executor = ThreadPoolExecutor(settings.server.workers, thread_name_prefix="turn")
        opening.callback(executor.shutdown, wait=False, cancel_futures=True)
        rates = Rates(limits_of(settings.rates))
        teams = _teams(parts, executor, rates)
        app = build_app(_services(parts, teams, sign_in_wiring.sign_in(settings, address), rates))
        parts.workflows.start()
        opening.callback(parts.workflows.stop)
        if parts.watch is not None:
            parts.watch.start()
            opening.callback(parts.watch.stop)
        for service in _beside(parts):
            service.start()
            opening.callback(service.stop)
        keeper = threading.Thread(target=_keep_index, args=(parts,), name="ingest", daemon=True)
        keeper.start()
        opening.callback(keeper.join, timeout=_LAST_STEP)
        opening.callback(parts.library.stop)
        _say_of_the_rota(settings, parts.rota.now())
        return Running(app, parts.store.broadcast.close, opening.pop_all().close)
    raise AssertionError("unreachable")


def _say_of_the_rota(settings: Settings, kept: Kept) -> None:
    for alarm in alarms(kept, now()):
        log.error("rota_alarm", reason=alarm)
    strange = "" if kept.edited else strange_rota(settings)
    if strange:
        log.warning("rota_alarm", reason=strange)


def _beside(parts: _Parts) -> Sequence[Regularly]:
    """What a server does again and again: hear other replicas, remove what is old, tell what there is to tell, make
    what figures lack."""
    following = Following(parts.store.engine, parts.store.broadcast)
    tidying = Tidying(parts.store, retention=parts.settings.retention, clock=now)
    news = teams_wiring.duty_news(parts.store, book=parts.rota, threads=parts.threads)
    gaps = gapwork(parts.settings, parts.store, parts.library, parts.metrics)
    gap_news = teams_wiring.gap_news(parts.settings, parts.store, book=parts.rota, threads=parts.threads)
    wishes = teams_wiring.wish_news(parts.settings, parts.store, threads=parts.threads)
    refresh = parts.rota.refresh_pages
    aftercare = Aftercare(parts.store.engine, parts.store.cases, _curation(parts), parts.wishes, now)
    rising = NoticeNews(parts.notices, parts.threads.outbox, parts.threads.place, refresh)
    issues = [("gap issues", parts.docs_desk.close_verified)] if parts.docs_desk else []
    return (
        *(Regularly(name, look, every=ISSUES_EVERY, warning="gap_issues_wait") for name, look in issues),
        Regularly("gaps", partial(keep_gaps, gaps), every=GAPS_EVERY, warning="gaps_not_refreshed"),
        Regularly("aftercare", aftercare.sweep, every=AFTERCARE_EVERY, warning="aftercare_waits", at_once=True),
        Regularly("gap news", gap_news.sweep, every=GAP_NEWS_EVERY, warning="gap_news_wait"),
        Regularly("following", following.look, every=FOLLOWED_EVERY, warning="news_not_read"),
        Regularly("facts", parts.store.facts.mend, every=_FACTS_EVERY, warning="figures_wait", at_once=True),
        Regularly("tidying", tidying.tidy, every=TIDIED_EVERY, warning="not_tidied", at_once=True),
        Regularly("rota", news.sweep, every=_TELL_EVERY, warning="rota_news_wait"),
        Regularly("wishes", wishes.sweep, every=_TELL_EVERY, warning="wish_news_wait"),
        Regularly("notices", rising.sweep, every=_LOOK_EVERY, warning="notices_wait"),
    )


def _open(settings: Settings, opening: ExitStack, address: str) -> _Parts:
    platform = platform_of(settings)
    examiner = opening.enter_context(fenced_examiner(settings, platform))
    store = opening.enter_context(opened_store(settings, replica=settings.replica))
    made_up = store.demonstration.get() is not None
    if made_up:
        settings = inward(settings, store)
        log.warning("demonstration", home=str(settings.home), reason="Nothing is sent to Teams or a ticket system.")
    rota = store.rota(settings.rota)
    metrics = _metrics(settings, store, rota, platform)
    purse = purse_of(settings, store, metrics)
    knowing = opening.enter_context(
        knowledge_wiring.opened_library(settings, with_model=True, metrics=metrics, purse=purse)
    )
    link = TeamsLink(lambda: teams_wiring.connection(settings))
    threads = teams_wiring.threads(settings, store, rota=rota, link=link, clock=now, address=address)
    told: list[Notifier] = [DeskPageNotifier(store.engine, clock=now), *(() if made_up else (link, threads))]
    desk = opening.enter_context(desk_wiring.opened_desk(settings, store, clock=now))
    workflows = workflows_of(settings, store, rota, desk, told)
    watch = desk_wiring.watch(settings, store, desk, push=workflows.push, clock=now)
    casework = Casework(store.cases, workflows=workflows, rota=rota, clock=now)
    likeness = Likeness(knowing.embedder.embed)
    wishes = Wishes(store.requests, likeness, names=platform.components)
    notices = Notices(store.notices, store.cases, likeness, clock=now, zone=rota.zone, rule=_rise(settings))
    sheriff = sheriff_of(settings, knowing, store, casework, examiner, metrics, Board(wishes, notices))
    issues = docs_desk(settings, opening, store, knowing)
    parts = (store, knowing, rota, platform, examiner, metrics, link, threads, workflows, watch, casework, sheriff)
    return _Parts(settings, *parts, wishes, notices, issues, demonstration=made_up)


def _rise(settings: Settings) -> RiseRule:
    return RiseRule(settings.notices.people, timedelta(minutes=settings.notices.minutes))


def _metrics(settings: Settings, store: Store, rota: RotaBook, platform: Platform) -> Metrics:
    """The figures of this process, and those that every replica reads in the database."""
    metrics = Metrics()
    clocks = Clocks(rota, goals_of(settings.handoff.goals))
    store.cases.observe(CaseMeter(metrics, clocks, components=platform.components))
    metrics.registry.register(StandingCollector(lambda: standing(store.engine), now))
    return metrics


def _teams(parts: _Parts, executor: ThreadPoolExecutor, rates: Rates) -> TeamsChannel:
    settings, store, platform = parts.settings, parts.store, named(parts.settings)
    desk = TeamsDesk(parts.threads, parts.casework)
    extension = Extension(
        parts.sheriff, parts.library.find, store.cases, desk, now, platform.docs, parts.threads.base_url
    )
    talk = Talk(
        sheriff=parts.sheriff,
        cases=store.cases,
        casework=parts.casework,
        posts=store.posts,
        deliveries=store.turns,
        desk=desk,
        extension=extension,
        commands=Commands(
            store.cases,
            parts.casework,
            parts.wishes,
            parts.notices,
            parts.rota,
            now,
            parts.threads.base_url,
            desk.member,
        ),
        mend=lambda text: mended_files(text, parts.examiner),
        describe=lambda attachments: enclosed(attachments, parts.examiner),
        token=parts.link.token,
        executor=executor,
        platform=platform.name,
        docs=platform.docs,
        examples=tuple(platform.examples),
        base_url=parts.threads.base_url,
        swaps=SwapButtons(parts.rota, now),
    )
    at_home = settings.is_loopback and not settings.teams_app_id
    return TeamsChannel(
        link=parts.link,
        talk=talk,
        metrics=parts.metrics,
        tenant_id=settings.teams_tenant,
        further_tenants=settings.teams.further_tenants,
        open_to_all=at_home,
        received=store.received,
        pace=None if at_home and not settings.rates.here else Courtesy(rates.person),
    )


def limits_of(given: RateSettings) -> Pace:
    """How fast anybody may call."""
    return Pace(
        person=Rate(given.person_per_minute, given.person_at_once),
        program=Rate(given.program_per_minute, given.program_at_once),
        address=Rate(given.address_per_minute, given.address_at_once),
        messages=Rate(given.messages_per_minute, given.messages_at_once),
        failures=Rate(given.failures_per_minute, given.failures_at_once),
        here=given.here,
    )


def _services(parts: _Parts, teams: TeamsChannel, sign_in: SignIn | None, rates: Rates) -> Services:
    settings = parts.settings
    change = partial(change_of, settings)
    platform = named(settings)
    events = desk_wiring.events(settings, parts.store, parts.watch, clock=now)
    in_teams = teams_wiring.may_answer(settings) and not parts.demonstration
    teams_routers = (teams.router(),) if in_teams else ()
    lifespan = None
    if not parts.demonstration:
        lifespan = teams_wiring.lifespan(settings, parts.store, teams=teams, link=parts.link, clock=now)
    return Services(
        sheriff=parts.sheriff,
        casework=parts.casework,
        cases=parts.store.cases,
        facts=parts.store.facts,
        rota=parts.rota,
        book=parts.rota,
        news=parts.store.news,
        broadcast=parts.store.broadcast,
        index_status=parts.library.status,
        page=lambda document_id: parts.library.page(document_id) or code_page(document_id),
        validate=lambda files: masked(parts.examiner.examine(files, now()).report).report,
        unpack=parts.examiner.opened,
        gaps=lambda: read_report(parts.store, now(), page=partial(page_now, parts.library), change=change),
        gap=partial(gap_entry, settings, parts.store, parts.library),
        store=parts.store,
        metrics=parts.metrics.registry,
        clock=now,
        wishes=parts.wishes,
        request_news=parts.store.request_news,
        notices=parts.notices,
        curation=_curation(parts),
        docs_desk=parts.docs_desk,
        platform=platform.name,
        docs=platform.docs,
        examples=platform.examples,
        loopback=settings.is_loopback,
        access_token=settings.access_token.get_secret_value(),
        token_role=Role[settings.sign_in.token_role.upper()],
        sign_in=sign_in,
        contact=settings.sign_in.contact,
        hosts=_hosts(settings),
        probe=probe_key(settings.secret),
        https=settings.server.public_url.startswith("https://"),
        trusted=[ip_network(each, strict=False) for each in settings.server.trusted_proxies],
        rates=rates,
        workers=settings.server.workers,
        goals=goals_of(settings.handoff.goals),
        routers=(*teams_routers, *((events.router(),) if events else ())),
        acknowledge_minutes=settings.handoff.acknowledge_minutes,
        lifespan=lifespan,
        demonstration=parts.demonstration,
        docs_sources=tuple(s.name for s in sources(settings)),
    )


def _curation(parts: _Parts) -> Curation:
    settings, store = parts.settings, parts.store
    return Curation(
        store.faq, store.cases, parts.library, lambda: sources(settings), settings.home, now, settings.faq.write
    )


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise Failure(
            f"{home}: state cannot be written there ({error.strerror}). Choose another folder: --home, or SHERIFF_HOME."
        ) from error


def sheriff_of(
    settings: Settings,
    knowing: Library,
    store: Store,
    casework: HandsOver,
    examiner: Examiner,
    metrics: Metrics,
    board: Board,
) -> Sheriff:
    return Sheriff(
        library=knowing,
        examiner=examiner,
        cases=store.cases,
        turns=store.turns,
        casework=casework,
        world=Surroundings(now, named(settings).name, named(settings).docs, log_messages=settings.log_messages),
        metrics=metrics,
        board=board,
    )


def workflows_of(
    settings: Settings, store: Store, rota: RotaBook, desk: Desk, notifiers: Sequence[Notifier]
) -> Workflows:
    return Workflows(
        store.cases,
        desk=desk,
        notifier=AllChannels(notifiers),
        rota=rota,
        clock=now,
        url=settings.workflow_database,
        replicas=store.replicas if store.replicas.name else None,
        plan=Plan(
            acknowledge=timedelta(minutes=settings.handoff.acknowledge_minutes),
            reminders=settings.handoff.reminders,
        ),
    )


def _hosts(settings: Settings) -> tuple[str, ...]:
    named = urlsplit(settings.server.public_url).hostname
    return (named,) if named else ()


def _ingested(parts: _Parts) -> IngestReport:
    """What came of it; while the Chroma server or the embeddings do not answer, it is tried again and again."""
    while True:
        try:
            _curation(parts).keep_local()
            return parts.library.ingest(sources(parts.settings))
        except Unavailable as error:
            log.warning("index_waits", reason=str(error), seconds=_TRY_AGAIN)
        if parts.library.stopped(within=_TRY_AGAIN):
            raise StoppedError("Sheriff stopped before the index could be brought up to date.")


def _keep_index(parts: _Parts) -> None:
    """First start: build the index. Later ones: bring it up to date; what is published already is served meanwhile."""
    try:
        report = _ingested(parts)
        log.info("index_ready", sections=report.chunks, seconds=round(report.seconds, 1), skipped=len(report.skipped))
        parts.library.warm()
        parts.metrics.chunks.set(report.chunks)
        keep_gaps(gapwork(parts.settings, parts.store, parts.library, parts.metrics))
    except StoppedError:
        log.info("ingest_stopped")
    except SheriffError as error:
        log.error("index_not_built", reason=str(error))  # noqa: TRY400 - the sentence says it all
