"""Who sends a request, as the guard found out: who signed in, the access token, or somebody on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from bot.channels import access
from bot.identity.accounts import Account
from bot.identity.roles import Role
from bot.identity.tokens import ApiToken
from bot.messages import Person
from bot.support.cases import Case
from bot.support.rota import Duty, Member


@dataclass(frozen=True, slots=True)
class Caller:
    """A role, and the person behind it where one is known."""

    role: Role
    account: Account | None = None
    member: Member | None = None  # of the rota, when the person is one
    by_cookie: bool = False  # so that the caller can sign out, and other sites might send in its name
    token: ApiToken | None = None  # the program that this is

    def may(self, path: str) -> bool:
        """Whether to offer this address."""
        role = access.needed(path)
        return role is not None and self.role >= role

    @property
    def person(self) -> Person | None:
        """The asker that this is; from Entra the same as in Teams."""
        return Person(self.account.id, self.account.name) if self.account else None

    @property
    def acting(self) -> Person | None:
        """The sheriff that this is: as the rota calls the person, where it does."""
        return Person(self.member.id, self.member.name) if self.member else self.person

    def sees(self, case: Case) -> bool:
        """Sheriffs see every case, askers their own; a token of an asker is nobody, so it sees none."""
        return self.role >= Role.SHERIFF or (self.account is not None and self.account.id == case.asker.id)


NOBODY = Caller(Role.NONE)
HERE = Caller(Role.ADMIN)  # on this machine, without sign-in


def caller_of(request: Request) -> Caller:
    """Who sent this request; nobody where the guard did not ask."""
    found = getattr(request.state, "caller", NOBODY)
    return found if isinstance(found, Caller) else NOBODY


def as_caller(account: Account, rota: Duty) -> Caller:
    """The caller that a signed-in person is. Members of the rota are sheriffs, whatever their role."""
    member = next((m for m in rota.members if _is(m, account)), None)
    role = max(account.role, Role.SHERIFF) if member else account.role
    return Caller(role, account, member, by_cookie=True)


def _is(member: Member, account: Account) -> bool:
    if member.teams_id and member.teams_id.casefold() == account.id.casefold():
        return True
    return bool(member.email) and member.email.casefold() == account.email.casefold()
