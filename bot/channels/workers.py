"""Runs blocking work beside the event loop: so many at a time, so many in the queue, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from knowledge.errors import Unavailable

T = TypeVar("T")
_WAITING_PER_WORKER = 32  # an answer takes milliseconds: two hundred in line are served within seconds


class Busy(Unavailable):
    """More is being asked than can be worked on."""


class Workers:
    """A bounded pool of threads for questions."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._limiter: CapacityLimiter | None = None  # belongs to the event loop, so it is made inside it
        self._inside = 0  # running or waiting
        self._started: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread. Raises Busy when too many wait already."""
        limiter = self._limiter = self._limiter or CapacityLimiter(self._count)
        if self._inside >= self._count * (1 + _WAITING_PER_WORKER):
            raise Busy("Many questions are being answered right now. Ask again in a minute.")
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=limiter)
        finally:
            self._inside -= 1

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """The same as a task of its own: a browser that goes away does not take the answer with it."""
        task = asyncio.ensure_future(self.run(work))
        self._started.add(task)
        task.add_done_callback(self._started.discard)
        return task
