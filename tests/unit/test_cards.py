from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.cards import answer_card, diagnostics_card, handover_card, reply_card
from bot.channels.teams_activities import action_of, activity_of, incoming_of
from bot.messages import CaseSummary, Reply, ReplyKind
from knowledge.model import Citation, Origin
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Edit, Severity, Span, ValidationReport

CITATION = Citation(1, "Kafka quotas", "kafka/quotas.md", "Raise", "raise", "Set it.", place="Kafka quotas › Raise")
CASE = CaseSummary("c-7f3a20", "new", ticket="SUP-142", sheriff="Ana")
ANSWER = Reply(
    ReplyKind.ANSWERED,
    "Set `quota.partitions`. [1]\n\n```yaml\nquota:\n  partitions: 72\n```\n\nThen wait. [1]",
    0.9,
    citations=(CITATION,),
    case=CASE,
)


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def test_an_answer_names_its_pages_and_keeps_code_apart_from_prose() -> None:
    card = answer_card(ANSWER, base_url="https://sheriff.example")

    shown = list(texts(card))
    assert shown[0] == "Answer from one page"
    assert "quota:\n\u00a0\u00a0partitions:\u00a072" in shown
    assert not any("```" in text for text in shown)
    assert [a["title"] for a in card["actions"]] == ["That solved it", "Ask the sheriff"]
    assert card["actions"][0]["style"] == "positive"
    assert card["actions"][0]["fallback"]["type"] == "Action.Submit"


def test_a_hint_never_looks_like_an_answer() -> None:
    hint = answer_card(replace(ANSWER, outcome=ReplyKind.HINTED))

    assert next(texts(hint)) == "Hint · the likely place, not a sure answer"


def test_a_question_back_says_the_choice_that_was_pressed() -> None:
    asked = Reply(ReplyKind.CLARIFY, "Which one do you mean: HERM or Kafka?", choices=("HERM", "Kafka"), case=CASE)

    card = reply_card(asked)

    assert card
    assert next(texts(card)) == "Which one do you mean: HERM or Kafka?"
    assert [a["title"] for a in card["actions"]] == ["HERM", "Kafka", "Ask the sheriff"]
    said = card["actions"][1]["data"]["msteams"]
    assert (said["type"], said["text"], said["displayText"]) == ("messageBack", "Kafka", "Kafka")
    pressed = {"type": "message", "text": "Kafka", "value": {}, "conversation": {"id": "19:a"}, "from": {"id": "kim"}}
    assert action_of(pressed) == ("", "")
    assert incoming_of(pressed).text == "Kafka"


def test_a_handover_names_the_sheriff_and_offers_the_way_back() -> None:
    reply = Reply(ReplyKind.UNANSWERED, "Ana has it, ticket SUP-142.", looked_at=(CITATION,), case=CASE)

    card = handover_card(reply, docs="Dev Insight")

    shown = " ".join(texts(card))
    assert "Ana has your question now." in shown
    assert "SUP-142" in shown
    assert "Kafka quotas › Raise" in shown
    assert card["actions"][0]["data"] == {"verb": "withdraw", "case": "c-7f3a20", "v": 1}


def report_of(line: str, span: Span, count: int = 1) -> ValidationReport:
    found = Diagnostic("SCH001", Severity.ERROR, "a.yaml", span, "Unknown key “treshold”", suggestion="threshold: 2")
    return ValidationReport([CheckedFile("a.yaml", line, "Alerting", "its kind")], [found] * count)


def test_a_finding_underlines_the_token_and_shows_the_fix() -> None:
    card = diagnostics_card(report_of("    treshold: 2", Span(1, 5, 1, 13)), CASE)

    runs = [run for block in card["body"][2]["items"] for run in block.get("inlines", [])]
    assert [run["text"] for run in runs if run.get("underline")] == ["treshold"]
    assert any(run["text"].endswith("threshold:\u00a02") and run.get("color") == "Good" for run in runs)


def test_the_corrected_lines_stand_under_the_findings() -> None:
    span = Span(2, 1, 2, 9)
    found = Diagnostic("SCH001", Severity.ERROR, "a.yaml", span, "m", edits=(Edit(span, "threshold"),))
    text = "kind: Alerting\ntreshold: 2\n"
    file = CheckedFile("a.yaml", text, "Alerting", "its kind", text.replace("tresh", "thresh"))

    shown = list(texts(diagnostics_card(ValidationReport([file], [found]), CASE)))

    assert shown[shown.index("Corrected lines of a.yaml") + 1 :][:2] == ["kind:\u00a0Alerting", "threshold:\u00a02"]


def test_corrections_of_many_long_lines_stay_below_what_teams_accepts() -> None:
    text = ("x" + " é" * 500 + "\n") * 300
    found = [Diagnostic("X", Severity.ERROR, "a.yaml", Span(n, 1, n, 2), "m") for n in range(1, 300)]
    file = CheckedFile("a.yaml", text, "Alerting", "its kind", text.replace("x", "y"))

    card = diagnostics_card(ValidationReport([file], found), CASE)

    assert len(json.dumps(card).encode("utf-16")) < 80_000


def test_a_long_line_is_shortened_round_its_token() -> None:
    line = "x" * 300 + "BAD" + "y" * 300

    card = diagnostics_card(report_of(line, Span(1, 301, 1, 304)), None)

    assert max(len(text) for text in texts(card)) < 400
    assert "BAD" in list(texts(card))


def test_many_findings_stay_below_what_teams_accepts() -> None:
    card = diagnostics_card(report_of("    treshold: 2", Span(1, 5, 1, 13), count=500), CASE)

    assert len(json.dumps(card).encode("utf-16")) < 80_000
    assert any(text.startswith("492 more") for text in texts(card))


def test_a_very_long_answer_stays_below_what_teams_accepts() -> None:
    card = answer_card(replace(ANSWER, text="word " * 50_000))

    assert len(json.dumps(card).encode("utf-16")) < 80_000


@pytest.mark.parametrize(("origin", "labelled"), [(Origin.GENERATED, True), (Origin.QUOTED, False)])
def test_only_generated_text_carries_the_ai_label(origin: Origin, labelled: bool) -> None:
    activity = activity_of(replace(ANSWER, origin=origin))

    assert ("additionalType" in activity["entities"][0]) is labelled


def test_a_sentence_needs_no_card() -> None:
    reply = Reply(ReplyKind.NOTED, "Hello.", note="A note.")

    assert reply_card(reply) is None
    assert activity_of(reply)["text"] == "A note.\n\nHello."
