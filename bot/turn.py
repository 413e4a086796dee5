"""One message, from arrival to reply: the path that every channel takes. Read it from top to bottom."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter

from bot import wording
from bot.dialogue import AskedBack, asked_back, earlier_questions, last_case
from bot.examining import Examiner
from bot.intents import MAX_CHARACTERS, Intent, Request, understand
from bot.landmarks import Landmark, passed
from bot.library import Library, NotReadyError
from bot.messages import CaseSummary, Incoming, Person, Reply, ReplyKind
from bot.noticing import Notices
from bot.redaction import masked, redact
from bot.store.case_store import CaseStore
from bot.store.turn_log import Answered, InProgress, TurnLog
from bot.support.cases import Case, CaseState, Event, NotPossible
from bot.support.severity import application_of, severity_of
from bot.support.wishes import Voter
from bot.telemetry import Metrics
from bot.wishing import Wishes
from knowledge.answering import MODEL_SILENT, ignore
from knowledge.clarifying import completed
from knowledge.deployment.asking import Told
from knowledge.deployment.platform import Platform
from knowledge.errors import IndexBroken, Misuse, TooCostly, Unavailable
from knowledge.model import Answer, Clarification, Outcome
from knowledge.scope import is_off_topic
from knowledge.sifting import asks, sift
from knowledge.validation.diagnostics import ValidationReport
from knowledge.visible import visible

log = structlog.get_logger(__name__)
Listener = Callable[[str], None]
_REPLY = TypeAdapter(Reply)
_TICKET = r"[A-Za-z][A-Za-z0-9_]*-[0-9a-f]+|[A-Za-z]{2,12}[0-9]{3,20}"  # SUP-7, c-1a2b3c4d, INC0010042
_ADDRESSED = re.compile(rf"\W*({_TICKET})\s*[:,]\s*(\S.*)", re.DOTALL)  # "SUP-7: the blue one"
_ASKING = frozenset({Intent.ASK, Intent.TO_SHERIFF, Intent.WISH, Intent.MAYBE_WISH})  # what a person would have to read
_WAIT_FOR_TWIN = 30.0  # seconds that a re-delivered message waits for the first delivery's reply


class StillWorkingError(Unavailable):
    """The same message is being answered right now; its reply is not there yet."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a turn takes from the world: the time, the platform's words, and whether the log may have people's."""

    clock: Callable[[], datetime]
    platform: str
    docs: str
    log_messages: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """What people wish for, and what they should know."""

    wishes: Wishes
    notices: Notices


class HandsOver(Protocol):
    """`bot.casework.Casework`, as far as a turn needs it."""

    def hand_over(self, case_id: str, *, wait: float = 2.0) -> Case:
        """The duty sheriff is asked; the case comes back with its ticket if that was there within `wait` seconds."""

    def add_details(self, case_id: str, by: Person, text: str) -> Case:
        """The asker's words go to the sheriff; they reopen what was resolved. Raises NotPossible."""

    def solved(self, case_id: str, by: Person) -> Case:
        """That solved it, says the asker."""

    def duty_sentence(self) -> str: ...


