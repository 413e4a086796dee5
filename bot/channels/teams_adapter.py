"""The Bot Framework SDK at work: receive an activity, send and update messages, reach a conversation later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ConversationReference, Entity, ErrorResponseException, ResourceResponse
from msrest.exceptions import DeserializationError, HttpOperationError

from bot.channels.teams_auth import BotIdentity, LeanAuthentication, authentication

log = structlog.get_logger(__name__)
OnTurn = Callable[[TurnContext], Awaitable[None]]
_TRY_AGAIN = frozenset({412, 429, 502, 503, 504})
_TRIES = 4


class NotAuthenticError(Exception):
    """The request does not prove that it comes from the Bot Framework for this bot."""


class MalformedActivityError(Exception):
    """The body is JSON but no activity that the SDK can read."""


class MessageEntity(Entity):
    """A schema.org Message: the SDK has no class for it and would drop its fields."""

    _attribute_map = {  # noqa: RUF012 - the shape that msrest reads
        "type": {"key": "type", "type": "str"},
        "at_type": {"key": "@type", "type": "str"},
        "at_context": {"key": "@context", "type": "str"},
        "at_id": {"key": "@id", "type": "str"},
        "additional_type": {"key": "additionalType", "type": "[str]"},
        "citation": {"key": "citation", "type": "[object]"},
    }

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(type=body["type"])
        self.at_type = body.get("@type")
        self.at_context = body.get("@context")
        self.at_id = body.get("@id")
        self.additional_type = body.get("additionalType")
        self.citation = body.get("citation")


class Adapter(CloudAdapterBase):
    """The SDK's adapter, which also tries a send again: it repeats updates but never sends."""

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        return [await self._send(context, activity) for activity in activities]

    async def _send(self, context: TurnContext, activity: Activity) -> ResourceResponse:
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

    async def tell(self, reference: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        """Send a message to a conversation by its stored reference. Raises what the connector raises."""

        async def send(context: TurnContext) -> None:
            await context.send_activity(outgoing(message))

        await self._adapter.continue_conversation(
            ConversationReference().deserialize(dict(reference)), send, self._app_id
        )

    async def close(self) -> None:
        await self._auth.close()


def outgoing(message: Mapping[str, Any]) -> Activity:
    """A message of ours as the SDK's activity, with nothing lost on the way."""
    activity = Activity().deserialize({k: v for k, v in message.items() if k != "entities"})
    activity.entities = [MessageEntity(entity) for entity in message.get("entities", [])]
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
