"""Ingest end to end: real files, a real Chroma, a small stand-in for the embedding model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestion import generations, manifest, pipeline
from ingestion.pipeline import Progress, Store, ingest
from ingestion.report import IngestReport
from ingestion.sources import FaqSource, FolderSource, SchemaSource
from knowledge.adapters.chroma_index import ChromaIndex
from knowledge.errors import Failure, IndexBroken, Misuse, ModelUnavailable
from knowledge.lessons import Lessons
from knowledge.model import Chunk
from knowledge.ports import Field, Matrix
from tests.fakes import HashEmbedder


class OtherEmbedder(HashEmbedder):
    @property
    def fingerprint(self) -> str:
        return "another model"


class FailingEmbedder(HashEmbedder):
    """Answers a few times, then no more."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches

    def embed(self, texts: Sequence[str]) -> Matrix:
        self._left -= 1
        if self._left < 0:
            raise ModelUnavailable("The embedding service does not answer.")
        return super().embed(texts)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "kafka").mkdir(parents=True)
    (folder / "kafka" / "quotas.md").write_text(
        "# Kafka quotas\n\n## Raise a quota\n\nEdit `kafka.yaml` and merge it.\n"
    )
    (folder / "dns.md").write_text("# Global DNS\n\nRecords live in `dns.yaml`.\n")
    (folder / "broken.md").write_bytes(b"\xff\xff")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(docs: Path, home: Path, embedder: HashEmbedder | None = None, **given: object) -> IngestReport:
    return ingest([FolderSource("docs", docs)], home=home, embedder=embedder or HashEmbedder(), **given)  # type: ignore[arg-type]


def stored(home: Path, fingerprint: str = "hash-64") -> dict[str, list[Chunk]]:
    """Chunks by document id, as a server would read them."""
    folder = generations.current(home)
    assert folder is not None
    index = ChromaIndex.open(folder, fingerprint=fingerprint)
    try:
        return {id_: index.document(id_) for id_ in index.document_ids()}
    finally:
        index.close()


def snapshot(folder: Path) -> dict[str, int]:
    return {str(file): file.stat().st_mtime_ns for file in sorted(folder.rglob("*"))}


def test_the_first_run_indexes_everything_that_can_be_read(docs: Path, home: Path) -> None:
    report = run(docs, home)

    assert (report.added, report.changed, report.removed, report.unchanged) == (2, 0, 0, 0)
    assert (report.chunks, report.generation, report.published, report.rebuild) == (2, "gen-0001", True, "")
    assert [skipped.path for skipped in report.skipped] == ["docs:broken.md"]
    (chunk,) = stored(home)["docs:kafka/quotas.md"]
    assert (chunk.place, chunk.anchor) == ("Kafka quotas › Raise a quota", "raise-a-quota")


def test_what_was_indexed_is_found_by_words_and_by_meaning(docs: Path, home: Path) -> None:
    embedder = HashEmbedder()
    run(docs, home, embedder)
    folder = generations.current(home)
    assert folder is not None
    index = ChromaIndex.open(folder)

    (best, *_) = index.matching("raise a kafka quota", field=Field.TEXT, limit=2)
    (nearest, *_) = index.nearest(embedder.embed_query("raise kafka quota"), limit=2)
    path = index.chunks([best.chunk_id])[0].path
    index.close()

    assert path == "kafka/quotas.md"
    assert nearest.chunk_id == best.chunk_id


def test_a_run_without_changes_reads_nothing_and_publishes_nothing(docs: Path, home: Path) -> None:
    run(docs, home)
    embedder = HashEmbedder()

    report = run(docs, home, embedder)

    assert (report.unchanged, report.published, report.generation) == (2, False, "gen-0001")
    assert embedder.embedded == []
    assert generations.current(home) == home / "index" / "gen-0001"


def test_a_second_run_does_only_what_changed(docs: Path, home: Path) -> None:
    run(docs, home)
    (docs / "dns.md").write_text("# Global DNS\n\nRecords live elsewhere.\n")
    (docs / "new.md").write_text("# New\n\nA new page.\n")
    embedder = HashEmbedder()

    report = run(docs, home, embedder)

    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 0, 1)
    assert report.generation == "gen-0002"
    assert sorted(embedder.embedded) == ["Global DNS\nRecords live elsewhere.", "New\nA new page."]
    assert [chunk.text for chunk in stored(home)["docs:dns.md"]] == ["Records live elsewhere."]


def test_removed_files_disappear(docs: Path, home: Path) -> None:
    run(docs, home)
    (docs / "dns.md").unlink()

    report = run(docs, home)

    assert (report.removed, report.unchanged) == (1, 1)
    assert list(stored(home)) == ["docs:kafka/quotas.md"]


def test_a_file_that_is_broken_for_now_keeps_what_was_known_and_an_emptied_one_does_not(docs: Path, home: Path) -> None:
    (docs / "third.md").write_text("Third.")
    run(docs, home)
    (docs / "dns.md").write_bytes(b"\xff\xff")
    (docs / "third.md").write_text("")

    report = run(docs, home)

    assert set(stored(home)) == {"docs:dns.md", "docs:kafka/quotas.md"}
    assert (report.removed, report.unchanged, len(report.skipped)) == (1, 2, 3)


