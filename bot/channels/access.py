"""Who may open what: each address, and the role that it needs. What is not listed is not served.

`*` is one part of a path and `**` all that follows. The first line that fits counts. An API token opens only what its
scopes name, each with the role that the scope acts in there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.identity.roles import Role

PUBLIC = Role.NONE
NEEDED: Sequence[tuple[str, Role]] = (
    # machines, and the way in
    ("/healthz", PUBLIC),
    ("/readyz", Role.MAINTAINER),
    ("/favicon.ico", PUBLIC),
    ("/static/**", PUBLIC),
    ("/sign-in", PUBLIC),
    ("/sign-in/*", PUBLIC),
    ("/sign-out", PUBLIC),
    ("/api/messages", PUBLIC),  # the Bot Framework signs its own requests
    ("/api/desk/*/events", PUBLIC),  # so does the ticket system
    ("/metrics", Role.MAINTAINER),
    # asking
    ("/", Role.ASKER),
    ("/chat", Role.ASKER),
    ("/chat/new", Role.ASKER),
    ("/name", Role.ASKER),
    ("/events", Role.ASKER),
    ("/cases/**", Role.ASKER),  # the own ones
    ("/pages/**", Role.ASKER),
    # wishing
    ("/requests/*/state", Role.MAINTAINER),
    ("/requests/*/merge", Role.MAINTAINER),
    ("/requests/*/split", Role.MAINTAINER),
    ("/requests/*/apart", Role.MAINTAINER),
    ("/requests", Role.ASKER),
    ("/requests/**", Role.ASKER),
    # the desk
    ("/desk", Role.SHERIFF),
    ("/desk/**", Role.SHERIFF),
    ("/notices", Role.SHERIFF),
    ("/notices/**", Role.SHERIFF),
    ("/rota", Role.SHERIFF),
    ("/rota/**", Role.SHERIFF),
    ("/rota.ics", Role.SHERIFF),  # or by the key in its address
    # figures
    ("/insights", Role.SHERIFF),
    ("/insights/*", Role.SHERIFF),
    # what the documentation lacks
    ("/gaps", Role.MAINTAINER),
    ("/gaps/**", Role.MAINTAINER),
    ("/faq", Role.MAINTAINER),
    ("/faq/**", Role.MAINTAINER),
    # programs
    ("/api/docs", Role.ASKER),
    ("/api/openapi.json", Role.ASKER),
    ("/api/v1/ask", Role.ASKER),
    ("/api/v1/validate", Role.ASKER),
    ("/api/v1/status", Role.ASKER),
    ("/api/v1/cases/*/take", Role.SHERIFF),
    ("/api/v1/cases/*/reply", Role.SHERIFF),
    ("/api/v1/cases/*/resolve", Role.SHERIFF),
    ("/api/v1/cases", Role.ASKER),  # an asker gets the own ones
    ("/api/v1/cases/**", Role.ASKER),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do: `opens` has methods and addresses, and nothing else is let in."""

    role: Role
    opens: Sequence[tuple[str, str]]
    words: str


_READS = (("GET", "/api/v1/cases"), ("GET", "/api/v1/cases/*"))
SCOPES: Mapping[str, Scope] = {
    "ask": Scope(Role.ASKER, (("POST", "/api/v1/ask"),), "ask questions"),
    "validate": Scope(Role.ASKER, (("POST", "/api/v1/validate"),), "check files"),
    "read": Scope(Role.SHERIFF, _READS, "read every case"),
    "desk": Scope(Role.SHERIFF, (*_READS, ("POST", "/api/v1/cases/*/*")), "work on cases"),
    "metrics": Scope(Role.MAINTAINER, (("GET", "/metrics"), ("GET", "/readyz")), "read the figures of /metrics"),
    "admin": Scope(Role.ADMIN, (("*", "/**"), ("*", "/")), "all that the access token may"),
}
_EVERY_TOKEN = (("GET", "/api/v1/status"), ("GET", "/api/openapi.json"), ("GET", "/api/docs"))


def role_of(scopes: Sequence[str], method: str, path: str) -> Role:
    """The role in which a token with these scopes calls an address; NONE when none of them opens it."""
    method, plain = "GET" if method == "HEAD" else method, _plain(path)
    granted = [SCOPES[name] for name in scopes if name in SCOPES]
    acting = [scope.role for scope in granted if any(_fits(line, method, plain) for line in scope.opens)]
    if granted and any(_fits(line, method, plain) for line in _EVERY_TOKEN):
        acting.append(Role.ASKER)
    return max(acting, default=Role.NONE)


def scopes_for(method: str, path: str) -> Sequence[str]:
    """The scopes of which each one alone opens an address."""
    return [name for name in SCOPES if role_of([name], method, path) >= (needed(path) or Role.NONE) > Role.NONE]


def _fits(line: tuple[str, str], method: str, path: str) -> bool:
    return line[0] in {"*", method} and _pattern(line[1]).fullmatch(path) is not None


def needed(path: str) -> Role | None:
    """The role that an address needs, with or without a final slash; None for an address that nobody declared."""
    plain = _plain(path)
    return next((role for pattern, role in _patterns() if pattern.fullmatch(plain)), None)


def _plain(path: str) -> str:
    return path[:-1] if path.endswith("/") and path != "/" else path


@cache
def _patterns() -> Sequence[tuple[re.Pattern[str], Role]]:
    return [(_pattern(path), role) for path, role in NEEDED]


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = {"*": "[^/]+", "**": ".+"}
    return re.compile("/".join(parts.get(part, re.escape(part)) for part in path.split("/")), re.DOTALL)
