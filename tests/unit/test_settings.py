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


def test_the_glossary_is_found_beside_the_file(tmp_path: Path) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text("platform:\n  glossary: words.yaml\n  languages: []\n")

    settings = load(config)

    assert (settings.platform.glossary, settings.platform.languages) == (tmp_path / "words.yaml", [])


def test_an_unknown_key_is_named_with_its_line_and_the_right_one(tmp_path: Path) -> None:
    config = tmp_path / "sheriff.yaml"
    config.write_text("server:\n  prot: 8080\n")

    with pytest.raises(Misuse) as caught:
        load(config)

    assert "sheriff.yaml:2:3" in str(caught.value)
    assert "port" in str(caught.value)


def test_an_unknown_lint_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "sheriff.yaml").write_text("platform:\n  lints: [LNT001, LNT033]\n")

    with pytest.raises(Misuse, match=r"sheriff\.yaml:2:19 error SCH003 “LNT033” .+ Did you mean `LNT003`"):
        load(tmp_path / "sheriff.yaml")


def test_lints_can_be_switched_off(tmp_path: Path) -> None:
    (tmp_path / "sheriff.yaml").write_text("platform: {lints: []}\n")

    assert load(tmp_path / "sheriff.yaml").platform.lints == []


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

    with pytest.raises(Misuse, match=r"SHERIFF_SERVER__PORT"):
        load()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SHERIFF_SERVER", "nonsense", "SHERIFF_SERVER cannot be read"),
        ("SHERIFF_SOURCES", '[{"name":', "SHERIFF_SOURCES cannot be read"),
        ("OPENAI_BASE_URL", "models.example/v1", "OPENAI_BASE_URL: write it as https"),
        ("AZURE_OPENAI_ENDPOINT", "example", "AZURE_OPENAI_ENDPOINT: write it as https"),
    ],
)
def test_what_is_no_json_or_no_address_is_told_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Misuse, match=told):
        load()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHERIFF_HOME", "")
    monkeypatch.setenv("SHERIFF_SERVER__PORT", "")

    assert load().home == Path(".sheriff")


@pytest.mark.parametrize("content", ["", "\n", "# sources:\n#   - name: docs\n", "\ufeff---\n# nothing\n"])
def test_a_configuration_that_says_nothing_leaves_the_defaults(tmp_path: Path, content: str) -> None:
    (tmp_path / "sheriff.yaml").write_text(content)

    assert load(tmp_path / "sheriff.yaml").server.port == 3978


def test_azure_is_chosen_when_its_key_and_endpoint_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://example.invalid")

    assert load().provider == "azure"


def test_the_command_line_wins_over_both() -> None:
    settings = with_server(load(home=Path("/srv/state")), host="0.0.0.0", port=None)

    assert settings.home == Path("/srv/state")
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 3978)
    assert not settings.is_loopback
