from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import wording
from bot.intents import Intent
from bot.messages import Person, Reply, ReplyKind
from bot.support.cases import Case, CaseState
from knowledge.model import Citation
from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, Span, ValidationReport

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
CASE = Case("c-1", CaseState.NEW, "q?", Person("kim", "Kim"), "web", "c", NOW, NOW, "unanswered")
UNKNOWN = Reply(ReplyKind.UNANSWERED, "")
NEAR = Citation(1, "Quotas", "q.md", "Raise", "raise", "…")


def finding(severity: Severity, message: str = "Unknown key “topcs”") -> Diagnostic:
    return Diagnostic("SCH001", severity, "a.yaml", Span(3, 1, 3, 6), message, suggestion="topics")


def test_a_ticket_and_a_name_are_said_only_when_they_exist() -> None:
    nothing_yet = wording.of_handover(CASE, "Dev Insight", UNKNOWN)
    both = wording.of_handover(replace(CASE, ticket="SUP-9", sheriff="Ana"), "Dev Insight", UNKNOWN)
    nobody = wording.of_handover(replace(CASE, ticket="SUP-9"), "Dev Insight", UNKNOWN)

    assert "No ticket yet" in nothing_yet
    assert "c-1" in nothing_yet
    assert "Ana has your question now, as ticket SUP-9." in both
    assert "nobody is on duty" in nobody


def test_nothing_near_nothing_searched_and_near_pages_are_told_apart() -> None:
    nothing = wording.of_handover(CASE, "Dev Insight", UNKNOWN)
    near = wording.of_handover(CASE, "Dev Insight", replace(UNKNOWN, looked_at=(NEAR,)))
    broken = wording.of_handover(CASE, "Dev Insight", replace(UNKNOWN, note=wording.INDEX_BROKEN))

    assert "nothing close" in nothing
    assert "nearest pages" in near
    assert "nothing close" not in broken


def test_a_secret_is_mentioned_by_kind_only() -> None:
    note = wording.secrets_note(("password", "password", "jwt"))

    assert "(password, jwt)" in note
    assert wording.secrets_note(()) == ""


@pytest.mark.parametrize("intent", [Intent.GREET, Intent.THANK, Intent.HELP])
def test_politeness_is_answered_in_a_sentence(intent: Intent) -> None:
    assert wording.polite(intent, "Meridian", "Dev Insight").endswith(".")


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("is this ok?", False),
        ("please check my yaml file", False),
        ("", False),
        ("why does the pipeline refuse the quota for payments?", True),
    ],
)
def test_a_question_beside_yaml_is_told_from_a_request_to_check(text: str, asks: bool) -> None:
    assert wording.is_question(text) is asks


def test_a_report_in_words_names_line_reason_and_fix() -> None:
    checked = CheckedFile("a.yaml", "", "Kafka", "its kind")
    text = wording.of_report(ValidationReport([checked], [finding(Severity.ERROR)], ["Placement was not checked."]))

    assert "**1 error** in a.yaml, checked as Kafka from its kind." in text
    assert "line 3, column 1: Unknown key “topcs” (SCH001). Write `topics`." in text
    assert text.endswith("Placement was not checked.")


def test_a_long_report_says_how_many_more_there_are() -> None:
    checked = CheckedFile("a.yaml", "", "Kafka", "its kind")

    text = wording.of_report(ValidationReport([checked], [finding(Severity.WARNING)] * 25))

    assert "25 warnings" in text
    assert "and 5 more" in text


def test_remarks_and_style_do_not_make_a_file_unclean() -> None:
    assert wording.is_clean(ValidationReport([], [finding(Severity.INFORMATION)]))
    assert wording.is_clean(ValidationReport([], [replace(finding(Severity.WARNING), code="LNT003")]))
    assert not wording.is_clean(ValidationReport([], [finding(Severity.WARNING)]))


def test_what_was_not_checked_stands_apart_from_the_last_finding() -> None:
    file = CheckedFile("a.yaml", "topcs: []\n", "Kafka", "its kind")
    report = ValidationReport((file,), (finding(Severity.ERROR),), ("Placement was not checked.",))

    assert wording.of_report(report).endswith("\n\nPlacement was not checked.")


def mendable(text: str, name: str = "a.yaml") -> tuple[CheckedFile, Diagnostic]:
    span = Span(2, 1, 2, 6)
    unknown = Diagnostic("SCH001", Severity.ERROR, name, span, "Unknown key “topcs”", suggestion="topics")
    return CheckedFile(name, text, "Kafka", "its kind", text.replace("topcs", "topics")), unknown


def test_a_mechanical_fix_is_offered_as_the_corrected_lines_in_a_code_block() -> None:
    file, unknown = mendable("kind: Kafka\ntopcs: []\n" + "x: 1\n" * 50)

    text = wording.of_report(ValidationReport([file], [unknown]))

    assert text.endswith("\n\nCorrected:\n\n```yaml\nkind: Kafka\ntopics: []\nx: 1\n# …\n```")


def test_each_file_has_its_own_corrected_lines_and_none_where_nothing_can_be_mended() -> None:
    one, fault = mendable("kind: Kafka\ntopcs: 1\n", "one.yaml")
    other = CheckedFile("other.yaml", "a: 1\n", "", "")

    text = wording.of_report(ValidationReport([one, other], [fault]))

    assert text.count("```") == 2
    assert text.index("topics: 1") < text.index("other.yaml")


def test_backticks_in_the_file_do_not_end_the_block() -> None:
    file, unknown = mendable("a: |\ntopcs: '````'\n")

    assert wording.of_report(ValidationReport([file], [unknown])).endswith("topics: '````'\n`````")
