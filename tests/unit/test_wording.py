"""Words, identifiers and letters of a text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.wording import content_words, held, identifiers, letters


def test_content_words_are_stems_without_filler_each_once() -> None:
    assert content_words("How do I raise the quotas? Raising a quota!") == ["rais", "quota"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("policies", "policy"),
        ("deployed", "deploy"),
        ("raising", "raise"),
        ("limits", "limit"),
        ("migration", "migrate"),
    ],
)
def test_forms_of_one_word_meet_in_one_stem(one: str, other: str) -> None:
    assert content_words(one) == content_words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set kafka.topic.partitions to 40.", ["kafka.topic.partitions"]),
        ("ORA-01017: denied", ["ora-01017"]),
        ("use %namespace% and %app.name%", ["%namespace%", "%app.name%"]),
        ("my_key in app.kubernetes.io/instance", ["my_key", "app.kubernetes.io/instance"]),
        ("Plain words. And a sentence.", []),
        ("____ _", []),
    ],
)
def test_identifiers_are_kept_whole(text: str, expected: list[str]) -> None:
    assert identifiers(text) == expected


def test_spacing_and_case_do_not_change_the_letters() -> None:
    assert letters("Argo CD") == letters("ArgoCD") == letters("argo-cd") == "argocd"


@pytest.mark.parametrize("paste", ["a" * 200_000, "_" * 200_000, "a." * 100_000, "%" * 200_000, "a_" * 100_000])
def test_a_paste_without_spaces_is_read_in_a_moment(paste: str) -> None:
    before = time.perf_counter()

    identifiers(paste)
    content_words(paste)

    assert time.perf_counter() - before < 1


@given(st.text())
def test_any_text_has_words_identifiers_and_letters(text: str) -> None:
    assert all(content_words(text))
    assert all(identifiers(text))
    assert " " not in letters(text)


@given(wanted=st.text(max_size=60), text=st.text(max_size=200))
def test_the_stems_a_text_holds_are_those_among_its_words(wanted: str, text: str) -> None:
    stems = content_words(wanted)

    assert set(held(stems, text)) >= set(stems) & set(content_words(text))
    assert set(held(stems, text)) <= set(stems)


def test_another_form_of_a_word_counts_as_held() -> None:
    assert held(content_words("raise quotas fast"), "Raising a quota") == ["rais", "quota"]