class Sheriff:
    """Answers messages. One instance serves all channels and threads."""

    def __init__(
        self,
        *,
        library: Library,
        examiner: Examiner,
        cases: CaseStore,
        turns: TurnLog,
        casework: HandsOver,
        world: Surroundings,
        metrics: Metrics,
        board: Board,
    ) -> None:
        self._library = library
        self._examiner = examiner
        self._cases = cases
        self._turns = turns
        self._casework = casework
        self._world = world
        self._metrics = metrics
        self._board = board

    def take(self, incoming: Incoming, listen: Listener = ignore) -> Reply:
        """The reply to one message; the same message delivered again gets the same reply and no second case.

        `listen` hears the pieces of a generated answer as they are written. Raises Unavailable when the index is not
        ready yet (nothing is stored then; the message may be sent again).
        """
        key = _turn_key(incoming)
        passed(Landmark.MESSAGE_RECEIVED)
        earlier = self._claim(key)
        if earlier is not None:
            return earlier
        passed(Landmark.MESSAGE_CLAIMED)
        finished = False
        try:
            with self._metrics.timed_reply():
                reply = self._reply(incoming, listen)
            self._turns.finish(key, _REPLY.dump_json(reply).decode())
            finished = True
            passed(Landmark.REPLY_STORED)
        finally:
            if not finished:
                self._turns.abandon(key)
        self._metrics.replies.labels(outcome=reply.outcome.value, channel=incoming.channel).inc()
        if self._world.log_messages:
            log.info("message", channel=incoming.channel, outcome=reply.outcome.value, text=redact(incoming.text).text)
        return reply

    def _claim(self, key: str) -> Reply | None:
        """None when this message is ours to answer; the first delivery's reply when it was answered before."""
        deadline = time.monotonic() + _WAIT_FOR_TWIN
        while True:
            claim = self._turns.claim(key)
            if isinstance(claim, Answered):
                return _REPLY.validate_json(claim.reply)
            if not isinstance(claim, InProgress):
                return None
            if time.monotonic() > deadline:
                raise StillWorkingError("This message is still being worked on. Ask again in a minute.")
            time.sleep(0.1)

    def _reply(self, incoming: Incoming, listen: Listener) -> Reply:
        request = understand(incoming, self._examiner.opened)  # the original: a check must see what was really pasted
        request, is_suspect = _sifted(request, incoming)
        is_read = request.intent is not Intent.REFUSE  # what is not, may be of any length
        text = incoming.text if is_read else incoming.text[:MAX_CHARACTERS]
        message, reason = redact(visible(text)), redact(request.reason)  # the latter names files
        request = replace(request, reason=reason.text)
        incoming, secrets = replace(incoming, text=message.text), [*message.found, *reason.found]
        added = self._added(incoming) if request.intent in {Intent.ASK, Intent.CHECK} else None
        if added is not None:
            return replace(added, note=wording.secrets_note(secrets))
        match request.intent:
            case Intent.CHECK:
                reply, found = self._checked(incoming, request, listen)
                secrets += found
            case Intent.ASK:
                reply = self._ask(incoming, message.text, listen, is_suspect=is_suspect)
            case Intent.TO_SHERIFF:
                reply = self._forwarded(incoming, redact(visible(request.question)).text)
            case Intent.SOLVED:
                reply = self._solved(incoming)
            case Intent.STEER:
                reply = self._deflected(incoming, redact(visible(request.question)).text, listen)
            case Intent.WISH | Intent.VOTE | Intent.TOP | Intent.DIFFERENT:
                reply = self._wished(incoming, request)
            case Intent.MAYBE_WISH:
                reply = self._answered_or_wished(incoming, request, listen)
            case Intent.REFUSE:
                reply = Reply(ReplyKind.REFUSED, request.reason)
            case _:
                reply = Reply(ReplyKind.NOTED, self._spoken(request.intent))
        return replace(reply, note=wording.joined(wording.secrets_note(secrets), reply.note))

    def _spoken(self, intent: Intent) -> str:
        if intent is Intent.DUTY:
            return self._casework.duty_sentence()
        return wording.polite(intent, self._world.platform, self._world.docs)

    def _deflected(self, incoming: Incoming, question: str, listen: Listener) -> Reply:
        """Nothing of what a message orders is done. What it asks besides is answered from the pages, or by nobody."""
        if question:
            answer = self._sought(question, listen, by=incoming.sender)
            if answer.outcome is not Outcome.UNANSWERED:
                answer = replace(answer, note=wording.joined(wording.ONLY_THE_QUESTION, answer.note))
                return self._handed_over(incoming, answer, question)
        return self._declined()

    def _declined(self) -> Reply:
        return Reply(ReplyKind.NOTED, wording.off_topic(self._world.platform, self._world.docs))

    def _wished(self, incoming: Incoming, request: Request) -> Reply:
        """Feature requests; no case is opened for them."""
        by = Voter(incoming.sender, incoming.channel, incoming.reference)
        wishes = self._board.wishes
        try:
            if request.intent in {Intent.WISH, Intent.MAYBE_WISH}:
                wished = wishes.ask(request.question, by)
                return Reply(ReplyKind.NOTED, wording.of_wish(wished.own, wished.kept), wish=wished.own.label)
            return Reply(ReplyKind.NOTED, wishes.say(request.intent, request.question, by))
        except Misuse as refusal:
            return Reply(ReplyKind.NOTED, f"Nothing was stored. {refusal}")

    def _answered_or_wished(self, incoming: Incoming, request: Request, listen: Listener) -> Reply:
        """What the pages surely say how to get is no wish; everything else that is requested is one."""
        answer = self._sought(incoming.text, listen, by=incoming.sender)
        if answer.outcome is not Outcome.ANSWERED:
            return self._wished(incoming, request)
        answer = replace(answer, note=wording.joined(answer.note, wording.TO_WISH))
        return self._handed_over(incoming, answer, incoming.text)

    def _solved(self, incoming: Incoming) -> Reply:
        """Words that do what the button "That solved it" does."""
        case = last_case(self._cases, incoming, now=self._world.clock())
        if case is None:
            return Reply(ReplyKind.NOTED, wording.polite(Intent.THANK, self._world.platform, self._world.docs))
        self._casework.solved(case.id, incoming.sender)
        return Reply(ReplyKind.NOTED, f"Good to know. Your question is marked as solved{wording.as_ticket(case)}.")

    def _added(self, incoming: Incoming) -> Reply | None:
        """What becomes of a message that names a case of its sender; None when it names none."""
        addressed = _ADDRESSED.match(incoming.text)
        if addressed is None:
            return None
        label, words = addressed[1].lower(), addressed[2]
        found = (self._cases.get(label), *self._cases.list(asker=incoming.sender.id, text=label, limit=20))
        own = (case for case in found if case is not None and case.asker.id == incoming.sender.id)
        case = next((case for case in own if label in {case.id, case.ticket.lower()}), None)
        if case is None:
            return None  # "ORA-01017: invalid username" looks the same
        try:
            case = self._casework.add_details(case.id, incoming.sender, words)
        except NotPossible as refusal:
            return Reply(ReplyKind.NOTED, str(refusal), case=_summary(case))
        return Reply(ReplyKind.NOTED, f"Added to {case.label}, for {case.sheriff or 'the team'}.", case=_summary(case))

    def _checked(self, incoming: Incoming, request: Request, listen: Listener) -> tuple[Reply, Sequence[str]]:
        """The reply about the files of a message, and the names of the secrets in them."""
        asked = redact(request.question).text if wording.is_question(request.question) else ""
        try:
            examined = self._examiner.examine(request.files, self._world.clock(), asked=asked, mended=True)
        except TooCostly as refusal:
            return Reply(ReplyKind.REFUSED, wording.joined(str(refusal), request.reason)), ()
        checked = masked(examined.report)
        return self._check(incoming, request, checked.report, examined.told, listen), checked.found

    def _check(
        self, incoming: Incoming, request: Request, report: ValidationReport, told: Sequence[Told], listen: Listener
    ) -> Reply:
        """YAML first; when it is clean and a real question stands beside it, the question too.

        With a whole repository, a question about a value at a leaf is answered from it, clean or not.
        """
        question = redact(visible(request.question)).text
        if told:
            rules = self._library.places(wording.rule_pages(told))
            text = redact(wording.of_values(told, rules)).text
            reply = Reply(ReplyKind.ANSWERED, text, 1.0, rules, report=report, note=request.reason)
            return replace(reply, case=_summary(self._open(incoming, reply, question)))
        if wording.is_clean(report) and wording.is_question(question):
            reply = self._ask(incoming, question, listen)
            return replace(reply, report=report, note=wording.joined("The YAML you pasted has no errors.", reply.note))
        reply = Reply(ReplyKind.CHECKED, wording.of_report(report), confidence=1.0, report=report, note=request.reason)
        names = ", ".join(file.name for file in report.files)
        case = self._open(incoming, reply, question or incoming.text or f"Check of {names}")
        return replace(reply, case=_summary(case))

    def _ask(self, incoming: Incoming, question: str, listen: Listener, *, is_suspect: bool = False) -> Reply:
        """Answer from the index; what it cannot answer goes to the duty sheriff at once.

        A suspect message is worth an answer from the pages and not a person's time.
        """
        earlier, asked = self._earlier(incoming), self._asked_back(incoming)
        picked = asked and completed(question, asked.question, asked.choices, glossary=self._library.glossary)
        if asked and picked:
            question, earlier = picked, [text for text in earlier if text != asked.question]
        may_ask = not picked and not (asked and asked.is_last)
        answer = self._sought(question, listen, by=incoming.sender, earlier=earlier, asks=may_ask)
        if is_suspect and not (asks(question) and (answer.ask or answer.outcome is not Outcome.UNANSWERED)):
            return self._declined()
        if answer.ask:
            return self._clarified(incoming, answer, answer.ask, question)
        has_nothing = answer.outcome is Outcome.UNANSWERED and not answer.note
        if has_nothing and self._is_off_topic(question, answer):
            return self._declined()
        return self._handed_over(incoming, answer, question)

    def _is_off_topic(self, question: str, answer: Answer) -> bool:
        is_known = bool(self._board.notices.shown(question))
        if is_known:
            return False
        aside, names = self._library.aside(question), self._library.names(question)
        return is_off_topic(question, answer.confidence, aside=aside, names=names)

    def _sought(
        self, question: str, listen: Listener, *, by: Person, earlier: Sequence[str] = (), asks: bool = False
    ) -> Answer:
        """What the documentation answers; where it cannot be searched, that it cannot. Raises NotReadyError."""
        try:
            answer = self._library.answer(question, earlier=earlier, listen=listen, asks=asks, asker=by.id)
        except NotReadyError:
            raise  # nothing is lost: the same message may be sent again in a minute
        except (IndexBroken, Unavailable) as error:
            log.error("search_failed", reason=str(error))  # noqa: TRY400 - the reason is the message; a trace is noise
            return Answer(Outcome.UNANSWERED, "", 0.0, note=wording.INDEX_BROKEN)
        if MODEL_SILENT in answer.note:
            self._metrics.model_failures.inc()
        return answer

    def _forwarded(self, incoming: Incoming, question: str) -> Reply:
        """To a person at once, with the nearest pages for whoever reads the case."""
        try:
            near = self._library.find(question, limit=3)
        except (IndexBroken, Unavailable) as error:
            log.error("search_failed", reason=str(error))  # noqa: TRY400 - the reason is the message; a trace is noise
            near = ()
        known = self._board.notices.shown(question)
        return self._with_person(incoming, Reply(ReplyKind.FORWARDED, "", looked_at=near, notices=known), question)

    def _clarified(self, incoming: Incoming, answer: Answer, ask: Clarification, question: str) -> Reply:
        """The question back, stored as a turn to come back to; nobody is called."""
        reply = Reply(
            ReplyKind.CLARIFY,
            ask.sentence,
            answer.confidence,
            looked_at=tuple(answer.looked_at),
            choices=ask.choices,
        )
        return replace(reply, case=_summary(self._open(incoming, reply, question)))

    def _handed_over(self, incoming: Incoming, answer: Answer, question: str) -> Reply:
        """The answer with its case; what is unanswered goes to a person."""
        reply = Reply(
            ReplyKind(answer.outcome.value),
            answer.text,
            answer.confidence,
            citations=tuple(answer.citations),
            looked_at=tuple(answer.looked_at),
            origin=answer.origin,
            note=answer.note,
            notices=self._board.notices.shown(question),
        )
        if answer.outcome is not Outcome.UNANSWERED:
            return replace(reply, case=_summary(self._open(incoming, reply, question)))
        return self._with_person(incoming, reply, question)

    def _with_person(self, incoming: Incoming, reply: Reply, question: str) -> Reply:
        """The reply with what became of the question, as far as it has really happened."""
        case = self._open(incoming, reply, question, state=CaseState.NEW)
        self._metrics.handovers.inc()
        case = self._casework.hand_over(case.id, wait=2.0)
        handed = wording.of_handover(case, self._world.docs, reply)
        text = f"{reply.text}\n\n{handed}" if reply.text else handed  # of several questions, some may have an answer
        return replace(reply, text=text, case=_summary(case))

    def _earlier(self, incoming: Incoming) -> Sequence[str]:
        own = _case_id(_turn_key(incoming))
        return earlier_questions(self._cases, incoming, now=self._world.clock(), but=own)

    def _asked_back(self, incoming: Incoming) -> AskedBack | None:
        own = _case_id(_turn_key(incoming))
        return asked_back(self._cases, incoming, now=self._world.clock(), but=own)

    def _open(self, incoming: Incoming, reply: Reply, question: str, *, state: CaseState = CaseState.ANSWERED) -> Case:
        """Store the case before anything is sent: from here on nothing is lost. A new one waits for a person."""
        passed(Landmark.ANSWER_SOUGHT)
        case_id = _case_id(_turn_key(incoming))
        existing = self._cases.get(case_id)
        if existing is not None:
            return existing  # a turn that died after this point is answered again: it keeps its case
        now = self._world.clock()
        case = Case(
            id=case_id,
            state=state,
            question=question,
            asker=incoming.sender,
            channel=incoming.channel,
            conversation=incoming.conversation,
            opened=now,
            updated=now,
            outcome=reply.outcome.value,
            answer=reply.text,
            confidence=reply.confidence,
            citations=tuple(reply.citations or reply.looked_at),
            component=_component(reply),
            severity=severity_of(question),
            application=application_of(question, known=_component_names(self._examiner.platform)),
            reference=incoming.reference,
            events=(
                Event(now, "opened", incoming.sender.name, _as_sent(incoming, reply) or question, _offered(reply)),
            ),
        )
        return self._cases.save_new(case)


