"""One Chroma server for several homes: who needs the same index gets it without embedding anything again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot.library import Library, LibraryState, Reading
from ingestion import pipeline
from ingestion.sources import FolderSource
from knowledge.adapters.chroma_index import connected
from knowledge.adapters.shared_index import FILE, KEPT, SharedIndexes
from knowledge.errors import IndexBroken, Unavailable
from knowledge.relevance import Policy
from tests.fakes import HashEmbedder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Pages that no other test has, so that their collection is this test's own."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("kafka", "dns", "jor"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nHow to use {name} {uuid4().hex}.\n")
    return folder


def ingest(docs: Path, home: Path, server: str) -> tuple[pipeline.IngestReport, HashEmbedder]:
    embedder = HashEmbedder()
    report = pipeline.ingest([FolderSource("docs", docs)], home=home, embedder=embedder, store=pipeline.shared(server))
    return report, embedder


def found(words: str, home: Path, server: str) -> list[str]:
    library = Library(home, Reading(HashEmbedder(), None, Policy(0.0, 0.0)), store=pipeline.shared(server))
    try:
        return [citation.path for citation in library.find(words)][:1]
    finally:
        library.close()


def embedded_pages(embedder: HashEmbedder) -> list[str]:
    return [text for text in embedder.embedded if "How to use" in text]


def collections(server: str) -> list[Any]:
    with connected(server, "any") as client:
        return [c for c in client.list_collections() if c.name.startswith("sheriff-")]


def test_homes_that_start_at_once_share_one_collection_and_one_fills_it(
    docs: Path, tmp_path: Path, chroma_server: str
) -> None:
    before = len(collections(chroma_server))
    homes = [tmp_path / f"home-{number}" for number in range(3)]

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda home: ingest(docs, home, chroma_server), homes))

    assert sorted(bool(embedded_pages(embedder)) for _, embedder in done) == [False, False, True]
    assert [report.chunks for report, _ in done] == [3, 3, 3]
    assert [found("use dns", home, chroma_server) for home in homes] == [["dns.md"]] * 3
    assert len(collections(chroma_server)) <= before + 1


def test_a_changed_page_alone_is_embedded_again_and_the_old_index_serves_meanwhile(
    docs: Path, tmp_path: Path, chroma_server: str
) -> None:
    ingest(docs, tmp_path / "one", chroma_server)
    ingest(docs, tmp_path / "two", chroma_server)
    (docs / "dns.md").write_text("# dns\n\nHow to use records.\n")

    report, embedder = ingest(docs, tmp_path / "one", chroma_server)

    assert (report.changed, report.chunks) == (1, 3)
    assert len(embedded_pages(embedder)) == 1
    assert found("use records", tmp_path / "one", chroma_server) == ["dns.md"]
    assert found("use kafka", tmp_path / "one", chroma_server) == ["kafka.md"]
    assert found("use kafka", tmp_path / "two", chroma_server) == ["kafka.md"]
    _, second = ingest(docs, tmp_path / "two", chroma_server)
    assert embedded_pages(second) == []


def test_what_somebody_began_to_fill_and_did_not_end_is_filled_by_the_next(tmp_path: Path, chroma_server: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    indexes = SharedIndexes(chroma_server, patience=0.0)
    key = uuid4().hex
    assert not indexes.prepare(tmp_path / "a", key=key, size=1, fingerprint="hash-64", before=None)

    assert not indexes.prepare(tmp_path / "b", key=key, size=1, fingerprint="hash-64", before=None)


def test_a_collection_that_the_server_has_lost_is_built_again(docs: Path, tmp_path: Path, chroma_server: str) -> None:
    home = tmp_path / "home"
    ingest(docs, home, chroma_server)
    name = next(home.glob(f"index/gen-*/{FILE}")).read_text("utf-8").split('"')[3]
    with connected(chroma_server, name) as client:
        client.delete_collection(name)
    with pytest.raises(IndexBroken, match="sheriff ingest"):
        found("use dns", home, chroma_server)

    report, embedder = ingest(docs, home, chroma_server)

    assert report.published
    assert len(embedded_pages(embedder)) == 3
    assert found("use dns", home, chroma_server) == ["dns.md"]


def test_only_the_newest_collections_are_kept(docs: Path, tmp_path: Path, chroma_server: str) -> None:
    for number in range(KEPT + 2):
        (docs / "dns.md").write_text(f"# dns\n\nHow to use records {number} {uuid4().hex}.\n")
        ingest(docs, tmp_path / "home", chroma_server)

    complete = [c for c in collections(chroma_server) if (c.metadata or {}).get("complete")]

    assert len(complete) == KEPT
    assert found("use records", tmp_path / "home", chroma_server) == ["dns.md"]


def test_a_home_with_an_embedded_index_moves_to_the_server_and_back(
    docs: Path, tmp_path: Path, chroma_server: str
) -> None:
    home, sources = tmp_path / "home", [FolderSource("docs", docs)]
    pipeline.ingest(sources, home=home, embedder=HashEmbedder())

    there, _ = ingest(docs, home, chroma_server)
    assert found("use dns", home, chroma_server) == ["dns.md"]
    back = pipeline.ingest(sources, home=home, embedder=HashEmbedder())

    assert (there.published, back.published) == (True, True)


def test_a_server_that_does_not_answer_is_named_and_changes_nothing(
    docs: Path, tmp_path: Path, chroma_server: str
) -> None:
    home, nowhere = tmp_path / "home", "http://127.0.0.1:9"
    ingest(docs, home, chroma_server)
    (docs / "dns.md").write_text("# dns\n\nChanged.\n")

    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 .*does not answer"):
        ingest(docs, home, nowhere)

    assert states(home, [nowhere, chroma_server]) == [LibraryState.BROKEN, LibraryState.READY]


def states(home: Path, servers: Sequence[str]) -> list[LibraryState]:
    reading = Reading(HashEmbedder(), None, Policy(0.0, 0.0))
    libraries = [Library(home, reading, store=pipeline.shared(server)) for server in servers]
    found = [library.status().state for library in libraries]
    for library in libraries:
        library.close()
    return found
