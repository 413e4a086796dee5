"""/api/v1: the same answers, checks and cases for programs. Every error is {"error": one sentence}."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, Field

from bot.addresses import citation_address
from bot.channels.bodies import VALIDATE_BODY, Short, Strict, Text, sent_files
from bot.channels.callers import Caller, caller_of
from bot.channels.problems import Problem
from bot.channels.security import SESSION_COOKIE, kept_as, printable
from bot.channels.services import Services
from bot.channels.workers import Workers
from bot.identity.roles import Role
from bot.messages import CaseSummary, Incoming, Person, Reply
from bot.support.cases import Case, CaseState, Cause
from knowledge.model import Citation
from knowledge.validation.render import as_json, diagnostic_as_json

MAX_CHARACTERS = 20_000
_ERROR_CODES = (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 431, 500, 503)
# The guard does the asking; these say in the description what it asks for.
_TOKEN = HTTPBearer(
    auto_error=False, bearerFormat="shf_…", description="From “sheriff tokens create”, or SHERIFF_ACCESS_TOKEN"
)


class Question(Strict):
    text: Annotated[Text, Field(description="The question, or YAML to check; at most 20,000 characters")]
    id: Annotated[Short, Field(description="A repeated id gives the first answer again")] = ""
    conversation: Annotated[Short, Field(description="Questions with the same one may follow up each other")] = ""
    user: Annotated[Short, Field(description="Who asks; shown to the sheriff")] = ""


class CitationOut(BaseModel):
    title: str
    url: str
    path: str
    heading: str


class ClarifyOut(BaseModel):
    question: str
    choices: list[str] = Field(description="Send one as the text, in the same conversation")


class CaseRef(BaseModel):
    id: str
    state: str
    ticket: str
    sheriff: str


class NoticeOut(BaseModel):
    title: str
    text: str
    by: str
    until: str


class Answered(BaseModel):
    outcome: str
    text: str
    confidence: float
    citations: list[CitationOut]
    diagnostics: list[dict[str, Any]]
    note: str
    notices: list[NoticeOut] = Field(default=[], description="Known issues about this; show them first")
    clarify: ClarifyOut | None = Field(description="Set when Sheriff asks back before it answers")
    case: CaseRef | None


class EventOut(BaseModel):
    at: str
    kind: str
    actor: str
    text: str


class CaseOut(BaseModel):
    id: str
    state: str
    question: str
    outcome: str
    answer: str
    confidence: float
    citations: list[CitationOut]
    asker: str
    asker_id: str
    channel: str
    sheriff: str
    ticket: str
    ticket_url: str
    component: str
    cause: str
    resolution: str
    opened: str
    updated: str
    events: list[EventOut] = Field(default=[], description="Only for a single case")


class CaseList(BaseModel):
    count: int = Field(description="Of all cases that match, not only of those returned")
    cases: list[CaseOut]


class ErrorOut(BaseModel):
    error: str


class By(Strict):
    by: Annotated[Short, Field(description="Who does this; empty: the asker, or the duty sheriff")] = ""


class Words(By):
    text: Annotated[Text, Field(max_length=MAX_CHARACTERS)]


class Resolution(By):
    cause: Annotated[Cause, Field(strict=False)]
    resolution: Annotated[Text, Field(max_length=MAX_CHARACTERS)]


def router(services: Services, workers: Workers) -> APIRouter:
    """All routes under /api/v1."""
    errors: dict[int | str, dict[str, Any]] = {code: {"model": ErrorOut} for code in _ERROR_CODES}
    session = APIKeyCookie(
        name=kept_as(SESSION_COOKIE, secure=services.secure_cookies),
        auto_error=False,
        description="Of a browser that is signed in; requests that change something then say their Origin",
    )
    asked = [Security(_TOKEN), Security(session)]
    routes = APIRouter(prefix="/api/v1", responses=errors, dependencies=asked)
    _add_questions(routes, services, workers)
    _add_cases(routes, services)
    _add_asker_actions(routes, services)
    _add_sheriff_actions(routes, services)
    return routes


def _add_questions(routes: APIRouter, services: Services, workers: Workers) -> None:
    @routes.post("/ask", tags=["questions"])
    async def ask(question: Question, request: Request) -> Answered:
        """Answer a question, check pasted YAML, or hand over what is not known."""
        incoming = _incoming(question, caller_of(request))
        return answered(await workers.run(lambda: services.sheriff.take(incoming)))

    @routes.post("/validate", tags=["questions"], openapi_extra=dict(VALIDATE_BODY))
    async def validate(request: Request) -> dict[str, Any]:
        """Check files: as JSON, as uploads, as a zip, or one file as the raw body (its name in `?name=`)."""
        files = await sent_files(request, services.unpack)
        return as_json(await workers.run(lambda: services.validate(files)))

    @routes.get("/status", tags=["questions"])
    def status() -> dict[str, Any]:
        """Whether questions can be answered, and who is on duty."""
        now, index = services.clock(), services.index_status()
        shift = services.rota.shift_at(now)
        return {
            "platform": services.platform,
            "ready": index.ready,
            "index": {"state": str(index.state), "sentence": index.sentence, "done": index.done, "total": index.total},
            "sections": index.chunks,
            "sheriff": "" if shift.member.is_team else shift.member.name,
            "until": shift.ends.isoformat(),
            "demonstration": services.demonstration,
        }


def _add_cases(routes: APIRouter, services: Services) -> None:
    @routes.get("/cases", tags=["cases"])
    def cases(
        request: Request,
        state: Annotated[list[CaseState] | None, Query(description="May be repeated")] = None,
        asker: Annotated[str, Query(max_length=200, description="Id of a person")] = "",
        q: Annotated[str, Query(max_length=500, description="Words of question, answer, resolution or ticket")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> CaseList:
        """Cases, newest first; an asker gets the own ones."""
        states, text, who = tuple(state or ()), printable(q), _whose(caller_of(request), printable(asker))
        found = services.cases.list(states=states, asker=who, text=text, limit=limit, offset=offset)
        count = services.cases.count(states=states, asker=who, text=text)
        return CaseList(count=count, cases=[case_out(case) for case in found])

    @routes.get("/cases/{case_id}", tags=["cases"])
    def one_case(case_id: str, request: Request) -> CaseOut:
        """One case with everything that happened to it."""
        return case_out(_case(services, case_id, caller_of(request)))


def _add_asker_actions(routes: APIRouter, services: Services) -> None:
    def as_asker(request: Request, case_id: str, by: str, act: Callable[[Person], Case]) -> CaseOut:
        caller = caller_of(request)
        case = _case(services, case_id, caller)
        if caller.person:
            return case_out(act(_signed_in(caller.person, by)))
        return case_out(act(Person(case.asker.id, by or case.asker.name)))

    @routes.post("/cases/{case_id}/ask-sheriff", tags=["asker"])
    def ask_sheriff(case_id: str, body: By, request: Request) -> CaseOut:
        """Hand the case to the duty sheriff."""
        return as_asker(request, case_id, body.by, lambda person: services.casework.ask_sheriff(case_id, person))

    @routes.post("/cases/{case_id}/withdraw", tags=["asker"])
    def withdraw(case_id: str, body: By, request: Request) -> CaseOut:
        """No need any more."""
        return as_asker(request, case_id, body.by, lambda person: services.casework.withdraw(case_id, person))

    @routes.post("/cases/{case_id}/solved", tags=["asker"])
    def solved(case_id: str, body: By, request: Request) -> CaseOut:
        """That solved it."""
        return as_asker(request, case_id, body.by, lambda person: services.casework.solved(case_id, person))

    @routes.post("/cases/{case_id}/details", tags=["asker"])
    def details(case_id: str, body: Words, request: Request) -> CaseOut:
        """Add details; on a resolved case this reopens it."""
        return as_asker(
            request, case_id, body.by, lambda person: services.casework.add_details(case_id, person, body.text)
        )


def _add_sheriff_actions(routes: APIRouter, services: Services) -> None:
    def as_sheriff(request: Request, case_id: str, by: str, act: Callable[[Person], Case]) -> CaseOut:
        caller = caller_of(request)
        _case(services, case_id, caller)
        acting = _signed_in(caller.acting, by) if caller.acting else _sheriff(services, by)
        return case_out(act(acting))

    @routes.post("/cases/{case_id}/take", tags=["sheriff"])
    def take(case_id: str, body: By, request: Request) -> CaseOut:
        """Take the case."""
        return as_sheriff(request, case_id, body.by, lambda person: services.casework.take(case_id, person))

    @routes.post("/cases/{case_id}/reply", tags=["sheriff"])
    def reply(case_id: str, body: Words, request: Request) -> CaseOut:
        """Reply to the asker; takes the case if nobody has."""
        return as_sheriff(request, case_id, body.by, lambda person: services.casework.reply(case_id, person, body.text))

    @routes.post("/cases/{case_id}/resolve", tags=["sheriff"])
    def resolve(case_id: str, body: Resolution, request: Request) -> CaseOut:
        """Resolve with cause and resolution, and tell the asker."""

        def act(person: Person) -> Case:
            return services.casework.resolve(case_id, person, body.cause, body.resolution)

        return as_sheriff(request, case_id, body.by, act)


def answered(reply: Reply) -> Answered:
    """A reply as the API gives it."""
    diagnostics = [dict(diagnostic_as_json(d)) for d in reply.report.diagnostics] if reply.report else []
    return Answered(
        outcome=reply.outcome.value,
        text=reply.text,
        confidence=round(reply.confidence, 4),
        citations=[_citation(citation) for citation in reply.citations],
        diagnostics=diagnostics,
        note=reply.note,
        notices=[NoticeOut(title=n.title, text=n.text, by=n.by, until=n.until) for n in reply.notices],
        clarify=ClarifyOut(question=reply.text, choices=list(reply.choices)) if reply.choices else None,
        case=_reference(reply.case),
    )


def case_out(case: Case) -> CaseOut:
    """A case as the API gives it."""
    return CaseOut(
        id=case.id,
        state=case.state.value,
        question=case.question,
        outcome=case.outcome,
        answer=case.answer,
        confidence=round(case.confidence, 4),
        citations=[_citation(citation) for citation in case.citations],
        asker=case.asker.name,
        asker_id=case.asker.id,
        channel=case.channel,
        sheriff=case.sheriff,
        ticket=case.ticket,
        ticket_url=case.ticket_url,
        component=case.component,
        cause=case.cause.value if case.cause else "",
        resolution=case.resolution,
        opened=case.opened.isoformat(),
        updated=case.updated.isoformat(),
        events=[EventOut(at=e.at.isoformat(), kind=str(e.kind), actor=e.actor, text=e.text) for e in case.events],
    )


def _citation(citation: Citation) -> CitationOut:
    return CitationOut(
        title=citation.title, url=citation_address(citation), path=citation.path, heading=citation.heading
    )


def _reference(case: CaseSummary | None) -> CaseRef | None:
    return CaseRef(id=case.id, state=case.state, ticket=case.ticket, sheriff=case.sheriff) if case else None


def _incoming(question: Question, caller: Caller) -> Incoming:
    if len(question.text) > MAX_CHARACTERS:
        raise Problem(
            413,
            f"The text has {len(question.text):,} characters; at most {MAX_CHARACTERS:,} are read. "
            "Shorten the question, or send the file to /api/v1/validate.",
        )
    if not question.text.strip():
        raise Problem(422, "The text is empty. Write a question, or YAML to check, into “text”.")
    message_id = question.id or secrets.token_hex(8)
    if caller.person:
        return _of_person(question, _signed_in(caller.person, question.user), message_id)
    user = printable(question.user)
    return Incoming(
        id=message_id,
        channel="api",
        conversation=question.conversation or f"api:{user or 'anyone'}:{message_id}",  # follows nothing up
        sender=Person(f"api:{user or 'anyone'}", user or "API"),
        text=question.text,
    )


def _of_person(question: Question, person: Person, message_id: str) -> Incoming:
    """The question of somebody who signed in; ids are within the person's own, so that nobody reads another's talk."""
    return Incoming(
        id=f"{person.id}:{message_id}",
        channel="api",
        conversation=f"{person.id}:api:{question.conversation or message_id}",
        sender=person,
        text=question.text,
    )


def _case(services: Services, case_id: str, caller: Caller) -> Case:
    case_id = printable(case_id)[:40]
    case = services.cases.get(case_id)
    if case is None or not caller.sees(case):  # the same words: whether another's case exists is not told
        raise Problem(404, f"There is no case {case_id}. GET /api/v1/cases lists them.")
    return case


def _whose(caller: Caller, asker: str) -> str:
    """Whose cases to list; "" for everybody's. Raises Problem when they are not the caller's to see."""
    if caller.role >= Role.SHERIFF:
        return asker
    if caller.person is None or asker not in {"", caller.person.id}:
        raise Problem(403, "The cases of others need the role “sheriff”. Signed in, you get your own without “asker”.")
    return caller.person.id


def _signed_in(person: Person, named: str) -> Person:
    """Who signed in. Raises Problem when the request names somebody else."""
    if printable(named) not in {"", person.name, person.id}:
        raise Problem(403, f"You are signed in as {person.name}, and act as nobody else. Leave the name out.")
    return person


def _sheriff(services: Services, by: str) -> Person:
    if not by:
        member = services.rota.sheriff_on(services.clock())
        if member.is_team:
            raise Problem(422, "Nobody is on duty. Say in “by” who does this.")
        return Person(member.id, member.name)
    known = services.rota.member(by)
    if known is None:
        names = ", ".join(member.name for member in services.rota.members)
        raise Problem(422, f"{printable(by)} is not in the rota. “by” is one of: {names}.")
    return Person(known.id, known.name)
