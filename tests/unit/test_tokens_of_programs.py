"""API tokens: their form, their checksum, and what each scope opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.access import NEEDED, SCOPES, role_of, scopes_for
from bot.identity.roles import Role
from bot.identity.tokens import ApiToken, digest, is_token, new_token

AT = datetime(2026, 11, 27, tzinfo=UTC)


def test_tokens_have_a_prefix_a_checksum_and_never_repeat() -> None:
    made = {new_token() for _ in range(200)}

    assert len(made) == 200
    assert all(is_token(token) and token.startswith("shf_") and len(token) == 53 for token in made)


def test_a_changed_letter_is_noticed() -> None:
    token = new_token()
    changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(4, len(token))]

    assert not any(is_token(each) for each in changed)


@pytest.mark.parametrize("text", ["", "shf_", "shf_" + "0" * 49, " {}", "{}\n", "x" * 53])
def test_other_texts_are_no_tokens(text: str) -> None:
    assert not is_token(text.format(new_token()))


def test_what_is_kept_says_nothing_about_the_token() -> None:
    token = new_token()

    assert len(digest(token)) == 64
    assert token[4:20] not in digest(token)


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"expires": AT + timedelta(seconds=1)}, True),
        ({"expires": AT}, False),
        ({"revoked": AT - timedelta(days=1)}, False),
    ],
)
def test_a_token_is_good_until_it_expires_or_is_revoked(changes: dict[str, datetime], good: bool) -> None:
    assert ApiToken(1, "ci", ("ask",), AT, **changes).is_good(AT) is good  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scopes", "method", "path", "role"),
    [
        (["ask"], "POST", "/api/v1/ask", Role.ASKER),
        (["ask"], "POST", "/api/v1/validate", Role.NONE),
        (["ask"], "GET", "/api/v1/cases", Role.NONE),
        (["validate"], "POST", "/api/v1/validate", Role.ASKER),
        (["validate"], "GET", "/api/v1/status", Role.ASKER),
        (["read"], "GET", "/api/v1/cases/c-1", Role.SHERIFF),
        (["read"], "HEAD", "/api/v1/cases", Role.SHERIFF),
        (["read"], "POST", "/api/v1/cases/c-1/resolve", Role.NONE),
        (["desk"], "POST", "/api/v1/cases/c-1/resolve", Role.SHERIFF),
        (["desk"], "POST", "/desk/c-1/resolve", Role.NONE),
        (["metrics"], "GET", "/metrics", Role.MAINTAINER),
        (["metrics"], "GET", "/gaps", Role.NONE),
        (["ask", "read"], "POST", "/api/v1/ask", Role.ASKER),  # not more than that scope takes
        (["admin"], "POST", "/rota/cover", Role.ADMIN),
        (["admin"], "GET", "/", Role.ADMIN),
        (["gone"], "GET", "/api/v1/status", Role.NONE),
        ([], "GET", "/api/v1/status", Role.NONE),
    ],
)
def test_a_scope_opens_its_addresses_in_its_role_and_no_others(
    scopes: list[str], method: str, path: str, role: Role
) -> None:
    assert role_of(scopes, method, path) is role


def test_only_admin_opens_pages_for_people() -> None:
    pages = [path for path, role in NEEDED if role and not path.startswith(("/api/", "/metrics", "/readyz"))]

    assert {name for path in pages for name in scopes_for("POST", path.replace("*", "x"))} == {"admin"}
    assert set(SCOPES) == {"ask", "validate", "read", "desk", "metrics", "admin"}
