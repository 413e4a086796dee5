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

from bot.channels.teams_pace import Pace, TooSoonError

log = structlog.get_logger(__name__)
AGENT: Final = "Microsoft-BotFramework/3.1 (Sheriff)"
_PASSING: Final = frozenset({408, 412, 425, 429})  # of the 4xx; after any other the same message fails again
_TRY_AGAIN: Final = _PASSING | {502, 503, 504}
_NOT_KNOWN: Final = 401
_THROTTLED: Final = 429
_OUR_FAULT: Final = {400: "teams_message_malformed", 401: "teams_bot_not_known", 413: "teams_message_too_big"}
_LONGEST_HOLD: Final = 3_600.0  # seconds; the longest of Microsoft's windows
_MOST_SAID: Final = 300  # characters
_RESERVED: Final = 2  # sends that “is typing” leaves to the words themselves
_TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
_LOST: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


class SendError(Exception):
    """The connector did not take an activity; status 0 when it could not be reached or was not asked."""

    def __init__(self, message: str, status: int = 0, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait  # seconds in which trying again is of no use; 0 when nothing is known

    @property
    def is_permanent(self) -> bool:
        """Whether the same message fails the next time too: blocked, gone, too big, wrong, the bot itself unknown."""
        return 400 <= self.status < 500 and self.status not in _PASSING


@dataclass(frozen=True, slots=True)
class Line:
    """Where a turn's activities go, and the token that goes with them ("" for none)."""

    service_url: str
    token: Callable[[], Awaitable[str]]
    forget: Callable[[], None] = lambda: None  # the token: it was not accepted, and the next one shall be a fresh one


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

    async def send(self, line: Line, body: Mapping[str, Any], *, at_most: float | None = None) -> str:
        """Say it in the conversation that it names; returns its id, "" when none is given. Raises SendError.

        `at_most` are the seconds that it may be held back in all; None for a turn, which somebody waits for.
        """
        conversation = str(body["conversation"]["id"])
        nicety = body.get("type") == "typing" and not body.get("text")
        if nicety and self.pace.free(conversation) < _RESERVED:
            return ""  # it would keep the answer waiting
        activity = str(body.get("replyToId") or "")
        return await self._tried(line, "POST", conversation, activity, body, at_most, tries=1 if nicety else self.tries)

    async def update(self, line: Line, activity: str, body: Mapping[str, Any], *, at_most: float | None = None) -> str:
        """Put it in the place of an earlier activity. Raises SendError."""
        conversation = str(body["conversation"]["id"])
        return await self._tried(line, "PUT", conversation, activity, body, at_most, tries=self.tries)

    async def close(self) -> None:
        await self.client.aclose()

    async def _tried(
        self,
        line: Line,
        method: str,
        conversation: str,
        activity: str,
        body: Mapping[str, Any],
        at_most: float | None,
        *,
        tries: int,
    ) -> str:
        url = f"{line.service_url.rstrip('/')}/v3/conversations/{quote(conversation, safe='')}/activities"
        if activity:
            url = f"{url}/{quote(activity, safe='')}"
        renewed = False
        for attempt in range(1, tries + 1):
            await self._admitted(conversation, at_most)
            answer = await self._once(line, method, url, body)
            if answer is not None and answer.is_success:
                return _id_in(answer)
            status = answer.status_code if answer is not None else 0
            pause = self._held(conversation, answer, attempt)
            if status == _NOT_KNOWN and not renewed:
                renewed, pause = True, 0.0
                line.forget()
            elif (status and status not in _TRY_AGAIN) or attempt == tries:
                raise _error(method, status, body, _said(answer))
            log.info("teams_send_again", status=status, attempt=attempt, pause=round(pause, 2))
            if pause:
                await self.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _admitted(self, conversation: str, at_most: float | None) -> None:
        try:
            await self.pace.admit(conversation, at_most=at_most)
        except TooSoonError as error:
            raise SendError(
                f"the connector takes nothing for this conversation for {error.seconds:.0f} s", wait=error.seconds
            ) from error

    def _held(self, conversation: str, answer: httpx.Response | None, attempt: int) -> float:
        """Seconds that this message alone waits; 0 when the whole conversation does, as the connector asks."""
        asked = _retry_after(answer) if answer is not None else 0.0
        pause = asked or self.back_off(attempt)
        if not asked and (answer is None or answer.status_code != _THROTTLED):
            return pause
        self.pace.hold(conversation, pause)
        return 0.0

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


def _error(method: str, status: int, body: Mapping[str, Any], said: str) -> SendError:
    if status in _OUR_FAULT:
        log.error(_OUR_FAULT[status], said=said, characters=len(str(body)), type=body.get("type"))
    return SendError(f"{method} to the connector: {f'HTTP {status}' if status else 'no connection'}", status)


def _said(answer: httpx.Response | None) -> str:
    """The beginning of the connector's own words, for the log."""
    return answer.text[:_MOST_SAID] if answer is not None else ""


def _id_in(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("id") or "") if isinstance(body, dict) else ""


def _retry_after(answer: httpx.Response) -> float:
    """Seconds that the connector asks for, as such or as a date, an hour at most; 0 when it does not say."""
    said = answer.headers.get("Retry-After", "")
    try:
        return min(max(0.0, float(said)), _LONGEST_HOLD)
    except ValueError:
        pass
    try:
        return min(max(0.0, parsedate_to_datetime(said).timestamp() - time.time()), _LONGEST_HOLD)
    except ValueError:
        return 0.0
