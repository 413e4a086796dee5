"""From settings to the database, to the clock of everything, and to what the language model may cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bot import knowledge_wiring
from bot.budgeting import Purse
from bot.settings import Settings
from bot.store.opening import Store, open_store
from bot.store.token_book import TokenBook
from bot.telemetry import Metrics


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def opened_store(settings: Settings, *, replica: str = "") -> Iterator[Store]:
    store = open_store(settings.database, clock=now, replica=replica)
    try:
        yield store
    finally:
        store.close()


def purse_of(settings: Settings, store: Store, metrics: Metrics) -> Purse:
    """Pays for the language model; its day ends at midnight where the rota is."""
    book = store.rota(settings.rota)
    tokens = TokenBook(store.engine, clock=now, zone=lambda: book.zone)
    count = knowledge_wiring.token_budget(settings).count
    return Purse(tokens, knowledge_wiring.model_limits(settings), count=count, metrics=metrics)
