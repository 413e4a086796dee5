"""What a turn of a Bot Framework conversation does: answer, pass words on, do what a button says."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from bot.casework import Casework
from bot.channels import teams_activities as wire
from bot.channels import teams_files
from bot.channels.cards import (
    Card,
    case_state_card,
    has_overflow,
    help_card,
    overflow_text,
    pieces,
    pressed_card,
    welcome_card,
)
from bot.channels.services import Answerer
from bot.channels.teams_commands import COMMANDS, NOTICE_VERBS, WISH_VERBS, Commands
from bot.channels.teams_desk import VERBS, VERSION, TeamsDesk, refusal
from bot.channels.teams_extension import NAMES, Extension
from bot.channels.teams_stream import EVERY, Stream
from bot.channels.teams_swaps import VERBS as SWAP_VERBS
from bot.channels.teams_swaps import SwapButtons
from bot.enclosures import Enclosed
from bot.intents import Intent, understand
from bot.messages import Attachment, Incoming, Person, Reply
from bot.redaction import redact
from bot.store.case_store import CaseStore
from bot.store.posts import ANSWER, Post, Posts
from bot.store.turn_log import Claimed, TurnLog
from bot.support.cases import OPEN, Case, CaseState, EventKind, NotPossible
from bot.support.handoff import Refused, was_told
from bot.support.wishes import Voter
from bot.wording import joined, secrets_note
from knowledge.errors import SheriffError, Unavailable

log = structlog.get_logger(__name__)
CORRECTED = "corrected"  # the verb of “Send corrected file”
_LINGERS = 1.0  # seconds that “is typing” has left once the answer was sent
STILL_LOOKING = 3.0  # seconds until an asker is told that it takes longer
_NEW = re.compile(r"\A\s*new:\s*", re.IGNORECASE)  # another question, though an earlier one is with a person
_NO_NEWS = frozenset({Intent.SOLVED, Intent.THANK, Intent.GREET})  # said to Sheriff, and nothing for a person
_Result = TypeVar("_Result")


class Context(Protocol):
    """The SDK's TurnContext, as far as a turn needs it."""

    async def send_activity(self, activity: Any, /) -> Any: ...
    async def update_activity(self, activity: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Taken:
    """What Sheriff says, the message in whose place it stands, and what ends the stream that it was shown in."""

    reply: Reply
    place: str
    last: Mapping[str, Any]


@dataclass(slots=True)
class Talk:
    """Sheriff's side of every conversation."""

    sheriff: Answerer
    cases: CaseStore
    casework: Casework
    posts: Posts
    deliveries: TurnLog  # which messages were answered in their conversation, also before a restart
    desk: TeamsDesk
    commands: Commands
    extension: Extension
    mend: Callable[[str], Sequence[tuple[str, str]]]  # names and mended texts of the files that a message holds
    describe: Callable[[Sequence[Attachment]], Enclosed]  # files that come for a case
    token: Callable[[], Awaitable[str]]  # for files that the channel keeps
    executor: Executor
    platform: str
    docs: str
    examples: tuple[str, ...] = ()
    base_url: str = ""
    swaps: SwapButtons | None = None
    still_looking: float = STILL_LOOKING
    stream_every: float = EVERY

    async def turn(self, context: Context, body: Mapping[str, Any]) -> Awaitable[None] | None:
        """Do what an activity asks for; one of an unknown type asks for nothing. Returns what is left to do later."""
        match body["type"]:
            case "message" if wire.action_of(body)[0]:
                await _send(context, wire.card_activity(await self._off_loop(self._acted, body)))
            case "message":
                await self._answer(context, body)
            case "invoke":
                return await self._invoke(context, body)
            case "conversationUpdate" | "installationUpdate" if wire.is_new_here(body):
                by_name = wire.kind_of(body) in {"channel", "groupChat"}
                card = welcome_card(self.platform, self.docs, self.examples, by_name=by_name)
                await _send(context, wire.card_activity(card))
            case _:
                log.debug("teams_ignored", type=body["type"])
        return None

    # Messages

    async def _answer(self, context: Context, body: Mapping[str, Any]) -> None:
        incoming = wire.incoming_of(body)
        if not await self._off_loop(self._is_meant, body, incoming):
            return
        key = f"teams-delivery:{incoming.conversation}:{incoming.id}"
        if not isinstance(await self._off_loop(self.deliveries.claim, key), Claimed):
            return  # Teams sends a slow turn again; it was, or is being, answered
        delivered = False
        typing = asyncio.create_task(_send(context, {"type": "typing"}))
        try:
            delivered = await self._replied(context, body, incoming)
        finally:
            settle = (
                partial(self.deliveries.finish, key, "sent") if delivered else partial(self.deliveries.abandon, key)
            )
            await self._off_loop(settle)
            await _let_go(typing)

    def _is_meant(self, body: Mapping[str, Any], incoming: Incoming) -> bool:
        """Whether a message is for Sheriff. Where it hears everything, people also talk among themselves."""
        if wire.is_mentioned(body) or self.desk.threads.case_in(incoming.conversation):
            return True
        if self.desk.threads.is_here(incoming.conversation):
            return False  # sheriffs among themselves
        if wire.is_addressed(body):
            return True
        if wire.kind_of(body) == "groupChat":
            return "?" in incoming.text or "```" in incoming.text
        known = self.cases.list(conversation=incoming.conversation, limit=50) if wire.is_in_thread(body) else ()
        return not known or any(case.asker.id == incoming.sender.id for case in known)

    async def _replied(self, context: Context, body: Mapping[str, Any], incoming: Incoming) -> bool:
        """Whether the message got its reply, not only the news that it has to be sent again."""
        handled = await self._off_loop(self._without_search, body, incoming)
        if handled is not None:
            if handled:
                await _send(context, handled)
            return True
        fetched = await teams_files.fetch(body, token=self.token)
        note = " ".join(fetched.notes)
        incoming = replace(incoming, attachments=fetched.files)
        if teams_files.is_any_attached(body):
            said = await self._off_loop(self._passed_on, body, incoming)
            if said or (note and not fetched.files and not incoming.text):
                await _send(context, wire.text_activity("\n\n".join(part for part in (said, note) if part)))
                return True
        return await self._searched(context, body, incoming, note)

    def _without_search(self, body: Mapping[str, Any], incoming: Incoming) -> Mapping[str, Any] | None:
        """What is said without asking the documentation: {} for nothing, None when it has to be asked."""
        case_id = self.desk.threads.case_in(incoming.conversation)
        if case_id:
            problem = self.desk.said(case_id, incoming.sender, incoming.text)
            return wire.text_activity(problem) if problem else {}
        if understand(incoming).intent is Intent.HELP:
            return wire.card_activity(help_card(self.platform, self.docs, COMMANDS))
        card = self.commands.card(incoming.text, Voter(incoming.sender, incoming.channel, incoming.reference))
        if card is not None:
            return wire.card_activity(card)
        if teams_files.is_any_attached(body):
            return None  # they are fetched first, and then passed on with the words
        said = self._passed_on(body, incoming)
        return wire.text_activity(said) if said else None

    def _passed_on(self, body: Mapping[str, Any], incoming: Incoming) -> str:
        """Words and files of an asker whose question is with a person go to that person; "" when it is with none."""
        states = tuple(OPEN) if wire.is_in_thread(body) else (CaseState.WAITING_FOR_ASKER,)
        found = self.cases.list(asker=incoming.sender.id, conversation=incoming.conversation, states=states, limit=1)
        if not found or _NEW.match(incoming.text) or not (incoming.text or incoming.attachments):
            return ""
        if not incoming.attachments and understand(incoming).intent in _NO_NEWS:
            return ""
        files = self.describe(incoming.attachments) if incoming.attachments else Enclosed("", "")
        words = redact(incoming.text)
        try:
            text = "\n\n".join(part for part in (words.text, files.text) if part)
            case = self.casework.add_details(found[0].id, incoming.sender, text)
        except NotPossible as refusal:  # it ended just now
            return str(refusal)
        passed = f"Passed on to {case.sheriff or 'the team'} ({case.label}). For another question, begin with “new:”."
        note = secrets_note([*words.found, *files.secrets])
        return "\n\n".join(part for part in (note, passed, files.findings) if part)

    async def _searched(self, context: Context, body: Mapping[str, Any], incoming: Incoming, note: str) -> bool:
        taken = await self._taken(context, body, replace(incoming, text=_NEW.sub("", incoming.text)))
        if taken is None:
            return False
        reply, place, last = replace(taken.reply, note=joined(note, taken.reply.note)), taken.place, taken.last
        activity = wire.activity_of(reply, docs=self.docs, base_url=self.base_url)
        if reply.wish:
            activity = wire.card_activity(await self._off_loop(self.commands.kept_wish, reply.wish, incoming.sender))
        if last:
            activity = {**activity, "text": reply.text, "entities": [*activity.get("entities", ()), last]}
        sent = await _put(context, activity, place)
        if reply.report and has_overflow(reply.report):
            for piece in pieces(overflow_text(reply.report)):
                await _send(context, wire.text_activity(piece))
        if reply.case and sent:
            post = Post(reply.case.id, incoming.conversation, sent)
            await self._off_loop(self.posts.remember, post, ANSWER)
        return True

    async def _taken(self, context: Context, body: Mapping[str, Any], incoming: Incoming) -> _Taken | None:
        """The reply, after words that grow or the news that it takes longer; None when there is none yet."""
        stream, place = Stream(partial(_send, context), every=self.stream_every), ""
        work = asyncio.get_running_loop().run_in_executor(self.executor, self.sheriff.take, incoming, stream.hear)
        if wire.can_stream(body):
            stream.start()
        try:
            done, _ = await asyncio.wait({work}, timeout=self.still_looking)
            if not done and not stream.is_on and not wire.expects_replies(body):
                await stream.end()
                place = await _send(context, {"type": "message", "text": "Still looking …"})
            reply = await work
        except Unavailable as error:
            await _put(context, wire.text_activity(str(error)), place)
            return None
        finally:
            last = await stream.end()
        return _Taken(reply, place, last)

    # Buttons and other invokes

    async def _invoke(self, context: Context, body: Mapping[str, Any]) -> Awaitable[None] | None:
        from bot.channels.teams_adapter import invoke_answer

        left: Awaitable[None] | None = None
        match body.get("name"):
            case "adaptiveCard/action" if wire.action_of(body)[0] == CORRECTED:
                for piece in await self._off_loop(self._corrected, body):
                    await _send(context, wire.text_activity(piece))
                answer = {"statusCode": 200, "type": wire.WORDS, "value": "The corrected lines stand below."}
            case "adaptiveCard/action":
                card = await self._off_loop(self._acted, body)
                answer = {"statusCode": 200, "type": wire.CARD, "value": card}
            case "message/submitAction":
                await self._off_loop(self._rated, body)
                answer = {}
            case str(name) if name in NAMES:
                answer, left = await self._extended(body)
            case _:
                return None  # the SDK answers 501
        await context.send_activity(invoke_answer(200, answer))
        return left

    async def _extended(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], Awaitable[None] | None]:
        """What the compose box gets, and what is left to do when it could not wait for it: it gives up at 5 s."""
        work = asyncio.get_running_loop().run_in_executor(self.executor, self.extension.answer, body)
        await asyncio.wait({work}, timeout=self.still_looking if self.extension.may_take_long(body) else None)
        if work.done():
            return dict(work.result()), None
        return dict(self.extension.still_looking()), self._answered_late(body, work)

    async def _answered_late(self, body: Mapping[str, Any], work: Awaitable[Mapping[str, Any]]) -> None:
        message = self.extension.message_of(body, await work)
        await self._off_loop(self._posted_late, body, message)

    def _posted_late(self, body: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        """Bring the answer into the conversation, once; where Sheriff is no member it stays with the case."""
        key = f"teams-late:{body['conversation']['id']}:{body.get('id') or secrets.token_hex(8)}"
        if not isinstance(self.deliveries.claim(key), Claimed):
            return
        try:
            self.desk.threads.outbox.post(wire.reference_of(body), message)
        except (Refused, Unavailable) as error:
            self.deliveries.abandon(key)
            log.warning("teams_late_answer_not_sent", reason=str(error))
        else:
            self.deliveries.finish(key, "sent")

    def _corrected(self, body: Mapping[str, Any]) -> Sequence[str]:
        """The files of a checked message with their mechanical faults mended, as messages with code blocks."""
        case = self.cases.get(wire.action_of(body)[1])
        opened = next((event.text for event in case.events if event.kind == EventKind.OPENED), "") if case else ""
        mended = self.mend(opened) if opened else ()
        return [piece for name, text in mended for piece in _as_code(name, text)] or ["There is nothing to correct."]

    def _rated(self, body: Mapping[str, Any]) -> None:
        """Keep a thumb with its case; one under a message that belongs to none is lost with it."""
        helpful, reason = wire.feedback_of(body)
        case_id = self.posts.case_of(str(body["conversation"]["id"]), str(body.get("replyToId") or ""))
        if helpful is not None and case_id:
            self.casework.rate(case_id, wire.sender_of(body), helpful=helpful, reason=reason)

    def _acted(self, body: Mapping[str, Any]) -> Card:
        """Do what a button says and give the card that takes its place."""
        verb, case_id = wire.action_of(body)
        given, by = wire.given_by(body), wire.sender_of(body)
        if given.get("v", VERSION) != VERSION:
            return refusal("This card is of another version. Ask for it again: status and the case’s number.")
        try:
            if verb in WISH_VERBS:
                return self.commands.press_wish(verb, given, Voter(by, "teams", wire.reference_of(body)))
            if verb in NOTICE_VERBS:
                return self.commands.press_notice(verb, given, self.desk.member(by))
            if verb in SWAP_VERBS and self.swaps is not None:
                return self.swaps.press(verb, given.get("swap"), self.desk.member(by))
            return self._acted_on(case_id, verb, by, given)
        except SheriffError as error:
            return refusal(str(error))

    def _acted_on(self, case_id: str, verb: str, by: Person, given: Mapping[str, Any]) -> Card:
        case = self.cases.get(case_id)
        if case is None:
            return case_state_card("This case is not known.", "Ask the question again.")
        if verb in VERBS:
            return self.desk.act(verb, case, by, given)
        return self._pressed(verb, case, by)

    def _pressed(self, verb: str, case: Case, by: Person) -> Card:
        if case.asker.id != by.id:
            return refusal(f"Only {case.asker.name}, who asked, can do that.")
        match verb:
            case "affected":
                return self._affected(case, by)
            case "solved":
                case = self.casework.solved(case.id, by)
                return self._left(case, "Solved.", "Good to know; it helps the next person who asks.")
            case "ask_sheriff":
                return self._handed_over(self.casework.ask_sheriff(case.id, by))
            case "withdraw":
                case = self.casework.withdraw(case.id, by)
                return self._left(case, "Withdrawn.", "Nobody will work on it.")
            case _:
                return refusal("This button is not known any more.")

    def _affected(self, case: Case, by: Person) -> Card:
        count, master = self.commands.notices.affected(case, by)
        if not master:
            return self._left(case, "Noted.", f"{count} {'person is' if count == 1 else 'people are'} affected so far.")
        attached = self.casework.attach(case.id, by, to=master)
        return self._left(attached, "Attached.", "You hear here what is said about it, with all others.")

    def _handed_over(self, case: Case) -> Card:
        """Only what has happened: a name once that person was told, a number once there is a ticket."""
        known = case.sheriff and was_told(case)
        title = f"{case.sheriff} has your question now." if known else "Your case is saved."
        return self._left(case, title, self.casework.standing(case))

    def _left(self, case: Case, title: str, sentence: str) -> Card:
        return pressed_card(case, title, sentence, base_url=self.base_url)

    async def _off_loop(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self.executor, partial(work, *arguments))


def _as_code(name: str, text: str) -> Sequence[str]:
    """A file as messages of a code block each; a long one in several."""
    return [f"**{name}**\n\n```yaml\n{piece.rstrip()}\n```" for piece in pieces(text)]


async def _send(context: Context, message: Mapping[str, Any]) -> str:
    """Say it; returns the message's id, "" where the channel gives none."""
    from bot.channels.teams_adapter import outgoing

    sent = await context.send_activity(outgoing(message))
    return str(getattr(sent, "id", "") or "")


async def _let_go(nicety: asyncio.Task[str]) -> None:
    """End a send that nobody misses; after its answer it is not waited for long, and its failure is nobody's."""
    await asyncio.wait({nicety}, timeout=_LINGERS)
    nicety.cancel()
    [outcome] = await asyncio.gather(nicety, return_exceptions=True)
    if isinstance(outcome, BaseException):
        log.debug("teams_typing_not_sent", reason=f"{type(outcome).__name__}: {outcome}")


async def _put(context: Context, message: Mapping[str, Any], place: str) -> str:
    """Say it in the place of an earlier message, or as a new one."""
    from bot.channels.teams_adapter import outgoing

    if not place:
        return await _send(context, message)
    changed = outgoing(message)
    changed.id = place
    await context.update_activity(changed)
    return place
