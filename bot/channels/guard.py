"""The guard in front of every address: host and origin, size and pace, who calls and what the caller may."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels import access
from bot.channels.callers import Caller
from bot.channels.doors import Doors, bearer
from bot.channels.rates import Buckets, caller_address
from bot.channels.security import (
    HEADERS,
    MEGABYTE,
    SIGN_IN,
    START,
    STRICT_TRANSPORT,
    cookie,
    host_name,
    limit_of,
)
from bot.identity.roles import Role
from bot.identity.tokens import is_token
from knowledge.errors import Unavailable

log = structlog.get_logger(__name__)
MESSAGES = "/api/messages"  # the Bot Framework signs its own requests
_SIGNED = "/api/desk/"  # what a ticket system signs
_ALIVE = "/healthz"
_API = "/api/v1/"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_HEADERS, _LONGEST_HEADERS = 100, 32_768
_BODY_WITHIN, _PIECE_WITHIN = 60.0, 15.0  # seconds for a whole body, and for the next piece of it
Respond = Callable[[Request, int, str], Response]  # a failure as a page for people, as JSON for programs


class Guard:
    """ASGI middleware: refuses what has no business here, and sets the headers on everything else."""

    def __init__(self, app: ASGIApp, doors: Doors, respond: Respond) -> None:
        self._app = app
        self._doors = doors
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:  # nothing here speaks over web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._doors.https:
                    headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        if self._doors.https and host_name(Headers(scope=scope).get("host", "")) in self._doors.hosts:
            scope["scheme"] = "https"  # whatever the proxy says: redirects are to lead there
        state = scope.setdefault("state", {})
        state["address"] = caller_address(scope, self._doors.trusted)
        state["secure"] = self._doors.secure
        refusal = self._refusal(scope) or self._too_many(scope) or await self._not_admitted(scope)
        await (refusal or self._app)(scope, measured(receive, limit_of(scope["path"])), send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is wrong with a request whoever sends it."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        proves_itself = path == MESSAGES or path.startswith(_SIGNED)
        if (
            len(scope["headers"]) > _MOST_HEADERS
            or sum(len(n) + len(v) for n, v in scope["headers"]) > _LONGEST_HEADERS
        ):
            return _refuse(scope, 431, "The request’s headers are too many or too long.")
        if not proves_itself and not self._doors.knows(host):
            return _refuse(
                scope, 400, "This address is not one of Sheriff’s. Open it as http://127.0.0.1 or localhost."
            )
        if (
            method not in _SAFE_METHODS
            and not proves_itself
            and not _is_own_page(headers, host, https=self._doors.https)
        ):
            return _refuse(
                scope, 403, "This request came from another site. Open Sheriff itself and send it from there."
            )
        if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            return _refuse(scope, 415, "Bodies are read as they are: send it without Content-Encoding.")
        if _declared_size(headers) > limit_of(path):
            return _refuse(scope, 413, _too_large(path))
        return None

    # ---- pace ----

    def _is_limited(self, scope: Scope) -> bool:
        at_home = self._doors.is_this_machine(Headers(scope=scope)) and not self._doors.rates.limits.here
        return scope["path"] != _ALIVE and not at_home

    def _too_many(self, scope: Scope) -> Response | None:
        """By address, before anything is looked at that takes time."""
        if not self._is_limited(scope):
            return None
        rates = self._doors.rates
        buckets = rates.messages if scope["path"] == MESSAGES else rates.address
        wait = buckets.take(scope["state"]["address"])
        if not wait:
            return None
        sentence = "Too many requests come from your address."
        return _later(_refuse(scope, 429, f"{sentence} {_in(wait)}"), wait)

    def _too_fast(self, scope: Scope, headers: Headers, caller: Caller) -> Response | None:
        """By person or token, for what is work: questions, checks, deeds, and all of the API."""
        work = scope["method"] not in _SAFE_METHODS or scope["path"].startswith(_API)
        if not work or not self._is_limited(scope):
            return None
        buckets, key = self._bucket(scope, headers, caller)
        wait = buckets.take(key)
        if not wait:
            return None
        return _later(self._respond(Request(scope), 429, f"{FASTER} {_in(wait)}"), wait)

    def _bucket(self, scope: Scope, headers: Headers, caller: Caller) -> tuple[Buckets, str]:
        rates = self._doors.rates
        if caller.token:
            return rates.program, f"token {caller.token.number}"
        if caller.account:
            return rates.person, caller.account.id
        if bearer(headers):
            return rates.program, "access token"
        session = cookie(headers, self._doors.session_cookie) if caller.by_cookie else ""
        return rates.person, session or scope["state"]["address"]

    # ---- who calls ----

    async def _not_admitted(self, scope: Scope) -> Response | None:
        """Find out who calls, where that matters; None when the address is open to them."""
        headers, path, role = Headers(scope=scope), scope["path"], access.needed(scope["path"])
        if role is access.PUBLIC and not path.startswith(SIGN_IN):
            return None
        request = Request(scope)
        if wait := self._is_guessing(scope, headers):
            return _later(
                self._respond(request, 429, f"Too many wrong tokens came from your address. {_in(wait)}"), wait
            )
        try:
            caller = await self._caller(scope, headers)
        except Unavailable as error:
            log.warning("caller_not_looked_up", reason=str(error))
            return _later(_refuse(scope, 503, "Who you are cannot be looked up now. Try again in a minute."), 60.0)
        if caller is not None:
            scope["state"]["caller"] = caller
        elif given := bearer(headers):
            address = scope["state"]["address"]
            if self._doors.rates.was_wrong(address, given):
                log.warning("wrong_token", address=address, path=path)
        has_key = self._doors.opens_feed(path, scope["query_string"].decode("latin-1"))
        if role is access.PUBLIC or has_key:
            return None
        if caller is None:
            return self._sign_in_first(scope, headers)
        return self._not_theirs(request, headers, caller, role) or self._too_fast(scope, headers, caller)

    async def _caller(self, scope: Scope, headers: Headers) -> Caller | None:
        if self._doors.asks_database(headers):
            return await run_in_threadpool(self._doors.caller, headers, scope["method"], scope["path"])
        return self._doors.caller(headers, scope["method"], scope["path"])

    def _is_guessing(self, scope: Scope, headers: Headers) -> float:
        """Seconds until this address may try a token again. API tokens nobody can guess: they are always looked at."""
        given = bearer(headers)
        if not given or is_token(given) or not self._is_limited(scope):
            return 0.0
        return self._doors.rates.guessing(scope["state"]["address"])

    def _not_theirs(self, request: Request, headers: Headers, caller: Caller, role: Role | None) -> Response | None:
        if role is None:
            return self._respond(request, 404, "There is nothing at this address.")
        if caller.role < role:
            return self._respond(request, 403, self._too_low(request, caller, role))
        if caller.by_cookie and request.method not in _SAFE_METHODS and not _says_its_origin(headers):
            return self._respond(request, 403, "A browser says where a request comes from; this one does not.")
        return None

    def _sign_in_first(self, scope: Scope, headers: Headers) -> Response:
        is_program = "authorization" in headers or headers.get("sec-fetch-mode", "navigate") != "navigate"
        if scope["method"] == "GET" and not is_program and "text/html" in headers.get("accept", ""):
            query = scope["query_string"].decode("latin-1")
            target = f"{scope['path']}?{query}" if query else scope["path"]
            way = SIGN_IN if self._doors.signed_in is None else START
            return RedirectResponse(f"{way}?next={quote(target)}", status_code=303)
        if self._doors.signed_in is not None and "authorization" not in headers:
            sentence = f"You are not signed in, or no longer. Open {SIGN_IN} in another tab; what you wrote stays here."
        elif is_token(bearer(headers)):
            sentence = "This token opens nothing: it was revoked, or is over. “sheriff tokens create” makes another."
        else:
            sentence = "An access token is needed: send it as “Authorization: Bearer …”."
        refusal = self._respond(Request(scope), 401, sentence)
        refusal.headers["www-authenticate"] = "Bearer"
        return refusal

    def _too_low(self, request: Request, caller: Caller, role: Role) -> str:
        if caller.token:
            takes = " or ".join(access.scopes_for(request.method, request.url.path))
            return f"This token has {', '.join(caller.token.scopes)}; this address takes {takes or 'a person'}."
        has = f"your role is “{caller.role.word}”" if caller.role else "you have no role"
        ask = self._doors.contact or "the operator of Sheriff"
        return f"This needs the role “{role.word}”, and {has}. Ask {ask} for it, then sign out and in again."


FASTER = "You are asking faster than I can read. Nothing that was accepted is lost."


def measured(
    receive: Receive, limit: int, *, body_within: float = _BODY_WITHIN, piece_within: float = _PIECE_WITHIN
) -> Receive:
    """The same body, cut off with a 413 where a sender that declared no length goes beyond the limit, and with a 408
    where it comes too slowly."""
    total, whole = 0, False
    until = asyncio.get_running_loop().time() + body_within

    async def measure() -> Message:
        nonlocal total, whole
        if whole:  # what comes now is that the caller has gone
            return await receive()
        left = until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(piece_within, max(0.0, left))):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        whole = not message.get("more_body", False)
        total += len(message.get("body", b""))
        if total > limit:
            raise HTTPException(413)
        return message

    return measure


def _later(refusal: Response, wait: float) -> Response:
    refusal.headers["retry-after"] = str(max(1, math.ceil(wait)))
    return refusal


def _in(wait: float) -> str:
    seconds = max(1, math.ceil(wait))
    return f"Go on in {seconds} second{'' if seconds == 1 else 's'}."


def _refuse(scope: Scope, status: int, sentence: str) -> Response:
    """As text for a person with a browser, as JSON for every program."""
    if "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith("/api/"):
        return PlainTextResponse(sentence, status)
    return JSONResponse({"error": sentence}, status)


def _too_large(path: str) -> str:
    return (
        f"The request is larger than {limit_of(path) // MEGABYTE} MB. "
        "Shorten the text, or check large repositories with “sheriff validate” on your own machine."
    )


def _is_own_page(headers: Headers, host: str, *, https: bool) -> bool:
    """False for a request that a page of another site makes; programs send neither header."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    scheme, _, netloc = origin.lower().partition("://")
    return netloc == host.lower() and (scheme == "https" or not (https and scheme == "http"))


def _says_its_origin(headers: Headers) -> bool:
    return "origin" in headers or "sec-fetch-site" in headers


def _declared_size(headers: Headers) -> int:
    declared = headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0
