"""From settings to the ledger of gaps: what keeps it, reports it, and makes issues of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial

import structlog

from bot import desk_wiring, knowledge_wiring
from bot.gap_issues import DocsDesk
from bot.gap_reading import read_entry, read_report
from bot.gap_writing import SectionWriter
from bot.gapwork import GapWork, Writer
from bot.library import Library
from bot.page_files import with_section
from bot.settings import Settings
from bot.sources import sources
from bot.store.opening import Store, has_database
from bot.store_wiring import now, opened_store, purse_of
from bot.support.gap_report import Entry, GapReport
from bot.support.ledger import Gap
from bot.telemetry import Metrics
from knowledge.errors import SheriffError
from knowledge.model import Chunk

log = structlog.get_logger(__name__)


def gapwork(settings: Settings, store: Store, knowing: Library, metrics: Metrics | None = None) -> GapWork:
    """What keeps the ledger of gaps up to date; `metrics` count what its drafts take."""
    write = section_writer(settings, store, metrics or Metrics())
    return GapWork(store.gaps, knowing, now, lambda: knowing.stopped(within=0), write)


def section_writer(settings: Settings, store: Store, metrics: Metrics) -> Writer | None:
    """Writes sections of the documentation from resolutions, where a language model is configured."""
    model = knowledge_wiring.chat_model(settings)
    if model is None:
        return None
    paid = purse_of(settings, store, metrics).opened_for("", model)
    return SectionWriter(paid, knowledge_wiring.token_budget(settings))


def gap_report(settings: Settings, store: Store, *, since: datetime | None = None, component: str = "") -> GapReport:
    """The gaps as they are after all cases were read. Raises Unavailable when the embeddings do not answer."""
    with knowledge_wiring.opened_library(settings) as knowing:
        gapwork(settings, store, knowing).refresh()
    return read_report(store, now(), since=since, component=component, change=partial(change_of, settings))


def change_of(settings: Settings, gap: Gap) -> str:
    return with_section(sources(settings), gap.page, gap.place, gap.draft)


def ask_gaps_again(settings: Settings) -> None:
    """After an ingest: which gaps does the documentation answer now? Nothing happens before there is a database."""
    if not has_database(settings.database):
        return
    with opened_store(settings) as store, knowledge_wiring.opened_library(settings) as knowing:
        keep_gaps(gapwork(settings, store, knowing))


def keep_gaps(work: GapWork) -> None:
    """Bring the ledger up to date; what stands in the way is told in the log, and tried again the next time."""
    try:
        work.keep_up()
    except SheriffError as error:
        log.warning("gaps_not_refreshed", reason=str(error))


def docs_desk(settings: Settings, opening: ExitStack, store: Store, knowing: Library) -> DocsDesk | None:
    desk = opening.enter_context(desk_wiring.opened_docs_desk(settings, store, clock=now))
    if desk is None:
        return None
    entry = partial(gap_entry, settings, store, knowing)
    base = settings.server.public_url.rstrip("/")
    return DocsDesk(store.gaps, store.gap_issues, desk, entry, f"{base}/gaps" if base else "")


def gap_entry(settings: Settings, store: Store, knowing: Library, gap: Gap) -> Entry:
    return read_entry(store, 0, gap, partial(page_now, knowing), partial(change_of, settings))


def page_now(knowing: Library, document_id: str) -> Sequence[Chunk]:
    """A page, if there is an index already: nobody waits for it."""
    return knowing.page(document_id) if knowing.status().ready else ()
