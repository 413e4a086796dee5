"""News about cases: pages that are open hear at once that there is something to read.

What other processes store is published here by `bot.store.following`, a moment later.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

BACKLOG = 256  # a listener further behind has lost its connection; it reads the store again when it comes back
_REMEMBERED = 4096  # numbers of updates that were published: those of this process come back from the database


@dataclass(frozen=True, slots=True)
class Update:
    """One stored event, small: who is interested reads the rest from the store."""

    number: int  # of the event, growing; the `after` of CaseStore.events_for_conversation. 0: news of no case
    case_id: str
    conversation: str
    kind: str  # an EventKind value


class Broadcast:
    """Safe to use from any thread; nobody listening is fine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[object, Callable[[Update], None]] = {}
        self._followers: dict[object, Callable[[], None]] = {}  # those who wait for the next update, and for the end
        self._published: OrderedDict[int, None] = OrderedDict()
        self._closed = False

    def publish(self, update: Update) -> None:
        """Call every listener in this thread; an event that was published before calls nobody."""
        with self._lock:
            if update.number in self._published:
                return
            if update.number:
                self._published[update.number] = None
            if len(self._published) > _REMEMBERED:
                self._published.popitem(last=False)
            listeners = tuple(self._listeners.values())
        for hear in listeners:
            hear(update)

    def listen(self, hear: Callable[[Update], None], *, end: Callable[[], None] | None = None) -> Callable[[], None]:
        """Call `hear` for every update from now on, in the thread that published it; call what comes back to stop.

        `hear` must be quick and must not raise: `lambda u: loop.call_soon_threadsafe(inbox.put_nowait, u)`.
        `end` is called once when nobody should wait for updates any more, at once if that is so already.
        """
        token = object()
        with self._lock:
            self._listeners[token] = hear
            if end is not None:
                self._followers[token] = end
            ended = self._closed
        if ended and end is not None:
            end()

        def stop() -> None:
            with self._lock:
                self._listeners.pop(token, None)
                self._followers.pop(token, None)

        return stop

    def close(self) -> None:
        """The server stops: whoever waits for updates is to stop waiting. Updates are still published."""
        with self._lock:
            self._closed = True
            followers = tuple(self._followers.values())
        for end in followers:
            end()

    def subscribe(self, *, conversation: str | None = None) -> Subscription:
        """A queue of updates, of one conversation or of all; use it in a `with` block."""
        return Subscription(self, conversation)


class Subscription:
    """Updates in order; the oldest are dropped when nobody reads them."""

    def __init__(self, broadcast: Broadcast, conversation: str | None) -> None:
        self._conversation = conversation
        self._updates: queue.Queue[Update] = queue.Queue()
        self.close = broadcast.listen(self._hear)

    def get(self, timeout: float) -> Update | None:
        """The next update, or None when none came in `timeout` seconds."""
        try:
            return self._updates.get(timeout=timeout) if timeout > 0 else self._updates.get_nowait()
        except queue.Empty:
            return None

    def _hear(self, update: Update) -> None:
        if self._conversation is not None and update.conversation != self._conversation:
            return
        while self._updates.qsize() >= BACKLOG:
            self.get(0)
        self._updates.put(update)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
