from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import load, with_server
from knowledge.errors import Misuse


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_API_KEY", "SHERIFF_HOME", "SHERIFF_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default_that_works() -> None:
    settings = load()

    assert settings.provider == "none"
    assert settings.is_loopback
    assert [s.kind for s in settings.all_sources] == ["folder", "faq", "schemas"]
    assert settings.database == "sqlite:///.sheriff/sheriff.db"


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    config = folder / "sheriff.yaml"
    config.write_text("sources:\n  - name: docs\n    path: pages\nrota: duty.yaml\n")

    settings = load(config)

    assert settings.sources[0].path == folder / "pages"
    assert settings.rota == folder / "duty.yaml"


def test_an_unknown_key_is_named_with_its_line_and_the_right_one(tmp_path: Path) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text("server:\n  prot: 8080\n")

    with pytest.raises(Misuse) as caught:
        load(config)

    assert "sheriff.yaml:2:3" in str(caught.value)
    assert "port" in str(caught.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"nowhere\.yaml: no such file"):
        load(tmp_path / "nowhere.yaml")


def test_the_environment_wins_over_the_file_and_holds_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text("server:\n  port: 8080\n")
    monkeypatch.setenv("SHERIFF_SERVER__PORT", "9090")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-show")

    settings = load(config)

    assert settings.server.port == 9090
    assert settings.provider == "openai"
    assert "sk-do-not-show" not in repr(settings)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHERIFF_SERVER__PORT", "many")

    with pytest.raises(Misuse, match=r"server\.port"):
        load()


def test_azure_is_chosen_when_its_key_and_endpoint_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://example.invalid")

    assert load().provider == "azure"


def test_the_command_line_wins_over_both() -> None:
    settings = with_server(load(home=Path("/srv/state")), host="0.0.0.0", port=None)

    assert settings.home == Path("/srv/state")
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 3978)
    assert not settings.is_loopback
