"""The desk: the duty sheriff's page. Inbox on the left, one case on the right, one composer with four modes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from bot.channels import story
from bot.channels.callers import caller_of
from bot.channels.conversation import split
from bot.channels.inbox import FILTERS, Clerk
from bot.channels.live import event, heartbeat, updates
from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.rendering import markdown
from bot.channels.security import kept, kept_as, printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.messages import Person
from bot.redaction import redact
from bot.support.cases import Case, Cause, NotPossible
from bot.support.faq_drafts import FaqDraft
from bot.support.handoff import EARLIER, LATELY
from bot.support.rota import Member
from bot.support.severity import CaseSeverity
from bot.support.transitions import SHERIFF, TICKET_SYSTEM, since_hand_over

_ACTING = "sheriff_acting"
_YEAR = 365 * 24 * 3600
MODES = ("reply", "ask", "resolve", "hand")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the acting person has typed; given back when it could not be sent."""

    mode: str = "reply"
    text: str = ""
    cause: str = ""
    member: str = ""
    problem: str = ""


class Overtaken(NotPossible):
    """A colleague was faster. `seen` is the number of the case's events of which the member knows now."""

    def __init__(self, sentence: str, *, seen: int) -> None:
        super().__init__(sentence)
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Console:
    """The desk over its services."""

    services: Services
    pages: Pages

    def acting(self, request: Request) -> Person:
        """Who acts: who signed in; without sign-in the chosen member of the rota, otherwise who is on duty."""
        if known := caller_of(request).acting:
            return known
        rota = self.services.rota
        chosen = rota.member(unquote(kept(request, _ACTING)) or "-")
        return _person(chosen or rota.sheriff_on(self.services.clock()))

    def page(self, request: Request, case_id: str = "", *, draft: Draft | None = None) -> Response:
        """The whole desk. Without a chosen case the first of the inbox is shown beside it."""
        acting = self.acting(request)
        clerk = Clerk(self.services, self._watch(), acting.name)
        view = request.query_params.get("view", "open")
        text = printable(request.query_params.get("q", ""))[:200]
        inbox = clerk.inbox(view=view if view in FILTERS else "open", text=text)
        case = self._case(case_id) if case_id else self.services.cases.get(inbox.first)
        query = urlencode({k: v for k, v in (("view", view), ("q", text)) if v and v != "open"})
        return self.pages.show(
            "desk.html",
            request,
            status=409 if draft and draft.problem else 200,
            inbox=inbox,
            view=view,
            text=text,
            query=f"?{query}" if query else "",
            chosen=bool(case_id),
            acting=acting,
            members=[member.name for member in self.services.rota.members],
            case=self._view(case, clerk, acting) if case else None,
            draft=draft or Draft(),
            last=self._last_resolved(),
            rising=self.services.notices.proposals(),
        )

    def act(self, request: Request, case_id: str, verb: str, form: dict[str, str]) -> Case:
        """Do what a button of the desk says."""
        casework, by = self.services.casework, self.acting(request)
        text = form.get("text", "")
        match verb:
            case "take":
                return casework.take(case_id, by)
            case "reply":
                return casework.reply(case_id, by, text)
            case "ask":
                return casework.ask_for_details(case_id, by, text)
            case "resolve":
                return casework.resolve(case_id, by, _cause(form.get("cause", "")), text)
            case "hand":
                return casework.hand_to(case_id, by, form.get("member", ""))
            case _:
                return self._arrange(case_id, by, verb, form)

    def _arrange(self, case_id: str, by: Person, verb: str, form: dict[str, str]) -> Case:
        """What concerns the order of work, not the asker."""
        casework = self.services.casework
        match verb:
            case "retry":
                return casework.retry_ticket(case_id, by)
            case "severity":
                return casework.set_severity(case_id, by, _severity(form.get("severity", "")))
            case "link":  # another case to this one, which is worked on for both
                return casework.link(self._case(form.get("other", "")).id, by, to=case_id)
            case "faq":  # what was learnt, for a maintainer to review
                self.services.curation.draft(self._case(case_id).id, by)
                return self._case(case_id)
            case "unlink":
                return casework.unlink(self._case(form.get("other", "") or case_id).id, by)
            case _:
                raise Problem(404, "There is nothing at this address.")

    def refuse_if_overtaken(self, request: Request, case_id: str, seen: str) -> None:
        """Raises Overtaken when a colleague has acted since the page was shown."""
        case, me = self._case(case_id), self.acting(request).name
        if not seen.isdigit():
            return
        newer = [e for e in case.events[int(seen) :] if e.actor not in {me, SHERIFF, TICKET_SYSTEM, case.asker.name}]
        if newer:
            last = newer[-1]
            what = story.deed(last)
            when = self._watch().at(last.at)
            sentence = f"{last.actor} {what} at {when}, while this was open. Your text is kept."
            raise Overtaken(sentence, seen=len(case.events))

    def _case(self, case_id: str) -> Case:
        case = self.services.cases.get(printable(case_id)[:40])
        if case is None or not story.was_handed_over(case):
            raise Problem(404, f"There is no case {printable(case_id)[:40]} on the desk.")
        return case

    def _watch(self) -> Watch:
        return Watch(self.services.clock(), self.services.rota.zone)

    def _view(self, case: Case, clerk: Clerk, acting: Person) -> dict[str, Any]:
        due, over = clerk.due_words(case)
        watch = clerk.watch
        return {
            "id": case.id,
            "title": story.short_title(case),
            "question": _as_asked(case),
            "asked": watch.at(case.opened),
            "opened": watch.at(story.handed_over_at(case)),
            "ago": watch.ago(story.handed_over_at(case)),
            "asker": case.asker.name,
            "channel": case.channel,
            "component": story.component(case),
            "state": story.state_for_sheriff(case),
            "ring": story.ring(case),
            "label": case.label,
            "ticket": case.ticket,
            "ticket_url": case.ticket_url,
            "due": due[:1].lower() + due[1:],
            "over": over,
            "answer": markdown(case.answer) if case.outcome not in story.NO_ANSWER else "",
            "verdict": _verdict(case),
            "said": story.said(case, watch),
            "steps": [*story.happened(case, watch), *_next(case)],
            "trouble": story.trouble(case),
            "open": case.is_open,
            "draft": self._draft(case),
            "taken": case.is_open and case.sheriff == acting.name and not story.is_untaken(case),
            "can_take": case.is_open and story.is_untaken(case),
            "seen": len(case.events),
            "looked_at": story.looked_at(case),
            "solved": clerk.solved_before(case),
            "causes": story.CHOICES,
            "others": [m.name for m in self.services.rota.members if m.name != acting.name],
            "severity": case.severity.value,
            "severities": [severity.value for severity in CaseSeverity],
            "application": case.application,
            "clock": clerk.resolve_words(case),
            "same": clerk.asked_too(case),
            "earlier": self._earlier(case),
            "resolution": case.resolution,
            "cause": story.CAUSES[case.cause] if case.cause and not case.is_open else "",
        }

    def _earlier(self, case: Case) -> list[tuple[str, str, str]]:
        """What the asker asked before in the same conversation, newest first: when, what, and what became of it."""
        before = self.services.cases.earlier(case, within=LATELY, limit=EARLIER)
        watch = self._watch()
        return [(watch.at(each.opened), story.short_title(each), _verdict_alone(each)) for each in before]

    def _draft(self, case: Case) -> FaqDraft | str:
        """The entry that was drafted from the case; "wanted" where one can be, "" where not."""
        if case.is_open or not case.resolution:
            return ""
        return self.services.curation.store.of_case(case.id) or "wanted"

    def _last_resolved(self) -> str:
        found = self.services.cases.list(states=(story.RESOLVED,), limit=1)
        return self._watch().at(found[0].updated) if found else ""


