"""Work that is done again and again beside the requests, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)


class Regularly:
    """Does the work every so often, until it is stopped. What is down for a while is tried again the next time."""

    def __init__(
        self, name: str, work: Callable[[], object], *, every: float, warning: str, at_once: bool = False
    ) -> None:
        """`every` counts seconds; with `at_once` the first time is now. `warning` is what the log calls a failure."""
        self._work = work
        self._every = every
        self._warning = warning
        self._at_once = at_once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, within: float = 20.0) -> None:
        """Let the work under way end, for so many seconds."""
        self._stopping.set()
        self._thread.join(timeout=within)

    def _run(self) -> None:
        if self._at_once:
            self._try()
        while not self._stopping.wait(self._every):
            self._try()

    def _try(self) -> None:
        try:
            self._work()
        except (SQLAlchemyError, Unavailable) as error:
            log.warning(self._warning, reason=str(error).partition("\n")[0])
