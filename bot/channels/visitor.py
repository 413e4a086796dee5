"""Who sits in front of the Ask page: who signed in, else a random secret in a cookie and the name the person chose."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.callers import caller_of
from bot.channels.security import kept, kept_as
from bot.messages import Person

COOKIE = "sheriff_visitor"
_NAME_COOKIE = "sheriff_name"
_YEAR = 365 * 24 * 3600
_FIRST_TALK = "0" * 8  # of a person who signed in, in every browser
_FORM = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The cookie's secret never leaves it: ids in cases are derived, so who can read a case cannot become its asker."""

    secret: str
    talk: str  # which of the person's conversations
    name: str
    is_new: bool
    account: Person | None = None  # who signed in

    @property
    def id(self) -> str:
        if self.account:
            return self.account.id
        return "web-" + hashlib.sha256(self.secret.encode()).hexdigest()[:16]

    @property
    def conversation(self) -> str:
        return f"{self.id}:{self.talk}"

    @property
    def person(self) -> Person:
        return self.account or Person(self.id, self.name or f"Guest {self.id[-4:]}")

    def owns(self, conversation: str) -> bool:
        return conversation.startswith(f"{self.id}:")


def visitor_of(request: Request) -> Visitor:
    """Who signed in, else the visitor that the request's cookie names, or a new one."""
    value, account = kept(request, COOKIE), caller_of(request).person
    name = clean_name(unquote(kept(request, _NAME_COOKIE)))
    if _FORM.fullmatch(value):
        secret, _, talk = value.partition(".")
        return Visitor(secret, talk, name, is_new=False, account=account)
    if account:
        return Visitor(secrets.token_hex(16), _FIRST_TALK, name, is_new=False, account=account)
    return Visitor(secrets.token_hex(16), secrets.token_hex(4), name, is_new=True)


def in_new_conversation(visitor: Visitor) -> Visitor:
    return replace(visitor, talk=secrets.token_hex(4))


def remember(response: Response, visitor: Visitor, *, secure: bool) -> None:
    """Set the cookies. Only after the visitor has done something: a page that is merely opened sets none."""
    values = {COOKIE: f"{visitor.secret}.{visitor.talk}"}
    if visitor.name:
        values[_NAME_COOKIE] = quote(visitor.name)
    for key, value in values.items():
        name = kept_as(key, secure=secure)
        response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="strict", secure=secure)


def clean_name(raw: str) -> str:
    """A name as one short printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split())[:60]