def test_a_file_that_was_only_touched_is_read_once_more_and_no_generation_is_made(docs: Path, home: Path) -> None:
    run(docs, home)
    os.utime(docs / "dns.md", ns=(1, 1))

    assert run(docs, home).published is False
    assert run(docs, home).unchanged == 2


def test_a_dry_run_tells_and_touches_nothing(docs: Path, home: Path) -> None:
    first = run(docs, home, dry_run=True)

    assert (first.added, first.dry_run, first.published) == (2, True, False)
    assert not home.exists()

    run(docs, home)
    (docs / "dns.md").unlink()
    before = snapshot(home)

    assert run(docs, home, dry_run=True).removed == 1
    assert snapshot(home) == before


def test_another_embedding_model_means_indexing_everything_again(docs: Path, home: Path) -> None:
    run(docs, home)

    report = run(docs, home, OtherEmbedder())

    assert (report.added, report.rebuild) == (2, "the embedding model changed")
    assert len(stored(home, "another model")) == 2


def test_another_way_of_cutting_means_indexing_everything_again(docs: Path, home: Path) -> None:
    run(docs, home)
    folder = home / "index" / "gen-0001"
    held = manifest.read(folder)
    assert held is not None
    manifest.write(replace(held, chunker="chunks-0"), folder)

    assert run(docs, home).rebuild == "the way documents are cut changed"


def test_a_lost_manifest_means_indexing_everything_again(docs: Path, home: Path) -> None:
    run(docs, home)
    (home / "index" / "gen-0001" / "manifest.json").unlink()

    assert run(docs, home).rebuild == "its manifest could not be read"
    assert len(stored(home)) == 2


def test_a_broken_index_is_built_again(docs: Path, home: Path) -> None:
    run(docs, home)
    (home / "index" / "gen-0001" / "chroma" / "chroma.sqlite3").unlink()
    (docs / "dns.md").unlink()

    report = run(docs, home)

    assert (report.added, report.removed, report.rebuild) == (1, 0, "the index could not be read")
    assert list(stored(home)) == ["docs:kafka/quotas.md"]


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"no database" * 100)])
def test_a_broken_index_is_built_again_even_if_no_page_changed(
    docs: Path, home: Path, damage: Callable[[Path], object]
) -> None:
    run(docs, home)
    damage(home / "index" / "gen-0001" / "chroma" / "chroma.sqlite3")

    report = run(docs, home)

    assert (report.added, report.rebuild, report.generation) == (2, "the index could not be read", "gen-0002")
    assert len(stored(home)) == 2


def test_looking_at_an_index_leaves_it_open_for_those_who_search(docs: Path, home: Path) -> None:
    run(docs, home)
    searching = ChromaIndex.open(home / "index" / "gen-0001", fingerprint="hash-64")

    run(docs, home)

    assert len(searching.nearest(HashEmbedder().embed_query("raise a quota"), limit=2)) == 2
    assert searching.count() == 2
    searching.close()


