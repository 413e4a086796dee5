"""What every ChunkIndex promises, and how the Chroma one behaves on damage, copies and crashes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.adapters.chroma_index import ChromaIndex
from knowledge.errors import IndexBroken, Misuse, Unavailable
from knowledge.model import Chunk, Kind
from knowledge.ports import ChunkIndex, Field
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

EMBEDDER = HashEmbedder()
QUOTA = a_chunk(
    "Raise the quota of a topic in kafka.topic.partitions.", document="docs:kafka/quotas.md", url="https://x"
)
RETENTION = a_chunk("Splunk keeps an index for 30 days.", document="docs:splunk/retention.md", headings=("Retention",))
LIMITS = a_chunk("Limits: a topic has at most 40 partitions.", document="docs:kafka/quotas.md", order=1)
ENTRY = a_chunk("Ask the owner of the vault.", document="faq:access.yaml#vault", kind=Kind.FAQ, title="Vault access?")
ASKED = a_chunk("", document="faq:access.yaml#vault", order=1, kind=Kind.FAQ, phrasing="I cannot open my key vault")
CHUNKS = [QUOTA, LIMITS, RETENTION, ENTRY, ASKED]


def fill(index: ChunkIndex, chunks: list[Chunk]) -> None:
    index.add(chunks, EMBEDDER.embed([chunk.indexed_text for chunk in chunks]))


def ids(index: ChunkIndex, words: str, field: Field = Field.TEXT) -> list[str]:
    return [hit.chunk_id for hit in index.matching(words, field=field, limit=10)]


def nearest(index: ChunkIndex, text: str, limit: int = 10) -> list[str]:
    return [hit.chunk_id for hit in index.nearest(EMBEDDER.embed_query(text), limit=limit)]


@pytest.fixture(params=["memory", "embedded", "server"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChunkIndex]:
    if request.param == "memory":
        made: ChunkIndex = MemoryIndex()
    elif request.param == "embedded":
        made = ChromaIndex.create(tmp_path / "index", EMBEDDER.fingerprint)
    else:
        made = ChromaIndex.connect(
            request.getfixturevalue("chroma_server"),
            lexical_folder=tmp_path / "lexical",
            collection=f"c-{tmp_path.name}"[:60].rstrip("-_"),
            fingerprint=EMBEDDER.fingerprint,
        )
    yield made
    made.close()


def test_an_empty_index_finds_nothing(index: ChunkIndex) -> None:
    assert index.count() == 0
    assert nearest(index, "quota") == []
    assert ids(index, "quota") == []
    assert index.chunks(["unknown"]) == []
    assert index.document("docs:unknown.md") == []


def test_the_chunk_that_says_it_is_nearest(index: ChunkIndex) -> None:
    fill(index, CHUNKS)

    hits = index.nearest(EMBEDDER.embed_query(RETENTION.indexed_text), limit=3)

    assert hits[0].chunk_id == RETENTION.id
    assert hits[0].score == pytest.approx(1.0, abs=1e-3)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(hits) == 3


@pytest.mark.parametrize(
    ("words", "field", "expected"),
    [
        ("partitions of topics", Field.TEXT, {QUOTA.id, LIMITS.id}),
        ("key vaults", Field.TEXT, {ASKED.id}),
        ("retention", Field.PLACE, {RETENTION.id}),
        ("splnk retension", Field.GRAMS, {RETENTION.id}),
        ("nothing-like-this xyzzy", Field.TEXT, set()),
    ],
)
def test_words_find_their_chunks(index: ChunkIndex, words: str, field: Field, expected: set[str]) -> None:
    fill(index, CHUNKS)

    found = ids(index, words, field)

    assert set(found) >= expected
    assert bool(found) == bool(expected)


def test_the_vocabulary_is_every_word_of_pages_and_entries_but_not_of_ways_of_asking(index: ChunkIndex) -> None:
    fill(index, [RETENTION, ENTRY, ASKED])

    known = index.vocabulary()

    assert known >= {"splunk", "retention", "keeps", "days", "30", "vault", "owner"}
    assert known.isdisjoint({"cannot", "open", "Splunk", "keep", ""})
    assert index.vocabulary() is known
    fill(index, [QUOTA])
    assert "partitions" in index.vocabulary()
    index.remove([RETENTION.document_id])
    assert "splunk" not in index.vocabulary()


def test_the_rarer_a_word_the_more_it_weighs(index: ChunkIndex) -> None:
    fill(index, CHUNKS)

    assert index.rarity("xyzzy") > index.rarity("splunk") > index.rarity("topic") > 0
    assert index.rarity("splunk topic") == pytest.approx(index.rarity("splunk") + index.rarity("topic"))
    assert index.rarity("") == 0


def test_chunks_come_back_as_they_were_stored_and_in_the_order_asked_for(index: ChunkIndex) -> None:
    fill(index, CHUNKS)

    assert index.chunks([ASKED.id, "unknown", QUOTA.id]) == [ASKED, QUOTA]
    assert index.document("docs:kafka/quotas.md") == [QUOTA, LIMITS]


def test_a_removed_document_is_found_no_more(index: ChunkIndex) -> None:
    fill(index, CHUNKS)

    index.remove(["docs:kafka/quotas.md", "docs:unknown.md"])

    assert index.count() == 3
    assert {QUOTA.id, LIMITS.id}.isdisjoint([*nearest(index, "topic partitions"), *ids(index, "topic partitions")])
    assert index.chunks([QUOTA.id]) == []


def test_a_removed_document_can_be_added_again(index: ChunkIndex) -> None:
    fill(index, CHUNKS)
    index.remove([QUOTA.document_id])

    fill(index, [QUOTA])

    assert ids(index, "partitions") == [QUOTA.id]
    assert QUOTA.id in nearest(index, "quota of a topic")


@pytest.mark.parametrize(
    "text",
    ["", "   ", 'AND OR NOT "unclosed (', "field:value^2 ~ * ? [a TO", "\0\x01", "🚀 東京", "+-&&||!{}", "a" * 200_000],
)
@pytest.mark.parametrize("field", list(Field))
def test_any_text_is_a_safe_query(index: ChunkIndex, text: str, field: Field) -> None:
    fill(index, CHUNKS)

    assert isinstance(index.matching(text, field=field, limit=5), list)


def test_searches_from_several_threads_agree_while_documents_come_and_go(index: ChunkIndex) -> None:
    fill(index, CHUNKS)
    expected = nearest(index, "splunk index", 1)

    def ask(_: int) -> tuple[list[str], list[str]]:
        return nearest(index, "splunk index", 1), ids(index, "splunk")

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(ask, range(40))
        for number in range(5):
            fill(index, [a_chunk(f"Page {number} about the canteen", document=f"docs:{number}.md")])
        assert all(answer == (expected, [RETENTION.id]) for answer in answers)


# ---- the Chroma index alone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = ChromaIndex.create(tmp_path / "index", EMBEDDER.fingerprint)
    fill(made, CHUNKS)
    made.close()
    return tmp_path / "index"


def test_an_index_is_found_again_after_closing(folder: Path) -> None:
    again = ChromaIndex.open(folder, fingerprint=EMBEDDER.fingerprint)

    assert again.count() == len(CHUNKS)
    assert again.fingerprint == EMBEDDER.fingerprint
    assert again.document_ids() == sorted({chunk.document_id for chunk in CHUNKS})
    assert again.chunks([ASKED.id]) == [ASKED]
    again.close()


def test_one_folder_is_opened_and_closed_from_several_threads_at_once(folder: Path) -> None:
    together = threading.Barrier(4)

    def look(_: int) -> int:
        together.wait(20)
        index = ChromaIndex.open(folder, fingerprint=EMBEDDER.fingerprint)
        count = index.count()
        together.wait(20)
        index.close()
        return count

    with ThreadPoolExecutor(4) as threads:
        counts = set(threads.map(look, range(40)))

    assert counts == {len(CHUNKS)}


def test_an_index_of_another_model_is_refused_with_the_remedy(folder: Path) -> None:
    with pytest.raises(IndexBroken, match="sheriff ingest"):
        ChromaIndex.open(folder, fingerprint="another-model")


def test_a_missing_index_is_a_sentence_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(IndexBroken, match=r"There is no index in .*nowhere.*sheriff ingest"):
        ChromaIndex.open(tmp_path / "nowhere")


def test_an_index_is_not_created_over_another(folder: Path) -> None:
    with pytest.raises(Misuse, match="already holds an index"):
        ChromaIndex.create(folder, "any")


def test_a_copied_folder_opens_and_can_be_written_at_its_new_place(folder: Path, tmp_path: Path) -> None:
    original = ChromaIndex.open(folder)
    shutil.copytree(folder, tmp_path / "copy")
    added = a_chunk("Thanos keeps metrics for a year.", document="docs:thanos.md")

    copy = ChromaIndex.open(tmp_path / "copy")
    fill(copy, [added])
    copy.remove([RETENTION.document_id])

    assert (ids(copy, "thanos"), ids(copy, "splunk")) == ([added.id], [])
    assert nearest(copy, added.indexed_text, 1) == [added.id]
    assert (ids(original, "thanos"), ids(original, "splunk")) == ([], [RETENTION.id])
    assert nearest(original, RETENTION.indexed_text, 1) == [RETENTION.id]
    copy.close()
    original.close()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garble(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


@pytest.mark.parametrize("damage", [_truncate, _garble, Path.unlink])
@pytest.mark.parametrize("file", ["meta.json", "stamp.json", "*.store", "*.term", "*.idx"])
def test_a_damaged_word_index_is_rebuilt(folder: Path, damage: Callable[[Path], None], file: str) -> None:
    for path in (folder / "lexical").glob(file):
        damage(path)

    again = ChromaIndex.open(folder)

    assert ids(again, "splunk") == [RETENTION.id]
    assert again.chunks([chunk.id for chunk in CHUNKS]) == CHUNKS
    again.close()


@pytest.mark.parametrize("damage", [_truncate, _garble, lambda path: path.write_bytes(b"")])
def test_a_damaged_store_is_a_sentence_and_works_again_after_repair(
    folder: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(folder, tmp_path / "backup")
    damage(folder / "chroma" / "chroma.sqlite3")

    with pytest.raises(IndexBroken, match=r"index.*sheriff ingest"):
        ChromaIndex.open(folder)

    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    again = ChromaIndex.open(folder)
    assert again.count() == len(CHUNKS)
    again.close()


def test_lost_vectors_are_noticed_on_opening(tmp_path: Path) -> None:
    many = [a_chunk(f"Page {number} about topic {number % 7}", document=f"docs:{number}.md") for number in range(1_200)]
    made = ChromaIndex.create(tmp_path / "index", EMBEDDER.fingerprint)
    fill(made, many)
    made.close()
    for segment in (path for path in (tmp_path / "index" / "chroma").iterdir() if path.is_dir()):
        for file in segment.iterdir():
            _garble(file)

    with pytest.raises(IndexBroken, match="sheriff ingest"):
        ChromaIndex.open(tmp_path / "index")


def test_a_write_that_stopped_between_the_two_sides_is_made_good(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "lexical", tmp_path / "before")
    index = ChromaIndex.open(folder)
    index.remove([RETENTION.document_id])
    fill(index, [a_chunk("Couchbase buckets", document="docs:couchbase.md")])  # the count is as before
    index.close()
    shutil.rmtree(folder / "lexical")
    shutil.copytree(tmp_path / "before", folder / "lexical")

    again = ChromaIndex.open(folder)

    assert (ids(again, "couchbase"), ids(again, "splunk")) == (["docs:couchbase.md#0"], [])
    again.close()


def test_adding_an_id_twice_is_an_error_of_the_caller(folder: Path) -> None:
    index = ChromaIndex.open(folder)

    with pytest.raises(ValueError, match="already in the index"):
        fill(index, [QUOTA])
    with pytest.raises(ValueError, match="5 chunks came with 4 vectors"):
        index.add(CHUNKS, EMBEDDER.embed(["a", "b", "c", "d"]))

    assert index.count() == len(CHUNKS)
    index.close()


def test_identifiers_are_found_whole(folder: Path) -> None:
    index = ChromaIndex.open(folder)
    fill(index, [a_chunk("kafka topic and partitions, unlike kafka-topic", document="docs:other.md")])

    assert ids(index, "what is kafka.topic.partitions?")[0] == QUOTA.id
    index.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80))
def test_whatever_text_is_stored_comes_back(folder: Path, text: str) -> None:
    index = ChromaIndex.open(folder)
    chunk = a_chunk(text, document="docs:any.md", title=text or "untitled", headings=(text,))

    fill(index, [chunk])
    found = index.chunks([chunk.id])
    index.remove([chunk.document_id])
    index.close()

    assert found == [chunk]


def test_two_processes_that_open_a_bare_store_build_its_words_once_each_in_turn(folder: Path) -> None:
    shutil.rmtree(folder / "lexical")
    program = (
        "import sys; from pathlib import Path; from knowledge.adapters.chroma_index import ChromaIndex; "
        "from knowledge.ports import Field; "
        "index = ChromaIndex.open(Path(sys.argv[1])); print(len(index.matching('splunk', field=Field.TEXT, limit=9)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [process.communicate(timeout=60)[0].strip() for process in started] == ["1", "1"]


# ---- a Chroma server


def test_a_server_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 .*does not answer"):
        ChromaIndex.connect("http://127.0.0.1:9", lexical_folder=tmp_path / "lexical")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://chroma", "http://"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Misuse, match="http://host:8000"):
        ChromaIndex.connect(url, lexical_folder=tmp_path / "lexical")


def test_a_second_reader_of_a_server_derives_its_own_words(chroma_server: str, tmp_path: Path) -> None:
    writer = ChromaIndex.connect(
        chroma_server, lexical_folder=tmp_path / "a", collection="shared", fingerprint=EMBEDDER.fingerprint
    )
    fill(writer, CHUNKS)

    reader = ChromaIndex.connect(
        chroma_server, lexical_folder=tmp_path / "b", collection="shared", fingerprint=EMBEDDER.fingerprint
    )

    assert ids(reader, "splunk") == ids(writer, "splunk") == [RETENTION.id]
    writer.close()
    reader.close()


def test_a_missing_collection_is_a_sentence(chroma_server: str, tmp_path: Path) -> None:
    with pytest.raises(IndexBroken, match=r"collection nowhere.*sheriff ingest"):
        ChromaIndex.connect(chroma_server, lexical_folder=tmp_path / "lexical", collection="nowhere")


def test_no_thread_is_left_behind_by_a_closed_index(folder: Path) -> None:
    ChromaIndex.open(folder).close()
    before = threading.active_count()

    for _ in range(3):
        ChromaIndex.open(folder).close()

    assert threading.active_count() <= before
