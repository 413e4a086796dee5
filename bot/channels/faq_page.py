"""Entries for the FAQ: a reviewer edits and approves what was learnt from a case, and sees whether it helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.curating import Curation, is_proved
from bot.messages import Person
from bot.redaction import redact
from bot.support.faq_drafts import DraftState, FaqDraft, FaqEntry
from bot.support.overtaken import Overtaken
from knowledge.errors import Failure, Misuse

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FaqPage:
    """The page over its services; `acting` says who acts, as on the desk."""

    services: Services
    curation: Curation
    pages: Pages
    acting: Callable[[Request], Person]

    def list(self, request: Request) -> Response:
        store, watch = self.curation.store, self._watch()
        return self.pages.show(
            "faq.html",
            request,
            drafts=store.all(DraftState.DRAFTED),
            done=[(draft, is_proved(draft)) for draft in store.all(DraftState.APPROVED, limit=50)],
            wanted=[(case.id, case.label, case.question[:200]) for case in self.curation.wanted()],
            at=lambda draft: watch.at(draft.at),
        )

    def show(self, request: Request, number: int, entry: FaqEntry | None = None, *, problem: str = "") -> Response:
        """One draft; `entry` is what a refused form held."""
        draft = self._draft(number)
        case = self.services.cases.get(draft.case_id)
        shown = replace(draft, entry=entry) if entry else draft
        return self.pages.show(
            "faq_draft.html",
            request,
            status=409 if problem else 200,
            draft=shown,
            phrasings="\n".join(shown.entry.phrasings),
            is_open=draft.state is DraftState.DRAFTED,
            proved=is_proved(draft),
            label=case.label if case else "",
            problem=problem,
            mode=self.curation.mode,
            at=self._watch().at(draft.at),
            acting=self.acting(request),
        )

    def act(self, request: Request, number: int, verb: str, form: Form) -> Response:
        by, entry = self.acting(request), _entry(form)
        seen = int(form["seen"]) if form.get("seen", "").isdecimal() and len(form["seen"]) < 10 else None
        deeds: Mapping[str, Callable[[], Any]] = {
            "approve": lambda: self.curation.approve(number, by, entry, seen=seen),
            "dismiss": lambda: self.curation.dismiss(number, by, seen=seen),
            "prove": lambda: self.curation.index_and_prove(number),
        }
        if verb not in deeds:
            raise Problem(404, "There is nothing at this address.")
        self._draft(number)
        try:
            deeds[verb]()
        except (Misuse, Failure) as refusal:
            kept = entry if verb == "approve" and not isinstance(refusal, Overtaken) else None
            mine = f" You wrote: {entry.answer}" if isinstance(refusal, Overtaken) and verb == "approve" else ""
            return self.show(request, number, kept, problem=f"{refusal}{mine}")
        return RedirectResponse(f"/faq/{number}" if verb != "dismiss" else "/faq", 303)

    def make(self, request: Request, case_id: str) -> Response:
        draft = self.curation.draft(printable(case_id)[:40], self.acting(request))
        return RedirectResponse(f"/faq/{draft.number}", 303)

    def patch(self, number: int) -> Response:
        draft = self._draft(number)
        if not draft.patch:
            raise Problem(404, "There is no patch: the entry was not approved, or no FAQ file is among the sources.")
        headers = {"content-disposition": f'attachment; filename="faq-{draft.entry.id}.patch"'}
        return PlainTextResponse(draft.patch, media_type="text/x-patch; charset=utf-8", headers=headers)

    def _draft(self, number: int) -> FaqDraft:
        try:
            return self.curation.store.get(number)
        except Misuse as error:
            raise Problem(404, str(error)) from error

    def _watch(self) -> Watch:
        return Watch(self.services.clock(), self.services.rota.zone)


def router(page: FaqPage) -> APIRouter:
    """The routes of the page."""
    routes = APIRouter(prefix="/faq", include_in_schema=False)

    @routes.get("")
    def drafts(request: Request) -> Response:
        return page.list(request)

    @routes.get("/{number}")
    def one(request: Request, number: int) -> Response:
        return page.show(request, number)

    @routes.get("/{number}/patch")
    def patch(number: int) -> Response:
        return page.patch(number)

    @routes.post("/from/{case_id}")
    def make(request: Request, case_id: str) -> Response:
        return page.make(request, case_id)

    @routes.post("/{number}/{verb}")
    async def act(request: Request, number: int, verb: str) -> Response:
        form = {key: redact(str(value)).text for key, value in (await request.form()).items()}
        return await run_in_threadpool(page.act, request, number, verb, form)

    return routes


def _entry(form: Form) -> FaqEntry:
    lines = [printable(line) for line in form.get("phrasings", "").splitlines()]
    answer = "\n".join(printable(line) for line in form.get("answer", "").splitlines())
    return FaqEntry(printable(form.get("id", "")).strip(), printable(form.get("question", "")), answer, tuple(lines))