def router(console: Console) -> APIRouter:
    """The routes of the desk."""
    routes = APIRouter(prefix="/desk", include_in_schema=False)

    @routes.get("")
    def desk(request: Request) -> Response:
        return console.page(request)

    @routes.get("/events")
    async def events() -> Response:
        return StreamingResponse(_news(console.services), media_type="text/event-stream")

    @routes.post("/as")
    async def act_as(request: Request) -> Response:
        form = await request.form()
        name = str(form.get("member", ""))
        if known := caller_of(request).acting:
            raise Problem(403, f"You are signed in as {known.name}, and act as nobody else.")
        if console.services.rota.member(name) is None:
            raise Problem(422, f"{printable(name)[:60] or 'Nobody'} is not in the rota.")
        response = RedirectResponse(_back(str(form.get("back", ""))), 303)
        secure = console.services.secure_cookies
        acting = kept_as(_ACTING, secure=secure)
        response.set_cookie(acting, quote(name), max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
        return response

    @routes.get("/{case_id}")
    def one_case(request: Request, case_id: str) -> Response:
        return console.page(request, case_id)

    @routes.post("/{case_id}/{verb}")
    async def act(request: Request, case_id: str, verb: str) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        return await run_in_threadpool(_acted, console, request, case_id, verb, form)

    return routes


def _acted(console: Console, request: Request, case_id: str, verb: str, form: dict[str, str]) -> Response:
    script = "application/json" in request.headers.get("accept", "")
    try:
        console.refuse_if_overtaken(request, case_id, form.get("seen", ""))
        console.act(request, case_id, verb, form)
    except NotPossible as refusal:
        if script:
            seen = {"seen": refusal.seen} if isinstance(refusal, Overtaken) else {}
            return JSONResponse({"error": str(refusal), **seen}, 409)
        mode = verb if verb in MODES else "reply"
        draft = Draft(
            mode, redact(form.get("text", "")).text, form.get("cause", ""), form.get("member", ""), str(refusal)
        )
        return console.page(request, case_id, draft=draft)
    if script:
        return JSONResponse({"case": case_id})
    return RedirectResponse(f"/desk/{quote(case_id)}", 303)


async def _news(services: Services) -> AsyncIterator[str]:
    async for update in updates(services.broadcast):
        yield heartbeat() if update is None else event("changed", {"case": update.case_id})


def _next(case: Case) -> list[story.Step]:
    """What the case waits for."""
    if not case.is_open:
        return []
    pending = not case.ticket and not story.trouble(case)
    steps = [story.Step(f"No ticket yet: {story.pending_reason(case)}", done=False)] if pending else []
    if story.is_untaken(case):
        steps.append(story.Step("Waits for somebody to take it", done=False))
    elif story.waits_for_asker(case):
        steps.append(story.Step(f"Waiting for {case.asker.name}", done=False))
    return steps


def _as_asked(case: Case) -> Markup:
    """The whole message, what was pasted or attached included; bare YAML keeps its lines."""
    text = case.events[0].text or case.question
    prose, pasted = split(text)
    if pasted and "```" not in text and "~~~" not in text:
        text = f"{prose}\n\n```yaml\n{pasted}\n```"
    return markdown(text)


def _person(member: Member) -> Person:
    return Person(member.id or "team", member.name)


def _cause(value: str) -> Cause:
    try:
        return Cause(value)
    except ValueError as error:
        raise NotPossible("Choose the cause: it decides whether the documentation is to change.") from error


def _severity(value: str) -> CaseSeverity:
    try:
        return CaseSeverity(value)
    except ValueError as error:
        raise NotPossible(f"Choose a severity: {', '.join(CaseSeverity)}.") from error


def _verdict_alone(case: Case) -> str:
    words = {
        "answered": "answered",
        "hinted": "gave a hint",
        "unanswered": "not answered",
        "forwarded": "not asked",
        "checked": "checked YAML",
        "clarify": "asked back",
    }
    return words.get(case.outcome, case.outcome)


def _verdict(case: Case) -> str:
    said = _verdict_alone(case)
    asked = since_hand_over(case)
    by_asker = bool(asked) and asked[0].actor != "Sheriff" and case.outcome != "unanswered"
    more = f" · {asked[0].actor} asked for a person" if by_asker else ""
    confidence = "" if case.outcome in {"checked", "forwarded"} else f", confidence {case.confidence:.2f}"
    return f"{said}{confidence}{more}"


def _back(path: str) -> str:
    return path if path.startswith(("/desk", "/rota")) and "//" not in path else "/desk"
