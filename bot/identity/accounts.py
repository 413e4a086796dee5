"""From the claims of an ID token to a person with a role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.identity.roles import Role
from knowledge.errors import SheriffError

_LONGEST_ID = 200


class SignInError(SheriffError):
    """This sign-in does not lead to a person; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who signed in, as the provider knows the person."""

    id: str  # stable; from Entra the object id, which is also the person's id in Teams
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Naming:
    """Which claims say what. A claim inside another is written with a dot: realm_access.roles."""

    id: str = "oid"
    name: str = "name"
    email: str = "preferred_username"
    roles: str = "roles"
    given: Mapping[str, Role] = field(default_factory=dict)  # by value of the claim
    everyone: Role = Role.ASKER  # for who has none of these values


def account_of(claims: Mapping[str, Any], naming: Naming) -> Account:
    """The person in these claims. Raises SignInError naming the setting when the id or the roles are not there."""
    stable = _claim(claims, naming.id)
    if not isinstance(stable, str) or not 0 < len(stable) <= _LONGEST_ID:
        raise SignInError(
            f"The provider says nothing usable in the claim “{naming.id}”, which is to tell who you are. "
            "The operator sets sign_in.id_claim: oid for Entra, sub for other providers."
        )
    email = _text(_claim(claims, naming.email)) if claims.get("email_verified") is not False else ""
    name = _text(_claim(claims, naming.name)) or email or stable
    return Account(stable, name[:100], email[:200], _role(claims, naming))


def _role(claims: Mapping[str, Any], naming: Naming) -> Role:
    values = _claim(claims, naming.roles)
    if values is None and naming.roles in _left_out(claims):
        raise SignInError(
            f"You are in more groups than the provider writes into “{naming.roles}”. "
            "The operator gives app roles instead, or lets only the groups of this application be sent."
        )
    listed = values if isinstance(values, Sequence) and not isinstance(values, str) else [values]
    return max((naming.given.get(str(value), Role.NONE) for value in listed), default=Role.NONE) or naming.everyone


def _left_out(claims: Mapping[str, Any]) -> Sequence[str]:
    """Claims that Entra kept to itself because they were too many."""
    names = claims.get("_claim_names")
    return list(names) if isinstance(names, Mapping) else ()


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(value: Any) -> str:
    """As one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""