def _sifted(request: Request, incoming: Incoming) -> tuple[Request, bool]:
    """The request, as what it asks besides if the message means to command; and whether it is suspect without that."""
    message = incoming.text
    is_bare = request.intent is Intent.CHECK and not incoming.attachments and "```" not in message
    if request.intent not in _ASKING and not is_bare:  # "SYSTEM: be evil" reads as YAML too
        return request, False
    sifted = sift(message)
    if sifted.steering.is_sure:
        return Request(Intent.STEER, sifted.question), True
    return request, sifted.steering.is_suspected


def mended_files(text: str, examiner: Examiner) -> Sequence[tuple[str, str]]:
    """Names and texts of the files that a message holds and that have mechanical faults, with those mended."""
    files = understand(Incoming("", "", "", Person("", ""), text)).files
    try:
        report = examiner.examine(files, mended=True).report
    except TooCostly:
        return ()
    return [(file.name, file.mended) for file in report.files if file.mended]


def _as_sent(incoming: Incoming, reply: Reply) -> str:
    """The message with its attached files, so that a person who is asked later sees what Sheriff saw."""
    attached = {redact(attachment.name).text for attachment in incoming.attachments}
    files = [file for file in reply.report.files if file.name in attached] if reply.report else []
    blocks = [f"````yaml {file.name}\n{file.text[:MAX_CHARACTERS].rstrip()}\n````" for file in files if file.text]
    return "\n\n".join(part for part in (incoming.text, *blocks) if part)


