"""Reads a report of gaps from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.store import gap_figures
from bot.store.opening import Store
from bot.support.gap_report import SHOWN, Entry, GapReport, entry
from bot.support.ledger import WEEKS, Gap, GapState
from knowledge.model import Chunk

Change = Callable[[Gap], str]  # the draft as a patch of its page's file; "" when that is not here
Page = Callable[[str], Sequence[Chunk]]  # a document's chunks in order; empty when unknown
STATES = (GapState.OPEN, GapState.DRAFTED, GapState.MERGED, GapState.REGRESSED, GapState.VERIFIED)
MOST = 200  # gaps in a report; the page shows all, a part at a time


def no_page(_document: str) -> Sequence[Chunk]:
    return ()


def no_change(_gap: Gap) -> str:
    return ""


def read_report(
    store: Store,
    now: datetime,
    *,
    since: datetime | None = None,
    component: str = "",
    page: Page = no_page,
    change: Change = no_change,
) -> GapReport:
    """The costliest gaps with their evidence; empty arguments do not restrict."""
    gaps = store.gaps.ranked(STATES, component=component, since=since, limit=MOST)
    return GapReport(
        [read_entry(store, rank, gap, page, change) for rank, gap in enumerate(gaps, start=1)],
        cases=store.cases.count(),
        counts=store.gaps.counts(),
        weeks=gap_figures.weeks(store.engine, now),
        components=gap_figures.components(store.engine, now - timedelta(weeks=WEEKS)),
        at=now,
    )


def read_entry(store: Store, rank: int, gap: Gap, page: Page = no_page, change: Change = no_change) -> Entry:
    """One gap with its newest questions and the patch of its page: to apply, or to read where its file is not here."""
    evidence = store.gaps.evidence(gap.number, limit=SHOWN)
    resolved = store.gaps.resolved(gap.number) if gap.draft else ()
    if gap.draft and gap.page and (applicable := change(gap)):
        return entry(rank, gap, evidence, resolved, patch=applicable)
    last = _last_line(page(gap.page), gap.place) if gap.draft and gap.page else ""
    return entry(rank, gap, evidence, resolved, last)


def _last_line(chunks: Sequence[Chunk], place: str) -> str:
    lines = [line for chunk in chunks if chunk.place == place for line in chunk.text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
