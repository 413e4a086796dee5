"""/api/messages: Teams and every other Bot Framework channel. The SDK is loaded with the first request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.channels import teams_activities as wire
from bot.channels.security import is_loopback
from bot.channels.teams_courtesy import Courtesy, polite
from bot.channels.teams_link import TeamsLink
from bot.channels.teams_talk import Context, Talk
from bot.landmarks import Landmark, passed
from bot.redaction import redact_parts
from bot.store.received import Received
from bot.telemetry import Metrics
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
SORRY = "That did not work, and it is our mistake. Send the message again in a minute, or ask the duty sheriff."
_ASKING = frozenset({"message", "invoke"})
_WORDS = frozenset({"text", "summary", "speak", "attachments", "value"})  # of people; the rest is ids
MAX_BODY = 512_000  # bytes; Teams itself sends at most 100 KB


@dataclass(slots=True)
class TeamsChannel:
    """The bot's side of a Bot Framework conversation."""

    link: TeamsLink
    talk: Talk
    metrics: Metrics
    tenant_id: str = ""  # messages of other tenants are refused; "" accepts all
    further_tenants: Collection[str] = ()  # but those
    open_to_all: bool = False  # no app id and loopback only: nobody proves who he is
    received: Received | None = None  # messages are kept there before the 202; without it a crash may lose one
    pace: Courtesy | None = None  # how fast one person may write; None: as fast as they like
    _at_work: set[asyncio.Task[Any]] = field(default_factory=set)

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.post("/api/messages", include_in_schema=False)
        async def messages(request: Request) -> Response:
            return await self.receive(request)

        return router

    async def receive(self, request: Request) -> Response:
        """Check, keep, answer 202 and work afterwards; an invoke is answered in the response itself."""
        raw = await request.body()
        if len(raw) > MAX_BODY:
            return _refusal(413, f"The activity has {len(raw):,} bytes; at most {MAX_BODY:,} are read.")
        try:
            body: Any = wire.readable(raw)
        except (ValueError, RecursionError):
            return _refusal(400, "The body is not JSON.")
        fault = wire.fault_of(body)
        if fault:
            return _refusal(400, fault)
        if self.open_to_all and not _stays_here(request, body):
            return _refusal(403, "Without an app id only this machine is answered: host and serviceUrl must be local.")
        header = request.headers.get("Authorization")
        process = await self._authenticated(body, header)
        if isinstance(process, Response):
            return process
        wait = self.pace.wait(wire.sender_of(body).id) if self.pace and body["type"] in _ASKING else 0.0
        return await (self._put_off(body, process, wait) if wait else self._work(body, process))

    async def _put_off(
        self, body: Mapping[str, Any], process: Callable[[Any], Awaitable[Any]], wait: float
    ) -> Response:
        """Nothing is done with what comes too fast; its sender is told so, though not each time."""
        if body["type"] == "invoke":
            refusal = _refusal(429, polite(wait))
            refusal.headers["retry-after"] = str(math.ceil(wait))
            return refusal

        async def on_turn(context: Context) -> None:
            from bot.channels.teams_adapter import outgoing

            await context.send_activity(outgoing(wire.text_activity(polite(wait))))

        if wire.expects_replies(body):
            return await self._answered_at_once(process, on_turn)
        if self.pace and self.pace.is_to_be_told(wire.sender_of(body).id):
            self._begin(process(on_turn), ())
        return Response(status_code=202)

    async def _authenticated(
        self, body: Mapping[str, Any], header: str | None
    ) -> Callable[[Any], Awaitable[Any]] | Response:
        connection = await self.link.connection()  # loads the SDK in a thread; this import then takes no time
        from bot.channels.teams_adapter import MalformedActivityError, NotAuthenticError

        try:
            process = await connection.receive(body, header)
        except MalformedActivityError as error:
            return _refusal(400, str(error))
        except NotAuthenticError as error:
            log.warning("teams_not_authentic", reason=str(error), with_token=bool(header))
            return _refusal(403 if header else 401, "This request does not prove that it comes from the Bot Framework.")
        if self.tenant_id and not self.open_to_all and not self._serves(wire.tenant_of(body)):
            log.warning("teams_foreign_tenant")
            return _refusal(403, "This bot serves another tenant.")
        return process

    def _serves(self, tenant: str) -> bool:
        return tenant.lower() in {each.lower() for each in (self.tenant_id, *self.further_tenants)}

    async def _work(self, body: Mapping[str, Any], process: Callable[[Any], Awaitable[Any]]) -> Response:
        begun: list[Context] = []

        async def on_turn(context: Context) -> None:
            begun.append(context)
            left = await self.talk.turn(context, body)
            if left is not None:
                self._begin(left, ())

        if body["type"] == "invoke" or wire.expects_replies(body):
            return await self._answered_at_once(process, on_turn)
        if body["type"] != "message":
            self._begin(process(on_turn), ())
            return Response(status_code=202)
        try:
            key = await self._kept(body)
        except Unavailable as error:
            log.warning("teams_not_kept", reason=str(error))
            return _refusal(503, "The message could not be stored; send it again.")
        passed(Landmark.MESSAGE_KEPT)
        self._begin(process(on_turn), begun, key)
        return Response(status_code=202)

    async def _answered_at_once(
        self, process: Callable[[Any], Awaitable[Any]], on_turn: Callable[[Context], Awaitable[None]]
    ) -> Response:
        response = await process(on_turn)
        if response is None:
            return Response(status_code=200)
        return JSONResponse(response.body or {}, status_code=int(response.status))

    async def _kept(self, body: Mapping[str, Any]) -> str:
        """Key of the message among what was received; "" when it needs not be, or was kept before.

        Kept without secrets: the original is in this process alone, and is gone with it."""
        if self.received is None or not body.get("id"):
            return ""
        conversation = str(body.get("conversation", {}).get("id", ""))
        clean = await asyncio.to_thread(redact_parts, body, _WORDS)
        return await asyncio.to_thread(self.received.keep, conversation, str(body["id"]), clean)

    async def catch_up(self) -> int:
        """Begin on the messages that a replica which has died was told of; returns how many."""
        left = await asyncio.to_thread(self.received.left) if self.received else []
        for kept in left:
            log.info("teams_message_taken_up", message=kept.body.get("id"))
            begun: list[Context] = []
            self._begin(self._resumed(kept.body, begun), begun, kept.key)
        return len(left)

    async def _resumed(self, body: Mapping[str, Any], begun: list[Context]) -> None:
        async def on_turn(context: Context) -> None:
            begun.append(context)
            await self.talk.turn(context, body)

        await (await self.link.connection()).resume(body, on_turn)

    def _begin(self, work: Awaitable[Any], begun: Sequence[Context], key: str = "") -> None:
        task = asyncio.create_task(self._settled(work, begun, key) if key else self._guarded(work, begun))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _settled(self, work: Awaitable[Any], begun: Sequence[Context], key: str) -> None:
        """The work, and that it is done; what is cut off in the middle is taken up by another life."""
        await self._guarded(work, begun)
        if self.received is not None:
            try:
                await asyncio.to_thread(self.received.done, key)
            except Unavailable as error:
                log.warning("teams_not_settled", reason=str(error))  # answered again at most, after the next start

    async def _guarded(self, work: Awaitable[Any], begun: Sequence[Context]) -> None:
        """The boundary of work after the 202: what fails here has no request left to tell it to, only its sender."""
        try:
            await work
        except Exception:
            self.metrics.failures.labels(where="teams").inc()
            log.exception("teams_turn_failed")
            for context in begun:
                await self._sorry(context)

    async def _sorry(self, context: Context) -> None:
        """Say that it was our mistake, where the channel still takes that."""
        from bot.channels.teams_adapter import SEND_ERRORS, outgoing

        with suppress(*SEND_ERRORS):
            await context.send_activity(outgoing(wire.text_activity(SORRY)))

    async def close(self) -> None:
        """Let running turns finish, then let go of the connections."""
        await self.settled(within=5)
        await self.link.close()

    async def settled(self, within: float | None = None) -> None:
        """Wait until no turn is at work, at most so many seconds."""
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=within)


def _stays_here(request: Request, body: Mapping[str, Any]) -> bool:
    """Nobody proves who he is: a page of another site could ask, and have the answer sent to its own server."""
    if "origin" in request.headers or not is_loopback(request.headers.get("host", "")):
        return False
    connector = str(body.get("serviceUrl") or "")
    return not connector or is_loopback(_host_of(connector))


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _refusal(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)
