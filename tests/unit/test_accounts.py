"""From claims to a person with a role, and the seals of what browsers keep for us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity.accounts import Account, Naming, SignInError, account_of
from bot.identity.roles import Role
from bot.identity.seals import Seal

KIM = {"oid": "0001", "name": "Kim", "preferred_username": "kim@example.com"}
GIVEN = {"sheriff": Role.SHERIFF, "7f": Role.ADMIN}
AT = datetime(2026, 11, 25, 9, 36, tzinfo=UTC)
SEAL = Seal("secret", "issuer")
HOUR = timedelta(hours=1)


def test_a_person_has_the_providers_id_name_and_address() -> None:
    assert account_of(KIM, Naming(given=GIVEN)) == Account("0001", "Kim", "kim@example.com", Role.ASKER)


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (None, Role.ASKER),
        ([], Role.ASKER),
        (["unknown"], Role.ASKER),
        (["sheriff"], Role.SHERIFF),
        ("sheriff", Role.SHERIFF),
        (["sheriff", "7f", "unknown"], Role.ADMIN),
        ([7, {"a": 1}, None], Role.ASKER),
        ({"sheriff": True}, Role.ASKER),
        (True, Role.ASKER),
    ],
)
def test_the_highest_of_the_given_roles_counts(roles: Any, role: Role) -> None:
    assert account_of(KIM | {"roles": roles}, Naming(given=GIVEN)).role is role


def test_a_claim_inside_another_is_found_by_its_dots() -> None:
    naming = Naming(roles="realm_access.roles", given=GIVEN)

    assert account_of(KIM | {"realm_access": {"roles": ["sheriff"]}}, naming).role is Role.SHERIFF
    assert account_of(KIM | {"realm_access": "sheriff"}, naming).role is Role.ASKER
    assert account_of(KIM | {"realm_access.roles": ["7f"]}, naming).role is Role.ADMIN


@pytest.mark.parametrize("stable", [None, "", 7, ["0001"], "x" * 201])
def test_without_a_usable_id_nobody_signs_in(stable: Any) -> None:
    with pytest.raises(SignInError, match=r"“oid”.+sign_in\.id_claim"):
        account_of(KIM | {"oid": stable}, Naming())


def test_too_many_groups_are_told_rather_than_taken_for_none() -> None:
    claims = KIM | {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}}

    with pytest.raises(SignInError, match="more groups than the provider writes into “groups”"):
        account_of(claims, Naming(roles="groups"))


def test_an_address_that_nobody_verified_is_not_compared_with_the_rota() -> None:
    claims = {"oid": "0001", "email": "ana@example.com", "email_verified": False}

    assert account_of(claims, Naming(email="email")).email == ""


def test_a_name_is_one_short_line() -> None:
    claims = KIM | {"name": " Kim\n\x1b[31m " + "K" * 500}

    assert account_of(claims, Naming()).name.startswith("Kim [31m K")
    assert len(account_of(claims, Naming()).name) == 100


@pytest.mark.parametrize(("claims", "name"), [({"name": ""}, "kim@example.com"), ({"name": None}, "kim@example.com")])
def test_who_has_no_name_goes_by_the_address(claims: dict[str, Any], name: str) -> None:
    assert account_of(KIM | claims, Naming()).name == name


def test_roles_include_the_lower_ones() -> None:
    assert sorted(Role) == [Role.NONE, Role.ASKER, Role.SHERIFF, Role.MAINTAINER, Role.ADMIN]


# ---- seals ----


def test_a_sealed_value_comes_back_until_its_time_is_over() -> None:
    sealed = SEAL.close("session", {"id": "0001"}, at=AT)

    assert (SEAL.open("session", sealed, at=AT + HOUR, lifetime=HOUR) or {})["id"] == "0001"
    assert SEAL.open("session", sealed, at=AT + HOUR + timedelta(seconds=1), lifetime=HOUR) is None


def test_a_value_of_another_kind_secret_or_context_or_of_the_future_is_none() -> None:
    sealed = SEAL.close("departure", {"id": "0001"}, at=AT)

    assert SEAL.open("session", sealed, at=AT, lifetime=HOUR) is None
    assert Seal("secret", "another issuer").open("departure", sealed, at=AT, lifetime=HOUR) is None
    assert Seal("another", "issuer").open("departure", sealed, at=AT, lifetime=HOUR) is None
    assert SEAL.open("departure", sealed, at=AT - HOUR, lifetime=HOUR) is None


def test_two_servers_with_one_secret_open_each_others_values() -> None:
    sealed = Seal("secret", "issuer").close("session", {"id": "0001"}, at=AT)

    assert SEAL.open("session", sealed, at=AT, lifetime=HOUR) is not None


@given(st.text())
def test_any_text_is_opened_without_an_exception(text: str) -> None:
    assert SEAL.open("session", text, at=AT, lifetime=HOUR) is None


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_a_value_with_one_letter_changed_is_none(place: int, letter: str) -> None:
    sealed = SEAL.close("session", {"id": "0001"}, at=AT)
    place %= len(sealed.rstrip("="))
    changed = sealed[:place] + letter + sealed[place + 1 :]

    assert changed == sealed or SEAL.open("session", changed, at=AT, lifetime=HOUR) is None
