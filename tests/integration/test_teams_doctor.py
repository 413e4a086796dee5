"""`sheriff doctor --teams` against doubles of Entra, of the Bot Framework and of endpoints that are set up wrongly."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import SecretStr

from bot import teams_doctor
from bot.channels.teams_auth import CHANNEL_METADATA
from bot.entra import LOGIN, MEANINGS, token_finding
from bot.findings import Finding, Health
from bot.probing import asked
from bot.sections import ServerSettings, TeamsSettings
from bot.settings import Settings
from bot.store.opening import open_store
from bot.store.posts import CASE_CARD, Post
from bot.teams_doctor import (
    Microsoft,
    endpoint,
    examine,
    public_address,
    report,
    rota_ids,
    sheriff_channel,
    signing_keys,
)
from knowledge import bundled
from knowledge.errors import Unavailable
from tests.commands import Run, run
from tests.fakes import a_case
from tests.serving import serving
from tests.teams_services import KEY, Services, refused, running_services

__all__ = ["run"]  # a fixture

APP_ID = "0a1b2c3d-1111-2222-3333-444455556666"
TENANT = "99999999-aaaa-bbbb-cccc-dddddddddddd"
SECRET = "hush~8Q~never-shown"


@pytest.fixture(scope="module")
def running() -> Iterator[Services]:
    with running_services() as services:
        yield services


@pytest.fixture
def services(running: Services) -> Services:
    """The double, as if nobody had told it anything."""
    fresh = Services(url=running.url)
    for name in ("token", "metadata", "keys", "endpoint", "forms", "posted"):
        setattr(running, name, getattr(fresh, name))
    return running


def settings_with(
    *,
    app_id: str = APP_ID,
    secret: str = SECRET,
    tenant: str = TENANT,
    public_url: str = "",
    home: Path = Path("there-is-none"),
    rota: Path = bundled.ROTA,
    **teams: Any,
) -> Settings:
    return Settings(
        home=home,
        rota=rota,
        teams_app_id=app_id,
        teams_app_password=SecretStr(secret),
        teams_tenant_id=tenant,
        server=ServerSettings(public_url=public_url),
        teams=TeamsSettings(**teams),
    )


def findings(settings: Settings, services: Services) -> dict[str, Finding]:
    microsoft = Microsoft(login=services.url, metadata=f"{services.url}/metadata")
    return {finding.part: finding for finding in examine(settings, microsoft)}


def token(services: Services) -> Finding:
    return token_finding(APP_ID, SECRET, TENANT, login=services.url)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


CHANNEL = "19:0123abcd@thread.tacv2"
ANA = "6b7f1c1e-0000-0000-0000-000000000001"


def rota_with(folder: Path, *teams_ids: str) -> Path:
    """A rota of Ana, Bo and Cy with these ids in Teams."""
    members = [
        f"  - {{id: {name.lower()}, name: {name}{f', teams_id: {known}' if known else ''}}}\n"
        for name, known in zip(("Ana", "Bo", "Cy"), teams_ids, strict=False)
    ]
    file = folder / "rota.yaml"
    file.write_text(f"timezone: Europe/Paris\nstart: 2026-11-23\nmembers:\n{''.join(members)}")
    return file


def home_with_card(folder: Path, conversation: str = CHANNEL) -> Path:
    """A state folder whose database knows one card that was posted in a conversation."""
    store = open_store(f"sqlite:///{folder / 'sheriff.db'}")
    store.cases.save_new(a_case())
    store.posts.remember(Post(a_case().id, conversation, "1700000000000"), CASE_CARD)
    store.close()
    return folder


# ---- all of it ----


def test_a_bot_that_is_set_up_is_good_in_every_part_but_the_doubles_plain_http(
    services: Services, tmp_path: Path
) -> None:
    rota = rota_with(tmp_path, ANA, ANA)
    set_up = settings_with(public_url=services.url, home=home_with_card(tmp_path), rota=rota, sheriff_channel=CHANNEL)

    found = findings(set_up, services)

    parts = ["app id", "secret", "tenant", "token", "signing keys", "public address", "endpoint"]
    assert list(found) == [*parts, "sheriffs", "rota in Teams"]
    assert {part for part, finding in found.items() if finding.health is not Health.GOOD} == {"public address"}


def test_with_nothing_set_everything_missing_is_named_and_entra_is_not_asked(services: Services) -> None:
    found = findings(settings_with(app_id="", secret="", tenant=""), services)

    missing = {part: finding.sentence for part, finding in found.items() if finding.health is Health.MISSING}
    assert list(missing) == ["app id", "secret", "tenant", "public address"]
    assert missing["app id"].startswith("MICROSOFT_APP_ID is not set. Copy")
    assert missing["secret"].startswith("MICROSOFT_APP_PASSWORD is not set. Make")
    assert missing["tenant"].startswith("MICROSOFT_APP_TENANT_ID (or teams.tenant_id) is not set. Copy")
    assert missing["public address"].startswith("server.public_url is not set. Set")
    assert found["token"].health is Health.WARNING
    assert services.forms == []
    assert "endpoint" not in found


@pytest.mark.parametrize(
    ("change", "part", "health", "told"),
    [
        ({"app_id": "sheriff"}, "app id", Health.BAD, "MICROSOFT_APP_ID is no GUID"),
        ({"app_id": f"{APP_ID}\n"}, "app id", Health.BAD, "MICROSOFT_APP_ID is no GUID"),
        ({"app_id": APP_ID.upper()}, "app id", Health.BAD, "MICROSOFT_APP_ID has capitals"),
        ({"tenant": "contoso.onmicrosoft.com"}, "tenant", Health.BAD, "MICROSOFT_APP_TENANT_ID is no GUID"),
        ({"secret": TENANT}, "secret", Health.WARNING, "looks like the secret's id. Copy the column “Value”"),
        ({"secret": f"{SECRET}\n"}, "secret", Health.WARNING, "has blanks at an end"),
        ({"tenant": "", "tenant_id": TENANT}, "tenant", Health.GOOD, TENANT),
    ],
)
def test_what_has_a_wrong_form_is_told_before_anybody_is_asked(
    services: Services, change: dict[str, str], part: str, health: Health, told: str
) -> None:
    found = findings(settings_with(**change), services)[part]

    assert found.health is health
    assert told in found.sentence


def test_the_report_prints_a_line_for_each_part_and_never_the_secret(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.token = refused(7000215, f"AADSTS7000215: Invalid client secret provided: {SECRET}.")

    code = report(settings_with(public_url=services.url), Microsoft(services.url, f"{services.url}/metadata"))

    printed = capsys.readouterr().out
    assert code == 1
    assert [line.split()[0] for line in printed.splitlines()] == [
        *("ok", "ok", "ok", "FAIL", "ok", "FAIL", "ok", "warning", "warning")
    ]
    assert SECRET not in printed


def test_warnings_alone_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert teams_doctor.printed([Finding(Health.WARNING, "token", "Later.")], width=7) == 0
    assert teams_doctor.printed([Finding(Health.MISSING, "app id", "Not set.")], width=7) == 1
    assert capsys.readouterr().out.splitlines()[0] == "warning  token          Later."


def test_microsofts_own_addresses_are_those_of_the_channel() -> None:
    assert Microsoft() == Microsoft(login=LOGIN, metadata=CHANNEL_METADATA)
    assert LOGIN == "https://login.microsoftonline.com"


# ---- the sheriffs ----


@pytest.mark.parametrize(
    ("channel", "health", "told"),
    [
        ("", Health.WARNING, "teams.sheriff_channel is not set."),
        ("19:0123abcd@unq.gbl.spaces", Health.BAD, "is no channel’s. Copy the id from *Get link to channel*"),
        ("19:meeting_x@thread.v2", Health.BAD, "is no channel’s."),
        ("19:another@thread.tacv2", Health.WARNING, "has had no card yet, so it is not known to work. Add Sheriff"),
        (CHANNEL, Health.GOOD, "takes cards."),
    ],
)
def test_the_sheriffs_channel_is_a_channel_and_was_reached(
    tmp_path: Path, channel: str, health: Health, told: str
) -> None:
    found = sheriff_channel(settings_with(home=home_with_card(tmp_path), sheriff_channel=channel))

    assert found.health is health
    assert told in found.sentence


def test_looking_makes_no_database(tmp_path: Path) -> None:
    found = sheriff_channel(settings_with(home=tmp_path, sheriff_channel=CHANNEL))

    assert found.health is Health.WARNING
    assert not list(tmp_path.iterdir())


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "sheriff.db").write_bytes(b"no database " * 100)

    assert sheriff_channel(settings_with(home=tmp_path, sheriff_channel=CHANNEL)).health is Health.BAD


@pytest.mark.parametrize(
    ("ids", "health", "told"),
    [
        ((ANA, ANA), Health.GOOD, "all 2 members have a teams_id."),
        ((ANA, ""), Health.WARNING, "Bo without teams_id: known by name only"),
        (("", ANA, ""), Health.WARNING, "Ana and Cy without teams_id"),
        ((ANA, "bo@example.com"), Health.BAD, "the teams_id of Bo is no GUID. It is the Entra object id: az ad user"),
    ],
)
def test_members_whom_teams_does_not_know_are_named(
    tmp_path: Path, ids: tuple[str, ...], health: Health, told: str
) -> None:
    found = rota_ids(settings_with(rota=rota_with(tmp_path, *ids)))

    assert found.health is health
    assert told in found.sentence


def test_a_rota_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    found = rota_ids(settings_with(rota=tmp_path / "none.yaml"))

    assert found.health is Health.BAD
    assert "none.yaml" in found.sentence


# ---- Entra ----


def test_a_token_is_asked_for_as_the_bot_does(services: Services) -> None:
    found = token(services)

    assert found.health is Health.GOOD
    assert services.forms == [
        (
            TENANT,
            {
                "grant_type": "client_credentials",
                "client_id": APP_ID,
                "client_secret": SECRET,
                "scope": "https://api.botframework.com/.default",
            },
        )
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (700016, "tenant knows no app with MICROSOFT_APP_ID"),
        (90002, "no such tenant"),
        (7000215, "secret is wrong"),
        (7000222, "secret has expired"),
        (7000229, "az ad sp create"),
        *((code, meaning) for code, meaning in MEANINGS.items()),
    ],
)
def test_entras_refusals_are_told_in_words(services: Services, code: int, told: str) -> None:
    services.token = refused(code)

    found = token(services)

    assert found.health is Health.BAD
    assert told in found.sentence
    assert f"AADSTS{code}" in found.sentence


def test_a_code_that_stands_only_in_the_sentence_is_found(services: Services) -> None:
    services.token = JSONResponse({"error_description": "AADSTS7000222: expired"}, status_code=401)

    assert "secret has expired" in token(services).sentence


def test_an_unknown_refusal_is_quoted_without_its_numbers_and_with_an_explanation(services: Services) -> None:
    services.token = refused(123456, f"AADSTS123456: {SECRET} is odd.\r\nTrace ID: 255d1aef")

    sentence = token(services).sentence

    assert sentence == (
        "Entra refuses: AADSTS123456: *** is odd. https://login.microsoftonline.com/error?code=123456 explains it."
    )


@pytest.mark.parametrize("answer", [refused(90033), Response(status_code=503), Response(status_code=429)])
def test_an_entra_that_has_no_time_is_a_warning(services: Services, answer: Response) -> None:
    services.token = answer

    assert token(services).health is Health.WARNING


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>sign in</html>"),
        JSONResponse({"access_token": ""}),
        JSONResponse([1]),
        RedirectResponse("https://proxy.example", 302),
    ],
)
def test_what_is_not_entra_is_not_taken_for_it(services: Services, answer: Response) -> None:
    services.token = answer

    found = token(services)

    assert found.health is Health.BAD
    assert "Something else than Entra answers" in found.sentence


def test_an_entra_that_cannot_be_reached_is_told_with_its_host() -> None:
    port = free_port()

    found = token_finding(APP_ID, SECRET, TENANT, login=f"http://127.0.0.1:{port}")

    assert found.health is Health.BAD
    assert f"127.0.0.1:{port} refuses the connection" in found.sentence


# ---- the keys ----


def test_keys_that_are_endorsed_for_teams_are_good(services: Services) -> None:
    assert signing_keys(f"{services.url}/metadata").health is Health.GOOD


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"keys": []}, "no RSA keys endorsed for msteams"),
        ({"keys": "none"}, "no RSA keys endorsed for msteams"),
        ({"keys": [{**KEY, "endorsements": ["skype"]}]}, "no RSA keys endorsed for msteams"),
        ({"keys": [{**KEY, "kty": "EC"}, {**KEY, "kid": 7}, "key"]}, "no RSA keys endorsed for msteams"),
        ([], "not with a JSON object"),
    ],
)
def test_keys_that_are_no_use_are_told(services: Services, keys: Any, told: str) -> None:
    services.keys = keys

    found = signing_keys(f"{services.url}/metadata")

    assert found.health is Health.BAD
    assert told in found.sentence


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (JSONResponse({}), "names no keys"),
        (JSONResponse({"jwks_uri": ["x"]}), "names no keys"),
        (JSONResponse({"jwks_uri": "no address"}), "is no address that can be asked"),
        (Response("<html>", 200), "answers 200, not with a JSON object"),
        (Response("", 403), "answers 403"),
        (RedirectResponse("https://proxy.example", 302), "answers 302"),
    ],
)
def test_metadata_that_is_not_microsofts_is_told(services: Services, metadata: Response, told: str) -> None:
    services.metadata = metadata

    found = signing_keys(f"{services.url}/metadata")

    assert found.health is Health.BAD
    assert told in found.sentence


# ---- the endpoint ----


def test_an_endpoint_that_refuses_strangers_is_good_and_was_asked_without_a_token(services: Services) -> None:
    found = endpoint(f"{services.url}/")

    assert found.health is Health.GOOD
    body, headers = services.posted[0]
    assert body["type"] == "typing"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Response(status_code=202), "answers 202: it is open to all. Set MICROSOFT_APP_ID"),
        (Response(status_code=200), "open to all"),
        (RedirectResponse("https://www.example.com/", 301), "redirects to https://www.example.com/; the Bot Framework"),
        (Response(status_code=404), "is not found. Pass the path on"),
        (Response(status_code=405), "does not take POST"),
        (Response(status_code=403), "Open /api/messages in the gateway"),
        (Response(status_code=502), "has a proxy that does not reach Sheriff"),
        (Response(status_code=500), "fails. Look into Sheriff's log"),
        (Response(status_code=401), "a gateway wants a sign-in"),
        (JSONResponse({"error": "Who?"}, status_code=401), "a gateway wants a sign-in"),
        (JSONResponse({"error": "Without an app id …"}, status_code=403), "It says: Without an app id …"),
    ],
)
def test_an_endpoint_that_teams_could_not_use_is_told_with_the_remedy(
    services: Services, answer: Response, told: str
) -> None:
    services.endpoint = answer

    found = endpoint(services.url)

    assert found.health is Health.BAD
    assert told in found.sentence


def test_an_endpoint_that_nobody_serves_is_told() -> None:
    found = endpoint(f"http://127.0.0.1:{free_port()}")

    assert found.health is Health.BAD
    assert "refuses the connection or cannot be reached. Is `sheriff serve` running" in found.sentence


def test_a_certificate_that_cannot_be_trusted_is_told(tmp_path: Path) -> None:
    with running_services(tmp_path / "self-signed.pem") as services:
        found = endpoint(services.url)

    assert found.health is Health.BAD
    assert "has a certificate that cannot be trusted (self-signed certificate)" in found.sentence


def test_an_https_address_that_speaks_plain_http_is_told(services: Services) -> None:
    found = endpoint(services.url.replace("http://", "https://"))

    assert found.health is Health.BAD
    assert "does not speak TLS at this port" in found.sentence


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        with pytest.raises(Unavailable, match=r"does not answer within 0\.2 seconds"):
            asked("POST", f"http://127.0.0.1:{silent.getsockname()[1]}/", content={}, patience=0.2)


@pytest.mark.parametrize("url", ["https://", "https://sheriff:port"])
def test_what_is_no_address_is_told_as_such(url: str) -> None:
    with pytest.raises(Unavailable, match="is no address that can be asked"):
        asked("GET", url)


@pytest.mark.parametrize(
    ("public_url", "health", "told"),
    [
        ("", Health.MISSING, "server.public_url is not set"),
        ("http://sheriff.example.com", Health.BAD, "is not https"),
        ("https://localhost:3978", Health.BAD, "is this machine"),
        ("https://sheriff.example.com/", Health.GOOD, "is https://sheriff.example.com/api/messages."),
    ],
)
def test_an_address_that_microsoft_cannot_reach_is_told(public_url: str, health: Health, told: str) -> None:
    found = public_address(settings_with(public_url=public_url))

    assert found.health is health
    assert told in found.sentence


def test_sheriff_itself_answers_as_the_check_expects(own_home: Path, model_dir: Path) -> None:
    with serving(own_home, model_dir, MICROSOFT_APP_ID=APP_ID, MICROSOFT_APP_PASSWORD="x") as served:
        served.wait_until_ready()
        tries = (endpoint(served.url) for _ in range(10))  # a busy machine needs longer than the check waits
        found = next((each for each in tries if each.health is Health.GOOD), None)

    assert found is not None


# ---- on the command line ----


def test_the_command_names_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("HTTPS_PROXY", closed)  # so that nothing leaves this machine
    monkeypatch.setenv("https_proxy", closed)

    done = run("doctor", "--teams")

    assert done.code == 1
    for told in ("MICROSOFT_APP_ID", "MICROSOFT_APP_PASSWORD", "MICROSOFT_APP_TENANT_ID", "server.public_url"):
        assert f"{told} " in done.out
    assert "FAIL     signing keys   login.botframework.com refuses" in done.out


def test_the_package_is_written_and_the_next_step_is_said(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MICROSOFT_APP_ID", APP_ID)
    monkeypatch.setenv("SHERIFF_SERVER__PUBLIC_URL", "https://sheriff.example.com")

    done = run("teams", "package", "--output", "out.zip")
    again = run("teams", "package")

    assert (done.code, again.code) == (0, 0)
    assert "Upload new app" in done.out
    assert "teams.privacy_url" in done.out
    assert (tmp_path / "out.zip").read_bytes() == (tmp_path / "sheriff-teams.zip").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--output", "out.tar"), 2, "Teams takes a file that ends in .zip"),
        (("--output", "nowhere/out.zip"), 1, "nowhere/out.zip: No such file or directory"),
    ],
)
def test_a_package_that_cannot_be_written_is_told(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    monkeypatch.setenv("MICROSOFT_APP_ID", APP_ID)
    monkeypatch.setenv("SHERIFF_SERVER__PUBLIC_URL", "https://sheriff.example.com")

    done = run("teams", "package", *arguments)

    assert done.code == code
    assert told in done.err


def test_a_package_without_a_registration_names_what_is_missing(run: Run, tmp_path: Path) -> None:
    done = run("teams", "package")

    assert done.code == 2
    assert "MICROSOFT_APP_ID is not set" in done.err
    assert not (tmp_path / "sheriff-teams.zip").exists()
