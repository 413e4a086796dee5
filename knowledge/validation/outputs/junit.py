"""A report as JUnit XML, which Jenkins, GitLab and Azure DevOps show as tests: one for each file."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from knowledge.validation.diagnostics import CheckedFile, Diagnostic, Severity, ValidationReport
from knowledge.validation.render import as_text, counted

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: ValidationReport) -> str:
    """A test case for each file; one with errors has failed, with everything that was found as its text."""
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        by_file.setdefault(diagnostic.file, []).append(diagnostic)
    cases = [_case(file, by_file.get(file.name, [])) for file in report.files]
    failures = str(sum(case.find("failure") is not None for case in cases))
    counts = {"tests": str(len(cases)), "failures": failures, "errors": "0"}
    suite = ET.Element("testsuite", {"name": "sheriff validate", **counts, "skipped": "0"})
    suite.extend(cases)
    suites = ET.Element("testsuites", {"name": "sheriff validate", **counts})
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(file: CheckedFile, found: list[Diagnostic]) -> ET.Element:
    name = _printable(file.name)
    case = ET.Element("testcase", {"classname": "sheriff.validate", "name": name, "file": name})
    only = ValidationReport((file,), tuple(found))
    text = _printable(as_text(only))
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        first = next(diagnostic for diagnostic in found if diagnostic.severity is Severity.ERROR)
        attributes = {"type": first.code, "message": f"{counted(only)}: {_printable(first.message)}"}
        ET.SubElement(case, "failure", attributes).text = text
    elif found:
        ET.SubElement(case, "system-out").text = text
    return case


def _printable(text: str) -> str:
    return _NOT_IN_XML.sub("·", text)
