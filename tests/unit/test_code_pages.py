"""The page of each code is data: its wrong example gives exactly the code, its right example gives nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.addresses import doc_address
from bot.settings import Settings
from bot.sources import code_page, sources
from ingestion.sources import read_all
from knowledge import bundled
from knowledge.deployment.analysis import analyse
from knowledge.deployment.platform import Platform
from knowledge.errors import Misuse
from knowledge.model import Document
from knowledge.validation import codes
from knowledge.validation.catalog import SchemaCatalog
from knowledge.validation.diagnostics import Diagnostic, Severity, SourceFile, Span
from knowledge.validation.engine import validate
from knowledge.validation.schema import Schema
from knowledge.validation.source import fenced_blocks

ROOT = Path(__file__).resolve().parents[2]
CORPORA = ROOT / "tests" / "corpora"
OVERVIEW = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
OWN = SchemaCatalog.load(bundled.SCHEMAS)
OF_THE_CALL = {"USE001"}  # of the command line, not of a file
WITHOUT_YAML = OF_THE_CALL | {"YAML007", "WLD005"}  # bytes that are no text, and more lines than a page bears
Files = dict[str, bytes | str]


def parts(code: str) -> tuple[str, str, str]:
    """What stands before the wrong example, the wrong one, and the right one."""
    found = re.split(r"^(?:Wrong|Right):$", codes.text_of(code), flags=re.MULTILINE)
    assert len(found) == 3, code
    return found[0], found[1], found[2]


def blocks(text: str, info: str) -> list[str]:
    return [block for found, block, _ in fenced_blocks(text) if found == info]


def files(text: str) -> Files:
    """By the paths in their first lines; a lone file has none."""
    shown = [(block.partition("\n")[0], block) for block in blocks(text, "yaml")]
    return {first.removeprefix("# ") if first.startswith("# ") else "": block for first, block in shown}


def told(code: str, shown: Files) -> list[Diagnostic]:
    """What is said about an example, with the schema of the page if it has one."""
    schemas = [Schema(json.loads(block), origin=code) for block in blocks(parts(code)[0], "json")]
    if "" not in shown:
        return list(analyse(shown, Platform(SchemaCatalog([*OWN.schemas, *schemas]))).report.diagnostics)
    forced = schemas[0] if schemas and not schemas[0].kind else None
    catalog = SchemaCatalog(schemas, forced=forced) if schemas else OWN
    return list(validate([SourceFile("pasted.yaml", shown[""])], catalog=catalog).diagnostics)


def emitted() -> set[str]:
    sources = [file for part in ("validation", "deployment") for file in (ROOT / "knowledge" / part).glob("*.py")]
    return {code for file in sources for code in re.findall(r'"([A-Z]{3,4}\d{3})"', file.read_text("utf-8"))}


def test_every_code_has_a_page_and_every_page_is_about_a_code() -> None:
    assert set(codes.known()) == emitted() | OF_THE_CALL


def test_every_code_has_an_example_in_the_corpora() -> None:
    folders = [*(CORPORA / "invalid").iterdir(), *(CORPORA / "repositories").iterdir()]

    assert emitted() - {folder.name.split("-")[0] for folder in folders} <= {"SCH006"}


@pytest.mark.parametrize("code", sorted(set(codes.known()) - WITHOUT_YAML))
def test_the_wrong_example_gives_its_code_and_the_right_one_nothing(code: str) -> None:
    _, wrong, right = map(files, parts(code))

    found = told(code, wrong)

    worst = {d.code for d in found if d.severity is not Severity.INFORMATION or d.code == code}
    assert worst == {code}
    gone = {d.file for d in found} - right.keys() - {"topology.yaml"}  # what is reported and not shown again is moved
    kept = {name: text for name, text in wrong.items() if name not in gone}
    assert right
    assert [d for d in told(code, kept | right) if d.severity is not Severity.INFORMATION or d.code == code] == []


@pytest.mark.parametrize("code", sorted(WITHOUT_YAML))
def test_where_no_example_can_be_run_something_is_shown_all_the_same(code: str) -> None:
    _, wrong, right = parts(code)

    assert fenced_blocks(wrong)
    assert fenced_blocks(right)


@pytest.mark.parametrize("code", codes.known())
def test_a_page_says_the_severity_where_it_is_no_error(code: str) -> None:
    said = re.match(r"(Warning|Information)\. ", codes.text_of(code).partition("\n\n")[2])
    severities = {d.severity for d in told(code, files(parts(code)[1])) if d.code == code} if runs(code) else set()

    assert severities in ({Severity(said[1].lower())} if said else {Severity.ERROR}, set())


def runs(code: str) -> bool:
    return code not in WITHOUT_YAML


@pytest.mark.parametrize("code", codes.known())
def test_the_overview_names_each_code_with_its_severity_and_leads_to_its_page(code: str) -> None:
    said = re.match(r"(Warning|Information)\. ", codes.text_of(code).partition("\n\n")[2])
    severity = said[1].lower() if said else "error"

    row = f"| [{code}](../knowledge/diagnostics/{code}.md) | {codes.title_of(code)} | {severity} |"
    assert row in OVERVIEW.splitlines()


def test_links_between_the_pages_lead_somewhere() -> None:
    for code in codes.known():
        for target in re.findall(r"\]\(([^)#]+)", codes.text_of(code)):
            assert (bundled.DIAGNOSTICS / target).is_file(), (code, target)


# ---- found by everyone ----


def test_a_finding_leads_to_the_page_of_its_place_else_to_that_of_its_code() -> None:
    def about(code: str, doc: str = "") -> Diagnostic:
        return Diagnostic(code, Severity.ERROR, "f", Span(1, 1, 1, 2), "", doc=doc)

    assert codes.doc_of(about("SCH001", "kafka/topics.md")) == "kafka/topics.md"
    assert codes.doc_of(about("SCH001")) == "diagnostics/SCH001.md"
    assert codes.doc_of(about("XYZ001")) == ""


def test_an_address_leads_to_the_page_of_a_code_or_of_the_platform() -> None:
    assert doc_address("diagnostics/SCH001.md") == "/pages/diagnostics/SCH001.md"
    assert doc_address("kafka/topics.md#raise") == "/pages/docs/kafka/topics.md#raise"
    assert doc_address("") == ""


def test_pages_of_codes_are_indexed_except_where_the_platform_has_its_own(tmp_path: Path) -> None:
    found = [document for source in sources(Settings(home=tmp_path)) for document in read_all(source)]

    indexed = {d.path.removesuffix(".md") for d in found if isinstance(d, Document) and d.source == codes.SOURCE}
    assert indexed == set(codes.known()) - json.loads(bundled.PAGES.read_text("utf-8")).keys()
    assert "SCH004" in indexed


def test_a_source_may_not_take_the_name_of_these_pages(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources=[{"name": "diagnostics", "path": tmp_path}])  # type: ignore[list-item]

    with pytest.raises(Misuse, match=r"Rename it in sheriff\.yaml"):
        sources(settings)


def test_a_page_is_shown_though_it_is_not_indexed() -> None:
    page = code_page("diagnostics:OVL001.md")

    assert page[0].title == "OVL001 Folder is no node"
    assert "prod/pf-bleu/quotas.yaml" in "".join(chunk.text for chunk in page)
    assert code_page("diagnostics:OVL999.md") == []
    assert code_page("docs:SCH001.md") == []


def test_a_code_that_is_in_no_catalogue_stands_for_itself() -> None:
    assert codes.title_of("XYZ001") == "XYZ001"
    assert codes.text_of("XYZ001") == ""
