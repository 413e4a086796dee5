"""Connections that linger: who opens one and then says nothing, or letter by letter, is hung up on."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADERS_WITHIN = 15.0  # seconds for the head of a request, from the connection or the last answer on


class Impatient(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """uvicorn’s protocol, which waits for ever for the end of a request’s head, with a limit to that.

    Bodies have theirs in `channels.guard`.
    """

    headers_within = HEADERS_WITHIN
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_between_requests():
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        if self._overdue is None:
            self._overdue = asyncio.get_running_loop().call_later(self.headers_within, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _hang_up(self) -> None:
        self._overdue = None
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.close()
