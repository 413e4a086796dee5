"""How often real questions are asked back, over the real example platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.glossary_file import read_glossary
from bot.library import Library, Reading
from knowledge import bundled
from knowledge.adapters.local_embedder import LocalEmbedder
from knowledge.model import Outcome
from knowledge.relevance import Policy

DATASETS = Path(__file__).resolve().parents[2] / "evals" / "datasets"


@pytest.fixture
def library(platform_home: Path, local_embedder: LocalEmbedder) -> Iterator[Library]:
    glossary = read_glossary(bundled.GLOSSARY, languages=["french"])
    library = Library(platform_home, Reading(local_embedder, None, Policy.calibrated(), glossary=glossary))
    yield library
    library.close()


def test_hardly_any_real_question_is_asked_back(library: Library) -> None:
    lines = [line for name in "ab" for line in (DATASETS / f"golden-{name}.jsonl").read_text("utf-8").splitlines()]
    questions = [json.loads(line)["text"] for line in lines if line.strip()]

    asked = [question for question in questions if library.answer(question, asks=True).ask]

    assert len(questions) >= 90
    assert len(asked) <= 0.03 * len(questions), asked


@pytest.mark.parametrize(
    "question",
    ["How do I set the quota?", "How are backups done?", "how do I connect?", "Comment augmenter le quota ?"],
)
def test_a_question_that_several_components_answer_is_asked_back(library: Library, question: str) -> None:
    answer = library.answer(question, asks=True)

    assert answer.ask
    assert 2 <= len(answer.ask.choices) <= 4
    assert answer.outcome is Outcome.UNANSWERED
    assert answer.looked_at


@pytest.mark.parametrize(
    "question", ["How do I set the Kafka quota?", "how do I raise my openshift quota", "how do I connect to oracle"]
)
def test_a_question_that_names_its_component_is_answered(library: Library, question: str) -> None:
    assert library.answer(question, asks=True).ask is None


def test_a_caller_that_cannot_ask_gets_the_answer(library: Library) -> None:
    answer = library.answer("How do I set the quota?")

    assert answer.ask is None
    assert answer.citations
