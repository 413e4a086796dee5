"""Who may reach the pages: host and origin checks, sign-in and roles, size limits, and the headers of every page."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels import access
from bot.channels.callers import HERE, Caller
from bot.identity.roles import Role

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
SIGN_IN = "/sign-in"
FEED = "/rota.ics"
START = f"{SIGN_IN}/start"
SIGN_OUT = "/sign-out"
SESSION_COOKIE = "sheriff_session"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host")
_LONGEST_TARGET = 1000  # characters: it has to fit into a cookie
_BOT_FRAMEWORK = "/api/messages"  # signs its own requests
_SIGNED = "/api/desk/"  # what a ticket system signs
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # not no-referrer: browsers then send "Origin: null" with our own forms
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
MEGABYTE = 1_000_000
_LIMITS: Mapping[str, int] = {"/api/v1/validate": 10 * MEGABYTE, "/chat": 10 * MEGABYTE}


@dataclass(frozen=True, slots=True)
class Doors:
    """What the guard needs to know about where the server stands."""

    loopback: bool
    access_token: str = ""
    hosts: Sequence[str] = ()  # further names this server is reached by, without port
    token_role: Role = Role.ADMIN
    signed_in: Callable[[Headers], Caller | None] | None = None  # who a session belongs to, where there is sign-in
    contact: str = ""  # who gives roles
    feed: str = ""  # the key of the calendar feed, where there is sign-in

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server; on loopback anything else is DNS rebinding."""
        if not self.loopback and not self.hosts:
            return True
        return _name(host) in {*self.hosts, *LOOPBACK_HOSTS}

    def session(self) -> str:
        """The value of the sign-in cookie: proves knowledge of the token without carrying it."""
        return hmac.new(self.access_token.encode(), b"sheriff web session", "sha256").hexdigest()

    def feed_key(self) -> str:
        """Opens the calendar feed and nothing else, for programs that can send neither header nor cookie; "" where
        nobody is asked."""
        if self.feed:
            return self.feed
        if self.loopback or not self.access_token:
            return ""
        return hmac.new(self.access_token.encode(), b"sheriff rota feed", "sha256").hexdigest()[:32]

    def opens_feed(self, path: str, query: str) -> bool:
        """Whether a request for the feed carries its key in the address."""
        given = parse_qs(query).get("key", [""])[0]
        return path == FEED and bool(self.feed_key()) and _same(given, self.feed_key())

    def accepts(self, token: str) -> bool:
        """Whether this is the access token."""
        return bool(self.access_token) and _same(token.strip(), self.access_token)

    def caller(self, headers: Headers) -> Caller | None:
        """Who sends this: by Bearer token, by the cookie of a sign-in, or from this machine. None: a stranger."""
        if self.signed_in is None and self.loopback and _from_here(headers):
            return HERE
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return Caller(self.token_role) if self.accepts(given) else None
        if self.signed_in is not None:
            return self.signed_in(headers)
        knows_token = bool(self.access_token) and _same(cookie(headers, SESSION_COOKIE), self.session())
        return Caller(self.token_role, by_cookie=True) if knows_token else None


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
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, _counted(receive, limit_of(scope["path"])), send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        proves_itself = path == _BOT_FRAMEWORK or path.startswith(_SIGNED)
        if not proves_itself and not self._doors.knows(host):
            return _refuse(
                scope, 400, "This address is not one of Sheriff’s. Open it as http://127.0.0.1 or localhost."
            )
        if method not in _SAFE_METHODS and not proves_itself and not _is_own_page(headers, host):
            return _refuse(
                scope, 403, "This request came from another site. Open Sheriff itself and send it from there."
            )
        too_large = _declared_size(headers) > limit_of(path)
        if too_large:
            return _refuse(scope, 413, _too_large(path))
        return self._not_admitted(scope, headers)

    def _not_admitted(self, scope: Scope, headers: Headers) -> Response | None:
        """Find out who calls, for everything behind the guard; None when the address is open to them."""
        role, caller = access.needed(scope["path"]), self._doors.caller(headers)
        if caller is not None:
            scope.setdefault("state", {})["caller"] = caller
        has_key = self._doors.opens_feed(scope["path"], scope["query_string"].decode("latin-1"))
        if role is access.PUBLIC or has_key:
            return None
        if caller is None:
            return self._sign_in_first(scope, headers)
        request = Request(scope)
        if role is None:
            return self._respond(request, 404, "There is nothing at this address.")
        if caller.role < role:
            return self._respond(request, 403, self._too_low(caller, role))
        if caller.account and scope["method"] not in _SAFE_METHODS and not _says_its_origin(headers):
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
        else:
            sentence = "An access token is needed: send it as “Authorization: Bearer …”."
        refusal = self._respond(Request(scope), 401, sentence)
        refusal.headers["www-authenticate"] = "Bearer"
        return refusal

    def _too_low(self, caller: Caller, role: Role) -> str:
        has = f"your role is “{caller.role.word}”" if caller.role else "you have no role"
        ask = self._doors.contact or "the operator of Sheriff"
        return f"This needs the role “{role.word}”, and {has}. Ask {ask} for it, then sign out and in again."


def _counted(receive: Receive, limit: int) -> Receive:
    """The same body, cut off with a 413 where a sender that declared no length goes beyond the limit."""
    total = 0

    async def count() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise HTTPException(413)
        return message

    return count


def limit_of(path: str) -> int:
    """Most bytes that a request body may have."""
    return _LIMITS.get(path, MEGABYTE)


def cookie(headers: Headers, name: str) -> str:
    """The value of one cookie; "" when it is missing or the header is broken."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def printable(text: str) -> str:
    """Outside text for a sentence or a database: control characters and half characters replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of this server, whatever the link said."""
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    leads_back = path.partition("?")[0] in {SIGN_IN, START, SIGN_OUT, f"{SIGN_IN}/callback"}
    return path if is_path and not leads_back and len(path) <= _LONGEST_TARGET else "/"


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


def _is_own_page(headers: Headers, host: str) -> bool:
    """False for a request that a page of another site makes; programs send neither header."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _says_its_origin(headers: Headers) -> bool:
    return "origin" in headers or "sec-fetch-site" in headers


def _from_here(headers: Headers) -> bool:
    """Whether somebody on this machine calls, rather than a proxy or a tunnel for somebody elsewhere."""
    return is_loopback(headers.get("host", "")) and not any(name in headers for name in _FORWARDED)


def _declared_size(headers: Headers) -> int:
    declared = headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0


def is_loopback(host: str) -> bool:
    """Whether a host, with or without port, is this machine."""
    return host in LOOPBACK_HOSTS or _name(host) in LOOPBACK_HOSTS


def _name(host: str) -> str:
    """The host without its port: "[::1]:3978" is "::1"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
