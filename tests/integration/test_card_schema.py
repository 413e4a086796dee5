"""Every card of ours, judged by Microsoft's own renderer (npm adaptivecards, version 1.5)."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels.cards import answer_card, case_state_card, choice_card, diagnostics_card, handover_card
from bot.messages import Reply, ReplyKind
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Edit, Severity, Span, ValidationReport
from tests.unit.test_cards import ANSWER, CASE, CITATION, report_of

NODE = Path(__file__).resolve().parent.parent / "node"

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not (shutil.which("node") and (NODE / "node_modules" / "adaptivecards").is_dir()),
        reason="node and its modules are missing: install node and npm, then `make test`",
    ),
]

HANDED = Reply(ReplyKind.UNANSWERED, "Ana has it, ticket SUP-142.", looked_at=(CITATION,), case=CASE)


def corrected() -> ValidationReport:
    """A report with a mechanical fix."""
    span = Span(1, 1, 1, 9)
    found = Diagnostic("SCH001", Severity.ERROR, "a.yaml", span, "m", edits=(Edit(span, "threshold"),))
    return ValidationReport([CheckedFile("a.yaml", "treshold: 2\n", "Alerting", "its kind", "threshold: 2\n")], [found])


CARDS = {
    "answer": answer_card(ANSWER, base_url="https://sheriff.example"),
    "hint": answer_card(replace(ANSWER, outcome=ReplyKind.HINTED, note="The writing model is not answering.")),
    "long answer": answer_card(replace(ANSWER, text="word " * 50_000)),
    "hand-over": handover_card(HANDED, docs="Dev Insight"),
    "question back": choice_card(Reply(ReplyKind.CLARIFY, "Which one?", choices=("HERM", "Kafka"), case=CASE)),
    "diagnostics": diagnostics_card(report_of("    treshold: 2", Span(1, 5, 1, 13), count=20), CASE),
    "corrected": diagnostics_card(corrected(), CASE),
    "state": case_state_card("Solved.", "Good to know."),
}


def complaints(card: dict[str, Any]) -> list[str]:
    done = subprocess.run(
        ["node", "validate-card.js"], cwd=NODE, input=json.dumps(card), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("name", CARDS)
def test_the_official_renderer_has_nothing_against_our_card(name: str) -> None:
    assert complaints(CARDS[name]) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"body": [{"type": "TextBlok", "text": "x"}]}, "Unknown element type"),
        ({"body": [{"type": "TextBlock", "text": "x", "color": "#ff0000"}]}, "Invalid value"),
        ({"actions": [{"type": "Action.Dance", "title": "x"}]}, "Unknown action type"),
    ],
)
def test_the_judge_is_not_blind(changes: dict[str, Any], complaint: str) -> None:
    assert any(complaint in found for found in complaints({**CARDS["state"], **changes}))
