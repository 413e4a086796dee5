"""A written answer that grows in a chat of two: updates of one message, then the message itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

EVERY: Final = 1.5  # seconds between two updates: Teams takes one a second
_ENTITY = "streaminfo"
Send = Callable[[Mapping[str, Any]], Awaitable[str]]


class Stream:
    """Hears words in any thread and sends what there is so far; nothing when no words come."""

    def __init__(self, send: Send, *, every: float = EVERY) -> None:
        self._send = send
        self._every = every
        self._words: list[str] = []
        self._lock = threading.Lock()
        self._sent = ""
        self._number = 0
        self._id = ""
        self._task: asyncio.Task[None] | None = None

    def hear(self, words: str) -> None:
        """A piece of the answer, in order."""
        with self._lock:
            self._words.append(words)

    def start(self) -> None:
        """Begin to send; ended by `end`."""
        self._task = asyncio.create_task(self._run())

    @property
    def is_on(self) -> bool:
        """Whether something of the answer can be read already."""
        return bool(self._id)

    async def end(self) -> Mapping[str, Any]:
        """Stop; returns the entity that makes a message the last of this stream, {} when none was begun."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled() and task.exception() is not None:
                self._id = ""  # the channel takes no stream: the answer comes as an ordinary message
        return {"type": _ENTITY, "streamId": self._id, "streamType": "final"} if self._id else {}

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            with self._lock:
                said = "".join(self._words)
            if said != self._sent:
                await self._update(said)

    async def _update(self, said: str) -> None:
        self._number += 1
        about = {"type": _ENTITY, "streamType": "streaming", "streamSequence": self._number}
        if self._id:
            about["streamId"] = self._id
        sent = await self._send({"type": "typing", "text": said, "entities": [about]})
        self._id = self._id or sent
        self._sent = said
