"""`sheriff doctor --security`: each thing that is open is named with its remedy, and a sound set-up has none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.identity.tokens import new_token
from bot.security_doctor import Exposure, State, examine, report
from bot.settings import Settings
from bot.store.opening import open_store
from knowledge.errors import Misuse

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
LONG = "".join(chr(97 + n % 26) for n in range(40))
OUT = {"host": "0.0.0.0", "public_url": "https://sheriff.example"}
SOUND: dict[str, Any] = {"server": OUT, "access_token": LONG, "policy": {"retention_days": 365}}


def settings(tmp_path: Path, **given: Any) -> Settings:
    home = tmp_path / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    return Settings(home=home, **given)


def found(tmp_path: Path, *, config: Path | None = None, **given: Any) -> list[Exposure]:
    return list(examine(settings(tmp_path, **given), config=config or tmp_path / "none.yaml", at=AT))


def opened(tmp_path: Path, **given: Any) -> list[str]:
    return [each.part for each in found(tmp_path, **given) if each.state is State.OPEN]


def test_a_server_for_this_machine_has_nothing_open(tmp_path: Path) -> None:
    assert opened(tmp_path) == []


def test_a_sound_server_for_others_has_nothing_open(tmp_path: Path) -> None:
    assert opened(tmp_path, **SOUND) == []


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"server": {"host": "0.0.0.0", "public_url": "http://sheriff.example"}}, "TLS"),
        ({"server": {"host": "0.0.0.0"}}, "TLS"),
        ({"server": {**OUT, "trusted_proxies": ["0.0.0.0/0"]}}, "proxies"),
        ({"server": {**OUT, "trusted_proxies": ["::/0"]}}, "proxies"),
        ({"rates": {"person_per_minute": 0}}, "rate limits"),
        ({"rates": {"failures_per_minute": 0}}, "rate limits"),
        ({"MICROSOFT_APP_ID": "b07b"}, "tenants"),
        ({"access_token": "short"}, "access token"),
        ({"access_token": "a" * 40}, "access token"),
        ({"sign_in": {"issuer": "https://login.example", "client_id": "x"}, "sign_in_secret": "short"}, "sign-in"),
        ({"desk": {"kind": "webhook", "url": "https://t.example"}, "desk_secret": "short"}, "webhooks"),
        ({"OPENAI_BASE_URL": "http://models.example/v1"}, "language model"),
        ({"AZURE_OPENAI_ENDPOINT": "http://models.example"}, "language model"),
    ],
)
def test_what_is_open_is_told(tmp_path: Path, given: dict[str, Any], part: str) -> None:
    lines = found(tmp_path, **{**SOUND, **given})

    [line] = [each for each in lines if each.state is State.OPEN]
    assert line.part == part
    assert line.why.endswith(".")
    assert line.remedy


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"policy": {}}, "retention"),
        ({"log_level": "debug"}, "log"),
        ({"index": {"chroma_url": "http://chroma:8000"}}, "index"),
        ({"database_url": "postgresql://s@nowhere.invalid/s"}, "database"),
        ({}, "proxies"),
    ],
)
def test_what_may_be_meant_so_is_a_note(tmp_path: Path, given: dict[str, Any], part: str) -> None:
    from bot import security_doctor

    checks = {
        "retention": "_retention",
        "log": "_logs",
        "index": "_chroma",
        "database": "_database",
        "proxies": "_proxies",
    }
    [line] = getattr(security_doctor, checks[part])(settings(tmp_path, **{**SOUND, **given}))

    assert (line.state, line.part) == (State.NOTE, part)
    assert line.remedy


def test_a_server_that_would_not_start_is_refused_and_not_open(tmp_path: Path) -> None:
    lines = found(tmp_path, server=OUT)

    assert [each.part for each in lines if each.state is State.REFUSED] == ["address"]


def test_what_strangers_reach_is_listed(tmp_path: Path) -> None:
    [line] = [each for each in found(tmp_path, **SOUND) if each.part == "strangers"]

    assert "/healthz" in line.why
    assert "/metrics" not in line.why


def test_tokens_that_are_old_unused_or_too_wide_are_told(tmp_path: Path) -> None:
    chosen = settings(tmp_path, **SOUND)
    moments = iter([AT - timedelta(days=400), *[AT] * 20])
    store = open_store(chosen.database, clock=lambda: next(moments, AT))
    store.access.add("old", new_token(), ["ask"], expires=AT + timedelta(days=9), by="root")
    store.access.add("wide", new_token(), ["admin"], expires=None, by="root")
    store.access.add("good", new_token(), ["ask"], expires=AT + timedelta(days=9), by="root")
    store.close()

    lines = [each for each in examine(chosen, config=tmp_path / "none.yaml", at=AT) if each.part == "API tokens"]

    assert [each.state for each in lines] == [State.OPEN, State.NOTE, State.OK]
    assert lines[0].why == "wide may do everything, never expires."
    assert lines[1].why == "old is older than 365 days, was not used for 90 days."
    assert "sheriff tokens revoke 1" in lines[1].remedy


def test_a_home_that_everybody_can_read_is_open(tmp_path: Path) -> None:
    chosen = settings(tmp_path, **SOUND)
    chosen.home.chmod(0o755)

    assert opened(tmp_path, **SOUND) == ["state folder"]


def test_a_new_home_is_for_its_account_only(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'new' / 'sheriff.db'}").close()

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_secrets_in_the_configuration_and_files_that_everybody_can_change_are_told(tmp_path: Path) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text("desk:\n  password: " + "hunter2-" + "f00d\n")
    config.chmod(0o666)

    lines = [each for each in found(tmp_path, config=config, **SOUND) if each.state is State.OPEN]

    assert [each.part for each in lines] == ["configuration", "configuration"]
    assert "hunter2" not in repr(lines)


def test_the_command_ends_with_1_when_something_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, config = settings(tmp_path, **SOUND), tmp_path / "none.yaml"
    loose = settings(tmp_path, **{**SOUND, "rates": {"address_per_minute": 0}})

    codes = [report(each, config=config, output="json", at=AT) for each in (sound, loose)]
    out = capsys.readouterr().out
    text = report(loose, config=config, output="text", at=AT)

    assert (codes, text) == ([0, 1], 1)
    assert set(json.JSONDecoder().raw_decode(out)[0][0]) == {"state", "part", "why", "remedy"}
    assert "open     rate limits" in capsys.readouterr().out
    with pytest.raises(Misuse, match="text or json"):
        report(sound, config=config, output="xml", at=AT)
