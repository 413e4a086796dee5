"""What was the matter, judged by asking the index for the resolution: real searches over small indexes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.support.cases import Cause
from bot.support.counterfactual import Diagnosis, contradictions, diagnose
from bot.support.ledger import GapKind
from knowledge.model import Chunk, Kind, Passage
from knowledge.search import search
from tests.fakes import HashEmbedder, MemoryIndex

QUESTION = "How long may the name of a vault be?"
RESOLUTION = "A key vault name has at most 24 characters, letters and digits only."
OTHERS = {
    "kafka.md": "Raise the partition quota of a Kafka topic in kafka.yaml of the region.",
    "dns.md": "The DNS alias follows the active region within five minutes.",
    "jor.md": "A JOR job runs in the namespaces of its application.",
    "splunk.md": "Splunk keeps an index for thirty days in the standard class.",
}


def judged(pages: dict[str, str], *causes: Cause, question: str = QUESTION, resolution: str = RESOLUTION) -> Diagnosis:
    embedder = HashEmbedder(256)
    chunks = [_chunk(path, text) for path, text in {**OTHERS, **pages}.items()]
    index = MemoryIndex(embedder, chunks)

    def look(words: str) -> Sequence[Passage]:
        return search(words, index=index, embedder=embedder, limit=8).passages

    return diagnose(question, resolution, causes, source="SUP-97", look=look)


def _chunk(path: str, text: str) -> Chunk:
    return Chunk(path, f"docs:{path}", "docs", path, path.removesuffix(".md"), Kind.PAGE, (), "", 0, text)


def test_what_no_page_says_is_missing() -> None:
    found = judged({}, Cause.OTHER)

    assert found.kind is GapKind.MISSING
    assert "SUP-97 was asked of the index: no passage says it" in found.why


def test_what_a_page_says_in_other_words_was_missed_by_the_search() -> None:
    found = judged({"vault.md": "Key vault name: at most 24 characters, letters and digits only."}, Cause.MISSING)

    assert (found.kind, found.at and found.at.path) == (GapKind.RETRIEVAL_MISS, "vault.md")
    assert "vault says what SUP-97 was resolved with" in found.why


@pytest.mark.parametrize(("cause", "kind"), [(Cause.OTHER, GapKind.WRONG), (Cause.OUTDATED, GapKind.OUTDATED)])
def test_a_page_that_gives_another_figure_is_wrong_or_outdated(cause: Cause, kind: GapKind) -> None:
    found = judged({"vault.md": "A key vault name has at most 18 characters, letters and digits only."}, cause)

    assert (found.kind, found.at and found.at.path) == (kind, "vault.md")
    assert "says otherwise than SUP-97" in found.why


def test_a_page_that_says_the_opposite_is_wrong() -> None:
    found = judged(
        {"jor.md": "A JOR job may not start in the namespace of another application."},
        question="Can JOR start in another namespace?",
        resolution="A JOR job may start in the namespace of another application.",
    )

    assert (found.kind, found.at and found.at.path) == (GapKind.WRONG, "jor.md")


@pytest.mark.parametrize(("cause", "kind"), [(Cause.PLATFORM_BUG, GapKind.PLATFORM_BUG), (Cause.WISH, GapKind.WISH)])
def test_a_fault_of_the_platform_and_a_wish_are_what_the_sheriff_called_them(cause: Cause, kind: GapKind) -> None:
    assert judged({}, cause).kind is kind


def test_without_a_resolution_nothing_is_judged_and_an_empty_index_is_no_error() -> None:
    assert judged({}, resolution=" ").kind is GapKind.UNKNOWN
    found = diagnose(QUESTION, RESOLUTION, (), source="SUP-97", look=lambda words: ())
    assert (found.kind, found.at) == (GapKind.MISSING, None)


def test_the_same_figures_contradict_nothing() -> None:
    assert list(contradictions(RESOLUTION, "A key vault name has at most 24 characters.")) == []
