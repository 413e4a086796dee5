"""The Ask page: a question comes in as a form; the answer goes out as a page, or as a stream to a page with script."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.channels import story
from bot.channels.conversation import Exchange, Memory, Reader, Turn, merged
from bot.channels.live import event, heartbeat, updates
from bot.channels.pages import Pages
from bot.channels.problems import Problem, new_reference
from bot.channels.requests_page import RequestsPage
from bot.channels.security import limit_of, printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.channels.visitor import Visitor, clean_name, in_new_conversation, remember, visitor_of
from bot.channels.workers import Workers
from bot.messages import Attachment, Incoming
from bot.redaction import redact
from bot.support.cases import Case, CaseState
from knowledge.errors import SheriffError

log = structlog.get_logger(__name__)
_HANDED = tuple(state for state in CaseState if state is not CaseState.ANSWERED)
_MAX_FILES = 20
_REMEMBERED_CHARACTERS = 20_000  # of a message that is refused for its length


@dataclass(frozen=True, slots=True)
class Chat:
    """The Ask page over its services."""

    services: Services
    pages: Pages
    workers: Workers
    memory: Memory
    wishing: RequestsPage

    # ---- pages ----

    def page(
        self, request: Request, visitor: Visitor, *, draft: str = "", problem: str = "", only: Case | None = None
    ) -> Response:
        """The whole page; `only` shows one case of another conversation."""
        library = self.services.index_status()
        exchanges = merged((), [only]) if only else self._exchanges(visitor)
        reader = self._reader()
        return self.pages.show(
            "ask.html",
            request,
            status=503 if problem else 200,
            turns=[reader.turn(exchange) for exchange in exchanges],
            mine=self._mine(visitor),
            news=self.wishing.news(visitor),
            library=library,
            examples=self.services.examples,
            message_id=secrets.token_hex(8),
            draft=draft,
            problem=problem,
            visitor=visitor,
            only=only,
        )

    def _exchanges(self, visitor: Visitor) -> list[Exchange]:
        if visitor.is_new:
            return []
        cases = self.services.cases.list(conversation=visitor.conversation, limit=30)
        return merged(self.memory.exchanges(visitor.conversation), cases)

    def _mine(self, visitor: Visitor) -> list[dict[str, str]]:
        if visitor.is_new:
            return []
        cases = self.services.cases.list(asker=visitor.id, states=_HANDED, limit=40)
        full = [case for case in cases if case.sheriff or case.ticket or case.is_open]
        return [_row(case) for case in full[:8]]

    def _reader(self) -> Reader:
        services = self.services
        watch = Watch(services.clock(), services.rota.zone)
        begins = services.rota.next_working(watch.now)
        return Reader(watch, "" if begins == watch.now else watch.at(begins), services.cases.get)

    # ---- asking ----

    def answer(self, incoming: Incoming, listen: Callable[[str], None]) -> Exchange:
        """Take the message and remember what was said. Blocks."""
        began = self.services.clock()
        reply = self.services.sheriff.take(incoming, listen)
        key = reply.case.id if reply.case else f"m-{incoming.id}"
        files = [redact(attachment.name).text for attachment in incoming.attachments]
        text = redact(incoming.text[:_REMEMBERED_CHARACTERS]).text
        exchange = Exchange(key, began, text, files, reply)
        self.memory.add(incoming.conversation, exchange)
        return exchange

    def fragments(self, exchange: Exchange, visitor: Visitor) -> dict[str, str]:
        """The parts of the page that a new reply changes."""
        turn = self._reader().turn(exchange)
        known = replace(visitor, is_new=False)
        return {
            "key": turn.key,
            "turn": self.pages.fragment("_turn.html", turn=turn),
            "drawers": self.pages.fragment("_source.html", drawers=turn.drawers),
            "mine": self.pages.fragment("_mine.html", mine=self._mine(known), news=self.wishing.news(known)),
            "spoken": _spoken(turn),
        }

    async def stream(self, incoming: Incoming, visitor: Visitor) -> AsyncIterator[str]:
        """Progress, the pieces of the answer as they are written, and at the end the finished parts of the page."""
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue[str | None]()

        def listen(piece: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def work() -> dict[str, str]:
            return self.fragments(self.answer(incoming, listen), visitor)

        task = self.workers.start(work)
        task.add_done_callback(lambda _: pieces.put_nowait(None))
        yield event("progress", {"text": self._progress()})
        while (piece := await pieces.get()) is not None:
            yield event("piece", {"text": piece})
        error = task.exception()
        yield event("failed", self._failure(error)) if error else event("reply", task.result())

    def _progress(self) -> str:
        status = self.services.index_status()
        if not status.ready:
            return status.sentence
        return f"Searching {status.chunks:,} sections…" if status.chunks else "Searching…"

    def _failure(self, error: BaseException) -> dict[str, str]:
        if isinstance(error, SheriffError):
            return {"text": str(error), "reference": ""}
        reference = new_reference()
        log.error("chat_failed", reference=reference, exc_info=error)
        return {"text": "That did not work, and it is our mistake.", "reference": reference}

    # ---- what the asker does with a case ----

    def act(self, case_id: str, verb: str, visitor: Visitor, text: str) -> Case:
        """One of the buttons under a reply; only the asker may press it."""
        case = self.owned(case_id, visitor)
        casework, person = self.services.casework, visitor.person
        match verb:
            case "solved":
                return casework.solved(case.id, person)
            case "ask-sheriff":
                return casework.ask_sheriff(case.id, person)
            case "withdraw":
                return casework.withdraw(case.id, person)
            case "details":
                return casework.add_details(case.id, person, text)
            case "affected":
                _, master = self.services.notices.affected(case, person)
                return casework.attach(case.id, person, to=master) if master else case
            case _:
                raise Problem(404, "There is nothing at this address.")

    def owned(self, case_id: str, visitor: Visitor) -> Case:
        case_id = printable(case_id)[:40]
        case = self.services.cases.get(case_id)
        if case is None:
            raise Problem(404, f"There is no case {case_id}.")
        if case.asker.id != visitor.id:
            raise Problem(403, "This case belongs to another person. On the desk, the duty sheriff sees every case.")
        return case


def router(chat: Chat) -> APIRouter:
    """The routes of the Ask page."""
    routes = APIRouter(include_in_schema=False)
    _add_conversation(routes, chat, secure=chat.services.secure_cookies)
    _add_cases(routes, chat)
    return routes


def _add_conversation(routes: APIRouter, chat: Chat, *, secure: bool) -> None:
    @routes.get("/")
    def ask(request: Request) -> Response:
        return chat.page(request, visitor_of(request))

    @routes.post("/chat")
    async def take(request: Request) -> Response:
        visitor = visitor_of(request)
        incoming = await _incoming(request, visitor)
        if "text/event-stream" in request.headers.get("accept", ""):
            response: Response = StreamingResponse(chat.stream(incoming, visitor), media_type="text/event-stream")
            response.headers["x-accel-buffering"] = "no"
        else:
            response = await _whole_page(chat, request, incoming, visitor)
        remember(response, visitor, secure=secure)
        return response

    @routes.post("/chat/new")
    def start_anew(request: Request) -> Response:
        response = RedirectResponse("/", 303)
        remember(response, in_new_conversation(visitor_of(request)), secure=secure)
        return response

    @routes.post("/name")
    async def name(request: Request) -> Response:
        form = await request.form()
        visitor = replace(visitor_of(request), name=clean_name(str(form.get("name", ""))))
        response = RedirectResponse("/", 303)
        remember(response, visitor, secure=secure)
        return response


def _add_cases(routes: APIRouter, chat: Chat) -> None:
    @routes.get("/cases/{case_id}")
    def one_case(request: Request, case_id: str) -> Response:
        visitor = visitor_of(request)
        case = chat.owned(case_id, visitor)
        if case.conversation == visitor.conversation:
            return RedirectResponse(f"/#a-{case.id}", 303)
        return chat.page(request, visitor, only=case)

    @routes.post("/cases/{case_id}/{verb}")
    async def act(request: Request, case_id: str, verb: str) -> Response:
        visitor = visitor_of(request)
        text = str((await request.form()).get("text", ""))
        case = await chat.workers.run(lambda: chat.act(case_id, verb, visitor, text))
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"case": case.id, "state": case.state.value})
        return RedirectResponse(f"/cases/{case.id}", 303)

    @routes.get("/events")
    async def events(request: Request) -> Response:
        visitor = visitor_of(request)
        return StreamingResponse(_news(chat.services, visitor), media_type="text/event-stream")


async def _news(services: Services, visitor: Visitor) -> AsyncIterator[str]:
    async for update in updates(services.broadcast):
        if update is None:
            yield heartbeat()
        elif visitor.owns(update.conversation):
            yield event("changed", {"case": update.case_id})


async def _whole_page(chat: Chat, request: Request, incoming: Incoming, visitor: Visitor) -> Response:
    """Without script: answer, then show the conversation at the new reply."""
    try:
        exchange = await chat.workers.run(lambda: chat.answer(incoming, lambda _: None))
    except SheriffError as error:
        sentence = str(error)
        return await chat.workers.run(
            lambda: chat.page(request, visitor, draft=redact(incoming.text).text, problem=redact(sentence).text),
        )
    return RedirectResponse(f"/#a-{exchange.key}", 303)


async def _incoming(request: Request, visitor: Visitor) -> Incoming:
    async with request.form(max_files=_MAX_FILES, max_part_size=limit_of("/chat")) as form:
        text = str(form.get("text", "")).replace("\r\n", "\n")
        given = str(form.get("id", ""))
        attachments = await _attachments(form)
    usable = given.replace("-", "").isalnum() and given.isascii() and len(given) <= 64
    return Incoming(
        id=given if usable else secrets.token_hex(8),
        channel="web",
        conversation=visitor.conversation,
        sender=visitor.person,
        text=text,
        attachments=attachments,
    )


async def _attachments(form: FormData) -> Sequence[Attachment]:
    uploads = [part for part in form.getlist("files") if isinstance(part, UploadFile) and part.filename]
    return [
        Attachment(clean_name(upload.filename or ""), await upload.read(), upload.content_type or "")
        for upload in uploads
    ]


def _row(case: Case) -> dict[str, str]:
    return {
        "href": f"/cases/{case.id}",
        "title": story.short_title(case),
        "state": story.state_for_asker(case),
        "ring": story.ring(case),
        "ticket": case.ticket,
    }


def _spoken(turn: Turn) -> str:
    """One sentence for the live region: the kind of reply, not its whole text."""
    kinds = {
        "answered": "Answer",
        "hinted": "Hint",
        "checked": "Checked",
        "unanswered": "Not known; handed over",
        "forwarded": "Handed over",
        "clarify": "A question back",
    }
    return f"{kinds.get(turn.outcome, 'Reply')} is here."
