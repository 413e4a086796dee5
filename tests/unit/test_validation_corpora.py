"""Examples are files: a folder under tests/corpora/valid or tests/corpora/invalid is a test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Severity, SourceFile, ValidationReport
from knowledge.validation.engine import validate
from knowledge.validation.fixes import apply_edits, compatible

CORPORA = Path(__file__).resolve().parents[1] / "corpora"
INVALID = sorted((CORPORA / "invalid").iterdir())
VALID = sorted((CORPORA / "valid").iterdir())


@pytest.fixture(scope="module")
def catalog() -> SchemaCatalog:
    return SchemaCatalog.load(CORPORA / "schemas")


def checked(folder: Path, catalog: SchemaCatalog) -> ValidationReport:
    files = [SourceFile(file.name, file.read_bytes()) for file in sorted(folder.iterdir()) if file.stem != "expected"]
    return validate(files, catalog=catalog)


@pytest.mark.parametrize("folder", INVALID, ids=lambda folder: folder.name)
def test_an_invalid_example_yields_what_it_expects(folder: Path, catalog: SchemaCatalog) -> None:
    expected = json.loads((folder / "expected.json").read_text("utf-8"))

    report = checked(folder, catalog)

    found = [
        {
            "code": d.code,
            "severity": d.severity.value,
            "line": d.span.line,
            "column": d.span.column,
            "suggestion": d.suggestion,
        }
        for d in report.diagnostics
    ]
    assert [without_extra(d, e) for d, e in zip(found, expected["diagnostics"], strict=True)] == expected["diagnostics"]
    assert folder.name.split("-")[0] in {d["code"] for d in found}


def without_extra(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key in expected}


@pytest.mark.parametrize(
    "folder",
    [f for f in INVALID if json.loads((f / "expected.json").read_text("utf-8")).get("fixed")],
    ids=lambda folder: folder.name,
)
def test_the_mechanical_fixes_leave_no_error_and_change_few_lines(folder: Path, catalog: SchemaCatalog) -> None:
    report = checked(folder, catalog)
    (file,) = report.files

    fixed = apply_edits(file.text, [edit for d in compatible(report.diagnostics) for edit in d.edits])

    assert validate([SourceFile(file.name, fixed)], catalog=catalog).valid
    before, after = file.text.split("\n"), fixed.split("\n")
    touched = {edit.span.line for d in report.diagnostics for edit in d.edits}
    assert len(after) - len(before) <= 1
    if len(after) == len(before):
        assert {n for n, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new} <= touched


@pytest.mark.parametrize("folder", VALID, ids=lambda folder: folder.name)
def test_a_valid_example_is_accepted_without_a_warning(folder: Path, catalog: SchemaCatalog) -> None:
    report = checked(folder, catalog)

    assert [d for d in report.diagnostics if d.severity is not Severity.INFORMATION] == []
    assert all(file.schema for file in report.files)


def test_there_are_enough_examples() -> None:
    assert len(INVALID) >= 35
    assert len(VALID) >= 10


def test_every_span_and_edit_lies_inside_its_file(catalog: SchemaCatalog) -> None:
    for folder in INVALID:
        report = checked(folder, catalog)
        lines = {file.name: re.split(r"\r\n|\r|\n", file.text) for file in report.files}
        for diagnostic in report.diagnostics:
            for span in (diagnostic.span, *(edit.span for edit in diagnostic.edits)):
                text = lines[diagnostic.file]
                assert 1 <= span.line <= span.end_line <= len(text), folder.name
                assert 1 <= span.column <= len(text[span.line - 1]) + 1, folder.name
                assert 1 <= span.end_column <= len(text[span.end_line - 1]) + 1, folder.name
