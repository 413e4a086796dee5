"""Feature requests: what people want, and how many; maintainers say what becomes of it, and merge what is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bot.channels.callers import caller_of
from bot.channels.pages import Pages
from bot.channels.problems import Problem
from bot.channels.security import printable
from bot.channels.services import Services
from bot.channels.times import Watch
from bot.channels.visitor import Visitor, remember, visitor_of
from bot.identity.roles import Role
from bot.messages import Person
from bot.redaction import redact
from bot.support.overtaken import Overtaken
from bot.support.wishes import CHOSEN, FeatureRequest, Happened, Voter, WishEvent, WishState, number_of
from bot.wishing import Wishes
from knowledge.errors import Misuse

NEWS_FOR = timedelta(days=14)  # that a change stays on the page of who voted
_SHOWN = 200
_VIEWS: Mapping[str, tuple[WishState, ...]] = {
    "open": (WishState.OPEN, WishState.PLANNED, WishState.STARTED),
    "done": (WishState.DONE,),
    "declined": (WishState.DECLINED,),
}
_RINGS = {
    WishState.OPEN: "new",
    WishState.PLANNED: "part",
    WishState.STARTED: "most",
    WishState.DONE: "done",
    WishState.DECLINED: "back",
    WishState.DUPLICATE: "back",
}
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A form that was not stored, with what was in it."""

    sentence: str = ""
    number: int = 0  # of the request that it was about; 0 for a new one
    values: Form = field(default_factory=dict)
    overtaken: bool = False

    def value(self, name: str, otherwise: str = "") -> str:
        return self.values.get(name, otherwise)


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """The page over its services; `acting` says who acts, as on the desk."""

    services: Services
    wishes: Wishes
    pages: Pages
    acting: Callable[[Request], Person]

    def show(self, request: Request, refusal: Refusal | None = None, *, said: str = "") -> Response:
        """The list, with what is decided about each request for those who may."""
        visitor, refusal = visitor_of(request), refusal or Refusal()
        decides = caller_of(request).may("/requests/1/state")
        view = request.query_params.get("view", "open")
        view = view if view in _VIEWS else "open"
        store = self.wishes.store
        mine = frozenset[int]() if visitor.is_new else store.wanted_by(visitor.id)
        found = store.all(states=_VIEWS[view], limit=_SHOWN + 1)
        counts = {name: len(store.all(states=states)) for name, states in _VIEWS.items()}
        return self.pages.show(
            "requests.html",
            request,
            status=(409 if refusal.overtaken else 422) if refusal.sentence else 200,
            view=view,
            counts=counts,
            rows=[self._row(wish, mine, decides, _named(request, visitor, wish)) for wish in found[:_SHOWN]],
            more=len(found) > _SHOWN,
            decides=decides,
            states=[state.value for state in CHOSEN],
            proposed=self.wishes.proposals() if decides else (),
            news=self.news(visitor),
            refusal=refusal,
            said=said,
            acting=self.acting(request) if decides else None,
        )

    def news(self, visitor: Visitor) -> list[dict[str, str]]:
        """What became of the visitor's wishes lately, each once, as it is now."""
        if visitor.is_new:
            return []
        watch, seen = self._watch(), dict[int, Happened]()
        for event in self.services.request_news.recent(visitor.id, since=watch.now - NEWS_FOR):
            seen.setdefault(event.request, event)
        found = ((self.wishes.store.get(number), event) for number, event in seen.items())
        return [self._news(wish, event, watch) for wish, event in found if wish is not None]

    def ask(self, request: Request, form: Form) -> Response:
        """Keep a wish, or count it with one that says the same."""
        visitor = visitor_of(request)
        try:
            wished = self.wishes.ask(form.get("text", ""), Voter(visitor.person, "web"))
        except Misuse as refusal:
            return self.show(request, Refusal(str(refusal), values=form))
        joined = f"?joined={wished.own.number}" if wished.joined else ""
        return self._back(visitor, f"{joined}#fr-{wished.kept.number}")

    def act(self, request: Request, number: int, verb: str, form: Form) -> Response:
        """Do what a button says; who decides by the addresses' roles."""
        visitor = visitor_of(request)
        try:
            kept = self._act(request, visitor, number, verb, form)
        except Overtaken as refusal:
            return self.show(request, Refusal(str(refusal), number, form, overtaken=True))
        except Misuse as refusal:
            return self.show(request, Refusal(str(refusal), number, form))
        return self._back(visitor, f"#fr-{kept.number}")

    def _act(self, request: Request, visitor: Visitor, number: int, verb: str, form: Form) -> FeatureRequest:
        """What everybody may do; the rest is for who decides."""
        match verb:
            case "vote":
                return self.wishes.vote(number, Voter(visitor.person, "web"))
            case "unvote":
                return self.wishes.store.unvote(number, visitor.id)
            case "different":
                return self.wishes.different(str(number), visitor.person)
            case _:
                return self._decide(self.acting(request), number, verb, form)

    def _decide(self, by: Person, number: int, verb: str, form: Form) -> FeatureRequest:
        store, seen = self.wishes.store, _seen(form)
        match verb:
            case "state":
                return store.set_state(number, _state(form), by, reason=form.get("reason", ""), seen=seen)
            case "merge":
                return store.merge(number, number_of(form.get("into", "")), by, seen=seen)
            case "split":
                return store.split(number, by, seen=seen)
            case "apart":
                return store.keep_apart(number, number_of(form.get("into", "")), by)
            case _:
                raise Problem(404, "There is nothing at this address.")

    def _row(self, wish: FeatureRequest, mine: frozenset[int], decides: bool, by: str) -> dict[str, Any]:
        watch = self._watch()
        day = watch.day(wish.at.date().isoformat())
        return {
            "wish": wish,
            "ring": _RINGS[wish.state],
            "asked": f"{by}, {day}" if by else day,
            "voted": wish.number in mine,
            "alike": self.wishes.store.merged_into(wish.number),
            "history": [_line(each, watch) for each in self.wishes.store.history(wish.number)] if decides else (),
        }

    def _news(self, wish: FeatureRequest, event: Happened, watch: Watch) -> dict[str, str]:
        kept = wish.master or wish.number
        return {
            "href": f"/requests{_view_of(wish)}#fr-{kept}",
            "title": wish.text,
            "label": wish.label,
            "state": wish.state.value if not wish.master else f"counted with FR-{wish.master}",
            "ring": _RINGS[wish.state],
            "reason": wish.reason,
            "at": watch.at(event.at),
        }

    def _watch(self) -> Watch:
        return Watch(self.services.clock(), self.services.rota.zone)

    def _back(self, visitor: Visitor, place: str) -> Response:
        response = RedirectResponse(f"/requests{place}", 303)
        remember(response, visitor, secure=self.services.secure_cookies)
        return response


