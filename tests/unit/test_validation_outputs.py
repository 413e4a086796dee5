"""Reports for other programs: the JSON list, SARIF, GitHub annotations, JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import (
    CheckedFile,
    Diagnostic,
    Edit,
    Severity,
    SourceFile,
    Span,
    ValidationReport,
)
from knowledge.validation.engine import validate
from knowledge.validation.outputs.github import as_github
from knowledge.validation.outputs.junit import as_junit
from knowledge.validation.outputs.records import as_line, as_list
from knowledge.validation.outputs.sarif import as_sarif

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests" / "corpora" / "schemas"
SARIF_SCHEMA = ROOT / "tests/node/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
TYPO = "apiVersion: sheriff/v1\nkind: Alerting\nalerts:\n  - name: low\n    treshold: 2\n    deployOn: no\n"
HERE = Path("/repo")


def report(*names: str, text: str = TYPO) -> ValidationReport:
    files = [SourceFile(name, text) for name in names or ("alerting.yaml",)]
    return validate(files, catalog=SchemaCatalog.load(SCHEMAS))


def said(message: str, *, file: str = "a.yaml", severity: Severity = Severity.ERROR, **more: Any) -> ValidationReport:
    diagnostic = Diagnostic("SCH001", severity, file, Span(2, 3, 2, 8), message, **more)
    return ValidationReport((CheckedFile(file, "a: 1\n  b: 2\n", "", ""),), (diagnostic,))


# ---- the JSON list ----


def test_the_list_has_exactly_the_agreed_fields() -> None:
    record = json.loads(as_list(report().diagnostics))[0]

    assert record == {
        "code": "SCH001",
        "severity": "error",
        "file": "alerting.yaml",
        "line": 5,
        "column": 5,
        "end_line": 5,
        "end_column": 13,
        "path": "alerts[0].treshold",
        "message": "Unknown key “treshold”. Did you mean `threshold`?",
        "suggestion": "threshold",
        "doc": "alerting/declare.md",
    }


def test_nothing_found_is_an_empty_list() -> None:
    assert as_list([]) == as_line([]) == "[]"


def test_one_line_holds_no_line_break_and_only_ascii() -> None:
    line = as_line(said("“ä”\nand\u2028more").diagnostics)

    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)[0]["message"] == "“ä”\nand\u2028more"


# ---- SARIF ----


def sarif(of: ValidationReport, pages: str = "") -> dict[str, Any]:
    return dict(json.loads(as_sarif(of, root=HERE, pages=pages)))


def test_a_sarif_result_has_rule_level_region_and_fix() -> None:
    log = sarif(report("deploy/alerting.yaml"))

    run = log["runs"][0]
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["SCH001", "YAML005"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("SCH001", 0, "error")
    assert (second["ruleId"], second["ruleIndex"], second["level"]) == ("YAML005", 1, "warning")
    assert place["artifactLocation"] == {"uri": "deploy/alerting.yaml", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 5, "startColumn": 5, "endLine": 5, "endColumn": 13}
    assert replacement == {"deletedRegion": place["region"], "insertedContent": {"text": "threshold"}}
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == "file:///repo/"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("Placement")


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("/repo/a b/ü.yaml", {"uri": "a%20b/%C3%BC.yaml", "uriBaseId": "SRCROOT"}),
        ("/elsewhere/x.yaml", {"uri": "file:///elsewhere/x.yaml"}),
        ("a%20b.yaml", {"uri": "a%2520b.yaml", "uriBaseId": "SRCROOT"}),
        ("<stdin>", {"uri": "%3Cstdin%3E", "uriBaseId": "SRCROOT"}),
    ],
)
def test_addresses_in_sarif_are_relative_to_the_root_and_quoted(name: str, uri: dict[str, str]) -> None:
    found = sarif(said("m", file=name))["runs"][0]["results"][0]

    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == uri


def test_a_rule_links_to_its_page_where_the_pages_have_an_address() -> None:
    of = said("m", doc="kafka/topics.md#names")

    assert "helpUri" not in sarif(of)["runs"][0]["tool"]["driver"]["rules"][0]
    rule = sarif(of, "https://sheriff.example/pages/docs/")["runs"][0]["tool"]["driver"]["rules"][0]
    assert rule["helpUri"] == "https://sheriff.example/pages/docs/kafka/topics.md#names"
    assert rule["help"]["text"] == "Read on: kafka/topics.md#names"


def test_a_remark_is_a_note_in_sarif() -> None:
    assert sarif(said("m", severity=Severity.INFORMATION))["runs"][0]["results"][0]["level"] == "note"


def every_report() -> list[ValidationReport]:
    insert = Edit(Span(2, 1, 2, 1), "x\n")
    cases = [path for path in sorted((ROOT / "tests/corpora/invalid").iterdir()) if path.is_dir()]
    files = [SourceFile(f.name, f.read_bytes()) for case in cases for f in sorted(case.glob("*.yaml"))]
    return [
        ValidationReport((), ()),
        report(),
        said("a" * 5000, edits=(insert,), suggestion="x", doc="a.md"),
        validate(files, catalog=SchemaCatalog.load(SCHEMAS)),
    ]


@pytest.mark.node
@pytest.mark.skipif(not SARIF_SCHEMA.exists(), reason="tests/node/node_modules is missing: npm --prefix tests/node ci")
@pytest.mark.parametrize("number", range(4))
def test_the_official_schema_accepts_our_sarif(number: int) -> None:
    schema = json.loads(SARIF_SCHEMA.read_text("utf-8"))
    for name in ("run", "toolComponent"):
        del schema["definitions"][name]["properties"]["language"]["pattern"]  # has a bracket too much; not used by us
    official = jsonschema_rs.validator_for(schema, validate_formats=True)

    log = sarif(every_report()[number], "https://sheriff.example/pages/docs")

    assert [f"{error.instance_path}: {error.message}" for error in official.iter_errors(log)] == []
    assert not official.is_valid({**log, "runs": [{"tool": {}}]})


# ---- GitHub ----


def test_an_annotation_stands_at_its_place_with_its_code_as_title() -> None:
    first = as_github(report()).splitlines()[0]

    assert first.startswith(
        "::error file=alerting.yaml,line=5,col=5,endLine=5,endColumn=13,title=SCH001::Unknown key “treshold”."
    )
    assert first.endswith("%0A→ threshold")


def test_what_could_end_a_command_or_property_is_escaped() -> None:
    lines = as_github(said("50 %\r\n::set-env name=A", file="a,b:c%.yaml")).splitlines()

    assert lines[0] == (
        "::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,endLine=2,endColumn=8,title=SCH001::50 %25%0D%0A::set-env name=A"
    )
    assert [line for line in lines[1:] if line.lstrip().startswith("::")] == []


def test_severities_are_error_warning_and_notice() -> None:
    commands = [as_github(said("m", severity=severity)).split(" ")[0] for severity in Severity]

    assert commands == ["::error", "::warning", "::notice"]


def test_what_github_would_drop_is_listed_and_counted_at_the_end() -> None:
    lines = as_github(report(*(f"{n}/alerting.yaml" for n in range(12)))).splitlines()

    assert sum(line.startswith("::error") for line in lines) == 12
    assert "GitHub shows 10 annotations of the level error for a step; the other 2 are:" in lines
    assert "- 11/alerting.yaml:5:5 SCH001 Unknown key “treshold”. Did you mean `threshold`?" in lines
    assert lines[-1] == "12 files checked: 12 errors, 12 warnings."


def test_a_listed_message_cannot_be_a_command() -> None:
    one = said("##[error]x\n::error::y", file="\n::error::z")
    many = ValidationReport(one.files, [*one.diagnostics] * 11)

    rest = as_github(many).splitlines()[11:]

    assert [line for line in rest if line.lstrip().startswith("::") or "##[" in line] == []


# ---- JUnit ----


def test_each_file_is_a_test_and_one_with_errors_has_failed() -> None:
    good = TYPO.replace("treshold", "threshold").replace("no\n", "pf-blue\n")
    files = [SourceFile("a/alerting.yaml", TYPO), SourceFile("b/alerting.yaml", good)]

    suites = ET.fromstring(as_junit(validate(files, catalog=SchemaCatalog.load(SCHEMAS))))  # noqa: S314 - our own text

    assert (suites.tag, suites.get("tests"), suites.get("failures"), suites.get("errors")) == (
        "testsuites",
        "2",
        "1",
        "0",
    )
    first, second = suites.iter("testcase")
    failure = first.find("failure")
    assert failure is not None
    assert (first.get("name"), failure.get("type")) == ("a/alerting.yaml", "SCH001")
    assert failure.get("message") == "1 error, 1 warning: Unknown key “treshold”. Did you mean `threshold`?"
    assert "a/alerting.yaml:5:5 error SCH001" in str(failure.text)
    assert list(second) == []


def test_warnings_alone_do_not_fail_a_test_and_are_kept() -> None:
    case = next(ET.fromstring(as_junit(said("m", severity=Severity.WARNING))).iter("testcase"))  # noqa: S314

    assert [child.tag for child in case] == ["system-out"]


def test_characters_that_xml_forbids_are_replaced() -> None:
    text = as_junit(said("a\x1b\x00<&\ud800]]>", file='a\x07".yaml'))

    case = next(ET.fromstring(text).iter("testcase"))  # noqa: S314
    assert case.get("name") == 'a·".yaml'
    assert "<&" in str(case[0].get("message"))
