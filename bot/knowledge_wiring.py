"""From settings to what is known: models, thresholds, vocabulary, and the index with its library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from bot.budgeting import Limits as ModelLimits
from bot.budgeting import Purse
from bot.glossary_file import read_glossary
from bot.library import Library, Reading
from bot.settings import Settings
from bot.sources import reads_bundled, remembered_address
from bot.telemetry import Metrics
from ingestion import pipeline
from knowledge import bundled, relevance
from knowledge.adapters.fence import Limits
from knowledge.addresses import host_of
from knowledge.errors import Misuse
from knowledge.glossary import Glossary
from knowledge.ports import ChatModel, Embedder
from knowledge.tokens import Budget


def embedder(settings: Settings) -> Embedder:
    """The local model, or the one at OpenAI or Azure; none is loaded or contacted yet."""
    match settings.model.embeddings:
        case "openai":
            from knowledge.adapters.openai_models import OpenAIEmbedder

            _require("model.embeddings is openai", OPENAI_API_KEY=settings.openai_api_key or settings.openai_base_url)
            return OpenAIEmbedder(
                settings.model.embedding_name,
                api_key=settings.openai_api_key.get_secret_value(),
                base_url=settings.openai_base_url,
                dimension=settings.model.embedding_dimension,
            )
        case "azure":
            from knowledge.adapters.openai_models import AzureEmbedder

            _require(
                "model.embeddings is azure",
                AZURE_OPENAI_ENDPOINT=settings.azure_endpoint,
                AZURE_OPENAI_API_KEY=settings.azure_api_key,
            )
            return AzureEmbedder(
                settings.azure_embedding_deployment or settings.model.embedding_name,
                endpoint=settings.azure_endpoint,
                api_key=settings.azure_api_key.get_secret_value(),
                api_version=settings.azure_api_version,
                model=settings.model.embedding_name,
                dimension=settings.model.embedding_dimension,
            )
        case _:
            from knowledge.adapters.local_embedder import LocalEmbedder

            return LocalEmbedder(settings.models, threads=settings.model.threads, precision=settings.model.precision)


def chat_model(settings: Settings) -> ChatModel | None:
    """The language model that writes answers; None: answers are quoted."""
    match settings.provider:
        case "azure":
            from knowledge.adapters.openai_models import AzureChat

            _require(
                "Azure OpenAI is configured",
                AZURE_OPENAI_ENDPOINT=settings.azure_endpoint,
                AZURE_OPENAI_API_KEY=settings.azure_api_key,
                AZURE_OPENAI_DEPLOYMENT=settings.azure_deployment,
            )
            return AzureChat(
                settings.azure_deployment,
                endpoint=settings.azure_endpoint,
                api_key=settings.azure_api_key.get_secret_value(),
                api_version=settings.azure_api_version,
                deadline=settings.model.timeout_seconds,
                forms=settings.model.forms,
            )
        case "openai":
            from knowledge.adapters.openai_models import OpenAIChat

            _require("model.provider is openai", OPENAI_API_KEY=settings.openai_api_key or settings.openai_base_url)
            return OpenAIChat(
                settings.openai_model or settings.model.name,
                api_key=settings.openai_api_key.get_secret_value(),
                base_url=settings.openai_base_url,
                deadline=settings.model.timeout_seconds,
                forms=settings.model.forms,
            )
        case _:
            return None


def _require(why: str, **variables: str | SecretStr) -> None:
    """Raises Misuse naming the variables that are not set."""
    missing = [name for name, value in variables.items() if not value]
    if missing:
        raise Misuse(f"{why}, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.")


def library(
    settings: Settings,
    *,
    with_model: bool = True,
    until: float | None = None,
    metrics: Metrics | None = None,
    purse: Purse | None = None,
) -> Library:
    budget = token_budget(settings)
    model = chat_model(settings) if with_model else None
    reading = Reading(
        embedder(settings),
        model,
        policy(settings),
        budget,
        seconds=settings.model.timeout_seconds,
        until=until,
        rerank=settings.model.rerank,
        glossary=glossary(settings),
        hosts=known_hosts(settings),
    )
    return Library(
        settings.home,
        reading,
        store=indexes(settings),
        limits=reading_limits(settings),
        metrics=metrics,
        purse=purse,
    )


def reading_limits(settings: Settings) -> Limits:
    """What one file of a source may take."""
    limits = settings.limits
    patience = 3 * limits.read_seconds  # where other work takes the processor
    return Limits(patience, limits.read_seconds, limits.memory_mb, limits.result_mb, 2 * patience)


def known_hosts(settings: Settings) -> frozenset[str]:
    """Whose addresses an answer may show: of the documentation's own sites, and what is configured."""
    named = {host_of(source.base_url) for source in settings.all_sources} | {host_of(remembered_address(settings.home))}
    bundled_hosts = bundled.HOSTS if reads_bundled(settings) else frozenset()
    return frozenset({*settings.policy.known_hosts, *named, *bundled_hosts} - {""})


def token_budget(settings: Settings) -> Budget:
    """The room for one prompt, and how tokens are counted."""
    return Budget(settings.model.context_tokens, settings.model.encoding, settings.tiktoken_cache)


def model_limits(settings: Settings) -> ModelLimits:
    """What the language model may cost."""
    model = settings.model
    return ModelLimits(model.tokens_per_day, model.tokens_per_person, model.calls_at_once, model.calls_waiting)


def indexes(settings: Settings) -> pipeline.Store:
    """Where the knowledge is kept: in the home, or on a Chroma server."""
    url = settings.index.chroma_url
    return pipeline.shared(url) if url else pipeline.chroma()


def glossary(settings: Settings) -> Glossary:
    """The configured abbreviations and synonyms, or those of the bundled platform while its pages are read."""
    path = settings.platform.glossary or (bundled.GLOSSARY if reads_bundled(settings) else None)
    return read_glossary(path, languages=settings.platform.languages)


def policy(settings: Settings) -> relevance.Policy:
    """The thresholds that follow from the rate of wrong answers, or those of the configuration."""
    calibrated = relevance.Policy.calibrated(settings.policy.wrong_answer_rate)
    answer_at, hint_at = settings.policy.answer_at, settings.policy.hint_at
    return relevance.Policy(
        calibrated.answer_at if answer_at is None else answer_at,
        calibrated.hint_at if hint_at is None else hint_at,
    )


@contextmanager
def opened_library(
    settings: Settings,
    *,
    with_model: bool = False,
    until: float | None = None,
    metrics: Metrics | None = None,
    purse: Purse | None = None,
) -> Iterator[Library]:
    opened = library(settings, with_model=with_model, until=until, metrics=metrics, purse=purse)
    try:
        yield opened
    finally:
        opened.close()
