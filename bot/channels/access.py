"""Who may open what: each address, and the role that it needs. What is not listed is not served.

`*` is one part of a path and `**` all that follows. The first line that fits counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from bot.identity.roles import Role

PUBLIC = Role.NONE
NEEDED: Sequence[tuple[str, Role]] = (
    # machines, and the way in
    ("/healthz", PUBLIC),
    ("/readyz", PUBLIC),
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


def needed(path: str) -> Role | None:
    """The role that an address needs, with or without a final slash; None for an address that nobody declared."""
    plain = path[:-1] if path.endswith("/") and path != "/" else path
    return next((role for pattern, role in _patterns() if pattern.fullmatch(plain)), None)


@cache
def _patterns() -> Sequence[tuple[re.Pattern[str], Role]]:
    return [(_pattern(path), role) for path, role in NEEDED]


def _pattern(path: str) -> re.Pattern[str]:
    parts = {"*": "[^/]+", "**": ".+"}
    return re.compile("/".join(parts.get(part, re.escape(part)) for part in path.split("/")), re.DOTALL)
