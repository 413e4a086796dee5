"""Tells open pages that a case has changed: from the thread that stored it to the event loop that serves the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from bot.support.broadcast import Broadcast, Update

_BACKLOG = 64  # a page further behind reads everything again anyway
_HEARTBEAT = 20.0  # seconds; proxies close streams that stay silent


async def updates(broadcast: Broadcast) -> AsyncIterator[Update | None]:
    """Updates as they come, until the server stops; None at once, so that the browser knows that it is connected, and
    after each silence."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Update | None] = asyncio.Queue(_BACKLOG + 1)  # None: the end, which always has a place

    def put(update: Update) -> None:
        if queue.qsize() < _BACKLOG:
            queue.put_nowait(update)

    def hear(update: Update) -> None:
        with suppress(RuntimeError):  # the loop of a server that is stopping
            loop.call_soon_threadsafe(put, update)

    def end() -> None:
        loop.call_soon_threadsafe(queue.put_nowait, None)

    stop = broadcast.listen(hear, end=end)
    try:
        yield None
        while True:
            try:
                update = await asyncio.wait_for(queue.get(), _HEARTBEAT)
            except TimeoutError:
                yield None
                continue
            if update is None:
                return
            yield update
    finally:
        stop()


def event(name: str, data: object) -> str:
    """One server-sent event; JSON keeps line breaks and odd characters of the data out of the protocol."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def heartbeat() -> str:
    return ": still here\n\n"
