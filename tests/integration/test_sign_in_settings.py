"""Sign-in as the settings have it: what is refused at start, and what the doctor finds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr

from bot import doctor, serving, sign_in_wiring
from bot.findings import Health
from bot.identity.roles import Role
from bot.sections import ServerSettings, SignInSettings
from bot.settings import Settings, load
from knowledge.errors import Misuse
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider, running_provider

ISSUER = "https://login.example/tenant/v2.0"
PUBLIC = "https://sheriff.example/"


def settings_with(
    *, secret: str = SECRET, host: str = "0.0.0.0", public_url: str = PUBLIC, token: str = "", **given: Any
) -> Settings:
    return Settings(
        server=ServerSettings(host=host, public_url=public_url),
        sign_in=SignInSettings(**({"issuer": ISSUER, "client_id": CLIENT} | given)),
        sign_in_secret=SecretStr(secret),
        access_token=SecretStr(token),
    )


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running_provider() as provider:
        yield provider


def test_sign_in_is_read_from_the_file_and_its_secret_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sheriff.yaml").write_text(
        f"server: {{public_url: '{PUBLIC}'}}\n"
        f"sign_in:\n  issuer: {ISSUER}\n  client_id: abc\n  role_claim: groups\n  roles: {{7f: admin}}\n  hours: 2\n"
    )
    monkeypatch.setenv("SHERIFF_SIGN_IN_SECRET", "do-not-show")

    settings = load(tmp_path / "sheriff.yaml")
    made = sign_in_wiring.sign_in(settings, "http://127.0.0.1:3978")

    assert made is not None
    assert "do-not-show" not in repr(settings)
    assert made.back == "https://sheriff.example/sign-in/callback"
    assert (made.naming.roles, made.naming.given) == ("groups", {"7f": Role.ADMIN})
    assert made.lifetime.total_seconds() == 7200
    assert made.secure


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("sign_in: {isuer: x}", "isuer"),
        ("sign_in: {issuer: login.example}", "issuer"),
        ("sign_in: {roles: {a: boss}}", "boss"),
        ("sign_in: {everyone: admin}", "admin"),
        ("sign_in: {scopes: profile}", "profile"),
        ("sign_in: {secret: x}", "secret"),
    ],
)
def test_a_wrong_section_is_told_with_its_place(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "sheriff.yaml").write_text(content + "\n")

    with pytest.raises(Misuse, match=rf"(?s)sheriff\.yaml:1:.*{told}"):
        load(tmp_path / "sheriff.yaml")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"secret": ""}, "SHERIFF_SIGN_IN_SECRET in the environment"),
        ({"client_id": ""}, "set sign_in.client_id as well"),
        ({"issuer": "", "client_id": ""}, "set sign_in.issuer and sign_in.client_id"),
        ({"issuer": "http://login.example"}, "has to begin with https"),
        ({"secret": "a\nb"}, "characters that no secret has"),
        ({"public_url": ""}, "set server.public_url"),
        ({"public_url": "http://sheriff.example"}, "put TLS in front"),
    ],
)
def test_sign_in_that_cannot_work_keeps_the_server_from_starting(given: dict[str, Any], told: str) -> None:
    with pytest.raises(Misuse, match=told):
        serving.refuse_open_door(settings_with(**given))


def test_beyond_loopback_something_has_to_ask_who_calls() -> None:
    with pytest.raises(Misuse, match=r"Configure sign_in .+ set SHERIFF_ACCESS_TOKEN .+ stay on 127\.0\.0\.1"):
        serving.refuse_open_door(settings_with(issuer="", client_id="", secret=""))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "127.0.0.1", "public_url": ""},
        {"issuer": "", "client_id": "", "secret": "", "token": "long"},
        {"issuer": "", "client_id": "", "secret": "", "host": "127.0.0.1"},
    ],
)
def test_sign_in_a_token_or_loopback_is_enough_to_start(given: dict[str, Any]) -> None:
    serving.refuse_open_door(settings_with(**given))


def test_on_this_machine_people_come_back_to_where_it_listens() -> None:
    made = sign_in_wiring.sign_in(settings_with(host="127.0.0.1", public_url=""), "http://127.0.0.1:4000")

    assert made is not None
    assert made.back == "http://127.0.0.1:4000/sign-in/callback"
    assert (made.secure, made.session_cookie) == (False, "sheriff_session")


def findings(settings: Settings) -> dict[str, doctor.Finding]:
    checks = (doctor.sign_in, doctor.exposure)
    return {finding.part: finding for finding in (check(settings) for check in checks)}


def test_the_doctor_asks_the_provider(provider: OpenIdProvider) -> None:
    found = findings(settings_with(issuer=provider.url))

    assert found["sign-in"].health is Health.GOOD
    assert "https://sheriff.example/sign-in/callback" in found["sign-in"].sentence
    assert found["exposure"].sentence == "Whoever can reach the pages has to sign in."


def test_the_doctor_says_what_is_wrong_with_the_provider(provider: OpenIdProvider) -> None:
    provider.broken["/.well-known/openid-configuration"] = PlainTextResponse("no such page", 404)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"

    wrong = doctor.sign_in(settings_with(issuer=provider.url))
    away = doctor.sign_in(settings_with(issuer=nobody))

    assert (wrong.health, away.health) == (Health.BAD, Health.BAD)
    assert "status 404" in wrong.sentence
    assert "cannot be reached" in away.sentence


def test_the_doctor_says_that_nobody_is_let_in_through_a_proxy_without_sign_in() -> None:
    settings = settings_with(issuer="", client_id="", secret="", host="127.0.0.1")

    found = findings(settings)

    assert found["sign-in"].health is Health.NOTICE
    assert "nobody is let in" in found["exposure"].sentence
