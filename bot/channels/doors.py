"""Who sends a request, by what it carries: an API token, the access token, a session, or nothing but this machine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from starlette.datastructures import Headers

from bot.channels import access
from bot.channels.callers import HERE, Caller
from bot.channels.rates import Network, Rates
from bot.channels.security import (
    FEED,
    LOOPBACK_HOSTS,
    SESSION_COOKIE,
    cookie,
    host_name,
    is_from_here,
    is_same,
    kept_as,
)
from bot.identity.roles import Role
from bot.identity.tokens import ApiToken, is_token

READY = "/readyz"
TOKEN_SESSION = timedelta(days=7)  # of who signed in with the access token


@dataclass(frozen=True, slots=True)
class Session:
    """Who a cookie belongs to, and by which names the session can be ended before its time."""

    caller: Caller
    names: Sequence[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Doors:
    """What the guard needs to know about where the server stands."""

    loopback: bool
    access_token: str = ""
    hosts: Sequence[str] = ()  # further names this server is reached by, without port
    token_role: Role = Role.ADMIN
    signed_in: Callable[[Headers], Session | None] | None = None  # who a session belongs to, where there is sign-in
    contact: str = ""  # who gives roles
    feed: str = ""  # the key of the calendar feed, where there is sign-in
    probe: str = ""  # shows that somebody knows our secret, and opens READY alone
    secure: bool = False  # cookies go by https only
    https: bool = False  # people open Sheriff by https
    trusted: Sequence[Network] = ()  # proxies that are believed when they say whom they speak for
    api_token: Callable[[str], ApiToken | None] = lambda _: None  # what is kept of a token that is good now
    has_ended: Callable[[Sequence[str], datetime], bool] = lambda _names, _since: False
    end: Callable[[str], None] = lambda _: None  # a session, by its name
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    rates: Rates = field(default_factory=Rates)

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server; on loopback anything else is DNS rebinding."""
        if not self.loopback and not self.hosts:
            return True
        return host_name(host) in {*self.hosts, *LOOPBACK_HOSTS}

    @property
    def session_cookie(self) -> str:
        return kept_as(SESSION_COOKIE, secure=self.secure)

    def session(self) -> str:
        """A value for the sign-in cookie: proves knowledge of the token without carrying it, for `TOKEN_SESSION`."""
        return self._sealed(str(int(self.clock().timestamp())))

    def _sealed(self, since: str) -> str:
        proof = hmac.new(self.access_token.encode(), f"sheriff web session {since}".encode(), "sha256")
        return f"{since}.{proof.hexdigest()}"

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
        return path == FEED and bool(self.feed_key()) and is_same(given, self.feed_key())

    def accepts(self, token: str) -> bool:
        """Whether this is the access token."""
        return bool(self.access_token) and is_same(token.strip(), self.access_token)

    def is_this_machine(self, headers: Headers) -> bool:
        """Whether a request comes from this machine, to a server that nobody else can reach and that asks nobody."""
        return self.signed_in is None and self.loopback and is_from_here(headers)

    def asks_database(self, headers: Headers) -> bool:
        """Whether `caller` has to wait for the database."""
        return is_token(bearer(headers)) or bool(cookie(headers, self.session_cookie))

    def caller(self, headers: Headers, method: str, path: str) -> Caller | None:
        """Who sends this: by Bearer token, by the cookie of a session, or from this machine. None: a stranger.

        Blocks where `asks_database`. Raises Unavailable when the database does not answer.
        """
        if self.is_this_machine(headers):
            return HERE
        if given := bearer(headers):
            return self._by_token(given, method, path)
        found = self._session(headers)
        if found is None or self.has_ended(found.names, found.since):
            return None
        return found.caller

    def leave(self, headers: Headers) -> None:
        """End the session of a request for good, also for who has copied its cookie. Blocks; raises as `caller`."""
        if found := self._session(headers):
            self.end(found.names[0])

    def _session(self, headers: Headers) -> Session | None:
        return self.signed_in(headers) if self.signed_in else self._by_access_token(headers)

    def _by_token(self, given: str, method: str, path: str) -> Caller | None:
        if self.accepts(given):
            return Caller(self.token_role)
        if path == READY and self.probe and is_same(given, self.probe):
            return Caller(Role.MAINTAINER)
        if not is_token(given):
            return None
        token = self.api_token(given)
        return Caller(access.role_of(token.scopes, method, path), token=token) if token else None

    def _by_access_token(self, headers: Headers) -> Session | None:
        value = cookie(headers, self.session_cookie)
        since, _, _ = value.partition(".")
        if not self.access_token or not (since.isascii() and since.isdecimal() and len(since) <= 12):
            return None
        begun = datetime.fromtimestamp(int(since), UTC)
        if not is_same(value, self._sealed(since)) or not timedelta() <= self.clock() - begun < TOKEN_SESSION:
            return None
        return Session(Caller(self.token_role, by_cookie=True), [name_of(value)], begun)


def name_of(value: str) -> str:
    """What the session of a cookie is called where ended ones are kept."""
    return f"session:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()}"


def bearer(headers: Headers) -> str:
    """The Bearer token that a request carries; "" without one."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""
