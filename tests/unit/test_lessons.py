"""What an index teaches about itself, and how that is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge import learning, lessons
from knowledge.evidence import Evidence
from knowledge.lessons import Lessons
from knowledge.model import Chunk, Kind
from knowledge.search import search
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

EMBEDDER = HashEmbedder(128)
TOPICS = ["kafka", "splunk", "vault", "oracle", "batch", "quota"]
THINGS = ["partition", "retention", "secret", "schema", "calendar", "limit", "owner", "region"]


def pages() -> list[Chunk]:
    """Folders that speak about one thing each, in sentences long enough to stand for questions."""
    return [
        a_chunk(
            f"The {topic} {thing} number {number} is raised by the {topic} team after the {thing} review of {topic}s.",
            document=f"docs:{topic}/{thing}-{number}.md",
        )
        for topic in TOPICS
        for thing in THINGS
        for number in range(2)
    ]


def entries() -> list[Chunk]:
    asked = {
        "vault": ["who grants access to a vault", "I get 403 from my vault", "vault permission denied"],
        "quota": ["raise my quota", "the quota is exceeded", "more cpu than the quota allows"],
        "topic": ["create a kafka topic", "new topic please", "how to add a topic in kafka"],
    }
    found = []
    for name, ways in asked.items():
        document = f"faq:all.yaml#{name}"
        found.append(a_chunk("See the page.", document=document, title=ways[0], kind=Kind.FAQ))
        found += [
            a_chunk("", document=document, title=ways[0], kind=Kind.FAQ, order=order, phrasing=way)
            for order, way in enumerate(ways, start=1)
        ]
    return found


def test_an_index_tells_what_it_holds_from_what_it_does_not() -> None:
    learnt = learning.learn(MemoryIndex(EMBEDDER, pages()), EMBEDDER)

    assert learnt.own is not None
    assert learnt.own.auroc > 0.7
    assert learnt.own.questions >= learning.FEWEST


def test_the_same_index_teaches_the_same() -> None:
    index = MemoryIndex(EMBEDDER, pages())

    assert learning.learn(index, EMBEDDER).own == learning.learn(index, EMBEDDER).own


def test_a_small_index_teaches_nothing_of_its_own() -> None:
    assert learning.learn(MemoryIndex(EMBEDDER, pages()[:5]), EMBEDDER).own is None
    assert learning.learn(MemoryIndex(), EMBEDDER).own is None


def test_everyday_questions_are_not_embedded_twice() -> None:
    index, embedder = MemoryIndex(EMBEDDER, pages()[:5]), HashEmbedder(128)
    before = learning.learn(index, embedder)
    embedder.embedded.clear()

    learning.learn(index, embedder, before=before)

    assert embedder.embedded == []


def test_an_everyday_question_is_told_from_one_about_the_platform() -> None:
    index = MemoryIndex(EMBEDDER, pages())
    learnt = learning.learn(index, EMBEDDER)

    about, other = (
        search(question, index=index, embedder=EMBEDDER, lessons=learnt).evidence
        for question in ("kafka partition raised after the review", "what is the weather going to be like tomorrow")
    )

    assert about.background > other.background
    assert about.own > other.own


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("403 on the vault", "vault"),
        ("my quota is too small, raise it", "quota"),
        ("one more kafka topic", "topic"),
    ],
)
def test_an_entry_is_known_by_all_its_ways_of_asking(question: str, entry: str) -> None:
    index = MemoryIndex(EMBEDDER, entries())

    found = search(question, index=index, embedder=EMBEDDER, lessons=learning.learn(index, EMBEDDER))

    assert found.pages[0].path == f"all.yaml#{entry}"
    assert [page.score for page in found.pages] == sorted((page.score for page in found.pages), reverse=True)


def test_a_question_between_two_entries_is_less_sure() -> None:
    index = MemoryIndex(EMBEDDER, entries())
    learnt = learning.learn(index, EMBEDDER)

    clear, torn = (
        search(question, index=index, embedder=EMBEDDER, lessons=learnt).evidence
        for question in ("vault permission denied", "quota of a vault topic")
    )

    assert clear.choice > torn.choice


def test_a_log_teaches_which_questions_are_answered_here() -> None:
    log = [(f"how do I raise the {thing} of kafka", True) for thing in THINGS]
    log += [(f"where is my parcel number {number}", False) for number in range(8)]

    familiar = learning.familiar(log, EMBEDDER)

    assert familiar is not None
    assert familiar.logit(EMBEDDER.embed_query("raise the limit of kafka")) > 0
    assert familiar.logit(EMBEDDER.embed_query("my parcel is late")) < 0
    assert learning.familiar(log[:9], EMBEDDER) is None, "one question that was not answered says nothing"


def test_lessons_come_back_as_they_were_saved(tmp_path: Path) -> None:
    learnt = learning.learn(MemoryIndex(EMBEDDER, [*pages(), *entries()]), EMBEDDER)
    learnt.save(tmp_path)

    again = Lessons.load(tmp_path)

    assert again is not None
    assert again.own == learnt.own
    question = EMBEDDER.embed_query("raise my quota")
    assert again.faq is not None
    assert learnt.faq is not None
    assert again.faq.opinion("raise my quota", question) == learnt.faq.opinion("raise my quota", question)
    assert again.applied(Evidence(top_cosine=0.5), question) == learnt.applied(Evidence(top_cosine=0.5), question)
    assert lessons.written(tmp_path) > 0


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken"])
def test_damaged_lessons_are_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / lessons.FILE).write_bytes(content)

    assert Lessons.load(tmp_path) is None


def test_lessons_of_another_version_are_not_used(tmp_path: Path) -> None:
    with (tmp_path / lessons.FILE).open("wb") as file:
        np.savez(file, said=np.array('{"version": 0}'))

    assert Lessons.load(tmp_path) is None
    assert lessons.written(tmp_path / "elsewhere") == 0


def test_an_index_of_an_older_version_is_taught_when_it_is_first_used(tmp_path: Path) -> None:
    index = MemoryIndex(EMBEDDER, pages())

    learnt = learning.of(tmp_path, index, EMBEDDER)

    assert learnt.own is not None
    assert learnt.background is not None
    assert Lessons.load(tmp_path) is not None
    assert learning.of(tmp_path, MemoryIndex(), EMBEDDER).own == learnt.own, "kept ones are not learnt again"


def test_lessons_that_cannot_be_kept_are_used_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "gone"

    assert learning.of(folder, MemoryIndex(EMBEDDER, pages()), EMBEDDER).own is not None
    assert not folder.exists()
