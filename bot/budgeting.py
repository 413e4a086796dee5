"""What language models may cost in a day, and how many are asked at once; beyond that answers are quoted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import structlog

from bot.telemetry import Metrics
from knowledge.errors import BudgetSpent, ModelUnavailable, Unavailable
from knowledge.ports import ChatMessage, ChatModel, Form

log = structlog.get_logger(__name__)
WRITTEN = 600  # tokens put aside for what a model writes: 150 words and a code block, or more
PERSON_SPENT = "Your tokens for the writing model are used up for today. This is quoted from the page instead."
ALL_SPENT = "Today’s tokens for the writing model are used up. This is quoted from the page instead."
ALL_BUSY = "The writing model has too much to do just now. This is quoted from the page instead."


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit."""

    tokens_per_day: int = 0
    tokens_per_person: int = 0
    at_once: int = 0
    waiting: int = 0  # calls that may wait for their turn


class Book(Protocol):
    """`bot.store.token_book.TokenBook`, as far as a purse needs it."""

    def reserve(self, person: str, tokens: int, *, everybody: int, each: int) -> str: ...

    def settle(self, person: str, day: str, difference: int) -> None: ...

    def used(self, person: str = "") -> int: ...


class Purse:
    """Pays for the calls of one process out of a book that all processes share. Safe to use from any thread."""

    def __init__(self, book: Book, limits: Limits, *, count: Callable[[str], int], metrics: Metrics) -> None:
        """`count` measures a text in tokens: what a service reports is not asked for, since many report nothing."""
        self._book = book
        self._limits = limits
        self._count = count
        self._metrics = metrics
        self._free = threading.Condition()
        self._running = 0
        self._waiting = 0

    def opened_for(self, person: str, model: ChatModel) -> ChatModel:
        """The model, as far as the person and all together may still use it."""
        return _PaidModel(model, self, person)

    def cost(self, *texts: str) -> int:
        """Tokens of these texts."""
        return sum(map(self._count, texts))

    @contextmanager
    def turn(self, seconds: float | None) -> Iterator[None]:
        """One of the calls at once. Raises BudgetSpent when too many wait, or none ends in time."""
        with self._free:
            self._take(seconds)
        try:
            yield
        finally:
            with self._free:
                self._running -= 1
                self._free.notify()

    def reserve(self, person: str, tokens: int) -> str:
        """The day the tokens are noted for. Raises BudgetSpent when they are not there."""
        limits = self._limits
        try:
            day = self._book.reserve(person, tokens, everybody=limits.tokens_per_day, each=limits.tokens_per_person)
        except Unavailable as error:
            raise ModelUnavailable(f"Tokens cannot be counted: {error}") from error
        if day:
            return day
        all_spent = 0 < limits.tokens_per_day < self._book.used() + tokens
        self._metrics.budget_refusals.labels(limit="everybody" if all_spent else "person").inc()
        raise BudgetSpent(ALL_SPENT if all_spent else PERSON_SPENT)

    def standing(self) -> str:
        """Today's tokens of all together, in words."""
        limit = self._limits.tokens_per_day
        most = f" of {limit:,}" if limit else ""
        return f"{self._book.used():,}{most} tokens used today"

    def settle(self, person: str, day: str, reserved: int, used: int) -> None:
        """What the call really took."""
        self._metrics.tokens.inc(used)
        try:
            self._book.settle(person, day, used - reserved)
        except Unavailable as error:  # what was put aside stays so, and the answer is there
            log.warning("tokens_not_settled", reason=str(error))

    def _take(self, seconds: float | None) -> None:
        if self._limits.at_once == 0 or self._running < self._limits.at_once:
            self._running += 1
            return
        deadline = monotonic() + (60.0 if seconds is None else seconds)
        is_full = self._waiting >= self._limits.waiting
        self._waiting += 1
        try:
            while self._running >= self._limits.at_once:
                if is_full or not self._free.wait(max(0.0, deadline - monotonic())):
                    self._metrics.budget_refusals.labels(limit="at once").inc()
                    raise BudgetSpent(ALL_BUSY)
        finally:
            self._waiting -= 1
        self._running += 1


class _PaidModel:
    """A ChatModel whose calls are paid for: put aside before, settled after, broken calls included."""

    def __init__(self, model: ChatModel, purse: Purse, person: str) -> None:
        self._model = model
        self._purse = purse
        self._person = person

    @property
    def name(self) -> str:
        return self._model.name

    def stream(
        self, messages: Sequence[ChatMessage], *, seconds: float | None = None, form: Form | None = None
    ) -> Iterator[str]:
        """As ports.ChatModel promises; raises BudgetSpent when no call may be made."""
        started = monotonic()
        with self._purse.turn(seconds):
            left = None if seconds is None else seconds - (monotonic() - started)
            if left is not None and left <= 0:
                raise ModelUnavailable(f"The model {self.name} was busy for too long.")
            asked = self._purse.cost(*(message.content for message in messages))
            day = self._purse.reserve(self._person, asked + WRITTEN)
            said: list[str] = []
            try:
                for piece in self._model.stream(messages, seconds=left, form=form):
                    said.append(piece)
                    yield piece
            finally:
                self._purse.settle(self._person, day, asked + WRITTEN, asked + self._purse.cost("".join(said)))
