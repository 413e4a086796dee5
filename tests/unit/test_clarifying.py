"""When one question back is asked, and what its reply means."""

from __future__ import annotations

import pytest

from knowledge.clarifying import clarification, completed
from knowledge.glossary import NO_GLOSSARY, Glossary, glossary_of
from knowledge.model import Chunk, Kind, Passage

GLOSSARY = glossary_of(
    {
        "components": {"quotas": "OpenShift quotas", "kafka": "Kafka", "key-vaults": "key vaults", "dns": "DNS"},
        "terms": [
            {"term": "OpenShift", "also": ["ocp", "k8s"]},
            {"term": "key vault", "also": ["kv"]},
            {"term": "kafka", "also": ["broker"]},
        ],
    }
)
ASKED = "How do I set the quota?"
CHOICES = ("OpenShift quotas", "Kafka")


def passage(component: str, title: str, text: str, score: float) -> Passage:
    chunk = Chunk(
        id=f"{component}-{title}-{score}",
        document_id=f"docs:{component}/{title}.md",
        source="docs",
        path=f"{component}/{title}.md",
        title=title,
        kind=Kind.PAGE,
        headings=(),
        anchor="",
        order=0,
        text=text,
        component=component,
    )
    return Passage(chunk, score)


QUOTAS = passage("quotas", "Quotas", "Set the quota in quotas.yaml.", 0.8)
KAFKA = passage("kafka", "Kafka quotas", "A throughput quota is set per region.", 0.76)
VAULTS = passage("key-vaults", "Vault quotas", "Azure sets a quota on vaults.", 0.75)
DNS = passage("dns", "Records", "A quota of names is set.", 0.74)


def test_components_that_nearly_tie_are_offered_by_the_names_people_use() -> None:
    asked = clarification(ASKED, [QUOTAS, KAFKA, VAULTS], glossary=GLOSSARY)

    assert asked
    assert asked.choices == ("OpenShift quotas", "Kafka", "key vaults")
    assert asked.sentence == "Which one do you mean: OpenShift quotas, Kafka or key vaults?"


def test_a_first_page_that_is_clearly_first_is_not_put_in_doubt() -> None:
    behind = passage("kafka", "Kafka quotas", "A throughput quota is set per region.", 0.7)

    assert clarification(ASKED, [QUOTAS, behind], glossary=GLOSSARY) is None


def test_pages_that_tie_without_the_words_of_the_question_are_no_choice() -> None:
    lost = [passage("kafka", "Topics", "Delete a topic.", 0.8), passage("dns", "Records", "Add a record.", 0.79)]

    assert clarification("merge button greyed out", lost, glossary=GLOSSARY) is None


@pytest.mark.parametrize(
    "question",
    ["How do I set the Kafka quota?", "set the quota on the broker", "set my k8s quota", "set the quota of DNS"],
)
def test_a_question_that_names_a_component_is_not_asked_back(question: str) -> None:
    assert clarification(question, [QUOTAS, KAFKA], glossary=GLOSSARY) is None


def test_a_component_named_earlier_in_the_conversation_counts() -> None:
    assert clarification(ASKED, [QUOTAS, KAFKA], glossary=GLOSSARY, earlier=["Who may read my Kafka topic?"]) is None


def test_a_word_of_one_title_that_the_others_never_say_names_its_component() -> None:
    topics = passage("kafka", "Topic quotas", "A quota is set per topic.", 0.76)

    assert clarification("set the topic quota", [QUOTAS, topics], glossary=GLOSSARY) is None


def test_a_long_question_says_enough() -> None:
    long = "How do I set the quota of cpu and memory for the batch nightly run?"

    assert clarification(long, [QUOTAS, KAFKA], glossary=GLOSSARY) is None


def test_more_than_four_components_are_too_many_to_choose_from() -> None:
    other = Glossary(components={**GLOSSARY.components, "jor": "JOR"})
    five = [QUOTAS, KAFKA, VAULTS, DNS, passage("jor", "Jobs", "A quota of jobs is set.", 0.74)]

    assert clarification(ASKED, five[:4], glossary=other)
    assert clarification(ASKED, five, glossary=other) is None


def test_pages_about_no_component_of_the_glossary_are_never_a_choice() -> None:
    general = passage("troubleshooting", "Quota exceeded", "Which quota is set too low?", 0.79)

    assert clarification(ASKED, [QUOTAS, general], glossary=GLOSSARY) is None
    asked = clarification(ASKED, [general, QUOTAS, KAFKA], glossary=GLOSSARY)
    assert asked
    assert asked.choices == CHOICES


def test_without_a_glossary_components_are_called_as_the_pages_say() -> None:
    asked = clarification(ASKED, [QUOTAS, KAFKA, VAULTS], glossary=NO_GLOSSARY)

    assert asked
    assert asked.choices == ("quotas", "kafka", "key vaults")


def test_pages_without_a_component_and_an_empty_search_give_no_choice() -> None:
    nameless = [passage("", "Quotas", "Set the quota.", 0.8), passage("", "Limits", "Set the quota.", 0.79)]

    assert clarification(ASKED, nameless, glossary=NO_GLOSSARY) is None
    assert clarification(ASKED, [], glossary=NO_GLOSSARY) is None


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("Kafka", "Kafka"),
        ("kafka please", "Kafka"),
        ("I mean the Kafka one", "Kafka"),
        ("kafka quota", "Kafka"),
        ("broker", "Kafka"),
        ("2", "Kafka"),
        ("the second one", "Kafka"),
        ("quotas", "OpenShift quotas"),
        ("ocp", "OpenShift quotas"),
        ("DNS", "DNS"),
        ("both OpenShift and Kafka", "OpenShift quotas and Kafka"),
    ],
)
def test_a_reply_that_only_names_a_component_completes_the_question(reply: str, choice: str) -> None:
    assert completed(reply, ASKED, CHOICES, glossary=GLOSSARY) == f"How do I set the quota ({choice})?"


@pytest.mark.parametrize("reply", ["How do I create a Kafka topic?", "3", "set the quota", "neither", "thanks", "?"])
def test_any_other_message_is_a_question_of_its_own(reply: str) -> None:
    assert completed(reply, ASKED, CHOICES, glossary=GLOSSARY) == ""


def test_a_choice_is_known_again_without_a_glossary() -> None:
    assert completed("kafka", ASKED, ("quotas", "kafka"), glossary=NO_GLOSSARY) == "How do I set the quota (kafka)?"
