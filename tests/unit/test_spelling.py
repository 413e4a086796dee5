"""Misspelt words put right with the words of the documentation, and all that must be left alone."""

from __future__ import annotations

import random
import re
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search import search
from knowledge.spelling import Speller, speller
from tests.fakes import HashEmbedder, MemoryIndex, a_chunk

DOCUMENTATION = frozenset(
    re.findall(
        r"\w+",
        """kafka partition partitions alert alerts splunk index retention key vault vaults value topology overlay
        silence route router herm database couchbase bucket""",
    )
)
KNOWN = Speller.of(DOCUMENTATION)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("raise the kakfa partiton quota", "raise the kafka partition quota"),
        ("silence all alrets", "silence all alerts"),
        ("Slpunk retenton?", "splunk retention?"),
        ("my key valut", "my key vault"),
        ("the toplogy and the overaly", "the topology and the overlay"),
        ("KAKFA IS DOWN AGAIN", "kafka IS DOWN AGAIN"),
        ("couchbse: buckte is full", "couchbase: bucket is full"),
    ],
)
def test_a_misspelt_word_becomes_the_one_of_the_documentation(said: str, meant: str) -> None:
    assert KNOWN.corrected(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "how do I raise the kafka partition quota",
        "restarting the weird server of a colleague",  # English, though no page says it
        "kakfa.topic.partitons",
        "kv-valut KV_VALUT valut_1 %valut%",
        '`kakfa` "kakfa" ```\nkakfa\n```',
        "https://kakfa/partiton",
        "KAKFA in prod",  # an abbreviation or a code
        "kafka2 1234 v1.20",
        "HermX partItion",  # a name with capitals inside
        "xq zt jor",
    ],
)
def test_names_codes_quotations_and_known_words_are_left_alone(said: str) -> None:
    assert KNOWN.corrected(said) == said


def test_a_word_that_may_mean_two_things_is_left_alone() -> None:
    assert Speller.of(frozenset({"vaulta", "vaultb"})).corrected("vaultq") == "vaultq"


def test_a_message_of_nothing_but_unknown_words_is_another_language() -> None:
    said = "kakfa alrets slpunk retenton toplogy overaly couchbse"

    assert KNOWN.corrected(said) == said


@given(st.text(max_size=300))
def test_any_text_at_all_is_read_without_harm(said: str) -> None:
    assert isinstance(KNOWN.corrected(said), str)


def test_one_vocabulary_has_one_speller() -> None:
    assert speller(DOCUMENTATION) is speller(DOCUMENTATION)


def test_a_vocabulary_of_many_words_is_ready_soon_and_costs_a_question_little() -> None:
    chance = random.Random(7)  # noqa: S311 - made-up words
    many = frozenset("".join(chance.choices(string.ascii_lowercase, k=chance.randint(4, 12))) for _ in range(60_000))

    began = time.perf_counter()
    large = Speller.of(many | DOCUMENTATION)
    built = time.perf_counter() - began
    large.corrected("warm upp")
    took = min(_seconds(large, "raise the kakfa partiton retenton of my slpunk indx") for _ in range(20))

    assert built < 3.0
    assert took < 0.05  # seconds: some 1 ms, with room for a busy machine


def _seconds(speller: Speller, question: str) -> float:
    began = time.perf_counter()
    speller.corrected(question)
    return time.perf_counter() - began


def test_search_finds_the_page_of_a_misspelt_question_as_surely_as_of_the_right_one() -> None:
    embedder = HashEmbedder(256)
    pages = [
        a_chunk("Raise the partition quota of a topic.", document="docs:kafka.md", title="Kafka quotas"),
        a_chunk("An index keeps events for 30 days.", document="docs:splunk.md", title="Splunk retention"),
        a_chunk("A silence mutes alerts for 14 days.", document="docs:silences.md", title="Silences"),
    ]
    index = MemoryIndex(embedder, pages)

    found = search("kakfa partiton", index=index, embedder=embedder)
    right = search("kafka partition", index=index, embedder=embedder)

    assert found.pages[0].document_id == "docs:kafka.md"
    assert found.meant == "kafka partition"
    assert found.evidence.covered == right.evidence.covered == 1
    assert found.evidence.word_score == pytest.approx(right.evidence.word_score, rel=0.1)
