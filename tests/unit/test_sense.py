"""Which part of a page is meant."""

from __future__ import annotations

import pytest

from knowledge.model import Kind
from knowledge.search import search
from knowledge.sense import codes, is_contrary, is_topic, opening
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk


@pytest.mark.parametrize(
    ("question", "heading", "contrary"),
    [
        ("how do I disable an alert rule", "Enabling a previously disabled rule", True),
        ("how do I disable an alert rule", "Disabling a rule", False),
        ("enable the rule again", "Enabling a previously disabled rule", False),
        ("remove a topic", "Adding a topic", True),
        ("add or remove a topic", "Adding a topic", False),
        ("how do I restore it", "Backup", True),
        ("why is the rule disabled", "Rules", False),
        ("anything", "", False),
    ],
)
def test_a_section_that_does_the_opposite_is_known_by_its_heading(question: str, heading: str, contrary: bool) -> None:
    assert is_contrary(question, ("Rules", heading)) is contrary
    assert not is_contrary(question, ())


@pytest.mark.parametrize(
    ("question", "title", "topic"),
    [
        ("Applications in Any Namespace", "Applications in any namespace", True),
        ("what is a key vault?", "Key vaults", True),
        ("key vault", "Key vaults", True),
        ("tell me about the topology", "Topology", True),
        ("create a key vault", "Create a key vault", False),
        ("how do I create a key vault", "Create a key vault", False),
        ("key vault", "Rotate the secrets of a key vault", False),
        ("what is the quota of a key vault", "Key vaults", False),
        ("what is", "What is", False),
    ],
)
def test_a_bare_topic_is_told_from_a_question_about_it(question: str, title: str, topic: bool) -> None:
    assert is_topic(question, title) is topic


def test_the_opening_is_the_first_prose_of_a_page() -> None:
    page = [
        a_chunk("> **Note:** this page is being written and may change at any time, so come back later.", order=0),
        a_chunk("A node is a place where a service runs; the tree of all nodes is called the topology.", order=1),
        a_chunk("Nodes have names, and these names are unique among the children of the same parent node.", order=2),
    ]

    assert opening(page[::-1]) == page[1]
    assert opening(page[:1]) is None
    answer = a_chunk("Ask the owner of the vault; the request is granted in a day or two, as a rule.", kind=Kind.FAQ)
    assert opening([answer]) is None


def test_a_topic_is_answered_by_the_opening_of_its_page() -> None:
    embedder = HashEmbedder(64)
    text = "A place where services run, in a tree that begins with the region and ends with leaves."
    limits = a_chunk("Node pools and pools of nodes and node pools.", title="Node pools", order=1, headings=("Limits",))
    index = MemoryIndex(embedder, [a_chunk(text, title="Node pools", order=0), limits])

    first = search("Node pools", index=index, embedder=embedder).passages[0]

    assert first.chunk.order == 0
    assert search("node pools limits", index=index, embedder=embedder).passages[0].chunk.order == 1


# ---- codes ----


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("what is YAML009", ["yaml009"]),
        ("ORA-01017: invalid username", ["ora-01017"]),
        ("I get SCH004 and sch004 in kafka.yaml.", ["sch004"]),
        ("TOP001 or TOP002?", ["top001", "top002"]),
        ("openshift 4.12 with sha2 on port 8080", []),
        ("mail x.abc123.example about node-p100-7", []),
    ],
)
def test_codes_that_a_question_names_are_known(question: str, named: list[str]) -> None:
    assert codes(question) == named


def test_a_page_about_another_code_comes_after_those_with_the_code_asked_for() -> None:
    chunks = [
        a_chunk("TAB001 Tabs in the indentation of a line, and what to do about them", document="docs:a.md"),
        a_chunk("TAB002 The line is too long", document="docs:b.md"),
    ]
    embedder = HashEmbedder()
    index = MemoryIndex(embedder, chunks)

    found = search("TAB002 tabs in the indentation of a line", index=index, embedder=embedder)

    assert [page.path for page in found.pages] == ["b.md", "a.md"]
    assert found.passages[0].chunk.path == "b.md"
