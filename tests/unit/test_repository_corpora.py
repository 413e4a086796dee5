"""Examples are folders: one below tests/corpora/repositories or repositories-valid is a test of a whole repository."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from ingestion.readers.page import Anchors
from knowledge.deployment.analysis import Analysis, analyse
from knowledge.deployment.platform import Platform
from knowledge.deployment.reading import of_folder
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity

ROOT = Path(__file__).resolve().parents[2]
CORPORA = ROOT / "tests" / "corpora"
DOCS = ROOT / "knowledge" / "platform" / "docs"
INVALID = sorted((CORPORA / "repositories").iterdir())
VALID = sorted((CORPORA / "repositories-valid").iterdir())
PAGES: dict[str, str] = json.loads((ROOT / "knowledge" / "platform" / "pages.json").read_text("utf-8"))
OWN = SchemaCatalog.load(ROOT / "knowledge" / "platform" / "schemas")
PLACED = re.compile(r"^(\S+:\d+:\d+) (error|warning|information) ([A-Z]+\d{3}) (.+)$", re.MULTILINE)
IN_A_TABLE = re.compile(r"^\| ([A-Z]+\d{3}) \| (?:(?:error|warning|information) \| )?(.+?) \|", re.MULTILINE)


@cache
def analysed(folder: Path) -> Analysis:
    """With the platform's schemas, and those of the case's own folder .schemas."""
    own = SchemaCatalog.load(folder / ".schemas").schemas if (folder / ".schemas").is_dir() else ()
    return analyse(of_folder(folder), Platform(SchemaCatalog([*OWN.schemas, *own]), pages=PAGES))


def found(folder: Path) -> list[Diagnostic]:
    return list(analysed(folder).report.diagnostics)


@pytest.mark.parametrize("folder", INVALID, ids=lambda folder: folder.name)
def test_an_invalid_repository_yields_its_code_at_its_places_and_nothing_else(folder: Path) -> None:
    lines = [f"{d.code} {d.file}:{d.span.line}:{d.span.column}" for d in found(folder)]

    assert lines == (folder / "expected.txt").read_text("utf-8").splitlines()
    assert {line.split()[0] for line in lines} == {folder.name.split("-")[0]}


@pytest.mark.parametrize("folder", VALID, ids=lambda folder: folder.name)
def test_a_valid_repository_is_accepted_without_a_warning(folder: Path) -> None:
    analysis = analysed(folder)

    assert [d for d in analysis.report.diagnostics if d.severity is not Severity.INFORMATION] == []
    assert analysis.missing == ()
    assert all(file.schema for file in analysis.report.files)
    assert analysis.leaves is not None


def test_every_code_has_a_repository_that_gives_it() -> None:
    assert PAGES.keys() - {folder.name.split("-")[0] for folder in INVALID} == set()


def test_every_place_lies_inside_its_file() -> None:
    for folder in INVALID:
        for diagnostic in found(folder):
            lines, span = (folder / diagnostic.file).read_text("utf-8").split("\n"), diagnostic.span
            assert 1 <= span.line <= span.end_line <= len(lines), folder.name
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1, folder.name
            assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, folder.name


def every() -> list[Diagnostic]:
    return [diagnostic for folder in INVALID for diagnostic in found(folder)]


# ---- pages ----


def anchors(page: str) -> set[str]:
    made = Anchors()
    headings = re.findall(r"^#{1,6} (.+)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    return {made.of(heading) for heading in headings}


def test_every_diagnostic_leads_to_a_page_and_a_heading_that_exist() -> None:
    for folder in [*INVALID, *VALID]:
        for diagnostic in found(folder):
            page, _, anchor = diagnostic.doc.partition("#")
            assert not page or (DOCS / page).is_file(), (folder.name, diagnostic.doc)
            assert not anchor or anchor in anchors(page), (folder.name, diagnostic.doc)


@pytest.mark.parametrize("code", PAGES)
def test_a_code_about_repositories_leads_to_the_heading_that_names_it(code: str) -> None:
    page, _, anchor = PAGES[code].partition("#")

    assert anchor in anchors(page)
    assert anchor.startswith(code.lower())


PAGES_WITH_MESSAGES = [
    page.relative_to(DOCS).as_posix()
    for folder in ("overlays", "topology")
    for page in sorted((DOCS / folder).iterdir())
]


@pytest.mark.parametrize("page", PAGES_WITH_MESSAGES)
def test_a_message_shown_on_a_page_is_what_a_repository_gives(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    placed = {
        (f"{d.file}:{d.span.line}:{d.span.column}", d.severity.value, d.code, d.message, d.suggestion) for d in every()
    }

    for match in PLACED.finditer(text):
        following = text[match.end() + 1 :].partition("\n")[0].strip()
        suggestion = following.removeprefix("→ ") if following.startswith("→ ") else ""
        assert (*match.groups(), suggestion) in placed or (*match.groups(),) in {each[:4] for each in placed}
        assert match.groups() in {told[:4] for told in placed}
        assert not suggestion or (*match.groups(), suggestion) in placed


@pytest.mark.parametrize("page", ["overlays/by-key-lists.md", "topology/discover.md"])
def test_a_message_in_a_table_is_what_a_repository_gives(page: str) -> None:
    given = {(d.code, d.message) for d in every()}

    told = IN_A_TABLE.findall((DOCS / page).read_text("utf-8"))

    assert told
    assert set(told) <= given
