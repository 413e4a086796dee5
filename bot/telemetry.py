"""Logs and counters: what happened and how long it took, never what was said."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.redaction import redact
from bot.support.cases import Case, Event, EventKind
from bot.support.clocks import ANSWERS, Clocks
from bot.support.standing import Standing
from bot.support.transitions import since_hand_over
from knowledge.errors import Unavailable
from knowledge.ports import ChatMessage, ChatModel, Form

_CHANNELS = frozenset({"teams", "web", "api", "cli"})
_UP = "Whether the database answers; without it the gauges of cases are missing"
_MINUTE, _HOUR = 60, 3600
_WAITS = tuple(_MINUTE * n for n in (5, 15, 30, 60, 120, 240)) + tuple(_HOUR * n for n in (9, 18, 27, 45, 90))
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
        self.tokens = Counter(
            "sheriff_tokens_total", "Tokens of the language model, as this process counts them", registry=self.registry
        )
        self.budget_refusals = Counter(
            "sheriff_budget_refusals_total",
            "Calls of the language model that a limit forbade",
            ["limit"],
            registry=self.registry,
        )
        self.handovers = Counter("sheriff_handovers_total", "Cases given to a person", registry=self.registry)
        self.chunks = Gauge("sheriff_index_chunks", "Chunks in the index that is served", registry=self.registry)
        self.questions = Counter(
            "sheriff_questions_total",
            "Cases stored, by what was answered, channel and component",
            ["outcome", "channel", "component"],
            registry=self.registry,
        )
        self.first_response = Histogram(
            "sheriff_case_first_response_seconds",
            "Working time from a hand-over to a person's first words",
            buckets=_WAITS,
            registry=self.registry,
        )
        self.resolution = Histogram(
            "sheriff_case_resolution_seconds",
            "Working time from a hand-over to the resolution, without what the asker took to answer",
            buckets=_WAITS,
            registry=self.registry,
        )
        self.search_seconds = Histogram(
            "sheriff_search_seconds",
            "Time to find and check what an answer says, without the language model",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.model_seconds = Histogram(
            "sheriff_model_seconds",
            "Time of one call of the language model",
            ["result"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    @contextmanager
    def timed_reply(self) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.reply_seconds.observe(perf_counter() - started)


class TimedModel:
    """A ChatModel that says how long its calls take; for one answer, thrown away with it."""

    def __init__(self, model: ChatModel, metrics: Metrics) -> None:
        self._model = model
        self._metrics = metrics
        self.seconds = 0.0  # of all calls so far

    @property
    def name(self) -> str:
        return self._model.name

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        """As ports.ChatModel promises."""
        started, result = perf_counter(), "failed"
        try:
            yield from self._model.stream(messages, seconds=seconds, form=form)
            result = "answered"
        finally:
            took = perf_counter() - started
            self.seconds += took
            self._metrics.model_seconds.labels(result=result).observe(took)


class CaseMeter:
    """Counts what happens to the cases that this process stores; call it after each change."""

    def __init__(self, metrics: Metrics, clocks: Clocks, *, components: Collection[str]) -> None:
        """`components` are those that have a label of their own: what others are called grows without bound."""
        self._metrics = metrics
        self._clocks = clocks
        self._components = frozenset(components)

    def __call__(self, case: Case, happened: Sequence[Event]) -> None:
        for event in happened:
            if event.kind == EventKind.OPENED:
                self._metrics.questions.labels(*self._labels(case)).inc()
            elif event.kind in ANSWERS:
                clock = self._clocks.first_response(case, event.at)
                if clock.stopped == event.at and self._is_first(case, event):
                    self._metrics.first_response.observe(clock.spent.total_seconds())
            if event.kind in {EventKind.RESOLVED, EventKind.TICKET_CLOSED}:
                self._metrics.resolution.observe(self._clocks.resolution(case, event.at).spent.total_seconds())

    def _labels(self, case: Case) -> tuple[str, str, str]:
        component = case.component if case.component in self._components else "other"
        channel = case.channel if case.channel in _CHANNELS else "other"
        return case.outcome, channel, component if case.component else "none"

    def _is_first(self, case: Case, event: Event) -> bool:
        """Two events of one moment are told apart: only the first words of a round count."""
        return next((e for e in since_hand_over(case) if e.kind in ANSWERS), None) is event


class StandingCollector(Collector):
    """Gauges that are counted in the database when they are asked for, so that replicas and restarts agree."""

    def __init__(self, read: Callable[[], Standing], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            standing = self._read()
        except Unavailable:
            yield GaugeMetricFamily("sheriff_database_up", _UP, 0)
            return
        yield GaugeMetricFamily("sheriff_database_up", _UP, 1)
        cases = GaugeMetricFamily("sheriff_open_cases", "Cases that a person has to work on", labels=["state"])
        for state, count in standing.open_cases.items():
            cases.add_metric([state], count)
        yield cases
        age = (self._clock() - standing.oldest).total_seconds() if standing.oldest else 0
        yield GaugeMetricFamily("sheriff_oldest_open_case_age_seconds", "Age of the oldest of them; 0 for none", age)
        yield GaugeMetricFamily("sheriff_tickets_pending", "Open cases without a ticket", standing.tickets_pending)
        refused = "Cases of which the ticket system refuses something"
        yield GaugeMetricFamily("sheriff_dead_letters", refused, standing.dead_letters)
        queues = GaugeMetricFamily("sheriff_queue_length", "What waits to be worked on", labels=["queue"])
        queues.add_metric(["news"], standing.news_waiting)
        queues.add_metric(["messages"], standing.messages_waiting)
        yield queues

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing, so that registering reads no database."""
        return ()


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
    rendering = [*tail, renderer, _without_secrets]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "ingestion", "knowledge"):
        logging.getLogger(name).setLevel(level.upper())


def _without_secrets(_logger: object, _method: str, line: Any) -> Any:
    """A line as it is written: what a library's error quotes may hold a secret."""
    return redact(line).text if isinstance(line, str) else line
