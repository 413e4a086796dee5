"""From settings to objects: what is missing is named, and a platform is not called by the example's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import knowledge_wiring, sources
from bot.sections import ModelSettings, PlatformSettings, SourceSettings
from bot.settings import Settings
from knowledge.errors import Misuse


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (ModelSettings(provider="openai"), "OPENAI_API_KEY is not set"),
        (ModelSettings(provider="azure"), "AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY and AZURE_OPENAI_DEPLOYMENT"),
    ],
)
def test_a_writing_model_without_its_key_is_refused_at_start(model: ModelSettings, missing: str) -> None:
    with pytest.raises(Misuse, match=missing):
        knowledge_wiring.chat_model(Settings(model=model))


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        (ModelSettings(embeddings="openai"), "OPENAI_API_KEY is not set"),
        (ModelSettings(embeddings="azure"), "AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY are not set"),
    ],
)
def test_remote_embeddings_without_their_key_are_refused_at_start(model: ModelSettings, missing: str) -> None:
    with pytest.raises(Misuse, match=missing):
        knowledge_wiring.embedder(Settings(model=model))


def test_the_example_platform_keeps_its_names(tmp_path: Path) -> None:
    assert sources.named(Settings(home=tmp_path)).docs == "Dev Insight"


def test_a_home_with_other_documentation_is_not_called_by_the_examples_name(tmp_path: Path) -> None:
    sources.remember_sources(tmp_path, [tmp_path], "")

    platform = sources.named(Settings(home=tmp_path))

    assert (platform.name, platform.docs, platform.examples) == ("your platform", "the documentation", ())


def test_names_in_the_configuration_win(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        sources=(SourceSettings(name="docs", path=tmp_path),),
        platform=PlatformSettings(docs="Handbook"),
    )

    assert (sources.named(settings).name, sources.named(settings).docs) == ("your platform", "Handbook")
