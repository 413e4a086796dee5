"""The Bot Framework SDK at work: receive an activity, send and update messages, reach a conversation later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ConversationReference, Entity, ResourceResponse
from msrest.exceptions import DeserializationError

from bot.channels import teams_activities as wire
from bot.channels.teams_auth import BotIdentity, LeanAuthentication, authentication
from bot.channels.teams_sender import Line, Sender, SendError

OnTurn = Callable[[TurnContext], Awaitable[None]]
_PROACTIVE = "ContinueConversation"  # what the SDK calls the activity that it makes up to begin by itself
_CAME = "sheriff.came"  # in a turn's state: the activity or reference as it came
_HELD_AT_MOST = 10.0  # seconds; a workflow's thread waits for it
SEND_ERRORS = (SendError,)  # what sending and updating may end in
_WHY = {
    400: "the message is malformed, which is Sheriff’s mistake; its log says more",
    401: "the bot is not accepted any more; `sheriff doctor --teams` says what is wrong",
    403: "the bot was blocked or taken out there",
    404: "the conversation does not exist any more",
    413: "the message is too long",
}
_KEPT_HERE = frozenset({"delay", "invokeResponse", "trace"})  # what the SDK does not send to the channel


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
    """The SDK's turns, with what they say sent by `Sender`: the SDK itself never tries a send again."""

    def __init__(self, auth: LeanAuthentication, sender: Sender) -> None:
        super().__init__(auth)
        self._sender = sender

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        return [await self._send(context, activity) for activity in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        line, at_most = self._line(context), _patience(context)
        changed = await self._sender.update(line, str(activity.id), _whole(context, activity), at_most=at_most)
        return ResourceResponse(id=changed or activity.id)

    async def _send(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        if activity.type in _KEPT_HERE:
            responses: list[ResourceResponse] = await super().send_activities(context, [activity])
            return responses[0]
        activity.id = None
        if context.activity.name == _PROACTIVE:
            activity.reply_to_id = None  # the SDK would answer a message that it made up
        line, at_most = self._line(context), _patience(context)
        return ResourceResponse(id=await self._sender.send(line, _whole(context, activity), at_most=at_most))

    def _line(self, context: TurnContext) -> Line:
        line: Line = context.turn_state[self.BOT_CONNECTOR_CLIENT_KEY]
        return line


def _whole(context: TurnContext, activity: Activity) -> dict[str, Any]:
    """The activity's JSON, addressed with all that its turn began with: the SDK's models drop what they do not know."""
    return wire.addressed_as(activity.serialize(), context.turn_state[_CAME])


def _patience(context: TurnContext) -> float | None:
    """How long a message may be held back: what nobody waits for comes again later, from the durable workflows."""
    return _HELD_AT_MOST if context.activity.name == _PROACTIVE else None


def _with(came: Mapping[str, Any], work: OnTurn) -> OnTurn:
    """The work, in a turn that knows the JSON that it began with."""

    async def turn(context: TurnContext) -> None:
        context.turn_state[_CAME] = came
        await work(context)

    return turn


class TeamsConnection:
    """One bot registration: what comes in is checked, what goes out is sent in its name."""

    def __init__(
        self, identity: BotIdentity, auth: LeanAuthentication | None = None, sender: Sender | None = None
    ) -> None:
        self._app_id = identity.app_id
        self._auth = auth or authentication(identity)
        self._sender = sender or Sender()
        self._adapter = Adapter(self._auth, self._sender)

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
        if self._app_id and not (activity.channel_id and activity.service_url):
            # A token speaks for a channel and an address; the SDK asks for neither where the activity names none.
            raise MalformedActivityError("The activity has no channelId or no serviceUrl.")

        async def process(on_turn: OnTurn) -> InvokeResponse | None:
            answer = await self._adapter.process_activity(result, activity, _with(body, on_turn))
            if answer is not None and wire.expects_replies(body):
                answer.body["activities"] = [wire.addressed_as(each, body) for each in answer.body["activities"]]
            return answer

        return process

    async def resume(self, body: Mapping[str, Any], on_turn: OnTurn) -> None:
        """Process an activity that was checked when it came, in an earlier life."""
        activity = Activity().deserialize(dict(body))
        claims = self._adapter.create_claims_identity(self._app_id)
        await self._adapter.process_proactive(claims, activity, None, _with(body, on_turn))

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
        return await self._auth.token()

    async def _continue(self, reference: Mapping[str, Any], work: OnTurn) -> None:
        meant = ConversationReference().deserialize(dict(reference))
        came = {**reference, "from": reference.get("user"), "recipient": reference.get("bot")}
        await self._adapter.continue_conversation(meant, _with(came, work), self._app_id)

    async def close(self) -> None:
        await self._sender.close()


def invoke_answer(status: int, body: Mapping[str, Any]) -> Activity:
    """What an invoke is answered with, in the response to the request itself."""
    return Activity(type="invokeResponse", value=InvokeResponse(status=status, body=dict(body)))


def outgoing(message: Mapping[str, Any]) -> Activity:
    """A message of ours as the SDK's activity, with nothing lost on the way."""
    activity = Activity().deserialize({k: v for k, v in message.items() if k != "entities"})
    activity.entities = [entity(each) for each in message.get("entities", [])]
    return activity


def why_refused(error: BaseException) -> str:
    """Why trying again does not help, in words for people; "" when it may."""
    if not isinstance(error, SendError) or not error.is_permanent:
        return ""
    return f"{_WHY.get(error.status, 'the message is refused')} (HTTP {error.status})"
