"""Counting tokens without a network."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import tokens
from knowledge.model import Passage
from knowledge.tokens import VOCABULARIES, Budget, Vocabulary, count, estimate, fit
from tests.fakes import a_chunk

TINY = [bytes([byte]) for byte in range(256)] + [b"ab", b"abab", b" ab"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a vocabulary of 259 tokens under the published name."""
    content = b"\n".join(base64.b64encode(token) + f" {rank}".encode() for rank, token in enumerate(TINY))
    published = VOCABULARIES["o200k_base"]
    tiny = Vocabulary(published.file, hashlib.sha256(content).hexdigest(), published.pattern)
    monkeypatch.setitem(tokens.VOCABULARIES, "o200k_base", tiny)
    (tmp_path / published.file).write_bytes(content)
    return tmp_path


def test_with_the_vocabulary_in_the_cache_the_count_is_exact(cache: Path) -> None:
    assert count("abab ab", cache=cache) == 2


def test_a_vocabulary_that_is_not_the_published_one_is_not_trusted(cache: Path) -> None:
    file = cache / VOCABULARIES["o200k_base"].file
    file.write_bytes(file.read_bytes() + b"\nAAAA 300")

    assert count("abab ab", cache=cache) == estimate("abab ab")
    assert file.exists()  # tiktoken itself would delete it and download another


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base", "unheard-of"])
def test_without_a_vocabulary_the_count_is_estimated(tmp_path: Path, encoding: str) -> None:
    assert count("Set the quota.", encoding=encoding, cache=tmp_path) == estimate("Set the quota.")
    assert count("Set the quota.", encoding=encoding) == estimate("Set the quota.")


# Text and its true number of tokens in o200k_base, counted once with the published vocabulary.
KNOWN = {
    "Set quota.partitions in the kafka.yaml of the region that hosts the topic.": 16,
    'alerts:\n  - name: replicas-low\n    namespace: "%namespace%"\n    threshold: 1\n': 21,
    "Größe und Übergröße der Köpfe": 8,
    "東京都の天気はどうですか": 8,
    "df55778a99b4f25632e9f101e5a1f7f4c709601dce268430b7f259632553523c": 37,
    "wdmycjicbzokcitcliywrouejxlefeavnnzjjfxgzcshogxqfpdasoubpucbngucyjss": 36,
    "                    \n\n\n\n\t\t\t\t": 3,
    "🚀🚀🚀": 6,
}


@pytest.mark.parametrize(("text", "true"), KNOWN.items())
def test_the_estimate_is_never_too_low(text: str, true: int) -> None:
    assert true <= estimate(text) <= len(text.encode()) + 3


@given(st.text())
def test_the_estimate_stays_near_the_number_of_bytes_at_most(text: str) -> None:
    assert (estimate(text) == 0) == (text == "")
    assert estimate(text) <= 2 * len(text.encode()) + 3


def a_passage(text: str, section: str = "") -> Passage:
    return Passage(a_chunk(text), 0.9, section)


def test_passages_that_fit_are_kept_in_order_and_a_large_one_is_passed_over() -> None:
    small, large, last = a_passage("one two"), a_passage("word " * 900), a_passage("three")

    assert fit([small, large, last], Budget(50)) == [small, last]


def test_a_section_too_long_gives_way_to_its_piece() -> None:
    [kept] = fit([a_passage("the piece", "the whole section " * 100)], Budget(50))

    assert kept.body == "the piece"


def test_if_nothing_fits_the_first_is_cut_at_a_line() -> None:
    [kept] = fit([a_passage("line one here\n" * 100)], Budget(60))

    assert kept.body.endswith("line one here\n…")
    assert Budget(60).count(kept.body) <= 60


def test_nothing_found_fits_anywhere() -> None:
    assert fit([], Budget(0)) == []


def test_a_budget_shrinks_by_what_is_said_before() -> None:
    assert Budget(100).without(["word " * 10, "word"]).limit == 100 - estimate("word " * 10) - estimate("word")
    assert Budget(1).without(["word " * 10]).limit == 0
