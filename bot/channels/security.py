"""What the guard and the pages share: the headers of every page, size limits, cookies, and whose a host name is."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.requests import Request

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
SIGN_IN = "/sign-in"
FEED = "/rota.ics"
START = f"{SIGN_IN}/start"
SIGN_OUT = "/sign-out"
SESSION_COOKIE = "sheriff_session"
_FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip"})
_LONGEST_TARGET = 1000  # characters: it has to fit into a cookie
HEADERS = {
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
    "cross-origin-embedder-policy": "require-corp",
    "x-permitted-cross-domain-policies": "none",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
STRICT_TRANSPORT = "max-age=31536000"  # a year by https only; of this host, not of its neighbours
MEGABYTE = 1_000_000
_LIMITS: Mapping[str, int] = {"/api/v1/validate": 10 * MEGABYTE, "/chat": 10 * MEGABYTE}


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


def kept_as(name: str, *, secure: bool) -> str:
    """What a cookie is called: by https with a prefix that keeps other hosts of the domain from setting it."""
    return f"__Host-{name}" if secure else name


def kept(request: Request, name: str) -> str:
    """The value of a cookie of ours, under the name that this server gives it."""
    return cookie(request.headers, kept_as(name, secure=bool(getattr(request.state, "secure", False))))


def printable(text: str) -> str:
    """Outside text for a sentence or a database: control characters and half characters replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of this server, whatever the link said."""
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    leads_back = path.partition("?")[0] in {SIGN_IN, START, SIGN_OUT, f"{SIGN_IN}/callback"}
    return path if is_path and not leads_back and len(path) <= _LONGEST_TARGET else "/"


def is_loopback(host: str) -> bool:
    """Whether a host, with or without port, is this machine."""
    return host in LOOPBACK_HOSTS or host_name(host) in LOOPBACK_HOSTS


def host_name(host: str) -> str:
    """The host without its port: "[::1]:3978" is "::1"."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def is_from_here(headers: Headers) -> bool:
    """Whether somebody on this machine calls, rather than a proxy or a tunnel for somebody elsewhere."""
    forwarded = any(name in _FORWARDED or name.startswith("x-forwarded-") for name in headers)
    return is_loopback(headers.get("host", "")) and not forwarded


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, told in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
