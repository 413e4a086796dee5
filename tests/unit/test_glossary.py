"""Abbreviations, synonyms and French words: what is added to a question, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.glossary_file import read_glossary
from knowledge import bundled
from knowledge.errors import Misuse
from knowledge.glossary import NO_GLOSSARY, Glossary, Term, language

TERMS = Glossary(
    (
        Term("key vault", also=("kv", "keyvault")),
        Term("HERM", also=("oracle",), means="Oracle database"),
        Term("service desk", also=("IT",)),
        Term("override", also=("OR",)),
    ),
    {"key-vaults": "key vaults"},
)
FRENCH = language("french")


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("who may read my kv?", "key vault"),
        ("who may read my KVs?", "key vault"),
        ("herm is slow", "Oracle database"),
        ("oracle is slow", "HERM database"),
        ("call IT about it", "service desk"),
    ],
)
def test_the_names_of_the_pages_follow_the_askers_own_words(question: str, added: str) -> None:
    expanded = TERMS.expanded(question)

    assert expanded.startswith(question)
    assert set(added.split()) <= set(expanded.removeprefix(question).split())


@pytest.mark.parametrize(
    "question",
    [
        "is it broken or not?",  # IT and OR are abbreviations only in capitals
        "WHY IS IT NOT WORKING OR NOT THERE",  # and in a shout capitals tell nothing
        "https://kv.prod.example/secrets",
        "what is kv.maxSize in KV_NAME and kv-1?",
        "kvm and kva",
        "the key vault itself",
    ],
)
def test_parts_of_names_and_ordinary_words_are_no_abbreviations(question: str) -> None:
    assert TERMS.expanded(question) == question


@given(st.text(max_size=200))
def test_no_text_loses_a_word_by_being_expanded(text: str) -> None:
    assert TERMS.expanded(text).startswith(text)


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Comment augmenter le quota de partitions Kafka ?", "how raise quota partitions Kafka ?"),
        ("mot de passe oracle expiré", "password oracle expired"),
        ("quota dépassé dans mon espace de noms", "quota exceeded namespace"),
        ("J’ai une erreur de certificat", "error certificate"),
        ("l'alerte n'est pas envoyée à l'équipe", "alert not sent team"),
        ("Où mettre alerting.yaml ?", "where put alerting.yaml ?"),
        ("qu'est-ce que HERM ?", "what is HERM ?"),
    ],
)
def test_french_support_talk_is_put_into_the_words_of_english_pages(french: str, english: str) -> None:
    assert FRENCH.in_english(french) == english


@pytest.mark.parametrize(
    "question",
    [
        "How do I comment out a line on prod?",
        "The main service in production has a simple message on its page",
        "I'd like to know what's on my plan, don't say me no",
        "What does `sauvegarde.jour` in erreur.log mean?",
        "Can I put 6 partitions in a region for my application?",
    ],
)
def test_english_that_shares_words_with_french_stays_as_it_is(question: str) -> None:
    assert FRENCH.in_english(question) == question


def test_without_a_glossary_nothing_changes() -> None:
    assert NO_GLOSSARY.expanded("kv") == "kv"
    assert NO_GLOSSARY.in_english("mot de passe") == "mot de passe"


def test_a_component_without_a_label_is_called_by_its_words() -> None:
    assert TERMS.label("resource-groups") == "resource groups"
    assert TERMS.label("key-vaults") == "key vaults"


def test_the_bundled_glossary_can_be_read_and_knows_the_platform() -> None:
    glossary = read_glossary(bundled.GLOSSARY, languages=["french"])

    assert "HERM" in glossary.expanded("oracle is slow")
    assert "batch job" in glossary.expanded("the control-m plan")
    assert glossary.in_english("sauvegarde couchbase") == "backup couchbase"


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("terms:\n  - trem: kv\n", ":2:5", "term"),
        ("terms:\n  - term: kv\n    also: vault\n", ":3:", "list"),
        ("terms: [\n", ":", "glossary.yaml"),
        ("names: {}\n", ":1:1", "names"),
    ],
)
def test_a_wrong_glossary_is_told_with_its_place(tmp_path: Path, text: str, place: str, remedy: str) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text(text)

    with pytest.raises(Misuse) as caught:
        read_glossary(file)

    assert f"glossary.yaml{place}" in str(caught.value)
    assert remedy in str(caught.value)


def test_a_missing_glossary_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no such file"):
        read_glossary(tmp_path / "nowhere.yaml")


def test_an_empty_glossary_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text("# nothing yet\n")

    assert read_glossary(file).terms == ()
