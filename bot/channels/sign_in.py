"""The way in and out: to the OpenID provider and back, or with the access token where there is no provider."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

import structlog
from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response

from bot.channels.callers import NOBODY, caller_of
from bot.channels.doors import TOKEN_SESSION, Doors, name_of
from bot.channels.pages import Pages
from bot.channels.security import SESSION_COOKIE, SIGN_IN, SIGN_OUT, START, cookie, kept_as, printable, safe_next
from bot.identity.accounts import Account, Naming, SignInError, account_of
from bot.identity.provider import Departure, Provider, ProviderUnavailable
from bot.identity.roles import Role
from bot.identity.seals import Seal
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
CALLBACK = f"{SIGN_IN}/callback"
_ON_THE_WAY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session: whose it is, what it is called, and since when."""

    account: Account
    name: str
    since: datetime

    @property
    def names(self) -> Sequence[str]:
        """By which the session can be ended before its time."""
        return (self.name, self.account.id, self.account.email)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sign-in by one provider: what it knows Sheriff by, and what its claims mean."""

    provider: Provider
    seal: Seal
    base_url: str  # as people open Sheriff, without a final slash
    naming: Naming = field(default_factory=Naming)
    lifetime: timedelta = timedelta(hours=8)  # of a session, then the provider is asked again

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https:")

    @property
    def back(self) -> str:
        """The redirect URI."""
        return f"{self.base_url}{CALLBACK}"

    @property
    def session_cookie(self) -> str:
        return kept_as(SESSION_COOKIE, secure=self.secure)

    def session(self, headers: Headers, at: datetime) -> SignedIn | None:
        """Who is signed in; None when the session is missing, forged or over."""
        value = cookie(headers, self.session_cookie)
        kept = self.seal.open("session", value, at=at, lifetime=self.lifetime)
        if kept is None:
            return None
        account = Account(kept["id"], kept["name"], kept["email"], Role[kept["role"]])
        since = datetime.fromisoformat(kept["since"]) if "since" in kept else at - self.lifetime  # of an older Sheriff
        return SignedIn(account, name_of(value), since)

    def let_in(self, response: Response, account: Account, at: datetime) -> None:
        """Begin a session: a value of its own, whatever the browser had before."""
        kept = asdict(account) | {"role": account.role.name, "since": at.isoformat()}
        value = self.seal.close("session", kept, at=at)
        seconds = int(self.lifetime.total_seconds())
        response.set_cookie(
            self.session_cookie, value, max_age=seconds, httponly=True, samesite="lax", secure=self.secure
        )

    def send_off(self, response: Response, departure: Departure, target: str, at: datetime) -> None:
        """Let the browser keep what it has to bring back; each tab its own."""
        value = self.seal.close("departure", asdict(departure) | {"next": target}, at=at)
        seconds = int(_ON_THE_WAY.total_seconds())
        name = self.departure_cookie(departure.state)
        # lax: the way back begins at the provider
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self.secure)

    def arrived(self, headers: Headers, state: str, at: datetime) -> tuple[Departure, str]:
        """The departure that this state belongs to, and where the person wanted to go. Raises SignInError."""
        kept = self.seal.open("departure", cookie(headers, self.departure_cookie(state)), at=at, lifetime=_ON_THE_WAY)
        if kept is None or not hmac.compare_digest(kept["state"].encode(), state.encode("utf-8", "replace")):
            raise SignInError("This sign-in was not begun in this browser, or more than ten minutes ago. Begin again.")
        return Departure(kept["state"], kept["nonce"], kept["verifier"]), kept["next"]

    def departure_cookie(self, state: str) -> str:
        """What the cookie of one departure is called; with the prefix, no neighbour can slip a browser its own."""
        usable = "".join(c for c in state[:8] if c.isascii() and (c.isalnum() or c in "-_"))
        return kept_as(f"sheriff_departure_{usable}", secure=self.secure)


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The pages of signing in and out."""

    pages: Pages
    doors: Doors
    secure: bool
    clock: Callable[[], datetime]
    sign_in: SignIn | None

    def page(
        self,
        request: Request,
        *,
        status: int = 200,
        target: str = "/",
        problem: str = "",
        out: bool = False,
        elsewhere: str = "",
    ) -> Response:
        """The page with the way in, also after signing out; `elsewhere` is where to sign out at the provider too."""
        return self.pages.show(
            "sign_in.html",
            request,
            status=status,
            next=target,
            start=f"{START}?next={quote(target)}{'&choose=1' if out else ''}",
            provider=self.sign_in.provider.registration.host if self.sign_in else "",
            problem=problem,
            out=out,
            elsewhere=elsewhere,
        )

    async def start(self, request: Request, sign_in: SignIn, target: str) -> Response:
        """To the provider."""
        host = request.headers.get("host", "")
        if host.lower() != urlsplit(sign_in.base_url).netloc.lower() and "moved" not in request.query_params:
            # the way back leads to base_url, and only there the browser has its cookie
            return RedirectResponse(f"{sign_in.base_url}{START}?next={quote(target)}&moved=1", 303)
        departure = Departure.new()
        choose = "choose" in request.query_params  # who has just signed out may want another account
        url = await sign_in.provider.departure_url(departure, back=sign_in.back, choose=choose)
        response = RedirectResponse(url, 303)
        sign_in.send_off(response, departure, target, self.clock())
        return response

    async def callback(self, request: Request, sign_in: SignIn) -> Response:
        """From the provider."""
        given, now = request.query_params, self.clock()
        departure, target = sign_in.arrived(request.headers, given.get("state", ""), now)
        issuer = sign_in.provider.registration.issuer
        if given.get("iss", issuer) != issuer:
            raise SignInError("This answer comes from another provider than the one that was asked. Begin again.")
        if "error" in given:
            told = printable(given.get("error_description") or given["error"])[:300]
            raise SignInError(f"{sign_in.provider.registration.host} did not sign you in: {told}")
        if not given.get("code"):
            raise SignInError("The provider’s answer holds no code. Begin again.")
        claims = await sign_in.provider.claims(given["code"], departure, back=sign_in.back, at=now)
        account = account_of(claims, sign_in.naming)
        log.info("signed_in", person=account.id, role=account.role.word)
        response = RedirectResponse(target, 303)
        sign_in.let_in(response, account, now)
        response.delete_cookie(
            sign_in.departure_cookie(departure.state), httponly=True, samesite="lax", secure=sign_in.secure
        )
        return response

    def sign_out(self, request: Request) -> Response:
        """Out of Sheriff: the session is over, also for who has copied its cookie. The page that follows offers to
        sign out at the provider."""
        try:
            self.doors.leave(request.headers)
        except Unavailable as error:  # the browser’s own cookie goes all the same
            log.warning("session_not_ended", reason=str(error))
        response, name = RedirectResponse(f"{SIGN_IN}?out=1", 303), self.doors.session_cookie
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self.secure)
        return response


