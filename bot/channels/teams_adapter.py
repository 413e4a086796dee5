"""The Bot Framework SDK at work: receive an activity, send and update messages, reach a conversation later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ConversationReference, Entity, ErrorResponseException, ResourceResponse
from msrest.exceptions import ClientException, DeserializationError, HttpOperationError

from bot.channels.teams_auth import BotIdentity, LeanAuthentication, authentication

log = structlog.get_logger(__name__)
OnTurn = Callable[[TurnContext], Awaitable[None]]
_TRY_AGAIN = frozenset({412, 429, 502, 503, 504})
_TRIES = 4
_PROACTIVE = "ContinueConversation"  # what the SDK calls the activity that it makes up to begin by itself
SEND_ERRORS = (ClientException,)  # what sending and updating may end in


class NotAuthenticError(Exception):
    """The request does not prove that it comes from the Bot Framework for this bot."""


class MalformedActivityError(Exception):
    """The body is JSON but no activity that the SDK can read."""


def entity(body: Mapping[str, Any]) -> Entity:
    """An entity with all its fields: the SDK has no classes for most kinds, and would send nothing but the type."""
    names = [name for name in body if name != "type"]
    fields = {f"field_{n}": {"key": name.replace(".", "\\."), "type": "object"} for n, name in enumerate(names)}
    shape = {"type": {"key": "type", "type": "str"}, **fields}
    made: Entity = type("AnyEntity", (Entity,), {"_attribute_map": shape})(type=body.get("type"))
    for n, name in enumerate(names):
        setattr(made, f"field_{n}", body[name])
    return made


class Adapter(CloudAdapterBase):
    """The SDK's adapter, which also tries a send again: it repeats updates but never sends."""

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        return [await self._send(context, activity) for activity in activities]

    async def _send(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        if context.activity.name == _PROACTIVE:
            activity.reply_to_id = None  # the SDK would answer a message that it made up
        for attempt in range(1, _TRIES + 1):
            try:
                responses: list[ResourceResponse] = await super().send_activities(context, [activity])
                return responses[0]
            except (ErrorResponseException, HttpOperationError) as error:
                status = getattr(error.response, "status_code", 0)
                if status not in _TRY_AGAIN or attempt == _TRIES:
                    raise
                pause = _retry_after(error) or 0.5 * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
                log.info("teams_send_again", status=status, attempt=attempt, pause=round(pause, 2))
                await asyncio.sleep(min(pause, 30.0))
        raise AssertionError("unreachable: the last attempt returns or raises")


class TeamsConnection:
    """One bot registration: what comes in is checked, what goes out is sent in its name."""

    def __init__(self, identity: BotIdentity, auth: LeanAuthentication | None = None) -> None:
        self._app_id = identity.app_id
        self._auth = auth or authentication(identity)
        self._adapter = Adapter(self._auth)

    async def receive(self, body: Mapping[str, Any], header: str | None) -> Callable[[OnTurn], Awaitable[Any]]:
        """Check who calls; returns how to process the activity. Raises NotAuthenticError or MalformedActivityError."""
        try:
            activity = Activity().deserialize(dict(body))
        except (DeserializationError, AttributeError, TypeError, ValueError) as error:
            raise MalformedActivityError("The activity has a field of the wrong type.") from error
        try:
            result = await self._auth.authenticate_request(activity, header or None)
        except Exception as error:  # the SDK raises a dozen types here; each one means: not proven
            raise NotAuthenticError(type(error).__name__) from error

        async def process(on_turn: OnTurn) -> InvokeResponse | None:
            return await self._adapter.process_activity(result, activity, on_turn)

        return process

    async def tell(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """Send a message to a conversation by its stored reference; returns its id. Raises one of SEND_ERRORS."""
        sent: list[ResourceResponse] = []

        async def send(context: TurnContext) -> None:
            sent.append(await context.send_activity(outgoing(message)))

        await self._continue(reference, send)
        return str(sent[0].id) if sent and sent[0] else ""

    async def update(self, reference: Mapping[str, Any], activity: str, message: Mapping[str, Any]) -> None:
        """Put a message in the place of an earlier one. Raises one of SEND_ERRORS."""

        async def put(context: TurnContext) -> None:
            changed = outgoing(message)
            changed.id = activity
            await context.update_activity(changed)

        await self._continue(reference, put)

    async def token(self) -> str:
        """The bot's token for the channel's own server; "" without an app id."""
        return await self._auth.token(self._app_id) if self._app_id else ""

    async def _continue(self, reference: Mapping[str, Any], work: OnTurn) -> None:
        meant = ConversationReference().deserialize(dict(reference))
        await self._adapter.continue_conversation(meant, work, self._app_id)

    async def close(self) -> None:
        await self._auth.close()


def invoke_answer(status: int, body: Mapping[str, Any]) -> Activity:
    """What an invoke is answered with, in the response to the request itself."""
    return Activity(type="invokeResponse", value=InvokeResponse(status=status, body=dict(body)))


def outgoing(message: Mapping[str, Any]) -> Activity:
    """A message of ours as the SDK's activity, with nothing lost on the way."""
    activity = Activity().deserialize({k: v for k, v in message.items() if k != "entities"})
    activity.entities = [entity(each) for each in message.get("entities", [])]
    return activity


def is_refused(error: BaseException) -> bool:
    """Whether the person or tenant does not want messages (403): trying again does not help."""
    return getattr(getattr(error, "response", None), "status_code", 0) == 403


def _retry_after(error: HttpOperationError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return float(headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
