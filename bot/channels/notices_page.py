"""Known issues: what holds now, what Sheriff proposes to pin, and the form to pin another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.messages import Person
from bot.redaction import redact
from bot.support.notices import Notice, NoticeEvent, NoticeHappened
from bot.support.overtaken import Overtaken
from knowledge.errors import Misuse

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form that was not stored, with what was in it."""

    sentence: str = ""
    values: Form = field(default_factory=dict)
    overtaken: bool = False

    def value(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """The page over its services; `acting` says who acts, as on the desk."""

    services: Services
    pages: Pages
    acting: Callable[[Request], Person]

    def show(self, request: Request, refusal: Refusal | None = None) -> Response:
        refusal, notices = refusal or Refusal(), self.services.notices
        return self.pages.show(
            "notices.html",
            request,
            status=(409 if refusal.overtaken else 422) if refusal.sentence else 200,
            active=[self._row(notice) for notice in notices.store.active()],
            past=[self._row(notice) for notice in notices.store.past()],
            proposals=notices.proposals(),
            refusal=refusal,
            rule=notices.rule,
            minutes=round(notices.rule.within.total_seconds() / 60),
            acting=self.acting(request),
        )

    def pin(self, request: Request, form: Form) -> Response:
        by, questions = self.acting(request), form.get("questions", "").splitlines()
        given = {name: form.get(name, "") for name in ("text", "case")}
        until = form.get("until", "") or form.get("span", "")
        return self._done(
            request,
            form,
            lambda: self.services.notices.pin(form.get("title", ""), by, until, questions=questions, **given),
        )

    def act(self, request: Request, number: int, verb: str, form: Form) -> Response:
        notices, by = self.services.notices, self.acting(request)
        seen = int(form["seen"]) if form.get("seen", "").isdecimal() and len(form["seen"]) < 10 else None
        deeds: Mapping[str, Callable[[], object]] = {
            "end": lambda: notices.end(number, by, seen=seen),
            "move": lambda: notices.move(number, by, form.get("until", ""), seen=seen),
            "pin": lambda: notices.pin_proposal(number, by),
            "dismiss": lambda: notices.dismiss(number, by),
        }
        if verb not in deeds:
            raise Problem(404, "There is nothing at this address.")
        return self._done(request, form if verb == "move" else {}, deeds[verb])

    def _done(self, request: Request, form: Form, deed: Callable[[], object]) -> Response:
        try:
            deed()
        except Misuse as refusal:
            return self.show(request, Refusal(str(refusal), form, isinstance(refusal, Overtaken)))
        self.services.book.refresh_pages()
        return RedirectResponse("/notices", 303)

    def _row(self, notice: Notice) -> dict[str, Any]:
        watch = Watch(self.services.clock(), self.services.rota.zone)
        history = self.services.notices.store.history(notice.number)
        affected = sum(each.kind is NoticeEvent.AFFECTED for each in history)
        return {
            "notice": notice,
            "until": watch.at(notice.ends),
            "pinned": f"{notice.by}, {watch.at(notice.at)}",
            "affected": affected,
            "case": self._label(notice),
            "history": [_line(each, watch) for each in history if each.kind is not NoticeEvent.AFFECTED],
        }

    def _label(self, notice: Notice) -> str:
        case = self.services.cases.get(notice.case_id) if notice.case_id else None
        return case.label if case else ""


def router(page: NoticesPage) -> APIRouter:
    """The routes of the page."""
    routes = APIRouter(prefix="/notices", include_in_schema=False)

    @routes.get("")
    def notices(request: Request) -> Response:
        return page.show(request)

    @routes.post("")
    async def pin(request: Request) -> Response:
        return await run_in_threadpool(page.pin, request, await _form(request))

    @routes.post("/{number}/{verb}")
    async def act(request: Request, number: int, verb: str) -> Response:
        return await run_in_threadpool(page.act, request, number, verb, await _form(request))

    return routes


async def _form(request: Request) -> Form:
    given = (await request.form()).items()
    return {key: "\n".join(printable(line) for line in redact(str(value)).text.splitlines()) for key, value in given}


def _line(event: NoticeHappened, watch: Watch) -> str:
    words = {NoticeEvent.PINNED: "pinned it", NoticeEvent.MOVED: "gave it another end", NoticeEvent.ENDED: "ended it"}
    return f"{event.by} {words[event.kind]}, {watch.at(event.at)}"