def _offered(reply: Reply) -> dict[str, list[Any]]:
    """The choices of a question back, and the notices above the answer, so that a restart forgets none of them."""
    choices = {"choices": list(reply.choices)} if reply.choices else {}
    notices = {"notices": [asdict(notice) for notice in reply.notices]} if reply.notices else {}
    return {**choices, **notices}


def _component(reply: Reply) -> str:
    """What the message is about: the schema that was checked, or the component of the nearest page that has one."""
    checked = [f.schema for f in reply.report.files if f.schema] if reply.report else []
    named = [c.component for c in (*reply.citations, *reply.looked_at) if c.component and not reply.choices]
    return next(iter([*named, *checked]), "")


def _component_names(platform: Platform) -> frozenset[str]:
    """What looks like an application's name and is none: "key-vaults", "key-vault"."""
    return frozenset(form for name in platform.components for form in (name, name.removesuffix("s")))


def _turn_key(incoming: Incoming) -> str:
    """The ids of the API belong to the program that calls, for whomever it asks; elsewhere they are a person's own."""
    owner = "" if incoming.channel == "api" else incoming.sender.id
    return f"{incoming.channel}:{owner}:{incoming.id}"


def _case_id(turn_key: str) -> str:
    """One message, one case: the id follows from the message, so that answering it again opens no second case."""
    return f"c-{hashlib.sha256(turn_key.encode()).hexdigest()[:12]}"


def _summary(case: Case) -> CaseSummary:
    return CaseSummary(case.id, case.state.value, case.ticket, case.ticket_url, case.sheriff)
