from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals import corpora
from evals.pools import PoolSource
from evals.searching import results
from ingestion.sources import Skipped, read_all
from knowledge.errors import Failure, IndexBroken, Misuse
from knowledge.model import Document, Kind
from tests.fakes import HashEmbedder

POOL = (
    '{"path": "refunds", "variants": ["where is my refund", "refund  missing"]}\n'
    '{"path": "wiki/normans", "text": "The Normans\\nCame from the north and settled."}\n'
)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "kafka").mkdir(parents=True)
    (folder / "kafka" / "quotas.md").write_text("# Quotas\n\nRaise a partition quota in kafka.yaml.\n")
    (folder / "vaults.html").write_text("<h1>Key vaults</h1><p>A vault name has at most 24 characters.</p>")
    (folder / "faq.yaml").write_text("entries:\n  - {id: a, question: b, answer: c}\n")
    return folder


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


def asked(corpus: corpora.Corpus, embedder: HashEmbedder, *questions: str) -> list[dict[str, object]]:
    lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(questions)]
    with corpora.opened(corpus, embedder) as ready:
        return [json.loads(line) for line in results([*lines, ""], corpus=ready, embedder=embedder)]


def test_a_folder_is_ranked_by_the_paths_it_has(docs: Path, tmp_path: Path, embedder: HashEmbedder) -> None:
    corpus = corpora.pages(docs, tmp_path / "cache")

    found = asked(corpus, embedder, "raise a kafka partition quota", "")

    assert found[0]["docs"] == ["kafka/quotas.md", "vaults.html"]
    assert found[0]["scores"] == sorted(found[0]["scores"], reverse=True)  # type: ignore[call-overload]
    assert found[1] == {"id": "1", "docs": [], "scores": [], "confidence": 0.0}


def test_a_pool_is_ranked_by_its_paths(tmp_path: Path, embedder: HashEmbedder) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_text(POOL)

    found = asked(corpora.pages(pool, tmp_path / "cache"), embedder, "my refund is missing", "settled from the north")

    assert [row["docs"][0] for row in found] == ["refunds", "wiki/normans"]  # type: ignore[index]


def test_an_equal_folder_elsewhere_finds_the_same_index(docs: Path, tmp_path: Path, embedder: HashEmbedder) -> None:
    cache = tmp_path / "cache"
    asked(corpora.pages(docs, cache), embedder)
    moved = docs.rename(tmp_path / "moved")

    embedder.embedded.clear()
    found = asked(corpora.pages(moved, cache), embedder, "vault name")

    assert found[0]["docs"][0] == "vaults.html"  # type: ignore[index]
    assert embedder.embedded == []


def test_a_changed_page_alone_is_embedded_again(docs: Path, tmp_path: Path, embedder: HashEmbedder) -> None:
    cache = tmp_path / "cache"
    asked(corpora.pages(docs, cache), embedder)
    (docs / "kafka" / "quotas.md").write_text("# Quotas\n\nA new sentence.\n")

    embedder.embedded.clear()
    asked(corpora.pages(docs, cache), embedder)

    assert embedder.embedded == ["Quotas\nA new sentence."]


def test_the_content_counts_and_hidden_files_do_not(docs: Path) -> None:
    before = corpora.digest(docs)
    (docs / ".git").mkdir()
    (docs / ".git" / "HEAD").write_text("x")
    unchanged = corpora.digest(docs)
    (docs / "new.md").write_text("# New")

    assert unchanged == before
    assert corpora.digest(docs) != before


def test_a_home_with_an_index_is_taken_as_it_is(docs: Path, tmp_path: Path, embedder: HashEmbedder) -> None:
    made = corpora.pages(docs, tmp_path / "cache")
    asked(made, embedder)

    corpus = corpora.of_home(made.home)

    assert corpus.sources == ()
    assert asked(corpus, embedder, "vault name")[0]["docs"][0] == "vaults.html"  # type: ignore[index]


def test_a_home_without_an_index_gets_the_example_platform(tmp_path: Path) -> None:
    corpus = corpora.of_home(tmp_path)

    assert corpus.home == tmp_path / "platform"
    assert [source.name for source in corpus.sources] == ["docs", "faq", "schemas", "diagnostics"]


@pytest.mark.parametrize(
    ("name", "reason"), [("gone", "no such folder or pool"), ("notes.txt", "neither a folder nor a .jsonl pool")]
)
def test_what_is_no_corpus_is_told(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")

    with pytest.raises(Misuse, match=reason):
        corpora.pages(tmp_path / name, tmp_path / "cache")


def test_an_empty_folder_is_told(tmp_path: Path, embedder: HashEmbedder) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(IndexBroken, match="nothing there can be read"):
        asked(corpora.pages(tmp_path / "empty", tmp_path / "cache"), embedder)


def test_a_cache_that_cannot_be_written_is_told(docs: Path, tmp_path: Path, embedder: HashEmbedder) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(Failure, match="cannot be written"):
        asked(corpora.pages(docs, tmp_path / "file"), embedder)


def test_a_pool_gives_entries_with_their_ways_of_asking_and_pages(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_text(POOL + '{"path": "titled.md", "title": "Given", "text": "# Own\\n\\nText."}\n')

    entry, page, titled = (found for found in read_all(PoolSource("pool", pool)) if isinstance(found, Document))

    assert (entry.kind, entry.title, entry.phrasings) == (Kind.FAQ, "where is my refund", ("refund missing",))
    assert (page.kind, page.path) == (Kind.PAGE, "wiki/normans")
    assert titled.title == "Given"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ("3", "is no text with a path"),
        ('{"text": "x"}', "is no text with a path"),
        ('{"path": "p"}', "has neither text nor variants"),
        ('{"path": "p", "variants": []}', "has neither text nor variants"),
    ],
)
def test_a_bad_line_of_a_pool_is_skipped_with_a_reason(tmp_path: Path, line: str, reason: str) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_text(f"{line}\n{POOL}")

    found = list(read_all(PoolSource("pool", pool)))

    assert isinstance(found[0], Skipped)
    assert found[0].path == "pool:pool.jsonl, line 1"
    assert reason in found[0].reason
    assert len(found) == 3


def test_a_pool_that_is_not_text_is_skipped(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_bytes(b"\xff\xff")

    assert [type(found) for found in read_all(PoolSource("pool", pool))] == [Skipped]


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', '{"text": "x"}', '{"id": 1, "text": null}'])
def test_a_line_that_is_no_question_is_told(docs: Path, tmp_path: Path, embedder: HashEmbedder, line: str) -> None:
    with (
        corpora.opened(corpora.pages(docs, tmp_path / "cache"), embedder) as ready,
        pytest.raises(Misuse, match="standard input, line 2"),
    ):
        list(results(['{"id": 1, "text": "x"}', line], corpus=ready, embedder=embedder))
