"""What many tests share: the example platform, indexed once with the real local model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestion import pipeline
from ingestion.sources import FaqSource, FolderSource, SchemaSource
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """Where the embedding model's graph is kept between runs: building it takes seconds."""
    return REPOSITORY / ".cache" / "models"


@pytest.fixture(scope="session")
def local_embedder(model_dir: Path) -> LocalEmbedder:
    return LocalEmbedder(model_dir, threads=2)


@pytest.fixture(scope="session")
def platform_home(tmp_path_factory: pytest.TempPathFactory, local_embedder: LocalEmbedder) -> Path:
    """A home folder whose index holds the example platform. Read only: copy it to change it."""
    home = tmp_path_factory.mktemp("platform")
    sources = [
        FolderSource("docs", bundled.DOCS),
        FaqSource("faq", bundled.FAQ),
        SchemaSource("schemas", bundled.SCHEMAS),
    ]
    pipeline.ingest(sources, home=home, embedder=local_embedder)
    return home


@pytest.fixture
def own_home(platform_home: Path, tmp_path: Path) -> Path:
    """A copy of `platform_home` that the test may change."""
    home = tmp_path / "home"
    shutil.copytree(platform_home, home)
    return home
