"""Honest paraphrases pass and inventions do not: answers to sections of the example platform."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import bundled
from knowledge.blocks import Form, blocks
from knowledge.grounding import check
from knowledge.model import Passage
from knowledge.patience import LONGEST
from tests.fakes import a_chunk

CORPUS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "corpora" / "grounding" / "answers.yaml").read_text("utf-8")
)


def passages(places: list[str]) -> list[Passage]:
    return [Passage(_section(*place.split("#", 1)), 0.9) for place in places]


def _section(page: str, heading: str) -> Any:
    text = (bundled.DOCS / page).read_text("utf-8")
    _, _, after = text.partition(f"\n## {heading}\n")
    title = text.partition("\n# ")[2].partition("\n")[0]
    return a_chunk(after.partition("\n## ")[0].strip(), document=f"docs:{page}", title=title, headings=(heading,))


def _all(kind: str) -> list[tuple[list[str], str]]:
    return [(entry["passages"], text) for entry in CORPUS for text in entry.get(kind, [])]


def answers(kind: str) -> list[Any]:
    return [pytest.param(places, text, id=text[:60]) for places, text in _all(kind)]


@pytest.mark.parametrize(("places", "text"), answers("honest"))
def test_an_honest_paraphrase_is_shown(places: list[str], text: str) -> None:
    assert check(text, passages(places)).faults == ()


@pytest.mark.parametrize(("places", "text"), answers("refused"))
def test_an_invention_is_not_shown(places: list[str], text: str) -> None:
    assert not check(text, passages(places)).holds


def test_nearly_all_inventions_are_seen() -> None:
    seen = [check(text, passages(places)).holds for kind in ("refused", "missed") for places, text in _all(kind)]

    assert sum(seen) / len(seen) <= 0.04  # shown all the same: those under `missed`


def test_every_sentence_of_the_pages_may_be_quoted() -> None:
    refused = [
        (page.name, block.text[:60])
        for page in sorted(bundled.DOCS.rglob("*.md"))
        for section in page.read_text("utf-8").split("\n## ")[1:]
        for block in blocks(section.partition("\n")[2])
        if block.form is Form.PARAGRAPH and not block.text.endswith(":")
        if not check(f"{block.text} [1]", [Passage(a_chunk(section), 0.9)]).holds
    ]

    assert refused == []


@pytest.mark.parametrize(
    "piece", ["`", "[", "[1](", "<a ", "**a ", "1. a 2\n", "|a|1|\n|-|-|\n", "not 5 days, ", "```\n", "a.b:"]
)
def test_any_text_is_judged_quickly(piece: str) -> None:
    text = piece * (LONGEST // len(piece))
    started = time.monotonic()

    check(f"{text} [1]", [Passage(a_chunk(text), 0.9)])

    assert time.monotonic() - started < 20  # seconds; a pattern that runs away takes minutes
