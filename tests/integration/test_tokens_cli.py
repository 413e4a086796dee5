"""`sheriff tokens` and `sheriff sign-out`, as an operator uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.identity.tokens import is_token
from bot.settings import Settings
from bot.store.opening import open_store
from bot.upkeep.tokens import create_command, list_command, log_command, revoke_command, sign_out_command
from knowledge.errors import Misuse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_token_is_shown_once_listed_without_itself_and_revoked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    create_command(settings, "ci-checks", ["validate", "ask", "ask"], expires="90d")
    made = capsys.readouterr()
    list_command(settings, output="json")
    [listed] = json.loads(capsys.readouterr().out)
    list_command(settings, output="text")
    shown = capsys.readouterr().out
    revoke_command(settings, "ci-checks")
    capsys.readouterr()
    list_command(settings, output="text")
    over = capsys.readouterr().out
    log_command(settings)
    log = capsys.readouterr().out

    token = made.out.strip()
    assert is_token(token)
    assert (listed["scopes"], listed["good"], listed["used"]) == (["validate", "ask"], True, None)
    assert "never used" in shown
    assert "revoked" in over
    assert [line.split("UTC")[1].split()[:2] for line in log.splitlines()] == [
        ["token", "revoked"],
        ["token", "created"],
    ]
    assert not any(token[4:] in text for text in (made.err, json.dumps(listed), shown, over, log))


@pytest.mark.parametrize(
    ("name", "scopes", "expires", "told"),
    [
        ("ci", [], "90d", "--scope"),
        ("ci", ["root"], "90d", "--scope root: choose among these"),
        ("ci", ["ask"], "soon", "90d, 12h, 4w or never"),
        ("ci", ["ask"], "0d", "90d, 12h, 4w or never"),
        ("ci", ["ask"], "99999w", "90d, 12h, 4w or never"),
        ("", ["ask"], "90d", "name"),
        ("a\nb", ["ask"], "90d", "name"),
    ],
)
def test_what_cannot_be_made_is_told_with_what_can(
    settings: Settings, name: str, scopes: list[str], expires: str, told: str
) -> None:
    with pytest.raises(Misuse, match=told):
        create_command(settings, name, scopes, expires=expires)


def test_signing_out_names_one_person_or_everybody(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    sign_out_command(settings, "kim@example.com", everybody=False)
    sign_out_command(settings, "", everybody=True)

    assert capsys.readouterr().out.splitlines()[0] == "kim@example.com has to sign in again."
    for person, everybody in (("", False), ("kim", True)):
        with pytest.raises(Misuse, match="--all"):
            sign_out_command(settings, person, everybody=everybody)
    store = open_store(settings.database)
    assert [kind for _, kind, _, _ in store.access.events()] == ["sessions_ended"] * 2
    store.close()
