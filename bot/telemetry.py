"""Logs and counters: what happened and how long it took, never what was said."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures at /metrics; one instance a process, with its own registry so that tests can have many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.replies = Counter(
            "sheriff_replies_total", "Replies by outcome and channel", ["outcome", "channel"], registry=self.registry
        )
        self.reply_seconds = Histogram(
            "sheriff_reply_seconds", "Time from message to reply", buckets=_BUCKETS, registry=self.registry
        )
        self.failures = Counter(
            "sheriff_failures_total", "Requests that ended in our own mistake", ["where"], registry=self.registry
        )
        self.model_failures = Counter(
            "sheriff_model_fallbacks_total", "Answers quoted because the model gave none", registry=self.registry
        )
        self.handovers = Counter("sheriff_handovers_total", "Cases given to a person", registry=self.registry)
        self.chunks = Gauge("sheriff_index_chunks", "Chunks in the index that is served", registry=self.registry)

    @contextmanager
    def timed_reply(self) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.reply_seconds.observe(perf_counter() - started)


def configure_logging(level: str = "info", style: Literal["console", "json"] = "console") -> None:
    """Structured lines on standard error; libraries' own loggers pass through the same renderer at warning level."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        # Plain traces: rich ones print local variables, and so what people asked.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    tail: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "json":
        tail.append(structlog.processors.format_exc_info)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*tail, renderer]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "ingestion", "knowledge"):
        logging.getLogger(name).setLevel(level.upper())
