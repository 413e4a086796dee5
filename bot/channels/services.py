"""What the web application needs from the rest of Sheriff, in one value that wiring fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry

from bot.casework import Casework
from bot.channels.rates import Network, Rates
from bot.channels.sign_in import SignIn
from bot.curating import Curation
from bot.gap_issues import DocsDesk
from bot.identity.roles import Role
from bot.messages import Incoming, Reply
from bot.noticing import Notices
from bot.store.case_store import CaseStore
from bot.store.fact_book import FactBook
from bot.store.opening import Store
from bot.store.request_news import RequestNews
from bot.store.rota_book import RotaBook
from bot.store.rota_news import RotaNews
from bot.support.broadcast import Broadcast
from bot.support.clocks import DEFAULTS, Goal
from bot.support.gap_report import Entry, GapReport
from bot.support.ledger import Gap
from bot.support.rota import Duty
from bot.support.severity import CaseSeverity
from bot.wishing import Wishes
from knowledge.deployment.archives import Opened, opened
from knowledge.model import Chunk
from knowledge.validation.diagnostics import SourceFile, ValidationReport


class Answerer(Protocol):
    """`bot.turn.Sheriff`, seen from a channel."""

    def take(self, incoming: Incoming, listen: Callable[[str], None] = ..., /) -> Reply: ...


class IndexStatus(Protocol):
    """`bot.library.LibraryStatus`, seen from a page."""

    @property
    def ready(self) -> bool: ...
    @property
    def state(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def chunks(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the pages and the API."""

    sheriff: Answerer
    casework: Casework
    cases: CaseStore
    facts: FactBook
    rota: Duty
    book: RotaBook  # the same rota, for those who change it
    news: RotaNews
    broadcast: Broadcast
    index_status: Callable[[], IndexStatus]
    page: Callable[[str], Sequence[Chunk]]  # a document's chunks in order; empty when unknown
    validate: Callable[[Sequence[SourceFile]], ValidationReport]  # raises TooCostly
    gaps: Callable[[], GapReport]  # as a file
    gap: Callable[[Gap], Entry]  # one with its evidence
    store: Store
    metrics: CollectorRegistry
    clock: Callable[[], datetime]
    wishes: Wishes
    request_news: RequestNews
    notices: Notices
    curation: Curation
    platform: str = "Meridian"
    docs: str = "Dev Insight"
    examples: Sequence[str] = ()
    loopback: bool = True
    access_token: str = ""
    token_role: Role = Role.ADMIN  # of whoever has the access token
    sign_in: SignIn | None = None
    contact: str = ""  # who gives roles
    hosts: Sequence[str] = ()  # further host names this server is reached by
    probe: str = ""  # what `sheriff ready` shows
    https: bool = False  # people open Sheriff by https
    trusted: Sequence[Network] = ()  # proxies that are believed when they say whom they speak for
    rates: Rates = field(default_factory=Rates)
    workers: int = 8  # questions worked on at the same time
    goals: Mapping[CaseSeverity, Goal] = field(default_factory=lambda: DEFAULTS)
    acknowledge_minutes: float = 30
    routers: Sequence[APIRouter] = ()
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
    docs_desk: DocsDesk | None = None  # where gaps become issues
    demonstration: bool = False  # the cases are made up: every page says so
    unpack: Callable[[Sequence[SourceFile]], Opened] = opened  # files that were sent, with those in zips
    docs_sources: Sequence[str] = field(default=("docs",))  # where a page without a source's name is looked for

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers are to send cookies by https only."""
        return self.sign_in.secure if self.sign_in else not self.loopback