def router(door: FrontDoor) -> APIRouter:
    """The routes of signing in and out."""
    routes = APIRouter(include_in_schema=False)
    _add_page(routes, door)
    if door.sign_in:
        _add_provider(routes, door, door.sign_in)
    else:
        _add_token(routes, door)

    @routes.post(SIGN_OUT)
    def sign_out(request: Request) -> Response:
        return door.sign_out(request)

    return routes


def _add_page(routes: APIRouter, door: FrontDoor) -> None:
    @routes.get(SIGN_IN)
    async def show(request: Request, next: str = "/", out: str = "") -> Response:  # noqa: A002 - the usual name in such links
        if caller_of(request) is not NOBODY:
            return RedirectResponse(safe_next(next), 303)
        elsewhere = ""
        if out and door.sign_in:
            elsewhere = await door.sign_in.provider.sign_out_url(back=f"{door.sign_in.base_url}{SIGN_IN}")
        return door.page(request, target=safe_next(next), out=bool(out), elsewhere=elsewhere)


def _add_provider(routes: APIRouter, door: FrontDoor, sign_in: SignIn) -> None:
    @routes.get(START)
    async def start(request: Request, next: str = "/") -> Response:  # noqa: A002
        try:
            return await door.start(request, sign_in, safe_next(next))
        except ProviderUnavailable as error:
            return door.page(request, status=503, target=safe_next(next), problem=_away(error))

    @routes.get(CALLBACK)
    async def callback(request: Request) -> Response:
        try:
            return await door.callback(request, sign_in)
        except ProviderUnavailable as error:
            return door.page(request, status=503, problem=_away(error))
        except SignInError as error:
            log.warning("sign_in_failed", reason=str(error))
            return door.page(request, status=400, problem=str(error))


def _add_token(routes: APIRouter, door: FrontDoor) -> None:
    @routes.post(SIGN_IN)
    async def enter(request: Request) -> Response:
        form = await request.form()
        target, given, address = safe_next(str(form.get("next", "/"))), str(form.get("token", "")), _address(request)
        if wait := door.doors.rates.guessing(address):
            problem = f"Too many wrong tokens came from your address. Try again in {math.ceil(wait)} seconds."
            slower = door.page(request, status=429, target=target, problem=problem)
            slower.headers["retry-after"] = str(math.ceil(wait))
            return slower
        if not door.doors.accepts(given):
            door.doors.rates.was_wrong(address, given)
            wrong = "This is not the access token. It is the value of SHERIFF_ACCESS_TOKEN on the server."
            return door.page(request, status=401, target=target, problem=wrong)
        response = RedirectResponse(target, 303)
        age, name = int(TOKEN_SESSION.total_seconds()), door.doors.session_cookie
        response.set_cookie(name, door.doors.session(), max_age=age, httponly=True, samesite="lax", secure=door.secure)
        return response


def _address(request: Request) -> str:
    return str(getattr(request.state, "address", ""))


def _away(error: ProviderUnavailable) -> str:
    return (
        f"You cannot sign in now. {error} Try again in a minute; the operator sees with “sheriff doctor” what is wrong."
    )
