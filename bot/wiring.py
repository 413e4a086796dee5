"""From settings to objects: the only module that knows every adapter. Nothing here decides anything else."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from fastapi import FastAPI

from bot.casework import Casework
from bot.channels.services import Services
from bot.channels.teams import TeamsChannel
from bot.channels.web import build_app
from bot.desks.sqlite import SqliteDesk
from bot.library import Library, Reading
from bot.messages import Incoming, Reply
from bot.settings import Settings, SourceSettings
from bot.store.opening import Store, open_store
from bot.store.notices import NoticeBoard
from bot.support.gaps import GapReport, find_gaps
from bot.support.handoff import AllChannels
from bot.support.rota import Rota
from bot.support.rota_file import read_rota
from bot.telemetry import Metrics
from bot.turn import Sheriff, Surroundings
from bot.workflows import Plan, Workflows
from ingestion.sources import FaqSource, FolderSource, SchemaSource, Source
from knowledge import relevance
from knowledge.errors import Misuse, SheriffError
from knowledge.ports import ChatModel, Embedder
from knowledge.tokens import Budget
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.engine import validate

log = structlog.get_logger(__name__)
_MAX_CASES_IN_REPORT = 20_000


def now() -> datetime:
    return datetime.now(UTC)


# ---- knowledge ----


def embedder(settings: Settings) -> Embedder:
    """The local model, or the one at OpenAI or Azure; none is loaded or contacted yet."""
    match settings.model.embeddings:
        case "openai":
            from knowledge.adapters.openai_models import OpenAIEmbedder

            return OpenAIEmbedder(
                settings.model.embedding_name,
                api_key=settings.openai_api_key.get_secret_value(),
                base_url=settings.openai_base_url,
            )
        case "azure":
            from knowledge.adapters.openai_models import AzureEmbedder

            return AzureEmbedder(
                settings.azure_embedding_deployment or settings.model.embedding_name,
                endpoint=settings.azure_endpoint,
                api_key=settings.azure_api_key.get_secret_value(),
                api_version=settings.azure_api_version,
            )
        case _:
            from knowledge.adapters.local_embedder import LocalEmbedder

            return LocalEmbedder(settings.models, threads=settings.model.threads, precision=settings.model.precision)


def chat_model(settings: Settings) -> ChatModel | None:
    """The language model that writes answers; None: answers are quoted."""
    match settings.provider:
        case "azure":
            from knowledge.adapters.openai_models import AzureChat

            if not settings.azure_deployment:
                raise Misuse("Azure OpenAI is configured, but AZURE_OPENAI_DEPLOYMENT does not name a deployment.")
            return AzureChat(
                settings.azure_deployment,
                endpoint=settings.azure_endpoint,
                api_key=settings.azure_api_key.get_secret_value(),
                api_version=settings.azure_api_version,
                deadline=settings.model.timeout_seconds,
            )
        case "openai":
            from knowledge.adapters.openai_models import OpenAIChat

            return OpenAIChat(
                settings.openai_model or settings.model.name,
                api_key=settings.openai_api_key.get_secret_value(),
                base_url=settings.openai_base_url,
                deadline=settings.model.timeout_seconds,
            )
        case _:
            return None


def library(settings: Settings, *, with_model: bool = True) -> Library:
    budget = Budget(settings.model.context_tokens, settings.model.encoding, settings.tiktoken_cache)
    model = chat_model(settings) if with_model else None
    return Library(settings.home, Reading(embedder(settings), model, policy(settings), budget))


def policy(settings: Settings) -> relevance.Policy:
    """The calibrated thresholds, or those of the configuration."""
    calibrated = relevance.default_policy()
    answer_at, hint_at = settings.policy.answer_at, settings.policy.hint_at
    return relevance.Policy(
        calibrated.answer_at if answer_at is None else answer_at,
        calibrated.hint_at if hint_at is None else hint_at,
    )


def sources(settings: Settings, folders: Sequence[Path] = (), *, base_url: str = "") -> list[Source]:
    """The configured sources; or, for folders named on the command line, everything readable in them."""
    if not folders:
        return [_configured(source) for source in settings.all_sources]
    found: list[Source] = []
    names: set[str] = set()
    for folder in folders:
        found += _everything_in(folder, _unused(_slug(folder), names), base_url)
    return found


def _configured(source: SourceSettings) -> Source:
    match source.kind:
        case "faq":
            return FaqSource(source.name, source.path, base_url=source.base_url, owner=source.owner)
        case "schemas":
            return SchemaSource(source.name, source.path)
        case _:
            return FolderSource(source.name, source.path, base_url=source.base_url, owner=source.owner)


def _everything_in(folder: Path, name: str, base_url: str) -> Iterator[Source]:
    if not folder.exists():
        raise Misuse(f"{folder}: no such folder. Check the path.")
    if not folder.is_dir():
        raise Misuse(f"{folder}: not a folder. Name the folder that holds the pages.")
    yield FolderSource(name, folder, base_url=base_url)
    for number, file in enumerate(sorted(p for p in folder.rglob("*.y*ml") if _is_faq(p)), start=1):
        yield FaqSource(f"{name}-faq-{number}", file, base_url=base_url)
    if any(folder.rglob("*.schema.json")):
        yield SchemaSource(f"{name}-schemas", folder)


def _is_faq(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return re.search(rb"(?m)^entries:\s*$", head) is not None and b"question:" in head


def _slug(folder: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "docs"


def _unused(name: str, names: set[str]) -> str:
    number = 2
    chosen = name
    while chosen in names:
        chosen = f"{name}-{number}"
        number += 1
    names.add(chosen)
    return chosen


# ---- cases ----


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.database, clock=now)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_library(settings: Settings, *, with_model: bool = False) -> Iterator[Library]:
    opened = library(settings, with_model=with_model)
    try:
        yield opened
    finally:
        opened.close()