def router(page: RequestsPage) -> APIRouter:
    """The routes of the page."""
    routes = APIRouter(prefix="/requests", include_in_schema=False)

    @routes.get("")
    def requests(request: Request) -> Response:
        return page.show(request, said=_joined(page.wishes, request.query_params.get("joined", "")))

    @routes.post("")
    async def ask(request: Request) -> Response:
        form = await _form(request)
        return await run_in_threadpool(page.ask, request, form)

    @routes.post("/{number}/{verb}")
    async def act(request: Request, number: int, verb: str) -> Response:
        form = await _form(request)
        return await run_in_threadpool(page.act, request, number, verb, form)

    return routes


async def _form(request: Request) -> Form:
    return {key: printable(redact(str(value)).text) for key, value in (await request.form()).items()}


def _joined(wishes: Wishes, number: str) -> str:
    """The number of a wish that was counted with another one just now; "" for what is none."""
    own = wishes.store.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
    return str(own.number) if own and own.master else ""


def _state(form: Form) -> WishState:
    try:
        return WishState(form.get("state", ""))
    except ValueError as error:
        raise Misuse(f"Choose what becomes of it: {', '.join(CHOSEN)}.") from error


def _seen(form: Form) -> int | None:
    given = form.get("seen", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _named(request: Request, visitor: Visitor, wish: FeatureRequest) -> str:
    """Who wished for it, for sheriffs and that person; "" for others."""
    sees = caller_of(request).role >= Role.SHERIFF or wish.by_id == visitor.id
    return wish.by if sees else ""


def _view_of(wish: FeatureRequest) -> str:
    view = next((name for name, states in _VIEWS.items() if wish.state in states), "open")
    return "" if view == "open" else f"?view={view}"


def _line(event: Happened, watch: Watch) -> str:
    """One step of a request's history, in words."""
    other = f"FR-{event.data.get('other', '')}"
    words = {
        WishEvent.ASKED: "asked for it",
        WishEvent.STATE: f"set it to {event.data.get('to', '')}",
        WishEvent.MERGED: f"counted it with {other}",
        WishEvent.JOINED: f"counted it with {other}, since the words are much alike",
        WishEvent.SPLIT: f"took it out of {other}",
        WishEvent.APART: f"found that {other} is another wish",
    }
    said = f"{event.by} {words[event.kind]}, {watch.at(event.at)}"
    return f"{said}: {event.text}" if event.text else said
