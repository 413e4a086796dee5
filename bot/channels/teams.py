"""/api/messages: Teams and every other Bot Framework channel. The SDK is loaded with the first request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.casework import Casework
from bot.channels import teams_activities as wire
from bot.channels.cards import case_state_card
from bot.channels.security import is_loopback
from bot.channels.services import Answerer
from bot.messages import Incoming, Person
from bot.store.case_store import CaseStore
from bot.store.turn_log import Claimed, TurnLog
from bot.support.cases import Case
from bot.support.handoff import Notification, Role, was_told
from bot.telemetry import Metrics
from knowledge.errors import SheriffError, Unavailable

if TYPE_CHECKING:
    from botbuilder.core import TurnContext

    from bot.channels.teams_adapter import TeamsConnection

log = structlog.get_logger(__name__)
MAX_BODY = 512_000  # bytes; Teams itself sends at most 100 KB
_TELL_WITHIN = 20.0  # seconds that a workflow waits for a message to be accepted


class TeamsLink:
    """The one connection to the Bot Framework, made when it is first needed; also how sheriffs' words go out."""

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

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say which event loop serves the channel, before the first message came in."""
        self._loop = loop

    def tell(self, notification: Notification) -> str:
        """`Notifier`: askers who wrote from a Bot Framework channel are reached in their conversation."""
        case = notification.case
        if notification.role is not Role.ASKER or case.channel != "teams" or not case.reference:
            return ""
        if self._loop is None or not self._loop.is_running():
            raise Unavailable("The Teams channel is not running yet.")
        sending = asyncio.run_coroutine_threadsafe(self._tell(case.reference, notification.text), self._loop)
        try:
            return sending.result(timeout=_TELL_WITHIN)
        except TimeoutError as error:
            sending.cancel()
            raise Unavailable("The Bot Framework connector does not answer.") from error

    async def _tell(self, reference: Mapping[str, Any], text: str) -> str:
        from msrest.exceptions import ClientException

        from bot.channels.teams_adapter import is_refused

        connection = await self.connection()
        try:
            await connection.tell(reference, {"type": "message", "text": text})
        except ClientException as error:
            if is_refused(error):
                return ""  # the person blocked the bot; the pages still show it
            raise Unavailable(f"The Bot Framework connector refused the message: {type(error).__name__}") from error
        return "in Teams"

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


@dataclass(slots=True)
class TeamsChannel:
    """The bot's side of a Bot Framework conversation."""

    link: TeamsLink
    sheriff: Answerer
    cases: CaseStore
    casework: Casework
    deliveries: TurnLog  # which messages were answered in their conversation, also before a restart
    metrics: Metrics
    executor: Executor
    docs: str
    base_url: str = ""
    tenant_id: str = ""  # messages of other tenants are refused; "" accepts all
    open_to_all: bool = False  # no app id and loopback only: nobody proves who he is
    _at_work: set[asyncio.Task[Any]] = field(default_factory=set)

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.post("/api/messages", include_in_schema=False)
        async def messages(request: Request) -> Response:
            return await self.receive(request)

        return router

    async def receive(self, request: Request) -> Response:
        """Check, then answer 202 at once and work afterwards; an invoke is answered in the response itself."""
        raw = await request.body()
        if len(raw) > MAX_BODY:
            return _refusal(413, f"The activity has {len(raw):,} bytes; at most {MAX_BODY:,} are read.")
        try:
            body = json.loads(raw)
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
        return await self._work(body, process)

    async def _authenticated(
        self, body: Mapping[str, Any], header: str | None
    ) -> Callable[[Any], Awaitable[Any]] | Response:
        from bot.channels.teams_adapter import MalformedActivityError, NotAuthenticError

        connection = await self.link.connection()
        try:
            process = await connection.receive(body, header)
        except MalformedActivityError as error:
            return _refusal(400, str(error))
        except NotAuthenticError as error:
            log.warning("teams_not_authentic", reason=str(error), with_token=bool(header))
            return _refusal(403 if header else 401, "This request does not prove that it comes from the Bot Framework.")
        if self.tenant_id and not self.open_to_all and wire.tenant_of(body) != self.tenant_id:
            log.warning("teams_foreign_tenant")
            return _refusal(403, "This bot serves another tenant.")
        return process

    async def _work(self, body: Mapping[str, Any], process: Callable[[Any], Awaitable[Any]]) -> Response:
        async def on_turn(context: TurnContext) -> None:
            await self._turn(context, body)

        if body["type"] == "invoke" or body.get("deliveryMode") == "expectReplies":
            response = await process(on_turn)
            if response is None:
                return Response(status_code=200)
            return JSONResponse(response.body or {}, status_code=int(response.status))
        task = asyncio.create_task(self._guarded(process(on_turn)))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return Response(status_code=202)

    async def _guarded(self, work: Awaitable[Any]) -> None:
        """The boundary of work after the 202: what fails here has no request left to tell it to."""
        try:
            await work
        except Exception:
            self.metrics.failures.labels(where="teams").inc()
            log.exception("teams_turn_failed")

    async def _turn(self, context: TurnContext, body: Mapping[str, Any]) -> None:
        match body["type"]:
            case "message" if wire.action_of(body)[0]:
                await self._send(context, wire.card_activity(await self._act(body)))
            case "message":
                await self._answer(context, body)
            case "invoke":
                await self._invoke(context, body)
            case "conversationUpdate" if _is_new_here(body):
                text = f"Ask about {self.docs} in your own words, or paste YAML to have it checked."
                await self._send(context, {"type": "message", "text": text})
            case _:
                log.debug("teams_ignored", type=body["type"])

    async def _answer(self, context: TurnContext, body: Mapping[str, Any]) -> None:
        incoming = wire.incoming_of(body)
        key = f"teams-delivery:{incoming.conversation}:{incoming.id}"
        if not isinstance(await asyncio.to_thread(self.deliveries.claim, key), Claimed):
            return  # Teams sends a slow turn again; it was, or is being, answered
        delivered = False
        try:
            await self._send(context, {"type": "typing"})
            delivered = await self._replied(context, incoming)
        finally:
            settle = (
                partial(self.deliveries.finish, key, "sent") if delivered else partial(self.deliveries.abandon, key)
            )
            await asyncio.to_thread(settle)

    async def _replied(self, context: TurnContext, incoming: Incoming) -> bool:
        """Whether the message got its reply, not only the news that it has to be sent again."""
        try:
            reply = await asyncio.get_running_loop().run_in_executor(self.executor, self.sheriff.take, incoming)
        except Unavailable as error:
            await self._send(context, {"type": "message", "text": str(error)})
            return False
        await self._send(context, wire.activity_of(reply, docs=self.docs, base_url=self.base_url))
        return True

    async def _invoke(self, context: TurnContext, body: Mapping[str, Any]) -> None:
        from botbuilder.core import InvokeResponse
        from botbuilder.schema import Activity

        name = body.get("name")
        if name == "adaptiveCard/action":
            card = await self._act(body)
            answer = InvokeResponse(status=200, body={"statusCode": 200, "type": wire.CARD, "value": card})
        elif name == "message/submitAction":
            answer = InvokeResponse(status=200, body={})
        else:
            return  # the SDK answers 501
        await context.send_activity(Activity(type="invokeResponse", value=answer))

    async def _act(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a button says and give the card that takes its place."""
        verb, case_id = wire.action_of(body)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, self._done, verb, case_id, wire.sender_of(body))

    def _done(self, verb: str, case_id: str, by: Person) -> dict[str, Any]:
        case = self.cases.get(case_id)
        if case is None:
            return case_state_card("This case is not known.", "Ask the question again.")
        if case.asker.id != by.id:
            return case_state_card("Nothing was changed.", f"Only {case.asker.name}, who asked, can do that.")
        try:
            return self._pressed(verb, case_id, by)
        except SheriffError as error:
            return case_state_card("Nothing was changed.", str(error))

    def _pressed(self, verb: str, case_id: str, by: Person) -> dict[str, Any]:
        match verb:
            case "solved":
                self.casework.solved(case_id, by)
                return case_state_card("Solved.", "Good to know; it helps the next person who asks.")
            case "ask_sheriff":
                return self._handed_over(self.casework.ask_sheriff(case_id, by))
            case "withdraw":
                self.casework.withdraw(case_id, by)
                return case_state_card("Withdrawn.", "Nobody will work on it.")
            case _:
                return case_state_card("Nothing was changed.", "This button is not known any more.")

    def _handed_over(self, case: Case) -> dict[str, Any]:
        """Only what has happened: a name once that person was told, a number once there is a ticket."""
        known = case.sheriff and was_told(case)
        title = f"{case.sheriff} has your question now." if known else "Your case is saved."
        return case_state_card(title, self.casework.standing(case))

    async def _send(self, context: TurnContext, message: Mapping[str, Any]) -> None:
        from bot.channels.teams_adapter import outgoing

        await context.send_activity(outgoing(message))

    async def close(self) -> None:
        """Let running turns finish, then let go of the connections."""
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=5)
        await self.link.close()


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


def _is_new_here(body: Mapping[str, Any]) -> bool:
    added = body.get("membersAdded")
    own = (body.get("recipient") or {}).get("id")
    return isinstance(added, list) and any(isinstance(m, dict) and m.get("id") == own for m in added)


def _refusal(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)
