"""Activities to the connector over kept connections: in the channel's pace, tried again where that can help."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
import structlog

from bot.channels.teams_pace import Pace

log = structlog.get_logger(__name__)
AGENT: Final = "Microsoft-BotFramework/3.1 (Sheriff)"
_TRY_AGAIN: Final = frozenset({412, 429, 502, 503, 504})
_NOT_TAKEN: Final = frozenset({403, 404, 413})  # blocked, gone, too big: the same message fails the next time too
_TOO_BIG: Final = 413
_LONGEST: Final = 30.0  # seconds between two tries, whatever the connector asks for
_RESERVED: Final = 2  # sends that “is typing” leaves to the words themselves
_TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
_LOST: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


class SendError(Exception):
    """The connector did not take an activity; status 0 when it could not be reached."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_permanent(self) -> bool:
        return self.status in _NOT_TAKEN


@dataclass(frozen=True, slots=True)
class Line:
    """Where a turn's activities go, and the token that goes with them ("" for none)."""

    service_url: str
    token: Callable[[], Awaitable[str]]


def back_off(attempt: int) -> float:
    """Seconds before the next try, after so many: doubled each time, with jitter."""
    return 0.5 * 2.0**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - jitter


@dataclass(slots=True)
class Sender:
    """Sends and updates for one bot."""

    pace: Pace = field(default_factory=Pace)
    tries: int = 4
    back_off: Callable[[int], float] = back_off
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=_TIMEOUT, headers={"User-Agent": AGENT})
    )

    async def send(self, line: Line, body: Mapping[str, Any]) -> str:
        """Say it in the conversation that it names; returns its id, "" when none is given. Raises SendError."""
        conversation = str(body["conversation"]["id"])
        if body.get("type") == "typing" and not body.get("text") and self.pace.free(conversation) < _RESERVED:
            return ""  # a nicety that would keep the answer waiting
        return await self._tried(line, "POST", conversation, str(body.get("replyToId") or ""), body)

    async def update(self, line: Line, activity: str, body: Mapping[str, Any]) -> str:
        """Put it in the place of an earlier activity. Raises SendError."""
        return await self._tried(line, "PUT", str(body["conversation"]["id"]), activity, body)

    async def close(self) -> None:
        await self.client.aclose()

    async def _tried(self, line: Line, method: str, conversation: str, activity: str, body: Mapping[str, Any]) -> str:
        url = f"{line.service_url.rstrip('/')}/v3/conversations/{quote(conversation, safe='')}/activities"
        if activity:
            url = f"{url}/{quote(activity, safe='')}"
        for attempt in range(1, self.tries + 1):
            await self.pace.admit(conversation)
            answer = await self._once(line, method, url, body)
            if isinstance(answer, httpx.Response) and answer.is_success:
                return _id_in(answer)
            status = answer.status_code if isinstance(answer, httpx.Response) else 0
            if (status and status not in _TRY_AGAIN) or attempt == self.tries:
                raise _error(method, status, body)
            asked = _retry_after(answer) if isinstance(answer, httpx.Response) else 0.0
            pause = min(asked or self.back_off(attempt), _LONGEST)
            log.info("teams_send_again", status=status, attempt=attempt, pause=round(pause, 2))
            await self.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(self, line: Line, method: str, url: str, body: Mapping[str, Any]) -> httpx.Response | None:
        """The connector's answer; None when the connection was lost. Raises SendError for what a retry may double."""
        token = await line.token()
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        content = json.dumps(body).encode("ascii")  # escaped: half a surrogate pair in somebody's words is no UTF-8
        try:
            return await self.client.request(method, url, content=content, headers=headers)
        except _LOST:
            return None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendError(f"{method} to the connector failed: {type(error).__name__}") from error


def _error(method: str, status: int, body: Mapping[str, Any]) -> SendError:
    if status == _TOO_BIG:
        log.error("teams_message_too_big", characters=len(str(body)), type=body.get("type"))
    return SendError(f"{method} to the connector: {f'HTTP {status}' if status else 'no connection'}", status)


def _id_in(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("id") or "") if isinstance(body, dict) else ""


def _retry_after(answer: httpx.Response) -> float:
    """Seconds that the connector asks for, as such or as a date; 0 when it does not say."""
    said = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return 0.0
