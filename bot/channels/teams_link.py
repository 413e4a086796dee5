"""The one connection to the Bot Framework, and the way to it from threads that serve no request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from bot.channels import teams_activities as wire
from bot.support.handoff import Notification, Refused, Role
from knowledge.errors import Unavailable

if TYPE_CHECKING:
    from bot.channels.teams_adapter import TeamsConnection

_WITHIN = 20.0  # seconds that a workflow waits for a message to be accepted
_Result = TypeVar("_Result")


class TeamsLink:
    """Made when it is first needed; also how news reaches people by itself. Implements `teams_thread.Outbox`."""

    def __init__(self, connect: Callable[[], TeamsConnection]) -> None:
        self._connect = connect
        self._connection: TeamsConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = asyncio.Lock()

    async def connection(self) -> TeamsConnection:
        self._loop = asyncio.get_running_loop()
        async with self._making:
            if self._connection is None:
                self._connection = await asyncio.to_thread(self._connect)
        return self._connection

    async def prepare(self) -> None:
        """Load what the first message would otherwise wait for."""
        await self.connection()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say which event loop serves the channel, before the first message came in."""
        self._loop = loop

    def tell(self, notification: Notification) -> str:
        """`Notifier`: askers who wrote from a Bot Framework channel are reached in their conversation."""
        case = notification.case
        if notification.role is not Role.ASKER or case.channel != "teams" or not case.reference:
            return ""
        self.post(case.reference, wire.text_activity(notification.text))
        return "in Teams"

    def post(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """Send to a conversation; returns the message's id. Raises Refused or Unavailable."""

        async def send() -> str:
            return await (await self.connection()).tell(reference, message)

        return self._from_outside(send)

    def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        """Put a message in the place of an earlier one. Raises Refused or Unavailable."""

        async def put() -> None:
            await (await self.connection()).update(reference, activity, message)

        self._from_outside(put)

    async def token(self) -> str:
        """The bot's token for the channel's own server."""
        return await (await self.connection()).token()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _from_outside(self, work: Callable[[], Awaitable[_Result]]) -> _Result:
        if self._loop is None or not self._loop.is_running():
            raise Unavailable("The Teams channel is not running yet.")
        sending = asyncio.run_coroutine_threadsafe(_plainly(work), self._loop)
        try:
            return sending.result(timeout=_WITHIN)
        except TimeoutError as error:
            sending.cancel()
            raise Unavailable("The Bot Framework connector does not answer.") from error


async def _plainly(work: Callable[[], Awaitable[_Result]]) -> _Result:
    """The work, with the SDK's errors in our words."""
    from bot.channels.teams_adapter import SEND_ERRORS, why_refused

    try:
        return await work()
    except SEND_ERRORS as error:
        why = why_refused(error)
        if why:
            raise Refused(f"in Teams: {why}") from error
        raise Unavailable(f"Not sent in Teams: {error}.") from error