def test_a_disk_without_room_is_told_as_such(docs: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(folder: Path, fingerprint: str) -> ChromaIndex:
        raise IndexBroken("The index cannot be read (Error in compaction).")

    monkeypatch.setattr(generations, "LEAST_ROOM", shutil.disk_usage(docs).total)

    with pytest.raises(Failure, match=r"MB are free there. Make room"):
        run(docs, home, store=Store(fails, fails))


def test_a_run_that_fails_half_way_leaves_the_old_index_serving(docs: Path, home: Path) -> None:
    run(docs, home)
    before = stored(home)
    for number in range(40):
        (docs / f"more-{number}.md").write_text(f"# More {number}\n\nText {number}.\n")

    with pytest.raises(ModelUnavailable):
        run(docs, home, FailingEmbedder(1))

    assert stored(home) == before
    assert [child.name for child in (home / "index").glob("gen-*")] == ["gen-0001"]
    assert run(docs, home).added == 40
    assert len(stored(home)) == 42


def test_only_one_ingest_runs_at_a_time(docs: Path, home: Path) -> None:
    with generations.exclusive(home), pytest.raises(Failure, match="Another ingest is writing"):
        run(docs, home)


def test_a_missing_source_stops_the_run_before_anything_changes(docs: Path, home: Path, tmp_path: Path) -> None:
    run(docs, home)

    with pytest.raises(Misuse, match="there is no folder"):
        run(tmp_path / "nowhere", home)

    assert len(stored(home)) == 2


def test_sources_that_hold_nothing_leave_the_index_as_it_is(docs: Path, home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    assert run(empty, home).nothing_found
    assert generations.current(home) is None

    run(docs, home)
    report = run(empty, home)

    assert (report.nothing_found, report.published, report.unchanged, report.removed) == (True, False, 2, 0)
    assert len(stored(home)) == 2


def test_a_source_that_is_no_longer_named_disappears(docs: Path, home: Path) -> None:
    both = [FolderSource("docs", docs), FolderSource("again", docs)]
    ingest(both, home=home, embedder=HashEmbedder())

    report = run(docs, home)

    assert (report.removed, report.unchanged) == (2, 2)


def test_two_documents_of_one_name_are_not_mixed(docs: Path, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "dns.md").write_text("Another page.")
    sources = [FolderSource("docs", docs), FolderSource("docs", other)]

    for _ in range(2):
        report = ingest(sources, home=home, embedder=HashEmbedder())

        assert {skipped.path: skipped.reason for skipped in report.skipped}["docs:dns.md"] == (
            f"has the same source and name as one in {docs / 'dns.md'}; give it another id or source name"
        )
        assert [chunk.text for chunk in stored(home)["docs:dns.md"]] == ["Records live in `dns.yaml`."]


def test_two_faq_entries_with_one_id_are_told_each_time(home: Path, tmp_path: Path) -> None:
    faq = tmp_path / "faq.yaml"
    faq.write_text("entries:\n" + "- {id: a, question: Why?, answer: So.}\n" * 2)

    for _ in range(2):
        report = ingest([FaqSource("faq", faq)], home=home, embedder=HashEmbedder())

        assert [skipped.reason for skipped in report.skipped] == [
            "has the same source and name as one in the same file; give it another id or source name"
        ]
    assert len(stored(home)) == 1


def test_faq_entries_of_a_broken_file_stay_known(home: Path, tmp_path: Path) -> None:
    faq = tmp_path / "faq.yaml"
    faq.write_text("entries:\n- {id: a, question: Why?, answer: So., phrasings: [y]}\n")
    ingest([FaqSource("faq", faq)], home=home, embedder=HashEmbedder())
    faq.write_text("entries: [")

    report = ingest([FaqSource("faq", faq)], home=home, embedder=HashEmbedder())

    assert (report.unchanged, len(report.skipped)) == (1, 1)
    assert [chunk.phrasing for chunk in stored(home)["faq:faq.yaml#a"]] == ["", "Why?", "y"]


def test_progress_counts_sections_by_source_up_to_the_end(docs: Path, home: Path, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    (schemas / "kafka.json").write_text('{"$schema": "x", "title": "Kafka", "properties": {"topics": {"default": []}}}')
    told: list[Progress] = []

    ingest(
        [FolderSource("docs", docs), SchemaSource("schemas", schemas)],
        home=home,
        embedder=HashEmbedder(),
        progress=told.append,
    )

    assert told[0] == Progress("docs", 0, 4)
    assert told[-1] == Progress("schemas", 4, 4)
    assert str(Progress("Dev Insight", 612, 1762)) == "Reading Dev Insight, 612 of 1,762 sections"
    assert pipeline.ignore(told[0]) is None


def test_seconds_come_from_the_clock_given(docs: Path, home: Path) -> None:
    ticks: Iterator[float] = iter([10.0, 12.5])

    assert run(docs, home, clock=lambda: next(ticks)).seconds == 2.5


def test_vectors_belong_to_their_chunks(docs: Path, home: Path) -> None:
    embedder = HashEmbedder()
    run(docs, home, embedder)
    folder = generations.current(home)
    assert folder is not None
    index = ChromaIndex.open(folder)

    scores = [
        index.nearest(vector, limit=1)[0]
        for vector in embedder.embed([chunk.indexed_text for found in stored(home).values() for chunk in found])
    ]
    index.close()

    assert np.allclose([hit.score for hit in scores], 1.0, atol=1e-4)
    assert len({hit.chunk_id for hit in scores}) == 2


def test_what_is_learnt_from_the_faq_stays_while_only_pages_change(docs: Path, home: Path, tmp_path: Path) -> None:
    faq = tmp_path / "faq.yaml"
    entry = "  - {id: %s, question: How do I raise %s?, answer: Edit it.}\n"
    faq.write_text("entries:\n" + entry % ("a", "a quota") + entry % ("b", "a limit"))

    def faq_head() -> np.ndarray:
        ingest([FolderSource("docs", docs), FaqSource("faq", faq)], home=home, embedder=HashEmbedder())
        folder = generations.current(home)
        assert folder is not None
        kept = Lessons.load(folder)
        assert kept is not None
        assert kept.faq is not None
        replace(kept, faq=replace(kept.faq, head=kept.faq.head + 1)).save(folder)  # a mark, to be seen again
        return kept.faq.head

    learnt = faq_head()
    (docs / "dns.md").write_text("# Global DNS\n\nRecords live elsewhere.\n")
    assert np.allclose(faq_head(), learnt + 1)
    faq.write_text("entries:\n" + entry % ("a", "a quota") + entry % ("b", "a fence"))
    assert not np.allclose(faq_head(), learnt + 2, atol=0.5)
    faq.write_text("entries:\n" + entry % ("a", "a quota") + entry % ("c", "a house") + entry % ("d", "a tent"))
    head = faq_head()
    faq.write_text("entries:\n" + entry % ("a", "a quota") + entry % ("c", "a house"))
    assert faq_head().shape != head.shape  # one was removed
