"""The hybrid search over a small platform, with stand-ins and with the real index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.adapters.chroma_index import ChromaIndex
from knowledge.model import Chunk, Kind
from knowledge.ports import ChunkIndex
from knowledge.search import Evidence, Found, search
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

EMBEDDER = HashEmbedder(256)

QUOTA = a_chunk(
    "Raise the partition quota of a topic in topics.yaml and open a pull request.",
    document="docs:kafka/quotas.md",
    title="Kafka quotas",
    headings=("Raise a partition quota",),
)
LIMITS = a_chunk(
    "A topic of Kafka has 40 partitions at most.", document="docs:kafka/quotas.md", title="Kafka quotas", order=1
)
RETENTION = a_chunk(
    "An index keeps events for 30 days; choose the retention in splunk.yaml.",
    document="docs:splunk/retention.md",
    title="Splunk retention",
)
ENTRY = a_chunk(
    "Ask the owner of the vault for the Reader role.",
    document="faq:access.yaml#vault",
    title="Who grants access to a key vault?",
    kind=Kind.FAQ,
)
ASKED = [
    a_chunk("", document="faq:access.yaml#vault", title=ENTRY.title, kind=Kind.FAQ, order=number, phrasing=phrasing)
    for number, phrasing in enumerate(["I get 403 from my secrets store", "vault permission denied"], start=1)
]
PLATFORM = [QUOTA, LIMITS, RETENTION, ENTRY, *ASKED]

Make = Callable[[list[Chunk]], ChunkIndex]


@pytest.fixture(params=["memory", "chroma"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[ChunkIndex] = []

    def build(chunks: list[Chunk]) -> ChunkIndex:
        index: ChunkIndex = (
            MemoryIndex()
            if request.param == "memory"
            else ChromaIndex.create(tmp_path / f"index-{len(made)}", EMBEDDER.fingerprint)
        )
        index.add(chunks, EMBEDDER.embed([chunk.indexed_text for chunk in chunks]))
        made.append(index)
        return index

    yield build
    for index in made:
        index.close()


def ask(question: str, index: ChunkIndex, limit: int = 8) -> Found:
    return search(question, index=index, embedder=EMBEDDER, limit=limit)


def test_the_section_that_answers_comes_first_and_its_page_too(make: Make) -> None:
    found = ask("how do I raise the partition quota of my topic?", make(PLATFORM))

    assert found.passages[0].chunk == QUOTA
    assert found.pages[0].path == "kafka/quotas.md"
    assert [page.score for page in found.pages] == sorted((page.score for page in found.pages), reverse=True)


def test_an_empty_index_finds_nothing(make: Make) -> None:
    assert ask("quota", make([])) == Found()


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question_finds_nothing(make: Make, question: str) -> None:
    assert ask(question, make(PLATFORM)) == Found()


def test_another_way_of_asking_leads_to_the_entry_and_its_answer(make: Make) -> None:
    found = ask("403 from my secrets store", make(PLATFORM))

    assert found.passages[0].chunk == ENTRY
    assert ENTRY not in [passage.chunk for passage in found.passages[1:]]
    assert not any(passage.chunk.phrasing for passage in found.passages)


def test_a_phrasing_without_its_entry_is_no_passage(make: Make) -> None:
    found = ask("vault permission denied", make([ASKED[1]]))

    assert found.passages == ()
    assert found.evidence == Evidence()


def test_a_misspelt_name_still_finds_its_page(make: Make) -> None:
    found = ask("splnk retenton", make(PLATFORM))

    assert found.pages[0].path == "splunk/retention.md"


def test_the_same_text_on_two_pages_is_one_passage(make: Make) -> None:
    twin = a_chunk(QUOTA.text, document="docs:archive/quotas.md", title="Quotas, old page")

    found = ask("raise the partition quota", make([*PLATFORM, twin]))

    texts = [passage.chunk.text for passage in found.passages]
    assert texts.count(QUOTA.text) == 1
    assert {"kafka/quotas.md", "archive/quotas.md"} <= {page.path for page in found.pages}


def test_no_page_fills_the_passages_alone(make: Make) -> None:
    long = [
        a_chunk(f"Quota note {word} for partitions.", document="docs:long.md", order=number)
        for number, word in enumerate(["alpha", "bravo", "delta", "gamma", "kappa", "omega"])
    ]

    found = ask("quota note for partitions", make([*long, *PLATFORM]))

    assert sum(passage.chunk.path == "long.md" for passage in found.passages) == 3


def test_limit_bounds_the_passages_and_not_the_pages(make: Make) -> None:
    index = make([a_chunk(f"Quota of team {number}", document=f"docs:{number}.md") for number in range(60)])

    found = ask("quota of team", index, limit=2)

    assert len(found.passages) == 2
    assert len(found.pages) >= 50


def test_evidence_is_stronger_for_a_question_the_platform_answers(make: Make) -> None:
    index = make(PLATFORM)

    known = ask("raise the partition quota of a topic", index).evidence
    unknown = ask("best pizza place near the harbour", index).evidence

    assert known.top_cosine > unknown.top_cosine
    assert known.word_score > 0.5 > unknown.word_score
    assert known.covered == known.covered_page == 1
    assert unknown.covered == 0
    assert known.agreement == 1
    assert known.terms == 4


@given(question=st.text(max_size=200))
def test_any_question_gives_finite_evidence(question: str) -> None:
    found = search(question, index=MemoryIndex(EMBEDDER, PLATFORM), embedder=EMBEDDER)

    assert all(-1.01 <= value < 1_000 for value in asdict(found.evidence).values())
