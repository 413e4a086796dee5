"""Reports as text and JSON, fixes as text, and the list of codes people can look up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Edit, Severity, SourceFile, Span, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.fixes import apply_edits, compatible
from knowledge.validation.render import as_json, as_text, counted

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests" / "corpora" / "schemas"
TYPO = "apiVersion: sheriff/v1\nkind: Alerting\nalerts:\n  - name: low\n    treshold: 2\n    deployOn: no\n"
GOOD = TYPO.replace("treshold", "threshold").replace("no\n", "pf-blue\n")


def report(text: str = TYPO) -> ValidationReport:
    return validate([SourceFile("alerting.yaml", text)], catalog=SchemaCatalog.load(SCHEMAS))


def test_text_shows_place_line_caret_reason_and_suggestion() -> None:
    assert as_text(report()) == (
        "alerting.yaml:5:5 error SCH001 Unknown key “treshold”. Did you mean `threshold`?\n"
        "    5 |     treshold: 2\n"
        "      |     ^^^^^^^^\n"
        "    The alert “low” has no such key, so this one would have no effect.\n"
        "    → threshold\n"
        "    see alerting/declare.md\n"
        "\n"
        "alerting.yaml:6:15 warning YAML005 “no” is text here, and false for programs that read YAML 1.1\n"
        "    6 |     deployOn: no\n"
        "      |               ^^\n"
        '    Write "no" for the text, or false for the truth value.\n'
        '    → "no"\n'
        "    see: sheriff explain YAML005\n"
        "\n"
        "alerting.yaml: 1 error, 1 warning, checked as Alerting, from its kind\n"
        "Placement and overrides were not checked: they need the whole deployment repository.\n"
    )


def checked_with_others(others: int, text: str = TYPO) -> str:
    good = [SourceFile(f"{n}/alerting.yaml", GOOD) for n in range(others)]
    files = [SourceFile("alerting.yaml", text), *good]
    return as_text(validate(files, catalog=SchemaCatalog.load(SCHEMAS)))


def test_each_of_eight_files_has_a_line_of_its_own() -> None:
    assert len(re.findall(r"^\S+alerting\.yaml: no errors, checked as ", checked_with_others(7), re.MULTILINE)) == 7


def test_of_nine_files_only_those_in_which_something_was_found_have_a_line() -> None:
    summaries = [line for line in checked_with_others(8).splitlines() if "checked as" in line]

    assert summaries == ["alerting.yaml: 1 error, 1 warning, checked as Alerting, from its kind"]


def test_of_many_faultless_files_only_what_was_not_checked_is_said() -> None:
    text = checked_with_others(8, GOOD)

    assert re.fullmatch(r"Placement, .+ were not checked; .+\n", text)


def test_a_report_about_nothing_is_empty() -> None:
    assert as_text(ValidationReport((), ())) == ""


def test_colour_is_added_only_when_asked_for() -> None:
    assert "\x1b[" not in as_text(report())
    assert "\x1b[31merror\x1b[0m" in as_text(report(), colour=True)


def test_a_caret_stands_under_its_token_behind_tabs_and_in_long_lines() -> None:
    tabbed = as_text(report('{"kind":\t\t"Alertin"}')).splitlines()
    assert tabbed[2].index("^") == tabbed[1].index('"Alertin"')
    long = as_text(report(f"kind: Alerting\nx: [{'a, ' * 100}'b' c, d]\n")).splitlines()
    assert all(len(line) < 160 for line in long)


def test_control_characters_are_not_printed() -> None:
    assert "\x1b" not in as_text(report("a: \x1b[31mred\n"))


def test_json_has_stable_names_and_can_be_dumped() -> None:
    data = json.loads(json.dumps(as_json(report())))

    assert set(data) == {"valid", "files", "diagnostics", "notes"}
    assert data["valid"] is False
    assert data["files"] == [{"name": "alerting.yaml", "schema": "Alerting", "chosenBy": "its kind"}]
    first = data["diagnostics"][0]
    assert first["edits"] == [{"line": 5, "column": 5, "endLine": 5, "endColumn": 13, "text": "threshold"}]
    assert (first["code"], first["severity"], first["file"]) == ("SCH001", "error", "alerting.yaml")
    assert [first[key] for key in ("line", "column", "endLine", "endColumn")] == [5, 5, 5, 13]
    assert first["path"] == "alerts[0].treshold"
    assert set(first) >= {"message", "why", "suggestion", "doc"}


def test_counts_are_words() -> None:
    assert counted(report()) == "1 error, 1 warning"
    assert counted(report(TYPO.replace("treshold", "threshold").replace("no", "x"))) == "no errors"


def fixed_text(text: str, diagnostics: Sequence[Diagnostic]) -> str:
    return apply_edits(text, [edit for diagnostic in compatible(diagnostics) for edit in diagnostic.edits])


def test_fixes_change_only_their_tokens() -> None:
    assert fixed_text(TYPO, report().diagnostics) == TYPO.replace("treshold", "threshold").replace("no\n", '"no"\n')


def test_fixes_keep_line_ends() -> None:
    text = TYPO.replace("\n", "\r\n")

    assert fixed_text(text, report(text).diagnostics) == text.replace("tresh", "thresh").replace("no\r", '"no"\r')


def test_of_two_overlapping_fixes_the_first_stands() -> None:
    def fix(column: int, end: int, text: str) -> Diagnostic:
        edit = Edit(Span(1, column, 1, end), text)
        return Diagnostic("X", Severity.ERROR, "f", edit.span, "", edits=(edit,))

    assert fixed_text("abcdef", [fix(2, 4, "X"), fix(3, 5, "Y"), fix(6, 7, "Z")]) == "aXdeZ"


@pytest.mark.parametrize("heavy", ["jsonschema_rs", "rapidfuzz", "numpy", "chromadb", "jsonschema"])
def test_importing_the_engine_is_light(heavy: str) -> None:
    code = (
        "import sys; import knowledge.validation.engine, knowledge.validation.render; "
        f"sys.exit({heavy!r} in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_many_small_files_are_checked_in_a_second() -> None:
    catalog = SchemaCatalog.load(SCHEMAS)
    good = TYPO.replace("treshold", "threshold").replace("no\n", "pf-blue\n")
    files = [SourceFile(f"{n}/alerting.yaml", good) for n in range(300)]
    validate(files[:1], catalog=catalog)

    start = time.perf_counter()
    validate(files, catalog=catalog)

    assert time.perf_counter() - start < 1.5
